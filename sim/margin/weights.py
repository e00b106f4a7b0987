"""P2, terms W and T: how much of a leg counts, and how size changes it.

Size scaling is Drift's: an asset weight falls as ``1.1 / (1 + f*sqrt(size))`` and a liability
weight or margin ratio rises to ``0.8*w + f*sqrt(size)``, whichever binds
(drift-labs/protocol-v2, ``math/margin.rs``). ``f = 0`` leaves the weight alone.
"""

import math

from sim.compile import lean


@lean
def asset_weight(weight: float, penalty: float, size: float) -> float:
    """Share of a deposit that counts as collateral.

    Parameters
    ----------
    weight : float
        Weight of a small deposit.
    penalty : float
        Size penalty ``f`` in 1/sqrt(units).
    size : float
        Quantity in units of the asset.
    """
    if penalty == 0.0:
        return weight
    return min(weight, 1.1 / (1.0 + penalty * math.sqrt(size)))


@lean
def liability_weight(weight: float, penalty: float, size: float) -> float:
    """Multiple of a loan, or share of a perpetual's notional, that must be covered."""
    if penalty == 0.0:
        return weight
    return max(weight, 0.8 * weight + penalty * math.sqrt(size))


@lean
def deposit_scaled(weight: float, start: float, deposits: float) -> float:
    """Initial asset weight that shrinks once all deposits (USD) exceed where scaling starts.

    Drift's ``scale_initial_asset_weight_start`` and marginfi's initial limit are the same rule;
    ``start = 0`` switches it off.
    """
    if start == 0.0 or deposits <= start:
        return weight
    return weight * start / deposits


@lean
def pool_scaled(weight: float, start: float, tokens: float, price: float) -> float:
    """The same, for a pool that holds so many tokens at a price (USD)."""
    return deposit_scaled(weight, start, tokens * price)


@lean
def gain_requirement(weight: float, penalty: float, cap: float, gain: float) -> float:
    """What a level takes off an unrealised gain (USD): its weight, size penalty and cap.

    Losses count in full (drift-labs/protocol-v2, ``math/margin.rs``).
    """
    if gain <= 0.0:
        return 0.0
    return gain - min(gain * asset_weight(weight, penalty, gain), cap)
