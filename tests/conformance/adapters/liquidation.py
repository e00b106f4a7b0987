"""P4 to P6: sizes, prices and takers of liquidations."""

from collections.abc import Callable
from typing import Any

from sim.liquidation import auction, book, caps, curves, pair, perpetual, portfolio, shortage
from sim.liquidation.bonus import ltv_bonus
from sim.liquidation.rounding import part_of, whole_of
from sim.margin.health import below
from sim.state.codes import MAINTENANCE
from sim.world.standing import Contracts, closing, standing
from sim.world.tables.liquidation import auction_row, liquidation_row
from tests.conformance.configured import configured
from tests.conformance.units import (
    BPS,
    E4,
    E6,
    E9,
    FLIPPED,
    NONE,
    ONE,
    PPM,
    RAD,
    RAY,
    SLOT,
    TEN,
    UNBOUNDED_64,
    UNBOUNDED_128,
    WAD,
    WEIGHT_STEP,
)

Values = dict[str, Any]
Adapter = Callable[[Values], Values]
PLAIN: Values = {}  # as in the YAML


def liquidation(system: str, overrides: Values = PLAIN) -> Any:
    """Row of a venue whose liquidation section has some keys replaced."""
    keys = {f"liquidation.{key}": value for key, value in overrides.items()}
    return liquidation_row(configured(system, keys).liquidation)


def auction_of(system: str, overrides: Values = PLAIN) -> Any:
    """Row of a venue's auction."""
    keys = {f"liquidation.auction.{key}": value for key, value in overrides.items()}
    return auction_row(configured(system, keys).liquidation.auction)


def given(inputs: Values, names: dict[str, str]) -> Values:
    """Overrides for those of the keys that a vector gives."""
    return {key: inputs[name] for name, key in names.items() if inputs.get(name) is not None}


# --- Aave v3


def aave_close_factor(x: Values) -> Values:
    row = liquidation(
        "aave_v3", given(x, {"threshold_usd": "full_below", "hf_threshold": "full_health"})
    )
    collateral, debt = x["reserve_collateral_usd"], x["reserve_debt_usd"]
    case = caps.Case(NONE, x["hf"] * ONE, debt * ONE, collateral * ONE, caps.LONG_AGO)
    return {"close_factor_bps": caps.closable_share(row, case) * BPS}


def aave_seizure(x: Values) -> Values:
    debt_price = x.get("debt_price_1e8", 1) / TEN[x.get("debt_dec", 0)]
    price = x.get("coll_price_1e8", 1) / TEN[x.get("coll_dec", 0)]
    bonus = pair.above_par(x["bonus_bps"] / BPS)
    row = liquidation(
        "aave_v3", {"bonus.min": bonus, "bonus.protocol_share": x["protocol_fee_bps"] / BPS}
    )
    held = pair.Stock(x["collateral_balance"] * ONE, price, ONE)
    owed = pair.Stock(x["debt"] * ONE, debt_price, ONE)
    weight = x.get("lt_bps", 1) / BPS
    done = pair.seize(row, owed, held, row["bonus_min"], ONE)
    left = pair.value_left(held, done.left, ONE)
    return {
        "max_collateral": done.seized,
        "collateral_to_liquidator": done.to_liquidator,
        "protocol_fee": done.protocol,
        "leftover": done.left,
        "leftover_base_ccy": left,
        "bad_debt_path": pair.exhausted(left),
        "hf": pair.health_factor(held, owed, weight),
    }


def aave_multiply(x: Values) -> Values:
    return {"r": part_of(x["value"] * ONE, x["pct_bps"] / BPS, ONE)}


def aave_divide(x: Values) -> Values:
    return {"r": whole_of(x["value"] * ONE, x["pct_bps"] / BPS, ONE)}


# --- Maker


def maker_take(x: Values) -> Values:
    sale = auction.bid(
        x["amt"] * ONE, x["price"] * ONE, x["tab"] * ONE, x["lot"] * ONE, x["chost"] * ONE
    )
    return {"slice": sale.bought, "owe": sale.paid, "tab": sale.tab, "lot": sale.lot}


