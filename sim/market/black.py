"""European options on a forward: Black (1976) value and Greeks.

All are written in the deviation ``w = volatility x sqrt(time)`` of the log-price at expiry, which
is all that value depends on beside forward, strike and discount; ``w = 0`` gives the intrinsic
value. A call has ``sign = +1``, a put ``sign = -1``.

Source: F. Black, "The pricing of commodity contracts", J. Financial Economics 3 (1976). The normal
distribution function is W. Hart's rational approximation ("Computer Approximations", 1968, no.
5666) with his continued fraction in the tail, as tabulated by G. West, "Better approximations to
cumulative normal functions", Wilmott (2005): absolute error below 1e-14, with the same bits on
every processor (the C library's ``erfc`` has neither promise).
"""

import math
from typing import NamedTuple

from sim.compile import lean, merged
from sim.numerics import exp, log

ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
TAIL = 7.07106781186547  # beyond it the continued fraction takes over
NOTHING = 37.0  # beyond it the tail is below 1e-300


class Greeks(NamedTuple):
    """Value of one option and its derivatives, in quote per unit of the underlying."""

    value: float
    delta: float  # per unit of the forward
    gamma: float  # per unit of the forward, squared
    vega: float  # per 1.00 of volatility
    theta: float  # per year that passes, forward and volatility kept
    vanna: float  # delta per 1.00 of volatility
    volga: float  # vega per 1.00 of volatility


@merged
def _tail(x: float) -> float:
    """Probability that a standard normal exceeds ``x >= 0``.

    Both formulas are worked out and one is chosen: without branches, loops over options and
    scenarios vectorise.
    """
    near = x <= TAIL
    over = 3.52624965998911e-2 * x + 0.700383064443688
    over = over * x + 6.37396220353165
    over = over * x + 33.912866078383
    over = over * x + 112.079291497871
    over = over * x + 221.213596169931
    over = over * x + 220.206867912376
    under = 8.83883476483184e-2 * x + 1.75566716318264
    under = under * x + 16.064177579207
    under = under * x + 86.7807322029461
    under = under * x + 296.564248779674
    under = under * x + 637.333633378831
    under = under * x + 793.826512519948
    under = under * x + 440.413735824752
    # x + 1/(x + 2/(x + 3/(x + 4/(x + 0.65)))) as one fraction, from the inside outwards
    last = x + 0.65
    fourth = x * last + 4.0
    third = x * fourth + 3.0 * last
    second = x * third + 2.0 * fourth
    first = (x * second + third) * ROOT_TWO_PI
    ratio = (over if near else second) / (under if near else first)
    tail = exp(-0.5 * x * x) * ratio
    return tail if x <= NOTHING else 0.0


@merged
def normal_cdf(x: float) -> float:
    """Standard normal distribution function."""
    tail = _tail(abs(x))
    return 1.0 - tail if x > 0.0 else tail


@lean
def normal_density(x: float) -> float:
    """Standard normal density."""
    return exp(-0.5 * x * x) / ROOT_TWO_PI


@merged
def option_value(
    sign: float, forward: float, strike: float, deviation: float, discount: float
) -> float:
    """Black-76 value of one option.

    Parameters
    ----------
    sign : float
        +1 for a call, -1 for a put.
    forward, strike : float
        Quote per unit of the underlying, positive.
    deviation : float
        Volatility x sqrt(years to expiry); 0 or less gives the intrinsic value.
    discount : float
        Present value of one unit of quote paid at expiry.
    """
    d1 = log(forward / strike) / deviation + 0.5 * deviation
    d2 = d1 - deviation
    worth = sign * (forward * normal_cdf(sign * d1) - strike * normal_cdf(sign * d2))
    intrinsic = sign * (forward - strike)
    open_yet = (deviation > 0.0) & (forward > 0.0)
    worth = worth if open_yet else intrinsic
    return discount * (worth if worth > 0.0 else 0.0)


@lean
def option_greeks(
    sign: float, forward: float, strike: float, volatility: float, years: float, rate: float
) -> Greeks:
    """Black-76 value and Greeks of one option; at expiry all but value and delta are zero.

    Parameters
    ----------
    sign : float
        +1 for a call, -1 for a put.
    forward, strike : float
        Quote per unit of the underlying, positive.
    volatility : float
        Per square root of a year.
    years : float
        Time to expiry.
    rate : float
        Continuously compounded, 1/year.
    """
    discount = exp(-rate * years)
    root = math.sqrt(max(0.0, years))
    deviation = volatility * root
    value = option_value(sign, forward, strike, deviation, discount)
    if deviation <= 0.0:
        return Greeks(value, discount * sign if value > 0.0 else 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    d1 = log(forward / strike) / deviation + 0.5 * deviation
    d2 = d1 - deviation
    density = discount * normal_density(d1)
    vega = forward * density * root
    return Greeks(
        value=value,
        delta=sign * discount * normal_cdf(sign * d1),
        gamma=density / (forward * deviation),
        vega=vega,
        theta=rate * value - 0.5 * forward * density * volatility / root,
        vanna=-density * d2 / volatility,
        volga=vega * d1 * d2 / volatility,
    )
