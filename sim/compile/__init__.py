"""How every compiled function of the simulator is compiled, said once.

No ``fastmath``: decisions must not depend on how the compiler reorders sums. Division follows
IEEE (``x / 0`` is infinite), so infinite depth and zero rates need no special case. The global
interpreter lock is released, so that threads run chunks of paths side by side.

Machine code is made of what Python calls, with everything below it linked in
(:mod:`sim.compile.parts`); a world and its state are handed on by their address
(:mod:`sim.compile.reference`).
"""

from collections.abc import Callable
from typing import Any

from numba import config

from sim.compile.parts import Compiled, Part, Whole
from sim.compile.reference import by_reference

__all__ = ["by_reference", "compiled_for", "inlined", "jit", "lean", "merged"]

_common: dict[str, Any] = {"nopython": True, "nogil": True, "error_model": "numpy"}

# Without reference counts, for the path loop: such functions cannot allocate, and hand arrays on
# for nothing, where counting would cost more than the work. Numba keeps the switch private; its
# version is pinned, and a test says that the switch still does what it should.
_uncounted: dict[str, Any] = {**_common, "_nrt": False}


def _decorator(**options: Any) -> Callable[[Callable[..., Any]], Compiled]:
    def decorate(function: Callable[..., Any]) -> Compiled:
        if config.DISABLE_JIT:  # type: ignore[attr-defined]
            return function
        return Whole(function, Part(function, options), options)

    return decorate


jit = _decorator(**_common)

lean = _decorator(**_uncounted)

# Merged into its callers by the machine-code compiler: a call that hands over many arrays costs
# more than the arithmetic of a leg.
merged = _decorator(**_uncounted, forceinline=True)

# For thin wrappers over many arrays, compiled into their callers.
inlined = _decorator(**_uncounted, inline="always")


def compiled_for(signature: Any, function: Callable[..., Any]) -> Compiled:
    """`function` compiled for one signature and no other; arguments are converted to it."""
    made = jit(function)
    made.compile(signature)
    made.disable_compile()
    return made
