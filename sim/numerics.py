"""The transcendental functions that decisions may use.

All compiled code takes them from here, so that replacing one (for another accuracy or for
reproducibility across processors) is an edit of this file alone.
"""

import math

from sim import elementary
from sim.compile import jit


@jit
def exp(x: float) -> float:
    """Exponential; exactly 1.0 at 0.0, so that zero impact leaves a price untouched."""
    return elementary.exp(x)


@jit
def log(x: float) -> float:
    """Natural logarithm."""
    return elementary.log(x)


@jit
def power(x: float, y: float) -> float:
    """``x**y`` for ``x >= 0``; the linear and square-root cases are exact."""
    if y == 1.0:
        return x
    if y == 0.5:
        return math.sqrt(x)
    return elementary.exp(y * elementary.log(x)) if x > 0.0 else 0.0
