"""P2, term T: requirement of a perpetual as a ratio of notional, and how the ratio scales.

Brackets with deductions: Hyperliquid (documentation, *Margin tiers*), Binance. Linear in contracts:
Deribit (*Linear USDC perpetuals*) and Synthetix v3, whose ``size / skew scale x fraction + least``
is the same line (``PerpsMarketConfiguration.sol``). Open interest: dYdX v4
(``perpetuals/types/liquidity_tier.go``). The square root of size is in :mod:`sim.margin.weights`.
"""

import math

from sim.compile import lean
from sim.margin.weights import liability_weight
from sim.state.codes import FLAT_RATIO, INITIAL, LINEAR_RATIO, TIERED_RATIO
from sim.state.rows import Row

DUST = 1e-6  # USD of notional


@lean
def bracket(row: Row, notional: float) -> int:
    """Number of the bracket that a notional falls into; its lower edge still belongs to the last.

    Either side of an edge gives the same requirement, since deductions make it continuous.
    """
    at = 0
    while at + 1 < row.tier.shape[0] and notional > row.tier[at + 1]:
        at += 1
    return at


@lean
def tiered(row: Row, level: int, notional: float) -> float:
    """Requirement in brackets: rate x notional - deduction, USD."""
    at = bracket(row, notional)
    return notional * row.rate[level, at] - row.deduction[level, at]


@lean
def linear_ratio(ratio: float, slope: float, size: float) -> float:
    """Ratio of a position of ``size`` contracts: a base and a slope per contract."""
    return ratio + slope * size


@lean
def interest_share(lower: float, upper: float, open_interest: float) -> float:
    """Place of the open interest between the two bounds, in [0, 1]; 0 if there are none."""
    if upper <= 0.0 or open_interest <= lower:
        return 0.0
    if open_interest >= upper:
        return 1.0
    return (open_interest - lower) / (upper - lower)


@lean
def interest_ratio(ratio: float, share: float) -> float:
    """Initial ratio that climbs to one as open interest fills its band."""
    return ratio + (1.0 - ratio) * share


@lean
def rounded_up(usd: float, unit: float) -> float:
    """Requirement in whole units, rounded up; ``unit = 0`` leaves it alone."""
    return math.ceil(usd / unit) * unit if unit > 0.0 else usd


@lean
def scaled_requirement(
    row: Row, level: int, ratio: float, size: float, notional: float, share: float
) -> float:
    """Requirement of the kinds that are not flat, USD; see :func:`perpetual_requirement`.

    What rounding leaves of a closed position bears neither the least requirement nor the floor.
    """
    if notional <= DUST:
        return 0.0
    if row.kind == TIERED_RATIO:
        required = tiered(row, level, notional)
    elif row.kind == LINEAR_RATIO:
        required = notional * linear_ratio(ratio, row.slope[level], size)
    elif level == INITIAL:
        required = notional * interest_ratio(ratio, share)
    else:
        required = notional * ratio
    return rounded_up(max(required, row.least) + row.floor, row.rounding)


@lean
def perpetual_requirement(
    row: Row, level: int, ratio: float, quantity: float, price: float, share: float
) -> float:
    """Requirement of a perpetual position at a level, USD.

    Parameters
    ----------
    row : INSTRUMENT record
    level : int
        INITIAL, MAINTENANCE or TARGET.
    ratio : float
        The level's ratio for a small position.
    quantity : float
        Contracts, negative if short.
    price : float
        USD of notional per contract.
    share : float
        Place of the market's open interest in its band, from :func:`interest_share`.
    """
    size = abs(quantity)
    if row.ratio.kind == FLAT_RATIO:
        return size * price * liability_weight(ratio, row.size_penalty, size)
    return scaled_requirement(row.ratio, level, ratio, size, size * price, share)


@lean
def steepest(row: Row, level: int, ratio: float, size: float, highest: float) -> float:
    """Most that the requirement rises per USD of notional up to a highest notional.

    Brackets are convex, so their last rate on the way is the steepest; the other kinds are linear
    in notional at a given number of contracts.
    """
    if row.kind == TIERED_RATIO:
        return row.rate[level, bracket(row, highest)]
    if row.kind == LINEAR_RATIO:
        return linear_ratio(ratio, row.slope[level], size)
    return ratio


@lean
def bent_spread(
    row: Row, level: int, ratio: float, size: float, notional: float, skin: float
) -> float:
    """Most that a requirement that is not flat can rise per unit of relative price move, USD.

    For moves of up to ``skin``: that far up reaches the steepest bracket. At once rounding up may
    add a whole unit, and what counts as closed may count as a position again.
    """
    rate = steepest(row, level, ratio, size, notional * (1.0 + skin))
    at_once = row.rounding if notional > DUST else row.rounding + row.least + row.floor
    return notional * rate + at_once / skin
