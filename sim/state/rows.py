"""Parameter rows: one structured array per concept, unit and meaning at the field.

The rows are read-only in the kernel. Money is USD, time is seconds, log-prices are natural
logarithms. ``kind`` fields hold the integers of :mod:`sim.state.codes`.
"""

import numpy as np

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
        ("insurance_cap", "f8"),  # USD that the fund pays in one event
        ("adl", "i8"),
        ("adl_capped", "i8"),  # 1 if nobody gives more than his own profit
        ("adl_pool", "f8"),  # traders' profit over the pool at which the pool deleverages
        ("adl_pool_target", "f8"),  # and at which it stops
        ("socialise", "i8"),
        ("gate", "f8"),  # s for which a socialised loss stops withdrawals
        ("cash", "i8"),  # the venue's balance in the settlement asset; -1 if it has none
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
