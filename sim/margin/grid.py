"""P2, term G: the worst loss of a portfolio over a table of scenarios.

A scenario moves the underlying, changes volatility by a rule and may be damped. Scenario values
are per unit of an instrument and shared by everybody who holds it; an account adds up its own
legs. Options are gathered by *book* (one underlying and expiry): a discount depends on the sign of
a book's worth, and a skew scenario counts every book's result as a loss.

Sources: CME SPAN (16 scenarios, extreme moves at a cover); Derive PMRM_2, derivexyz/v2-core
``PMRMLib_2.sol`` (volatility shocks that depend on expiry, skew scenarios, discounting, basis).
"""

import math
from typing import NamedTuple

import numpy as np

from sim.compile import lean
from sim.market.black import option_value
from sim.numerics import exp, log, power
from sim.state.codes import SKEW_ABSOLUTE, SKEW_LINEAR, VOL_DOWN, VOL_SAME, VOL_UP

YEAR = 365.0 * 86400.0
INSTANT = 1.0  # s, so that an expired option's volatility shock stays finite
LINEAR = -1  # book of an instrument that is no option


class Contract(NamedTuple):
    """One option as the market sees it now."""

    sign: float  # +1 call, -1 put
    strike: float  # quote per unit
    forward: float  # quote per unit
    volatility: float  # 1/sqrt(year)
    seconds: float  # to expiry
    rate: float  # 1/year


class Shelf(NamedTuple):
    """Scenario values per unit of each instrument, shared by all accounts.

    Options of one book stand next to each other, those of one strike too. S scenarios are
    followed by the two moves of the basis charge.
    """

    value: np.ndarray  # (S+2, K) option: its price; otherwise: its profit or loss
    now: np.ndarray  # (K,) option: its price now
    book: np.ndarray  # (K,) int64, an option's book; LINEAR
    strike: np.ndarray  # (K,) of an option
    group: np.ndarray  # (K,) int64, the underlying
    factor: np.ndarray  # (3, B) discount if positive, if negative; share of the basis loss charged


class Holding(NamedTuple):
    """What one account holds of one underlying, or of all."""

    legs: np.ndarray  # instruments, ascending
    count: int  # how many of them
    quantity: np.ndarray  # (K,) signed
    underlying: int  # only these legs; ALL
    delta: float  # USD gained per unit of relative move by legs that are not on the shelf


ALL = -1
LONG_FACTOR, SHORT_FACTOR, BASIS_FACTOR = 0, 1, 2


@lean
def shock_scale(grid: np.void, seconds: float) -> float:
    """Multiple of the volatility shock at a term: ``(reference / term) ** power``."""
    if seconds <= grid.reference:
        exponent = grid.short_power
    else:
        exponent = grid.long_power
    return power(grid.reference / max(seconds, grid.shortest, INSTANT), exponent)


@lean
def tilt(grid: np.void, rule: int, moneyness: float, seconds: float) -> float:
    """Relative change of volatility at a log-moneyness under a skew scenario.

    It grows in proportion to moneyness up to a cap, reached a few deviations from the forward.
    """
    root = math.sqrt(seconds / YEAR)
    if rule == SKEW_LINEAR:
        cap = grid.linear_base + grid.linear_slope * root
    else:
        cap = grid.absolute_base + grid.absolute_slope * root
        moneyness = abs(moneyness)
    deviation = root * grid.width_scale * (grid.width_vol + root * grid.width_vol_slope)
    width = max(grid.width_minimum, deviation)
    if width > 0.0:
        change = moneyness * cap / width
    else:
        change = cap if moneyness >= 0.0 else -cap
    return min(cap, change) if moneyness >= 0.0 else max(-cap, change)


@lean
def shocked_volatility(grid: np.void, rule: int, option: Contract) -> float:
    """Volatility of an option in a scenario, never negative."""
    if rule == VOL_SAME:
        return option.volatility
    if rule == VOL_UP:
        shock = 1.0 + grid.vol_up * shock_scale(grid, option.seconds)
        return max(grid.vol_minimum, option.volatility * shock)
    if rule == VOL_DOWN:
        shock = 1.0 - grid.vol_down * shock_scale(grid, option.seconds)
        return option.volatility * max(0.0, shock)
    moneyness = log(option.strike / option.forward)
    return option.volatility * max(0.0, 1.0 + tilt(grid, rule, moneyness, option.seconds))


@lean
def shocked_forward(grid: np.void, spot: float, option: Contract) -> float:
    """Forward in a scenario: what the settlement average already holds no longer moves."""
    if grid.window <= 0.0 or option.seconds >= grid.window:
        return option.forward * spot
    free = option.seconds / grid.window
    return option.forward * (1.0 - free) + option.forward * free * spot


@lean
def present_value(option: Contract) -> float:
    """Price of an option now, quote."""
    years = option.seconds / YEAR
    deviation = option.volatility * math.sqrt(years)
    discount = exp(-max(0.0, option.rate) * years)
    return option_value(option.sign, option.forward, option.strike, deviation, discount)


@lean
def scenario_price(grid: np.void, spot: float, rule: int, option: Contract) -> float:
    """Price of an option in a scenario, quote."""
    forward = shocked_forward(grid, spot, option)
    volatility = shocked_volatility(grid, rule, option)
    years = max(0.0, option.seconds - grid.lookahead) / YEAR
    discount = exp(-max(0.0, option.rate) * years)
    return option_value(
        option.sign, forward, option.strike, volatility * math.sqrt(years), discount
    )


