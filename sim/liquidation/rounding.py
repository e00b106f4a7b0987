"""Amounts in whole units of a token or share; a unit of zero leaves them as they are.

Protocols count in integers. Where the direction of their rounding is part of the rule, the rule
takes the unit as a parameter; the path loop works in continuous amounts and passes none.
"""

import numpy as np

from sim.compile import lean

SLACK = 1e-9  # of a unit: an amount this near to a multiple is one, but for float rounding


@lean
def floored(x: float, unit: float) -> float:
    """Largest multiple of ``unit`` at or below ``x``."""
    return np.floor(x / unit + SLACK) * unit if unit > 0.0 else x


@lean
def ceiled(x: float, unit: float) -> float:
    """Smallest multiple of ``unit`` at or above ``x``."""
    return np.ceil(x / unit - SLACK) * unit if unit > 0.0 else x


@lean
def nearest(x: float, unit: float) -> float:
    """Nearest multiple of ``unit``, halves upwards."""
    return np.floor(x / unit + 0.5) * unit if unit > 0.0 else x


@lean
def part_of(value: float, share: float, unit: float) -> float:
    """A share of a value, halves upwards (Aave ``PercentageMath.percentMul``)."""
    return nearest(value * share, unit)


@lean
def whole_of(part: float, share: float, unit: float) -> float:
    """The value that a part is a share of (Aave ``PercentageMath.percentDiv``)."""
    return nearest(part / share, unit)