def maker_second_bid(x: Values) -> Values:
    row = auction_of("maker", {"curve": "stairs", "cut": x["cut"], "step": x["step_s"]})
    price = curves.price(row, x["top"] * ONE, x["elapsed_s"] * ONE)
    tab, lot = x["tab"] * ONE, x["lot"] * ONE
    sale = auction.bid(lot, price, tab, lot, NONE)
    return {"price": price, "slice": sale.bought, "owe": sale.paid, "lot_returned": sale.lot}


def maker_linear(x: Values) -> Values:
    row = auction_of("maker", {"curve": "linear", "length": x["tau_s"]})
    return {"price": curves.price(row, x["top"] * ONE, x["elapsed_s"] * ONE)}


def maker_exponential(x: Values) -> Values:
    row = auction_of("maker", {"curve": "exponential", "cut": x["cut"]})
    return {"price": curves.price(row, x["top"] * ONE, x["elapsed_s"] * ONE)}


def maker_stairs(x: Values) -> Values:
    row = auction_of("maker", {"curve": "stairs", "cut": x["cut_ray"] / RAY, "step": x["step_s"]})
    price = curves.price(row, x["top_ray"] / RAY, x["elapsed_s"] * ONE)
    return {"price_ray": price * RAY}


def maker_hole(x: Values) -> Values:
    chop = x["chop_wad"] / WAD
    keys = {"auction.hole": x["Hole_rad"] / RAD, "auction.dust": x.get("dust", 0)}
    row = liquidation("maker", keys)
    owed = auction.debt_of(x["art_wad"] / WAD, x["rate"] / RAY)
    debt = auction.debt_to_auction(row, chop, owed, NONE)
    return {"tab_rad": auction.put_up(debt, owed, NONE, chop, NONE).tab * RAD}


def maker_bark(x: Values) -> Values:
    chop = x["chop"] * ONE
    keys = {"auction.hole": x["hole_rad"] / RAD, "auction.dust": x["dust"]}
    owed = auction.debt_of(x["art"] * ONE, x.get("rate", 1) * ONE)
    debt = auction.debt_to_auction(liquidation("maker", keys), chop, owed, NONE)
    lot = auction.put_up(debt, owed, x["ink"] * ONE, chop, NONE)
    return {"tab": lot.tab, "lot": lot.lot, "ink_left": lot.kept, "art_left": lot.owed_left}


def maker_start(x: Values) -> Values:
    row = auction_of("maker", {"start": x["buf"], "penalty": x["chop"]})
    owed = auction.debt_of(x["art"] * ONE, x["rate"] * ONE)
    top = auction.first_price(row, x["feed"] * ONE)
    lot = auction.put_up(owed, owed, x["ink"] * ONE, row["chop"], top)
    return {"tab": lot.tab, "lot": lot.lot, "top": lot.top}


def maker_reset(x: Values) -> Values:
    keys = {"tail": x["tail"], "cusp": x["cusp"]}
    if "tau_linear" in x:
        keys = {**keys, "curve": "linear", "length": x["tau_linear"]}
    row = auction_of("maker", {**keys, **given(x, {"cut": "cut", "step_s": "step"})})
    return {"needs_redo": curves.stale(row, x["top"] * ONE, x["elapsed_s"] * ONE)}


def maker_restart(x: Values) -> Values:
    return {"top": auction.first_price(auction_of("maker", {"start": x["buf"]}), x["feed"] * ONE)}


def maker_incentive(x: Values) -> Values:
    row = auction_of("maker", {"tip": x["tip"], "chip": x["chip"]})
    return {"incentive": auction.incentive(row, x["tab"] * ONE)}


# --- Euler


def euler(x: Values) -> Values:
    row = liquidation("euler_evk", {"bonus.max_discount": x["max_discount"]})
    debt = x["debt"] * ONE, x["debt_price"] * ONE
    collateral = x["collateral"] * ONE, x["coll_price"] * ONE
    done = pair.exchange(row, debt, collateral, x["ltv"] * ONE)
    return {
        "hs": done.health,
        "repay": done.repaid,
        "yield_": done.seized,
        "yield_value_times_hs": done.worth,
    }


