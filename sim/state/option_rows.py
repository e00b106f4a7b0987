"""Parameter rows of options and scenario grids; units as in :mod:`sim.state.rows`."""

import numpy as np

SCENARIO = np.dtype(
    [
        ("spot", "f8"),  # multiple of the underlying's price; 1 leaves it
        ("move", "f8"),  # added to it, in units of the underlying's scan range
        ("vol", "i8"),  # what it does to volatility
        ("damping", "f8"),  # share of the profit or loss that counts
    ]
)

GRID = np.dtype(
    [
        ("first", "i8"),  # its rows of the scenario table are [first, first + count)
        ("count", "i8"),
        ("vol_up", "f8"),  # relative rise of volatility at the reference term
        ("vol_down", "f8"),
        ("vol_minimum", "f8"),  # volatility that a rise reaches at least, 1/sqrt(year)
        ("short_power", "f8"),  # growth of the shock below the reference term
        ("long_power", "f8"),  # decline of the shock above it
        ("shortest", "f8"),  # s, time to expiry below which the shock grows no more
        ("reference", "f8"),  # s, term at which the shock is as stated
        ("linear_base", "f8"),  # largest tilt of volatility at expiry, fraction
        ("linear_slope", "f8"),  # change of it per sqrt(year)
        ("absolute_base", "f8"),
        ("absolute_slope", "f8"),
        ("width_minimum", "f8"),  # log-moneyness at which the tilt is reached, at least
        ("width_scale", "f8"),  # deviations at which it is reached
        ("width_vol", "f8"),  # volatility of that deviation
        ("width_vol_slope", "f8"),  # change of it per sqrt(year)
        ("long_base", "f8"),  # share of an expiry's positive worth that counts
        ("long_multiple", "f8"),  # times the interest rate, in that share's discount rate
        ("long_added", "f8"),  # 1/year, added to that discount rate
        ("short_base", "f8"),  # multiple of an expiry's negative worth that counts
        ("short_multiple", "f8"),
        ("short_added", "f8"),
        ("basis_up", "f8"),  # multiples of the forward that the basis charge tries
        ("basis_down", "f8"),
        ("basis_added", "f8"),  # share of that loss charged
        ("basis_per_year", "f8"),  # change of the share per year to expiry
        ("lookahead", "f8"),  # s, scenarios are valued this much later
        ("window", "f8"),  # s before expiry over which the settlement price is averaged
        ("short_minimum", "f8"),  # requirement is at least this share of short options' notional
        ("offset", "f8"),  # share of the offset between underlyings that is granted
    ]
)

OPTION_MARGIN = np.dtype(
    [
        ("highest", "f8"),  # of a short at the money, per unit of spot
        ("lowest", "f8"),  # of one far out of the money
        ("call", "f8"),  # floor of a short call, per unit of spot
        ("put", "f8"),
        ("put_value", "f8"),  # the same per unit of the put's value
        ("initial", "i8"),  # 1: the distance from the money counts (initial margin)
        ("offset", "f8"),  # multiple of a put's floor that initial margin must reach
        ("unpaired", "f8"),  # per unit of forward, for calls sold net
        ("steepest", "f8"),  # most that the requirement changes per USD of option or spot
    ]
)

OPTION = np.dtype(
    [
        ("sign", "f8"),  # +1 call, -1 put; 0: the instrument is no option
        ("strike", "f8"),  # quote per unit
        ("expiry", "f8"),  # s from the start of the path
        ("rate", "f8"),  # 1/year, in forwards and discounts
        ("book", "i8"),  # number of its venue, underlying and expiry; -1
        ("surface", "i8"),  # row of the surface table; -1
    ]
)

BOOK = np.dtype(
    [
        ("first", "i8"),  # its options are the instruments [first, last)
        ("last", "i8"),
        ("venue", "i8"),
        ("feed", "i8"),  # of the underlying's price
        ("token_feed", "i8"),  # of the quote's
        ("surface", "i8"),  # row of the surface table
        ("expiry", "f8"),  # s from the start of the path
        ("rate", "f8"),  # 1/year
        ("lowest", "f8"),  # strikes, quote per unit
        ("highest", "f8"),
    ]
)

SURFACE = np.dtype(
    [
        ("asset", "i8"),  # the underlying
        ("skew", "f8"),  # per standardised log-moneyness
        ("smile", "f8"),  # per standardised log-moneyness squared
        ("slope", "f8"),  # exponent of the term structure
        ("reference", "f8"),  # years, the term at which the level holds
        ("keep", "f8"),  # share of the distance from the regime's level left after a step
        ("beta", "f8"),  # relative rise of the level per unit of spot's fall
    ]
)
