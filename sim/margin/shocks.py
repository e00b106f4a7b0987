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

from sim.compile import lean, merged
from sim.market.black import option_value
from sim.numerics import exp, power
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


class VolShocks(NamedTuple):
    """What a grid does to the volatilities of one expiry; rows of LENS have the same fields."""

    up: float  # multiple in a rise
    down: float  # multiple in a fall
    minimum: float  # that a rise reaches at least, 1/sqrt(year)
    linear: float  # largest relative change of a linear skew
    absolute: float  # of an absolute one
    width: float  # log-moneyness at which either is reached


@lean
def vol_shocks(grid: Row, seconds: float) -> VolShocks:
    """The volatility shocks of a grid at a time to expiry."""
    scale = shock_scale(grid, seconds)
    root = math.sqrt(seconds / YEAR)
    deviation = root * grid.width_scale * (grid.width_vol + root * grid.width_vol_slope)
    return VolShocks(
        up=1.0 + grid.vol_up * scale,
        down=max(0.0, 1.0 - grid.vol_down * scale),
        minimum=grid.vol_minimum,
        linear=grid.linear_base + grid.linear_slope * root,
        absolute=grid.absolute_base + grid.absolute_slope * root,
        width=max(grid.width_minimum, deviation),
    )


@lean
def tilt(shocks: VolShocks, rule: int, moneyness: float) -> float:
    """Relative change of volatility at a log-moneyness under a skew scenario.

    It grows in proportion to moneyness up to a cap, reached a few deviations from the forward.
    """
    cap = shocks.linear if rule == SKEW_LINEAR else shocks.absolute
    if rule != SKEW_LINEAR:
        moneyness = abs(moneyness)
    if shocks.width > 0.0:
        change = moneyness * cap / shocks.width
    else:
        change = cap if moneyness >= 0.0 else -cap
    return min(cap, change) if moneyness >= 0.0 else max(-cap, change)


@lean
def shocked_volatility(shocks: VolShocks, rule: int, volatility: float, moneyness: float) -> float:
    """Volatility of an option in a scenario, never negative.

    Parameters
    ----------
    shocks : VolShocks
        Of its expiry.
    rule : int
        What the scenario does to volatility.
    volatility : float
        Its own, 1/sqrt(year).
    moneyness : float
        log(strike / forward).
    """
    if rule == VOL_SAME:
        return volatility
    if rule == VOL_UP:
        return max(shocks.minimum, volatility * shocks.up)
    if rule == VOL_DOWN:
        return volatility * shocks.down
    return volatility * max(0.0, 1.0 + tilt(shocks, rule, moneyness))


@lean
def free_share(grid: Row, seconds: float) -> float:
    """Share of the settlement average that is not known yet."""
    if grid.window <= 0.0 or seconds >= grid.window:
        return 1.0
    return seconds / grid.window


@merged
def shocked_forward(forward: float, free: float, spot: float) -> float:
    """Forward in a scenario: what the settlement average already holds no longer moves.

    At a free share of one it is ``forward x spot`` to the bit.
    """
    return forward * (1.0 - free) + forward * free * spot


@lean
def present_value(option: Contract) -> float:
    """Price of an option now, quote."""
    years = option.seconds / YEAR
    deviation = option.volatility * math.sqrt(years)
    discount = exp(-max(0.0, option.rate) * years)
    return option_value(option.sign, option.forward, option.strike, deviation, discount)


@lean
def deviation_at(volatility: float, ahead: float, seconds: float) -> float:
    """Standard deviation of the log-price at expiry, valued ``ahead`` seconds later."""
    return volatility * math.sqrt(max(0.0, seconds - ahead) / YEAR)


@lean
def discount_at(rate: float, ahead: float, seconds: float) -> float:
    """Present value of one unit of quote at expiry, valued ``ahead`` seconds later."""
    return exp(-max(0.0, rate) * (max(0.0, seconds - ahead) / YEAR))


@lean
def long_factor(grid: Row, rate: float, seconds: float) -> float:
    """Share of a book's positive worth that counts."""
    discount = max(0.0, rate) * grid.long_multiple + grid.long_added
    return grid.long_base * exp(-discount * seconds / YEAR)


@lean
def short_factor(grid: Row, rate: float, seconds: float) -> float:
    """Multiple of a book's negative worth that counts: never above the undiscounted one."""
    years = seconds / YEAR
    known = max(0.0, rate)
    added = known * grid.short_multiple + grid.short_added
    return min(exp(known * years), grid.short_base * exp(added * years))


@lean
def basis_factor(grid: Row, seconds: float) -> float:
    """Share of the loss under the basis moves that is charged."""
    return grid.basis_added + grid.basis_per_year * seconds / YEAR