# --- Kamino


def kamino(x: Values) -> Values:
    bonus = x["bonus"]
    row = liquidation(
        "kamino", {"close_factor": x["close_factor"], "bonus.min": bonus, "bonus.max": bonus}
    )
    debt = x["debt"] * ONE
    case = caps.Case(NONE, ONE, debt, debt, caps.LONG_AGO)
    repaid = caps.closable(row, case, debt, debt)
    rate = ltv_bonus(row, NONE, NONE, NONE)
    return {"collateral_taken": pair.given_for(repaid, rate)}


# --- marginfi


def marginfi_classic(x: Values) -> Values:
    keys = {"bonus.min": x["liquidator_fee"], "insurance_fee": x["insurance_fee"]}
    price = pair.biased(x["coll_price"] * ONE, x["conf"] * FLIPPED)
    debt_price = pair.biased(x["debt_price"] * ONE, x["conf"] * ONE)
    done = pair.split(liquidation("marginfi", keys), x["seized"] * ONE, price, debt_price)
    return {
        "liquidator_pays": done.paid,
        "liquidatee_credited": done.credited,
        "insurance": done.insurance,
    }


def marginfi_paid(x: Values) -> Values:
    row = liquidation("marginfi", {"bonus.min": x["liquidator_fee"]})
    price = pair.biased(x["asset_price"] * ONE, x["conf"] * FLIPPED)
    debt_price = pair.biased(x["debt_price"] * ONE, x["debt_conf"] * ONE)
    seized = x["seized"] * ONE
    return {
        "usd": pair.split(row, seized, price, ONE).paid,
        "usdc": pair.split(row, seized, price, debt_price).paid,
    }


# --- Drift


def drift_contracts(x: Values) -> Values:
    contracts = shortage.contracts_to_cover(
        x["margin_shortage"] / E6,
        x["margin_ratio_1e4"] / E4,
        x["liq_fee_1e6"] / E6,
        x["if_fee_1e6"] / E6,
        x["oracle_price_1e6"] / E6,
        x["quote_price_1e6"] / E6,
    )
    return {"base_1e9": pair.saturated(contracts * E9, UNBOUNDED_64)}


def drift_debt(x: Values) -> Values:
    debt = shortage.debt_to_cover(
        x["margin_shortage"] / E6,
        (x["asset_weight"] / E4, x["asset_liq_mult"] / E6),
        (x["liability_weight"] / E4, x["liability_liq_mult"] / E6),
        x["liability_price"] / E6,
        x["if_fee"] / E6,
        WEIGHT_STEP,
    )
    amount = debt * TEN[x["liability_decimals"]]
    return {"liability_transfer": pair.saturated(amount, UNBOUNDED_128)}


def drift_transfer(x: Values) -> Values:
    asset = pair.Stock(
        x["asset_amount"] / TEN[x["asset_dec"]], x["asset_px"] / E6, x["asset_mult"] / E6
    )
    debt = x["liab_amount"] / TEN[x["liab_dec"]]
    liability = pair.Stock(debt, x["liab_px"] / E6, x["liab_mult"] / E6)
    row = liquidation("drift")
    return {"asset_transfer": pair.transfer(asset, liability, row["dust"]) * TEN[x["asset_dec"]]}


def drift_insurance_fee(x: Values) -> Values:
    fee = shortage.insurance_fee(
        liquidation("drift"),
        x["margin_shortage"] / E6,
        shortage.notional(x["base"] / E9, x["price"] / E6, x["quote_price"] / E6),
        x["margin_ratio_1e4"] / E4,
        x["liq_fee_1e6"] / E6,
        x["max_if_fee"] / E6,
    )
    return {"if_fee_1e6": fee * E6}


