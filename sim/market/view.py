"""P1: which price a margin engine reads, and whether it trusts it.

Confidence bias: marginfi (0dotxyz/marginfi-v2, ``state/price.rs``: 2.12 half-widths, at most 5 %).
Worse of oracle and TWAP: Drift's strict price (drift-labs/protocol-v2, ``state/oracle.rs``).
Deviation and heartbeat: Chainlink data feeds. Medians: dYdX v4 (v4-chain, ``x/prices``: of
validators), Hyperliquid (oracle documentation: of exchanges, weighted 3, 2, 2, 1 and so on).
"""

from typing import NamedTuple

import numpy as np

from sim.compile import lean
from sim.numerics import exp
from sim.state.codes import EMA_VIEW, SOURCES_VIEW, SPOT_VIEW, TWAP_VIEW
from sim.state.rows import Row


class Prices(NamedTuple):
    """A published price, its averages, and the lowest and highest source it is made of, USD."""

    spot: float
    ema: float
    twap: float
    lowest: float
    highest: float


class Sides(NamedTuple):
    """Prices of what is held and of what is owed, USD."""

    low: float
    high: float


@lean
def decode(mantissa: float, width: float, exponent: int) -> tuple[float, float]:
    """Price and half-width of a fixed-point message: ``mantissa x 10^exponent`` (Pyth)."""
    scale = 1.0
    for _ in range(abs(exponent)):
        scale *= 10.0
    if exponent < 0:
        return mantissa / scale, width / scale
    return mantissa * scale, width * scale


@lean
def ema_after(before: float, price: float, seconds: float, window: float) -> float:
    """Exponential average after a price stood for some seconds."""
    return price + (before - price) * exp(-seconds / window)


@lean
def twap_after(before: float, price: float, seconds: float, window: float) -> float:
    """Running time-weighted average, as programs keep it who store one number (Drift)."""
    return before + (price - before) * min(1.0, seconds / window)


@lean
def viewed(kind: int, prices: Prices) -> Sides:
    """The two prices that a view shows; they differ only for the worse-of views."""
    if kind == SPOT_VIEW:
        return Sides(prices.spot, prices.spot)
    if kind == EMA_VIEW:
        return Sides(prices.ema, prices.ema)
    if kind == TWAP_VIEW:
        return Sides(prices.twap, prices.twap)
    if kind == SOURCES_VIEW:
        return Sides(prices.lowest, prices.highest)
    return Sides(min(prices.spot, prices.twap), max(prices.spot, prices.twap))


@lean
def bias(multiple: float, width: float, cap: float) -> float:
    """How far prices are moved against the holder, as a fraction of the price."""
    return min(multiple * width, cap)


@lean
def certainty(width: float, nought: float) -> float:
    """A feed's own confidence, from 0 to 1, by the half-width that it states.

    Derive's feeds sign such a number with each price (derivexyz/v2-core, ``LyraSpotFeed.sol``); a
    straight line down to nought at some half-width stands for it.
    """
    return max(0.0, 1.0 - width / nought)


@lean
def biased(sides: Sides, moved: float) -> Sides:
    """Prices moved against whoever holds and whoever owes."""
    return Sides(sides.low * (1.0 - moved), sides.high * (1.0 + moved))


@lean
def level_prices(row: Row, level: int, prices: Prices, width: float) -> Sides:
    """Prices that a level reads: its view, biased by the stated half-width (a fraction).

    Parameters
    ----------
    row : ORACLE_ROW record
    level : int
        INITIAL, MAINTENANCE or TARGET.
    prices : Prices
    width : float
        Half-width of the confidence interval as a fraction of the price.
    """
    return biased(viewed(row.shows[level], prices), bias(row.bias, width, row.bias_cap))


@lean
def publishes(row: Row, standing: float, sampled: float, age: float) -> bool:
    """Whether a feed replaces its standing price: it moved enough, or its heartbeat is due."""
    if row.deviation == 0.0 or age >= row.heartbeat:
        return True
    return abs(sampled - standing) >= row.deviation * standing


@lean
def diverges(spot: float, twap: float, band: float) -> bool:
    """Whether a price lies so far from its average that it is not believed."""
    return abs(spot - twap) >= band * twap


@lean
def distrusted(row: Row, prices: Prices, width: float, age: float) -> bool:
    """Whether a price is too old, too uncertain or too far from its average."""
    if age > row.max_age or width > row.max_confidence:
        return True
    return diverges(prices.spot, prices.twap, row.band)


@lean
def weighted_median(prices: np.ndarray, weights: np.ndarray) -> float:
    """Price at which half of the weight lies on either side; the lower of two such prices.

    Counting instead of sorting: sources are few, and nothing is allocated.
    """
    total = 0.0
    for i in range(prices.shape[0]):
        total += weights[i]
    best = np.inf
    for i in range(prices.shape[0]):
        below = 0.0
        for j in range(prices.shape[0]):
            if prices[j] <= prices[i]:
                below += weights[j]
        if 2.0 * below >= total and prices[i] < best:
            best = prices[i]
    return best


@lean
def median(prices: np.ndarray) -> float:
    """The middle one of some prices; the mean of the two middle ones if their number is even."""
    count = prices.shape[0]
    lower, upper = np.inf, np.inf
    for i in range(count):
        below = 0
        for j in range(count):
            if prices[j] <= prices[i]:
                below += 1
        if 2 * below >= count:
            lower = min(lower, prices[i])
        if 2 * below > count:
            upper = min(upper, prices[i])
    return 0.5 * (lower + upper)
