"""Parameter rows: one structured array per concept, unit and meaning at the field.

The rows are read-only in the kernel. Money is USD, time is seconds, log-prices are natural
logarithms. ``kind`` fields hold the integers of :mod:`sim.state.codes`.
"""

from typing import Any

import numpy as np

from sim.state.codes import LEVELS

Row = Any  # one record; compiled code reads its fields as attributes

TIERS = 12  # brackets that a tiered ratio may have
POINTS = 16  # points that an interest curve may have

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
        ("gains", "i8"),  # 1 if some venue counts unrealised gains at less than their value
        ("level_width", "f8"),  # log-price width of one level of the background book
        ("scans", "i8"),  # 1 if some engine does more than add up or net legs
        ("liquidity", "i8"),  # 1 if some engine charges for what selling would cost
        ("steady", "i8"),  # 1 if no requirement can rise at once, however little prices move
    ]
)

RATIO = np.dtype(
    [
        ("kind", "i8"),
        ("slope", "f8", (LEVELS,)),  # linear kind: ratio per contract held
        ("lower", "f8"),  # open interest up to which the initial ratio stands, USD
        ("upper", "f8"),  # open interest from which it is one, USD
        ("least", "f8"),  # requirement of a position is at least this, USD
        ("floor", "f8"),  # and this on top of it, USD
        ("rounding", "f8"),  # requirements are rounded up to whole ones, USD; 0: not rounded
        ("tier", "f8", (TIERS,)),  # notional from which a bracket holds, USD; inf: unused
        ("rate", "f8", (LEVELS, TIERS)),  # requirement per USD of notional inside a bracket
        ("deduction", "f8", (LEVELS, TIERS)),  # USD
    ]
)

CURVE = np.dtype(
    [
        ("count", "i8"),  # points in use
        ("utilisation", "f8", (POINTS,)),  # ascending
        ("rate", "f8", (POINTS,)),  # at these, 1/year
        ("reserve_factor", "f8"),  # share of the lenders' interest kept by the protocol
        ("fee_share", "f8"),  # on top of the curve, borrowers pay the protocol this share of it
        ("fee_fixed", "f8"),  # and this, 1/year
        ("insurance_share", "f8"),  # the same, for the insurance fund
        ("insurance_fixed", "f8"),  # 1/year
    ]
)

FUNDING = np.dtype(
    [
        ("kind", "i8"),
        ("offset", "f8"),  # TWAP kind: interest part added to the premium, 1/day
        ("cap", "f8"),  # largest rate paid, 1/day
        ("premium_time", "f8"),  # s over which the premium is averaged
        ("interest", "f8"),  # premium kind: rate that the premium is pulled towards, per period
        ("clamp", "f8"),  # premium kind: most that it is pulled, per period
        ("period", "f8"),  # premium kind: s over which a premium is paid
        ("scale", "f8"),  # contracts of skew that count as one (velocity)
        ("velocity", "f8"),  # change of the daily rate per day at full skew
        ("factor", "f8"),  # imbalance kind: 1/s
        ("exponent", "f8"),  # imbalance kind
        ("increase", "f8"),  # adaptive kind: growth of the rate per unit of imbalance, 1/s^2
        ("decrease", "f8"),  # adaptive kind: decay of the rate, 1/s^2
        ("threshold_stable", "f8"),  # imbalance above which the rate grows
        ("threshold_decrease", "f8"),  # imbalance below which it decays
        ("rate_max", "f8"),  # adaptive kind: 1/s
    ]
)

PRICING = np.dtype(
    [
        ("kind", "i8"),
        ("scale", "f8"),  # contracts of skew that move the price by 100 %
        ("factor_worse", "f8"),  # convex kind: impact of flow that adds to the imbalance
        ("factor_better", "f8"),  # of flow that takes from it
        ("exponent", "f8"),
    ]
)