def drift_insurance_fee_of_debt(x: Values) -> Values:
    fee = shortage.insurance_fee_of_debt(
        x["margin_shortage"] / E6,
        shortage.notional(x["token_amount"] / TEN[x["decimals"]], x["price"] / E6, ONE),
        (x["asset_weight"] / E4, x["asset_mult"] / E6),
        (x["liab_weight"] / E4, x["liab_mult"] / E6),
        x["max_if_fee"] / E6,
    )
    return {"if_fee_1e6": fee * E6}


def drift_growing_fee(x: Values) -> Values:
    keys = {
        "growth.per_second": x["increase_per_slot"] / E6 / SLOT,
        "growth.grace": x["grace_slots"] * SLOT,
        "growth.max": x["max_fee_1e6"] / E6,
    }
    fee = shortage.grown(
        liquidation("drift", keys), x["base_fee_1e6"] / E6, x["slots_elapsed"] * SLOT
    )
    return {"fee_1e6": fee * E6}


def drift_case(x: Values) -> tuple[Any, perpetual.Position, perpetual.Terms]:
    """Row, position and terms of a liquidation that a vector walks through."""
    keys = {
        "liquidation.perp_fee": x["liq_fee"],
        "liquidation.perp_insurance_fee": x["if_fee_max"],
        "liquidation.target.buffer": x["buffer"],
        "perpetuals.SOL.margin_ratio": {"initial": x["mm_ratio"], "maintenance": x["mm_ratio"]},
    }
    if "initial_pct" in x:
        keys["liquidation.throttle.initial"] = x["initial_pct"]
    else:
        keys["liquidation.throttle"] = None  # the program's tests allow everything at once
    if "duration_slots" in x:
        keys["liquidation.throttle.duration"] = x["duration_slots"] * SLOT
    if "step" in x:
        keys["perpetuals.SOL.step"] = x["step"]
    venue = configured("drift", keys)
    listed = venue.perpetuals["SOL"]
    position = perpetual.Position(
        x["cash"] * ONE, x["base"] * ONE, x["quote"] * ONE, x.get("open_bid", 0) * ONE, NONE, NONE
    )
    if "open_order_margin" in x:
        position = perpetual.with_orders(position, ONE)
    terms = perpetual.Terms(
        x["oracle"] * ONE,
        listed.margin_ratio.maintenance,
        venue.liquidation.target.buffer,
        x.get("open_order_margin", 0) * ONE,
        listed.step,
    )
    return liquidation_row(venue.liquidation), position, terms


def drift_call(x: Values) -> Values:
    done = perpetual.liquidate(*drift_case(x), NONE)
    return {
        "user_base_after": done.position.base,
        "base_after": done.position.base,
        "user_quote_after": done.position.quote,
        "liquidator_base": done.taken,
        "liquidator_quote": done.received,
        "if_fee": done.insurance,
        "margin_freed": done.position.freed,
    }


def drift_calls(x: Values) -> Values:
    row, position, terms = drift_case(x)
    states = []
    for slot in x["calls"]:
        elapsed = perpetual.waited(x["calls"][0] * SLOT, slot * SLOT)
        position = perpetual.liquidate(row, position, terms, elapsed).position
        states.append([slot, position.base, position.freed])
    return {"slot_base_freed": states[:-1], "final_base": position.base}


def drift_trigger(x: Values) -> Values:
    ratio = {"initial": x["mm_ratio"], "maintenance": x["mm_ratio"]}
    venue = configured("drift", {"perpetuals.SOL.margin_ratio": ratio})
    quote = perpetual.opened(x["usdc"] * ONE, x["base"] * ONE, x["entry"] * ONE)
    held = {"SOL": Contracts(x["base"], x["price"])}
    now = standing(venue, quote, held, MAINTENANCE)
    return {
        "total_collateral": now.equity,
        "margin_requirement": now.maintenance,
        "liquidatable": below(now.equity, now.maintenance, venue.liquidation.strict),
    }


# --- dYdX v4


