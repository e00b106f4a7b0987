"""P8: venues that price a trade off an index by how it changes their imbalance.

Synthetix v3 fills at the index times one plus the mean of ``skew / scale`` before and after
(``AsyncOrder.sol``, ``calculateFillPrice``). GMX v2 charges ``factor x difference^exponent`` after
less before (``PricingUtils.sol``) and puts it into the entry price.
"""

import numpy as np

from sim.compile import lean
from sim.market.funding import clamped
from sim.numerics import power
from sim.state.codes import CONVEX_PRICE, SKEW_PRICE


@lean
def skew_fill_price(row: np.void, index: float, skew: float, quantity: float) -> float:
    """Price at which ``quantity`` contracts (+ bought) fill at a skew in contracts, USD."""
    before = index * (1.0 + skew / row.scale)
    after = index * (1.0 + (skew + quantity) / row.scale)
    return 0.5 * (before + after)


@lean
def position_profit(quantity: float, entry: float, price: float) -> float:
    """Unrealised gain of contracts (negative if short), USD."""
    return quantity * (price - entry)


@lean
def price_impact(row: np.void, before: float, after: float) -> float:
    """USD that a trade gains (+) or pays (-) for changing the imbalance, both sizes in USD.

    Flow that narrows the imbalance is rewarded at its own, usually smaller, factor.
    """
    factor = row.factor_better if after < before else row.factor_worse
    return factor * (power(before, row.exponent) - power(after, row.exponent))


@lean
def crossing_impact(row: np.void, before: float, after: float) -> float:
    """The same for signed imbalances: past balance the trade is paid up to there, charged beyond.

    GMX: ``applyImpactFactor`` of the start at the better factor, of the end at the worse one.
    """
    if before * after >= 0.0:
        return price_impact(row, abs(before), abs(after))
    gained = row.factor_better * power(abs(before), row.exponent)
    return gained - row.factor_worse * power(abs(after), row.exponent)


@lean
def impact_entry(index: float, usd: float, share: float) -> tuple[float, float, float]:
    """A long of ``usd`` whose impact is a share of it, put into its entry price.

    Returns
    -------
    tuple of float
        Contracts, entry price (USD) and what the position has lost from the start (USD).
    """
    paid = usd * share
    contracts = usd / index - paid / index
    return contracts, usd / contracts, paid


@lean
def convex_price(row: np.void, index: float, skew: float, quantity: float) -> float:
    """Price at which ``quantity`` contracts (+ bought) fill at a skew in contracts, USD.

    Impact of more than half of the trade is not charged; GMX caps it far below that.
    """
    if quantity == 0.0:
        return index
    usd = quantity * index
    impact = crossing_impact(row, skew * index, skew * index + usd)
    share = clamped(-impact / abs(usd), 0.5)
    if quantity > 0.0:
        _, entry, _ = impact_entry(index, usd, share)
        return entry
    return index * (1.0 - share)


@lean
def priced(row: np.void, traded: float, skew: float, quantity: float) -> float:
    """Price that a venue makes of the price on the market it reads, by its kind of pricing.

    Parameters
    ----------
    row : PRICING record
    traded : float
        Average price on the market, its own impact included, USD.
    skew : float
        Contracts that traders are long together before the trade.
    quantity : float
        Contracts, + bought.
    """
    if row.kind == SKEW_PRICE:
        return skew_fill_price(row, traded, skew, quantity)
    if row.kind == CONVEX_PRICE:
        return convex_price(row, traded, skew, quantity)
    return traded