@lean
def long_factor(grid: np.void, option: Contract) -> float:
    """Share of a book's positive worth that counts."""
    rate = max(0.0, option.rate) * grid.long_multiple + grid.long_added
    return grid.long_base * exp(-rate * option.seconds / YEAR)


@lean
def short_factor(grid: np.void, option: Contract) -> float:
    """Multiple of a book's negative worth that counts: never above the undiscounted one."""
    years = option.seconds / YEAR
    known = max(0.0, option.rate)
    rate = known * grid.short_multiple + grid.short_added
    return min(exp(known * years), grid.short_base * exp(rate * years))


@lean
def basis_factor(grid: np.void, seconds: float) -> float:
    """Share of the loss under the basis moves that is charged."""
    return grid.basis_added + grid.basis_per_year * seconds / YEAR


@lean
def moved(option: Contract, forward: float) -> Contract:
    """The option at another forward."""
    return Contract(
        option.sign, option.strike, forward, option.volatility, option.seconds, option.rate
    )


@lean
def shelve(grid: np.void, scenarios: np.ndarray, shelf: Shelf, k: int, option: Contract) -> None:
    """Write the scenario values of one option, and the factors of its book."""
    for s in range(grid.count):
        row = scenarios[grid.first + s]
        shelf.value[s, k] = scenario_price(grid, row.spot, row.vol, option)
    shelf.now[k] = present_value(option)
    up = moved(option, shocked_forward(grid, grid.basis_up, option))
    down = moved(option, shocked_forward(grid, grid.basis_down, option))
    shelf.value[grid.count, k] = present_value(up)
    shelf.value[grid.count + 1, k] = present_value(down)
    b = shelf.book[k]
    shelf.factor[LONG_FACTOR, b] = long_factor(grid, option)
    shelf.factor[SHORT_FACTOR, b] = short_factor(grid, option)
    shelf.factor[BASIS_FACTOR, b] = basis_factor(grid, option.seconds)


@lean
def book_pnl(shelf: Shelf, row: np.void, b: int, worth: float, now: float) -> float:
    """Profit or loss of one book of options in a scenario."""
    factor = shelf.factor[LONG_FACTOR, b] if worth >= 0.0 else shelf.factor[SHORT_FACTOR, b]
    pnl = (worth * factor - now) * row.damping
    if row.vol == SKEW_LINEAR or row.vol == SKEW_ABSOLUTE:
        return -abs(pnl)
    return pnl


@lean
def held_here(shelf: Shelf, holding: Holding, k: int) -> bool:
    """Whether instrument k belongs to the underlying that is looked at."""
    return holding.underlying == ALL or shelf.group[k] == holding.underlying


@lean
def scenario_pnl(shelf: Shelf, row: np.void, s: int, holding: Holding) -> float:
    """Profit or loss of a holding in scenario ``s`` (``row``), quote."""
    total = holding.delta * (row.spot - 1.0) * row.damping
    worth = 0.0
    now = 0.0
    last = LINEAR
    for i in range(holding.count):
        k = holding.legs[i]
        if not held_here(shelf, holding, k):
            continue
        b = shelf.book[k]
        if b != last:
            if last >= 0:
                total += book_pnl(shelf, row, last, worth, now)
            last = b
            worth = 0.0
            now = 0.0
        if b < 0:
            total += holding.quantity[k] * shelf.value[s, k]
        else:
            worth += holding.quantity[k] * shelf.value[s, k]
            now += holding.quantity[k] * shelf.now[k]
    if last >= 0:
        total += book_pnl(shelf, row, last, worth, now)
    return total


@lean
def basis_loss(grid: np.void, shelf: Shelf, holding: Holding) -> float:
    """Basis charge of a holding, zero or negative: each expiry's forward may move alone.

    Per book the loss under the worse of two moves of the forward, times a share that grows with
    time to expiry.
    """
    total = 0.0
    up = 0.0
    down = 0.0
    last = LINEAR
    for i in range(holding.count):
        k = holding.legs[i]
        if not held_here(shelf, holding, k):
            continue
        b = shelf.book[k]
        if b != last:
            if last >= 0:
                total += min(min(up, down), 0.0) * shelf.factor[BASIS_FACTOR, last]
            last = b
            up = 0.0
            down = 0.0
        if b >= 0:
            up += holding.quantity[k] * (shelf.value[grid.count, k] - shelf.now[k])
            down += holding.quantity[k] * (shelf.value[grid.count + 1, k] - shelf.now[k])
    if last >= 0:
        total += min(min(up, down), 0.0) * shelf.factor[BASIS_FACTOR, last]
    return total


@lean
def worst_pnl(
    grid: np.void, scenarios: np.ndarray, shelf: Shelf, holding: Holding
) -> tuple[float, int]:
    """Worst result over the grid and the basis charge, and which scenario it is.

    Returns
    -------
    tuple of (float, int)
        Profit or loss, at most zero; place of the scenario, or the number of scenarios when the
        basis charge (or nothing) is worst.
    """
    worst = basis_loss(grid, shelf, holding)
    which = grid.count
    for s in range(grid.count):
        pnl = scenario_pnl(shelf, scenarios[grid.first + s], s, holding)
        if pnl < worst:
            worst = pnl
            which = s
    return worst, which


@lean
def with_offset(grid: np.void, alone: float, together: float) -> float:
    """Loss over several underlyings: between the sum of each one's worst and the joint worst.

    ``offset`` is the share granted of what moving together saves; 0 treats the underlyings as
    unrelated threats (each at its own worst), 1 as one. Ours: a simple form of SPAN's
    inter-commodity credit that can never exceed the sum.
    """
    return (1.0 - grid.offset) * alone + grid.offset * together