def dydx_book(x: Values) -> tuple[Any, book.Standing, book.Closing]:
    """Row, account and position that a vector closes."""
    keys: Values = {}
    held: dict[str, Contracts] = {}
    for number, spec in x["perps"].items():
        keys[f"perpetuals.P{number}"] = {
            "margin_ratio": {
                "initial": spec["imf_ppm"] / PPM,
                "maintenance": spec["mmf_ppm"] / PPM,
            }
        }
    for position in x["positions"]:
        number = f"{position['perp']}"
        spec = x["perps"][number]
        quantity = position["base_quantums"] / TEN[spec["base_decimals"]]
        held[f"P{number}"] = Contracts(quantity, spec["price"] * ONE)
    if "bankruptcyAdjustmentPpm" in x:
        keys["liquidation.book.bankruptcy_adjustment"] = x["bankruptcyAdjustmentPpm"] / PPM
    if "spreadToMMRPpm" in x:
        keys["liquidation.book.spread_to_margin"] = x["spreadToMMRPpm"] / PPM
    if "maxLiquidationFeePpm" in x:
        keys["liquidation.perp_insurance_fee"] = x["maxLiquidationFeePpm"] / PPM
    venue = configured("dydx_v4", keys)
    quote = x["quote_quantums"] / TEN[x["quote_decimals"]]
    account = standing(venue, quote, held, MAINTENANCE)
    name = f"P{x['perp_id']}"
    return liquidation_row(venue.liquidation), account, closing(venue, name, held[name])


def base_decimals(x: Values) -> int:
    """Decimals of the perpetual that is closed."""
    decimals: int = x["perps"][f"{x['perp_id']}"]["base_decimals"]
    return decimals


def dydx_bankruptcy(x: Values) -> Values:
    _, account, leg = dydx_book(x)
    delta = x["delta_quantums"] / TEN[base_decimals(x)]
    quote = book.bankruptcy_quote(account, leg, delta)
    return {"quote_quantums": quote * TEN[x["quote_decimals"]]}


def dydx_limit(x: Values) -> Values:
    row, account, leg = dydx_book(x)
    price = book.limit_price(row, account, leg)
    quanta = price * TEN[x["quote_decimals"]] / TEN[base_decimals(x)]
    return {"price_quote_quantums_per_base_quantum": quanta}


def dydx_fund(x: Values) -> Values:
    row, account, leg = dydx_book(x)
    filled = x["fill_amount"] * ONE if x["is_buy"] else x["fill_amount"] * FLIPPED
    quanta = book.quote_of(filled, x["subticks"] * ONE, x["quantum_conversion_exponent"])
    quote = quanta / TEN[x["quote_decimals"]]
    over = book.fund_delta(row, account, leg, filled / TEN[base_decimals(x)], quote)
    return {"quote_quantums": over * TEN[x["quote_decimals"]]}


def dydx_trigger(x: Values) -> Values:
    keys = {"perpetuals.BTC.margin_ratio": {"initial": x["mmf"], "maintenance": x["mmf"]}}
    venue = configured("dydx_v4", keys)
    held = {"BTC": Contracts(x["btc"], x["price"])}
    now = standing(venue, x["quote_usd"], held, MAINTENANCE)
    return {"liquidatable": below(now.equity, now.maintenance, venue.liquidation.strict)}


# --- Derive


def derive_account(x: Values) -> portfolio.Portfolio:
    """The account that is sold."""
    return portfolio.Portfolio(x["MtM"] * ONE, x["MM"] * ONE, x.get("reserved_cash", 0) * ONE)


def derive_bid(x: Values) -> Values:
    names = {
        "startingMtMPct": "start",
        "fastCutoffPct": "cutoff",
        "fastLen": "length",
        "slowLen": "slow",
        "bufferPct": "buffer",
        "feeRate": "fee",
    }
    row = auction_of("derive", given(x["auction"], names))
    account = derive_account(x)
    elapsed = x["elapsed_s"] * ONE
    buffered = portfolio.buffer_margin(row, account.value, account.maintenance)
    sale = portfolio.bid_for(row, account, elapsed, x["percent_wanted"] * ONE)
    return {
        "BM": buffered,
        "f_max": portfolio.largest_share(buffered, account, curves.two_speed(row, elapsed)),
        "bid_cash": sale.cash,
        "post_MtM": sale.value,
        "percent_liquidated": sale.share,
    }


