"""How every compiled function of the simulator is compiled, said once.

No ``fastmath``: decisions must not depend on how the compiler reorders sums. Division follows
IEEE (``x / 0`` is infinite), so infinite depth and zero rates need no special case. The global
interpreter lock is released, so that threads run chunks of paths side by side.
"""

from typing import Any

from numba import njit

_common: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}

jit = njit(**_common)

# Without reference counts, for the path loop: such functions cannot allocate, and hand arrays on
# for nothing, where counting would cost more than the work. Numba keeps the switch private; its
# version is pinned, and a test says that the switch still does what it should.
_uncounted: dict[str, Any] = {**_common, "_nrt": False}
lean = njit(**_uncounted)

# Merged into its callers by the machine-code compiler: a call that hands over many arrays costs
# more than the arithmetic of a leg.
merged = njit(**_uncounted, forceinline=True)

# For thin wrappers over many arrays, compiled into their callers.
_merged: dict[str, Any] = {**_uncounted, "inline": "always"}
inlined = njit(**_merged)
