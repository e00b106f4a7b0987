"""How every compiled function of the simulator is compiled, said once.

No ``fastmath``: decisions must not depend on how the compiler reorders sums. Division follows
IEEE (``x / 0`` is infinite), so infinite depth and zero rates need no special case. The global
interpreter lock is released, so that threads run chunks of paths side by side.
"""

from numba import njit

jit = njit(cache=True, nogil=True, error_model="numpy")
