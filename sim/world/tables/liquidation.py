"""P4 to P6 as rows: what the schema says about one venue's liquidations."""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.rows import AUCTION_ROW, VENUE_ROW
from sim.world.schema.auction import Auction
from sim.world.schema.liquidation import Liquidation, Sizing
from sim.world.tables.limits import UNLIMITED

NEVER = np.nan  # no number compares with it

SELECTION = {
    "riskiest": codes.RISKIEST,
    "largest_relief": codes.LARGEST_RELIEF,
    "best_for_liquidator": codes.BEST_FOR_LIQUIDATOR,
    "relief_per_impact": codes.RELIEF_PER_IMPACT,
    "keep_hedges": codes.KEEP_HEDGES,
    "whole_portfolio": codes.WHOLE_PORTFOLIO,
}
SIZE = {
    "close_factor": codes.CLOSE_FACTOR,
    "to_target": codes.TO_TARGET,
    "full": codes.FULL,
    "restore_buffer": codes.RESTORE_BUFFER,
}
CLOSE_OF = {"leg": codes.OF_LEG, "account": codes.OF_ACCOUNT}
BONUS = {
    "fixed": codes.FIXED_BONUS,
    "ltv": codes.LTV_BONUS,
    "health": codes.HEALTH_BONUS,
    "dutch": codes.DUTCH,
}
BASIS = {"debt": codes.OF_DEBT, "seized": codes.OF_SEIZED}
CURVE = {
    "linear": codes.LINEAR,
    "stairs": codes.STAIRS,
    "exponential": codes.EXPONENTIAL,
    "two_speed": codes.TWO_SPEED,
}
PERP_PRICE = {"oracle": codes.ORACLE_LESS_FEE, "book": codes.BOOK}
TAKER = {
    "flash": codes.FLASH,
    "initial_margin": codes.INITIAL_MARGIN,
    "cash": codes.CASH_ONLY,
    "none": codes.UNCONSTRAINED,
}


def liquidation_row(spec: Liquidation) -> np.void:
    """Return a VENUE_ROW with everything that concerns liquidation."""
    table = np.zeros(1, dtype=VENUE_ROW)
    fill_sizing(table[0], spec)
    fill_pricing(table[0], spec)
    row: np.void = table[0]
    return row


def auction_row(spec: Auction | None) -> np.void:
    """Return an AUCTION_ROW; of an auction that nobody starts, if there is none."""
    auction = Auction() if spec is None else spec
    table = np.zeros(1, dtype=AUCTION_ROW)
    row: np.void = table[0]
    row["curve"] = CURVE[auction.curve]
    for name in ("start", "length", "cut", "step", "cutoff", "slow", "cusp", "tip", "chip"):
        row[name] = getattr(auction, name)
    row["tail"] = UNLIMITED if auction.tail is None else auction.tail
    row["chop"] = auction.penalty
    row["buffer"] = auction.buffer
    row["fee"] = auction.fee
    row["insolvent"] = auction.insolvent
    return row


def fill_sizing(row: np.void, spec: Sizing) -> None:
    """P4: selection and size."""
    row["selection"] = SELECTION[spec.selection]
    row["size"] = SIZE[spec.size]
    row["close_of"] = CLOSE_OF[spec.close_of]
    for name in ("close_factor", "full_below", "cooldown", "min_left", "dust", "strict"):
        row[name] = getattr(spec, name)
    row["full_ltv"] = NEVER if spec.full_ltv is None else spec.full_ltv
    row["full_health"] = NEVER if spec.full_health is None else spec.full_health
    row["max_notional"] = UNLIMITED if spec.max_notional is None else spec.max_notional
    row["hole"] = UNLIMITED
    if spec.auction is not None:
        row["hole"] = UNLIMITED if spec.auction.hole is None else spec.auction.hole
        row["dust_debt"] = spec.auction.dust
    _pace(row, spec)


def _pace(row: np.void, spec: Sizing) -> None:
    """Limits over time."""
    if spec.throttle is not None:
        row["throttle_initial"] = spec.throttle.initial
        row["throttle_duration"] = spec.throttle.duration
        row["throttle_small"] = spec.throttle.small
        row["throttle_step"] = spec.throttle.resolution
    if spec.window is not None:
        fees = spec.window.maker_fee + spec.window.taker_fee
        row["window"] = spec.window.length
        row["window_rate"] = fees * spec.window.skew_scale * spec.window.multiplier


def fill_pricing(row: np.void, spec: Liquidation) -> None:
    """P5 and P6: price and taker."""
    row["bonus"] = BONUS[spec.bonus.kind]
    row["bonus_min"] = spec.bonus.min
    row["bonus_max"] = spec.bonus.min if spec.bonus.max is None else spec.bonus.max
    row["bonus_bad_debt"] = spec.bonus.bad_debt
    row["basis"] = BASIS[spec.bonus.of]
    row["max_discount"] = spec.bonus.max_discount
    row["protocol_share"] = spec.bonus.protocol_share
    for name in ("insurance_fee", "perp_fee", "perp_insurance_fee", "insurance_share"):
        row[name] = getattr(spec, name)
    row["fee_max"] = spec.growth.max
    row["fee_growth"] = spec.growth.per_second
    row["fee_grace"] = spec.growth.grace
    row["fee_period"] = spec.growth.period
    row["perp_price"] = PERP_PRICE[spec.perp_price]
    row["bankruptcy_adjustment"] = spec.book.bankruptcy_adjustment
    row["spread_to_margin"] = spec.book.spread_to_margin
    row["backstop"] = spec.backstop
    row["taker"] = TAKER[spec.taker]
    row["taker_profit"] = UNLIMITED if spec.taker_profit is None else spec.taker_profit
