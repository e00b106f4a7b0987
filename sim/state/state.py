"""The writable side of one simulated path: one per worker, reset between paths.

A row per concept (pool, market, feed, account) as in :mod:`sim.state.rows`, and plain arrays for
what is read across rows. Shapes as in :mod:`sim.state.world`; H holders outside, Q entries of the
price ring.
"""

from typing import NamedTuple

import numpy as np

Rows = np.ndarray
Floats = np.ndarray
Ints = np.ndarray

# Lists of account ids (rows of ``State.lists``), each ascending but the transfers
WATCHED = 0  # could reach a trigger before some price leaves the skin
CLOSE = 1  # of these, could reach maintenance before some price leaves the inner skin
FLAGGED = 2  # below maintenance
ACTING = 3  # owners that act in this step
TRANSFERS = 4  # collateral is on the way
LISTS = 5

# Rows of ``State.g``. The last four exist only where some venue reads other prices than spot.
VALUE_LONG = 0  # USD of one unit held long
VALUE_SHORT = 1  # USD of one unit owed or held short
NOTIONAL = 2  # USD of notional of one unit
LOW = 3  # share of the long value that maintenance counts, before the weight
HIGH = 4  # multiple of the short value that maintenance counts, before the weight
LOW_INITIAL = 5  # the same for opening; for a perpetual, place of open interest in its band
HIGH_INITIAL = 6
RISK = 7  # multiple of a leg's requirement, where a venue responds to volatility
WATCHED_ROWS = 5  # rows that maintenance reads; the one of risk moves only when lists are rebuilt

# Rows of ``State.belief``
VARIANCE = 0  # 1/s
SEEN = 1  # USD, price at the last observation
OBSERVED = 2  # its return, per root of time
OPENING_VARIANCE = 3  # 1/s, what the volatility response is relative to

POOL = np.dtype(
    [
        ("deposit_index", "f8"),  # tokens per deposit share
        ("borrow_index", "f8"),  # tokens per loan share
        ("deposits", "f8"),  # shares; contracts held long
        ("loans", "f8"),  # shares, positive; contracts held short
        ("window_start", "f8"),  # when the present window of liquidations began, s
        ("window_used", "f8"),  # contracts liquidated in it
        ("funding", "f8"),  # cumulative funding, quote tokens per contract
        ("premium", "f8"),  # averaged premium of mark over index, fraction
        ("rate", "f8"),  # funding rate that moves by itself: 1/day (velocity) or 1/s (adaptive)
    ]
)

MARKET_STATE = np.dtype(
    [
        ("mark", "f8"),  # USD
        ("opening", "f8"),  # mark at the start of the path, USD
        ("transient", "f8"),  # decaying flow, in units of depth
        ("permanent", "f8"),  # flow that stays, in units of depth
        ("depth_factor", "f8"),  # share of normal depth now
        ("displacement", "f8"),  # log of mark over fundamental
        ("fell", "f8"),  # log-distance below the opening up to which the background book has fired
        ("rose", "f8"),  # the same above it
        ("fell_alone", "f8"),  # log-distances that the price would have reached without our flow
        ("rose_alone", "f8"),
        ("lowest", "f8"),  # USD, of all marks so far
        ("highest", "f8"),
        ("lowest_alone", "f8"),  # USD, of all fundamental prices so far
        ("highest_alone", "f8"),
        ("own", "f8"),  # log displacement beside its parent's
        ("factor", "f8"),  # mark over fundamental price
        ("stirred", "i8"),  # 1 if its flow has changed since that was worked out
    ]
)

FEED = np.dtype(
    [
        ("published", "f8"),  # USD
        ("at", "i8"),  # entry of the price ring it stands on
        ("displaced", "f8"),  # what our flow did to the log of the published price
        ("standing_displaced", "f8"),  # the same of the standing price
        ("shown", "f8"),  # scratch: a source's price while another stands in for it
        ("standing", "f8"),  # USD, last price that was worth publishing
        ("updated", "f8"),  # when that was sampled, s
        ("averaged", "f8"),  # time up to which the averages run, s
        ("ema", "f8"),  # USD
        ("twap", "f8"),  # USD
        ("width", "f8"),  # stated half-width, fraction of the price
        ("changed", "i8"),  # 1 if anything of it has, at the last look
        ("distrusted", "i8"),  # 1 if too old, too uncertain or too far from its average
    ]
)