INSTRUMENT = np.dtype(
    [
        ("kind", "i8"),
        ("venue", "i8"),
        ("asset", "i8"),  # the asset held (balance) or referred to (perpetual, quote)
        ("inverse", "i8"),  # 1: a perpetual worth 1 USD, settled in its underlying
        ("group", "i8"),  # the underlying whose price moves it (staked asset -> its underlying)
        ("market", "i8"),  # where it is sold
        ("oracle", "i8"),  # the feed the margin engine reads
        ("quote", "i8"),  # perpetual: its quote instrument; -1 otherwise
        ("cash", "i8"),  # the venue's balance that it settles in; -1 if it has none
        ("step", "f8"),  # contracts of a perpetual that liquidations are rounded up to; 0: none
        ("size_penalty", "f8"),  # Drift's imf, 1/sqrt(units); 0 switches size scaling off
        ("scale_start", "f8"),  # USD of deposits above which the initial asset weight shrinks
        ("gain_weight", "f8", (LEVELS,)),  # quote: share of unrealised gains that counts
        ("gain_penalty", "f8"),  # quote: how fast that worsens with the gain, 1/sqrt(USD)
        ("gain_cap", "f8"),  # quote: gain that counts for opening at most, USD
        ("ratio", RATIO),  # perpetual
        ("curve", CURVE),  # balance
        ("funding", FUNDING),  # perpetual
        ("pricing", PRICING),  # perpetual
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
        ("market", "i8"),  # the one it reads; of several sources, the asset's reference market
        ("venue", "i8"),
        ("sources", "i8"),  # rows that it is made of; 0: it reads its market
        ("first", "i8"),  # the first of them
        ("combine", "i8"),  # how they become one price
        ("part_of", "i8"),  # a source: the row that it is part of; -1 otherwise
        ("weight", "f8"),  # a source's, in a weighted median
        ("delay", "f8"),  # s between the market's price and its publication
        ("deviation", "f8"),  # relative move that makes it publish; 0: every move
        ("heartbeat", "f8"),  # s after which it publishes anyway
        ("ema_time", "f8"),  # s
        ("twap_time", "f8"),  # s
        ("shows", "i8", (LEVELS,)),  # which price each level reads
        ("reads_ema", "i8"),  # 1 if a level does
        ("reads_twap", "i8"),  # 1 if a level does, or the price is trusted by it
        ("confidence", "f8"),  # half-width of the interval it states, fraction, at normal depth
        ("bias", "f8"),  # multiples of the half-width by which prices are biased
        ("bias_cap", "f8"),  # largest bias, fraction
        ("no_confidence", "f8"),  # half-width at which its confidence, from 0 to 1, is nought
        ("max_confidence", "f8"),  # half-width above which the price is not trusted, fraction
        ("max_age", "f8"),  # s
        ("band", "f8"),  # relative distance from the TWAP beyond which it is not trusted
        ("distrust", "i8"),  # what is done then
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
        ("strict", "i8"),  # 1: meeting the requirement exactly is still enough
        ("close_of", "i8"),  # what the close factor is a share of
        ("full_health", "f8"),  # weighted collateral / debt at which a call may close everything
        ("full_below", "f8"),  # USD of the leg's debt or collateral below which it may
        ("min_left", "f8"),  # USD: a call leaves nothing, or this much on both sides
        ("cooldown", "f8"),  # s after a partial call in which calls close everything
        ("throttle_initial", "f8"),  # share of the shortage that may be freed at once
        ("throttle_duration", "f8"),  # s until all of it may; 0: at once
        ("throttle_small", "f8"),  # USD of shortage below which nothing is throttled
        ("throttle_step", "f8"),  # throttled shares are cut to multiples of this
        ("window", "f8"),  # s; 0 switches the cap per window off
        ("window_rate", "f8"),  # contracts per second of the window that may be liquidated
        ("hole", "f8"),  # USD that concurrent auctions may raise together
        ("dust_debt", "f8"),  # USD of debt that an auction must raise, and may leave
        ("bonus", "i8"),
        ("bonus_min", "f8"),  # liquidator's bonus, fraction of the debt repaid
        ("bonus_max", "f8"),
        ("bonus_bad_debt", "f8"),  # LTV bonus: what is paid once debt is 0.99 of collateral or more
        ("insurance_fee", "f8"),  # fraction of the debt repaid or notional closed
        ("protocol_share", "f8"),  # share of the bonus kept by the protocol
        ("perp_fee", "f8"),  # liquidator's discount on a perpetual taken over
        ("perp_insurance_fee", "f8"),
        ("basis", "i8"),  # what bonus and insurance fee are shares of
        ("max_discount", "f8"),  # health bonus: largest discount
        ("fee_max", "f8"),  # largest bonus or discount after growth
        ("fee_growth", "f8"),  # 1/s by which bonus and discount grow with the breach's age
        ("fee_grace", "f8"),  # s before they do
        ("fee_period", "f8"),  # s; whole periods count
        ("insurance_share", "f8"),  # of what a perpetual's margin leaves; 0: the whole fee always
        ("perp_price", "i8"),
        ("bankruptcy_adjustment", "f8"),  # book: how fast the limit price falls with health
        ("spread_to_margin", "f8"),  # book: limit spread / maintenance requirement
        ("backstop", "f8"),  # equity / maintenance below which the vault takes all; 0: never
        ("taker", "i8"),
        ("insurance_cap", "f8"),  # USD that the fund pays in one event
        ("adl", "i8"),
        ("adl_capped", "i8"),  # 1 if nobody gives more than his own profit
        ("adl_pool", "f8"),  # traders' profit over the pool at which the pool deleverages
        ("adl_pool_target", "f8"),  # and at which it stops
        ("socialise", "i8"),
        ("gate", "f8"),  # s for which a socialised loss stops withdrawals
        ("halt_move", "f8"),  # relative move of a feed within the window that halts; 0: never
        ("halt_window", "f8"),  # s
        ("halt_time", "f8"),  # s for which contracts and liquidations then stand still
        ("cash", "i8"),  # the venue's balance in the settlement asset; -1 if it has none
        ("taker_profit", "f8"),  # largest gain per USD repaid
        ("maker", "i8"),  # ledger row of the venue's market maker; -1 if none
        ("clearing", "i8"),  # ledger row of its settlement account
    ]
)

