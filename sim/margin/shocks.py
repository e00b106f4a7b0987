"""P2, term G: what a scenario makes of one option.

Volatility shocks grow for near expiries; skew scenarios tilt the smile about the forward; the part
of the settlement average that is already known no longer moves; what a book is worth later is
discounted by its sign.

Source: Derive PMRM_2, derivexyz/v2-core ``PMRMLib_2.sol`` (``_addVolShocks``,
``_getExpirySkewedShockedMTM``, ``_addStaticDiscount``); SPAN's relative volatility scan is the
case of zero powers.
"""

import math
from typing import NamedTuple

from sim.compile import lean
from sim.market.black import option_value
from sim.numerics import exp, log, power
from sim.state.codes import SKEW_LINEAR, VOL_DOWN, VOL_SAME, VOL_UP
from sim.state.rows import Row

YEAR = 365.0 * 86400.0
INSTANT = 1.0  # s, so that an expired option's volatility shock stays finite


class Contract(NamedTuple):
    """One option as the market sees it now."""

    sign: float  # +1 call, -1 put
    strike: float  # quote per unit
    forward: float  # quote per unit
    volatility: float  # 1/sqrt(year)
    seconds: float  # to expiry
    rate: float  # 1/year


@lean
def shock_scale(grid: Row, seconds: float) -> float:
    """Multiple of the volatility shock at a term: ``(reference / term) ** power``."""
    exponent = grid.short_power if seconds <= grid.reference else grid.long_power
    return power(grid.reference / max(seconds, grid.shortest, INSTANT), exponent)


@lean
def tilt(grid: Row, rule: int, moneyness: float, seconds: float) -> float:
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
    change = moneyness * cap / width if width > 0.0 else cap if moneyness >= 0.0 else -cap
    return min(cap, change) if moneyness >= 0.0 else max(-cap, change)


@lean
def shocked_volatility(grid: Row, rule: int, option: Contract) -> float:
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
def free_share(grid: Row, seconds: float) -> float:
    """Share of the settlement average that is not known yet."""
    if grid.window <= 0.0 or seconds >= grid.window:
        return 1.0
    return seconds / grid.window


@lean
def shocked_forward(grid: Row, spot: float, option: Contract) -> float:
    """Forward in a scenario: what the settlement average already holds no longer moves."""
    free = free_share(grid, option.seconds)
    if free >= 1.0:
        return option.forward * spot
    return option.forward * (1.0 - free) + option.forward * free * spot


@lean
def present_value(option: Contract) -> float:
    """Price of an option now, quote."""
    years = option.seconds / YEAR
    deviation = option.volatility * math.sqrt(years)
    discount = exp(-max(0.0, option.rate) * years)
    return option_value(option.sign, option.forward, option.strike, deviation, discount)


@lean
def scenario_price(grid: Row, spot: float, rule: int, ahead: float, option: Contract) -> float:
    """Price of an option in a scenario that is valued ``ahead`` seconds later, quote."""
    forward = shocked_forward(grid, spot, option)
    volatility = shocked_volatility(grid, rule, option)
    years = max(0.0, option.seconds - ahead) / YEAR
    discount = exp(-max(0.0, option.rate) * years)
    return option_value(
        option.sign, forward, option.strike, volatility * math.sqrt(years), discount
    )


@lean
def long_factor(grid: Row, option: Contract) -> float:
    """Share of a book's positive worth that counts."""
    rate = max(0.0, option.rate) * grid.long_multiple + grid.long_added
    return grid.long_base * exp(-rate * option.seconds / YEAR)


@lean
def short_factor(grid: Row, option: Contract) -> float:
    """Multiple of a book's negative worth that counts: never above the undiscounted one."""
    years = option.seconds / YEAR
    known = max(0.0, option.rate)
    rate = known * grid.short_multiple + grid.short_added
    return min(exp(known * years), grid.short_base * exp(rate * years))


@lean
def basis_factor(grid: Row, seconds: float) -> float:
    """Share of the loss under the basis moves that is charged."""
    return grid.basis_added + grid.basis_per_year * seconds / YEAR