ACCOUNT_STATE = np.dtype(
    [
        ("leg_count", "i8"),  # instruments ever held, listed in ``State.legs``
        ("listed", "i8"),  # 1 if on the watch list
        ("close", "i8"),  # 1 if on the list of the close ones
        ("changed", "i8"),  # 1 if it may differ from the opening
        ("breach", "f8"),  # time of the standing breach of maintenance, s; negative if none
        ("refused", "i8"),  # 1 if nobody answered it
        ("liquidated", "i8"),  # 1 if ever liquidated on this path
        ("missing", "f8"),  # shortage before the present call, USD
        ("freed", "f8"),  # shortage removed since the breach, USD
        ("partial", "f8"),  # time of the last partial call, s; negative if none
        ("auction", "f8"),  # start of the running auction, s; negative if none
        ("auction_debt", "i8"),  # what it is to repay; of a portfolio, 1 once it is insolvent
        ("auction_collateral", "i8"),  # what it sells
        ("auction_price", "f8"),  # reference price at its start, USD
        ("auction_left", "f8"),  # tokens of debt that it still offers; infinite if it offers all
        ("reserved", "f8"),  # settlement tokens that bidders for a portfolio have paid in
        ("arriving", "f8"),  # settlement tokens on the way
        ("due", "f8"),  # time at which they arrive, s
    ]
)

CLOCK = np.dtype(
    [
        ("now", "f8"),  # s
        ("relaxed", "f8"),  # time up to which displacements have decayed, s
        ("step", "i8"),
        ("regime", "i8"),
        ("head", "i8"),  # newest entry of the price ring
        ("watched", "i8"),  # lengths of the lists
        ("close", "i8"),
        ("flagged", "i8"),
        ("arriving", "i8"),
        ("changed", "i8"),  # rows that may differ from the opening
        ("prepared", "i8"),  # times that bounds were asked for at new prices
        ("reach", "f8"),  # skin that they hold for
        ("travel", "f8"),  # length of the way from one watch list to the next, in relative moves
        ("watch_most", "f8"),  # highest watch level of all owners, at least 1
        ("surveyed", "f8"),  # time at which all accounts were last looked at, s
        ("learned", "f8"),  # time of the last observation, s
    ]
)

OPTION_STATE = np.dtype(
    [
        ("version", "i8"),  # of its book at which it was quoted
        ("vol", "f8"),  # implied, 1/sqrt(year)
        ("moneyness", "f8"),  # log(strike / forward)
        ("deviation", "f8"),  # volatility x sqrt(time)
        ("settled", "i8"),  # 1 once it has expired and been paid out
    ]
)

BOOK_STATE = np.dtype(
    [
        ("version", "i8"),  # grows when anything below changes
        ("spot", "f8"),  # published, quote
        ("token", "f8"),  # USD per unit of quote
        ("forward", "f8"),  # quote
        ("seconds", "f8"),  # to expiry
        ("root", "f8"),  # of the time to expiry, sqrt(years)
        ("carry", "f8"),  # forward over spot
        ("discount", "f8"),  # present value of one unit of quote at expiry
        ("level", "f8"),  # at-the-money volatility, 1/sqrt(year)
        ("width", "f8"),  # log-moneyness that counts as one standardised unit
        ("settled", "i8"),  # 1 once it has expired
    ]
)

LENS = np.dtype(  # how a grid looks at a book; see `sim.margin.shocks.VolShocks`
    [
        ("up", "f8"),
        ("down", "f8"),
        ("minimum", "f8"),
        ("linear", "f8"),
        ("absolute", "f8"),
        ("width", "f8"),
        ("free", "f8"),  # share of the settlement average that is not known yet
        ("root", "f8"),  # of the time to expiry that is left when scenarios are valued, sqrt(years)
        ("discount", "f8"),  # present value then of one unit of quote at expiry
    ]
)

