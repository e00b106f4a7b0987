"""Parameter rows: one structured array per concept, unit and meaning at the field.

The rows are read-only in the kernel. Money is USD, time is seconds, log-prices are natural
logarithms. ``kind`` fields hold the integers of :mod:`sim.state.codes`.
"""

from typing import Any

import numpy as np

Row = Any  # one row of a structured array, as a function's argument

SETTINGS = np.dtype(
    [
        ("step", "f8"),  # s
        ("rounds", "i8"),  # liquidation rounds that fit into a step
        ("block", "f8"),  # s per round
        ("feedback", "i8"),  # which twin
        ("cash_asset", "i8"),  # the settlement asset, whose token pays for swaps
        ("accounts", "i8"),  # margined accounts: ledger rows [0, accounts)
        ("deficit", "i8"),  # ledger row that carries losses nobody could bear
        ("protocol", "i8"),  # ledger row of the protocol's own deposits
        ("watch_all", "i8"),  # 1: look at every account every step (brute force)
        ("skin", "f8"),  # relative price move that a watch list survives
        ("level_width", "f8"),  # log-price width of one level of the background book
    ]
)

INSTRUMENT = np.dtype(
    [
        ("kind", "i8"),
        ("venue", "i8"),
        ("asset", "i8"),  # the asset held (balance) or referred to (perpetual, quote)
        ("group", "i8"),  # the underlying whose price moves it (staked asset -> its underlying)
        ("market", "i8"),  # where it is sold
        ("oracle", "i8"),  # the feed the margin engine reads
        ("quote", "i8"),  # perpetual: its quote instrument; -1 otherwise
        ("cash", "i8"),  # the venue's balance in the settlement asset; -1 if it has none
        ("size_penalty", "f8"),  # Drift's imf, 1/sqrt(units); 0 switches size scaling off
        ("size_slope", "f8"),  # growth of a perpetual's ratio per contract
        ("kink", "f8"),  # utilisation at which the rate curve bends
        ("base_rate", "f8"),  # borrow rate at zero utilisation, 1/year
        ("kink_rate", "f8"),  # borrow rate at the kink, 1/year
        ("full_rate", "f8"),  # borrow rate at utilisation 1, 1/year
        ("reserve_factor", "f8"),  # share of interest kept by the protocol
        ("funding_offset", "f8"),  # added to the premium: interest part, fraction per day
        ("funding_cap", "f8"),  # |premium + offset| is at most this, fraction per day
        ("premium_time", "f8"),  # s over which the premium is averaged
    ]
)

MARKET_ROW = np.dtype(
    [
        ("asset", "i8"),  # whose fundamental price it quotes
        ("parent", "i8"),  # the market whose displacement it follows; -1 for a reference market
        ("depth", "f8"),  # USD of flow that moves the price by 1 %
        ("permanent", "f8"),  # share of that 1 % that never decays
        ("exponent", "f8"),  # concavity of the transient part
        ("decay", "f8"),  # transient decay, 1/s
        ("arbitrage", "f8"),  # pull towards the parent, 1/s
        ("arbitrage_cap", "f8"),  # largest flow arbitrageurs carry, USD/s
        ("depth_recovery", "f8"),  # speed at which depth follows its regime level, 1/s
    ]
)

ORACLE_ROW = np.dtype(
    [
        ("market", "i8"),
        ("delay", "f8"),  # s between the market's price and its publication
    ]
)

VENUE_ROW = np.dtype(
    [
        ("engine", "i8"),
        ("selection", "i8"),
        ("size", "i8"),
        ("close_factor", "f8"),  # share of a debt closed in one call
        ("full_ltv", "f8"),  # debt / collateral at which a call may close everything
        ("dust", "f8"),  # USD of debt or notional below which a call closes everything
        ("max_notional", "f8"),  # USD per call
        ("bonus", "i8"),
        ("bonus_min", "f8"),  # liquidator's bonus, fraction of the debt repaid
        ("bonus_max", "f8"),
        ("bonus_bad_debt", "f8"),  # LTV bonus: what is paid once debt is 0.99 of collateral or more
        ("insurance_fee", "f8"),  # fraction of the debt repaid or notional closed
        ("protocol_share", "f8"),  # share of the bonus kept by the protocol
        ("perp_fee", "f8"),  # liquidator's discount on a perpetual taken over
        ("perp_insurance_fee", "f8"),
        ("taker", "i8"),
        ("maker", "i8"),  # ledger row of the venue's market maker; -1 if none
        ("clearing", "i8"),  # ledger row of its settlement account
    ]
)

ACCOUNT_ROW = np.dtype(
    [
        ("owner", "i8"),
        ("venue", "i8"),  # row of the venue table that margins it (the hub's is the last)
        ("emode", "i8"),  # weight table in force
        ("cash", "i8"),  # instrument that receives its top-ups
        ("rule", "i8"),  # behaviour rule of its owner
        ("interval", "i8"),  # steps between looks at the account
        ("phase", "i8"),  # step offset of the looks
        ("watch", "f8"),  # the owner wakes when equity < watch x maintenance
        ("delay", "f8"),  # s that a top-up takes to arrive
        ("opening", "f8"),  # equity at the start, USD
    ]
)

LIQUIDATOR_ROW = np.dtype(
    [
        ("row", "i8"),  # ledger row of its margin account
        ("holder", "i8"),  # row of ``Ledger.outside``
        ("rule", "i8"),
        ("latency", "f8"),  # s between an account's breach and its first call
        ("capacity", "f8"),  # USD it can take on per block
        ("cost", "f8"),  # USD per call
        ("unwind", "f8"),  # USD of inventory sold per second
    ]
)

# Options: P2 terms O (isolated or maximum loss), G (scenario grid) and K (contingencies)

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

CONTINGENCY = np.dtype(
    [
        ("loss_factor", "f8"),  # multiple of the worst loss
        ("perpetual", "f8"),  # USD per USD of notional
        ("short_option", "f8"),  # USD per USD of uncovered short notional
        ("confidence_threshold", "f8"),  # below it an oracle's doubt is charged
        ("confidence_scale", "f8"),  # USD per USD of notional and unit of doubt
        ("peg_threshold", "f8"),  # USD; a settlement asset below it is charged
        ("peg_factor", "f8"),  # added to the loss factor per USD below
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