def derive_fee(x: Values) -> Values:
    row = auction_of("derive", {"buffer": x["bufferPct"], "fee": x["feeRate"]})
    return {"fee": portfolio.start_fee(row, derive_account(x))}


# --- Synthetix v3


def synthetix_window(x: Values) -> Values:
    window = {
        "length": x["window_s"],
        "maker_fee": x["maker"],
        "taker_fee": x["taker"],
        "skew_scale": x["skew_scale"],
        "multiplier": x["multiplier"],
    }
    row = liquidation("synthetix_v3", {"window": window})
    _, later = caps.left_in_window(row, NONE, x["position"] * ONE)
    return {"max_in_window": caps.window_limit(row), "remaining": later}


ADAPTERS: dict[tuple[str, str], Adapter] = {
    ("aave_v3", "close_factor"): aave_close_factor,
    ("aave_v3", "fixed_bonus_liquidation(rounding)"): aave_seizure,
    ("aave_v3", "fixed_bonus_liquidation(100% protocol fee)"): aave_seizure,
    ("aave_v3", "fixed_bonus_liquidation(cross asset, dust)"): aave_seizure,
    ("aave_v3", "rounding(half-up percentMul)"): aave_multiply,
    ("aave_v3", "rounding(half-up percentDiv)"): aave_divide,
    ("maker", "dutch_auction_take"): maker_take,
    ("maker", "dutch_auction_take(second bid after 30 s)"): maker_second_bid,
    ("maker", "linear_price"): maker_linear,
    ("maker", "continuous_exponential_price"): maker_exponential,
    ("maker", "stairstep_exponential_price"): maker_stairs,
    ("maker", "partial_liquidation_cap(Hole)"): maker_hole,
    ("maker", "partial_liquidation_dust_rule"): maker_bark,
    ("maker", "auction_start"): maker_start,
    ("maker", "auction_reset(tail/cusp)"): maker_reset,
    ("maker", "auction_restart_price"): maker_restart,
    ("maker", "keeper_incentive"): maker_incentive,
    ("euler_evk", "health"): euler,
    ("euler_evk", "health_proportional_discount"): euler,
    ("euler_evk", "health_proportional_discount(collateral-capped)"): euler,
    ("kamino", "close_factor20% + LTV-proportional bonus"): kamino,
    ("marginfi", "classic_liquidation 2.5%+2.5%"): marginfi_classic,
    ("marginfi", "fixed_bonus_liquidation(liquidator pays)"): marginfi_paid,
    ("drift", "liquidation_size_to_clear_shortage(perp)"): drift_contracts,
    ("drift", "liquidation_size_to_clear_shortage(spot)"): drift_debt,
    ("drift", "fixed_bonus_asset_transfer(spot)"): drift_transfer,
    ("drift", "insurance_fund_fee(perp)"): drift_insurance_fee,
    ("drift", "insurance_fund_fee(spot)"): drift_insurance_fee_of_debt,
    ("drift", "time_growing_liquidator_fee"): drift_growing_fee,
    ("drift", "perp_liquidation(transfer to liquidator at oracle-fee)"): drift_call,
    ("drift", "perp_liquidation(IF fee throttled)"): drift_call,
    ("drift", "perp_liquidation(partial to shortage)"): drift_call,
    ("drift", "perp_liquidation(bankrupt, full close)"): drift_call,
    ("drift", "time_throttled_partial_liquidation(5 calls)"): drift_calls,
    ("drift", "liquidation_trigger"): drift_trigger,
    ("dydx_v4", "bankruptcy_price"): dydx_bankruptcy,
    ("dydx_v4", "fillable_price(order-book liquidation limit)"): dydx_limit,
    ("dydx_v4", "insurance_fund_delta"): dydx_fund,
    ("dydx_v4", "trigger(MMR>0 and MMR>NC)"): dydx_trigger,
    ("derive", "dutch_auction_portfolio(solvent)"): derive_bid,
    ("derive", "liquidation_start_fee"): derive_fee,
    ("synthetix_v3", "window_capped_liquidation"): synthetix_window,
}