WAY = np.dtype(  # how far a book has come since an anchor; see `sim.margin.book_anchor`
    [
        ("held", "i8"),  # 1 if somebody held any of its options
        ("still", "f8"),  # most that a deviation has changed at an unchanged forward
        ("slope", "f8"),  # the same per unit of relative change of the forward
        ("aside", "f8"),  # USD by which values and forwards have changed at unchanged prices
        ("far", "f8"),  # distance of the farthest strike from the money at the anchor, of the smile
    ]
)

# Rows of ``State.shelf_factor``
LONG_FACTOR, SHORT_FACTOR, BASIS_FACTOR = 0, 1, 2

# Rows of ``State.reaches``: bounds of what a grid's results change per unit of instrument
SHAKEN = 0  # per unit of skin: USD for an option, USD per USD of value for others
AGED = 1  # USD, over the age at which radii are renewed
MOST = 2  # of an option as the first, at the highest watch level of all owners

# Rows of ``State.radius``: relative move that an account survives
FROM_BASE = 0  # before its owner or anybody acts, from where all accounts were last looked at
ALARM = 1  # the same, from where the watch list that it is on was built
BREACH = 2  # before it falls below maintenance, from there
UNTIL = 3  # the same as the first, from where it was last looked at: the travel that uses it up

GENERATIONS = 8
GREEK_NAMES = ("delta", "gamma", "vega", "theta")
GREEK_FIGURES = ("mean", "peak", "end")  # along the path; of net and of gross Greeks

# Rows of ``State.hedges``: delta that broken hedges have left open
OPEN = 0  # units of the underlying, signed
PAID = 1  # USD at the marks at which it was opened

# Rows of ``State.sides``: units before a call, of one or two owners, and after it
CALLED = 0
OTHER = 1
AFTER = 2

RESULT = np.dtype(
    [
        ("bad_debt", "f8"),  # USD, as all below unless said
        ("horizon_shortfall", "f8"),
        ("insurance_used", "f8"),
        ("backstop_used", "f8"),
        ("adl_notional", "f8"),
        ("adl_loss", "f8"),  # what winners gave against the mark
        ("socialised_loss", "f8"),
        ("deficit_left", "f8"),  # what nobody bore
        ("gated_hours", "f8"),  # venue-hours without withdrawals
        ("halted_hours", "f8"),  # venue-hours in which a breaker let nobody trade
        ("trader_loss", "f8"),
        ("penalties", "f8"),
        ("liquidated_notional", "f8"),
        ("liquidated_accounts", "f8"),  # count
        ("regret_notional", "f8"),
        ("regret_accounts", "f8"),  # count
        ("solvent_notional", "f8"),  # liquidated of owners with positive equity altogether
        ("cascade_notional", "f8"),  # liquidated of breaches that our own flow brought about
        ("hedges_broken", "f8"),  # left without cover by liquidation or deleveraging
        ("hedge_loss", "f8"),  # of what was left open, to the horizon or until closed; signed
        ("hedge_loss_positive", "f8"),  # the same without the gains
        ("unfilled_notional", "f8"),
        ("liquidator_profit", "f8"),
        ("background_notional", "f8"),
        ("deleveraged_notional", "f8"),
        ("topped_up", "f8"),
        ("max_displacement", "f8"),  # fraction
        ("under_margin_hours", "f8"),  # account-hours
        ("liquidations", "f8"),  # calls
        ("imbalance", "f8"),  # relative: what appeared or vanished, rounding apart nothing
        # USD, net and gross x figure x Greek; see `sim.margin.greek_path`
        ("greeks", "f8", (2 * len(GREEK_FIGURES) * len(GREEK_NAMES),)),
        ("generation", "f8", (GENERATIONS,)),  # liquidated, or triggered in the background book
    ]
)


