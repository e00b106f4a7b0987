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
def sloped_ratio(ratio: float, slope: float, size: float) -> float:
    """Share of notional that grows linearly with size, as Deribit's linear perpetuals have it.

    Source: Deribit, "Linear USDC perpetuals" (support article 25944738177565): initial margin of
    BTC 2 % + 0.005 % per BTC.
    """
    return ratio + slope * size