AUCTION_ROW = np.dtype(
    [
        ("curve", "i8"),
        ("start", "f8"),  # price at the start, in units of the reference price
        ("length", "f8"),  # s: linear, to zero; two-speed, its fast part
        ("cut", "f8"),  # factor per step (stairs) or per second (exponential)
        ("step", "f8"),  # s per stair
        ("cutoff", "f8"),  # two-speed: price at the end of the fast part
        ("slow", "f8"),  # two-speed: s from there to zero
        ("tail", "f8"),  # s after which an auction must be restarted
        ("cusp", "f8"),  # share of the first price below which it must be
        ("chop", "f8"),  # USD to raise per USD of debt
        ("tip", "f8"),  # USD to whoever starts it
        ("chip", "f8"),  # and this share of what is to be raised
        ("buffer", "f8"),  # portfolio: buffer margin = maintenance + buffer x (maintenance - value)
        ("fee", "f8"),  # portfolio: share of the largest first sale, to the insurance fund
        ("insolvent", "f8"),  # portfolio: s in which the payout for an insolvent one grows
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

# Beliefs: P2 term V, and what else follows from the volatility that engines have filtered

BELIEF = np.dtype(
    [
        ("every", "f8"),  # s between observations
        ("half_life", "f8"),  # s, of variances
        ("correlation_half_life", "f8"),  # s
        ("lag", "i8"),  # observations by which believed correlations are late
    ]
)

TAIL = np.dtype(
    [
        ("method", "i8"),
        ("multiple", "f8"),  # parametric: requirement per deviation of a book over one second
        ("scale", "f8"),  # sampled: root of the horizon, sqrt(s)
        ("expected", "i8"),  # sampled: 1 for expected shortfall, 0 for value at risk
        ("level", "f8"),  # sampled: of the quantile
        ("curvature", "f8"),  # parametric: multiple of losses by curvature, at least 1
        ("vol_of_vol", "f8"),  # deviation of log-volatility that spot does not explain, 1/sqrt(s)
        ("predictive", "f8"),  # deviations x sqrt(s) within which insolvency is too likely
        ("predictive_curvature", "f8"),  # multiple of losses by curvature there, at least 1
        ("predictive_shelf", "i8"),  # row of the shelf with what options gain in those moves
        ("gain", "f8"),  # exponent of the response to volatility
        ("lowest", "f8"),  # bounds of that response
        ("highest", "f8"),
        ("floor", "f8"),  # least multiple of the requirement under long-run volatility
        ("stress_weight", "f8"),  # of the requirement in a stressed period
        ("stress", "f8"),  # multiple that is asked for then
        ("buffer", "f8"),  # share on top in calm, used up as requirements rise
    ]
)

# Options: P2 terms O (isolated or maximum loss), G (scenario grid) and K (contingencies)

CONTINGENCY = np.dtype(
    [
        ("loss_factor", "f8"),  # multiple of the worst loss
        ("perpetual", "f8"),  # USD per USD of notional
        ("short_option", "f8"),  # USD per USD of uncovered short notional
        ("confidence_threshold", "f8"),  # below it an oracle's doubt is charged
        ("confidence_scale", "f8"),  # USD per USD of notional and unit of doubt
        ("peg_threshold", "f8"),  # USD; a settlement asset below it is charged
        ("peg_factor", "f8"),  # added to the loss factor per USD below
        ("liquidity", "f8"),  # multiple of the mean impact of selling a pile at once
        ("free", "f8"),  # USD of a pile that is not charged
        ("current", "i8"),  # 1: at the depth seen last, 0: at normal depth
        ("pooled", "i8"),  # 1: a pile per underlying, 0: per market
    ]
)