class State(NamedTuple):
    """Everything a path writes."""

    balance: Floats  # (K, A) shares of a pool, contracts, or quote tokens; asset-major
    legs: Ints  # (A, K) instruments a row has ever held, ascending
    wallet: Floats  # (T,) settlement tokens a trader keeps outside
    outside: Floats  # (H, N) tokens of the market, protocol, transit, insurance, liquidators
    gross: Floats  # (K + N,) gross flow per instrument and token, the scale of rounding
    pools: Rows  # (K,) POOL
    markets: Rows  # (M,) MARKET_STATE
    feeds: Rows  # (O,) FEED
    fundamental: Floats  # (N,) USD, prices without our order flow
    history: Floats  # (Q, 2M+1) ring of (time, marks, displacements) that delayed feeds read
    g: Floats  # (3, 7 or 8, K) what health reads, by row as named above
    thinness: Floats  # (M or 0,) normal depth over depth, as engines saw it; 0: none asks for it
    thinness_at: Floats  # (3, M or 0) the same when lists and radii were made
    built_at: Floats  # (3, 3 or 5, K) g that maintenance reads, when lists and radii were made
    scale_at: Floats  # the same shape: unit in which moves of it are measured
    radius: Floats  # (4, margined accounts) as named above; 0: it must be looked at
    rows: Rows  # (A,) ACCOUNT_STATE
    lists: Ints  # (LISTS, margined accounts)
    changed: Ints  # (A,) rows that may differ from the opening, as they came
    capacity: Floats  # (L,) USD a liquidator can still take in this block
    descent: Floats  # (M, GENERATIONS) of the flow behind a market's displacement, shares
    demanded: Floats  # (2, M, GENERATIONS) USD that the background book was called for, by side
    breaches: Floats  # (margined accounts, GENERATIONS) of an account's standing breach, shares
    carried: Floats  # (L, GENERATIONS) USD that a liquidator took on this path, by generation
    cause: Floats  # (GENERATIONS,) of what is traded now, shares
    mixture: Floats  # (GENERATIONS,) scratch
    aside: Floats  # (3, K) scratch: rows of g while others stand in for them
    claims: Floats  # (CLAIMS, A) scratch: what winners could give towards a hole
    hedges: Floats  # (2, T, N) delta left open by broken hedges, as named above
    sides: Floats  # (3, 2, N) scratch: long and short units of an owner
    gates: Floats  # (V,) time until which a venue lets nothing out, s
    stats: Rows  # (1,) RESULT
    clock: Rows  # (1,) CLOCK
    options: Rows  # (K,) OPTION_STATE
    books: Rows  # (J,) BOOK_STATE
    books_at: Rows  # (3, J) the same when lists and radii were made
    lenses: Rows  # (GRIDS, J) LENS
    lenses_at: Rows  # (3, GRIDS, J) the same when lists and radii were made
    ways: Rows  # (3, J) WAY from there
    greeks: Floats  # (4, K) scratch: Greeks of one contract, USD
    levels: Floats  # (2, U) volatility level now, and the price it was set at, USD
    # One row more per horizon of early liquidation (R of them), where options are listed
    shelf: Floats  # (GRIDS + R, K, S+2) scenario values per option; under term V its gains; USD
    shelf_now: Floats  # (GRIDS, K) value per option at the same time, USD
    shelf_factor: Floats  # (GRIDS, 3, J) discounts and basis shares
    reaches: Floats  # (GRIDS + R, 3, K) as named above
    reached: Ints  # (GRIDS + R, K) ``clock.prepared`` when they were written
    shelf_desk: Floats  # (3, S+2) scratch: one account's results, or one option's scenarios
    shelf_at: Ints  # (GRIDS + R, K) version of the book that the values belong to
    belief: Floats  # (4, N) what engines have filtered, by row as named above
    covariance: Floats  # (lag + 1, N, N) 1/s, newest first: what correlations are read from
    correlation: Floats  # (N, N) scratch
    believed: Floats  # (N, N) covariance per second that engines act on
    worst: Floats  # (W,) scratch: largest sampled losses
    curved: Floats  # (4, N) scratch of term V: a book's slope, curvature and vega by asset
    curve_order: Ints  # (N,) scratch
    curve_work: Floats  # (2, N, N) scratch
    halts: Floats  # (V,) time until which a venue stands still, s
    anchors: Floats  # (2, O) price that a feed's move is measured from, USD, and since when, s
