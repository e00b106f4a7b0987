"""P2, term T: what is left of an isolated position's collateral, and whether that is enough.

GMX v2 (gmx-io/gmx-synthetics, ``PositionUtils.sol``, ``isPositionLiquidatable``).
"""

from typing import NamedTuple

from sim.compile import lean


class Position(NamedTuple):
    """A long or short position with collateral of its own."""

    collateral: float  # tokens
    size: float  # USD when it was opened; negative is short
    entry: float  # USD


@lean
def remaining(
    position: Position, price: float, collateral_price: float, fees: float, impact: float
) -> float:
    """Collateral plus profit less fees and less the impact of closing, USD.

    Impact counts only where it is paid (negative).
    """
    contracts = position.size / position.entry
    profit = contracts * (price - position.entry)
    return position.collateral * collateral_price + profit + min(impact, 0.0) - fees


@lean
def liquidatable(left: float, required: float) -> bool:
    """Nothing left, or less than what the size of the position calls for."""
    return left <= 0.0 or left < required
