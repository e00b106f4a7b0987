"""Price views, requirements that scale, interest, funding and skew pricing of five systems."""

from collections.abc import Callable
from typing import Any

from sim.errors import SluicegateError
from sim.margin.carry import Carry, borrowed, limit_price
from sim.margin.orders import Charge, SpotTerms, health, together, weighted, worst_case
from sim.margin.ratio import interest_ratio, interest_share, perpetual_requirement
from sim.margin.remaining import Position, liquidatable, remaining
from sim.margin.weights import asset_weight, liability_weight, pool_scaled
from sim.market.funding import (
    Course,
    adaptive_change,
    funding_paid,
    imbalance_rate,
    impact_premium,
    paid_over,
    period_rate,
    received_rate,
    velocity_course,
)
from sim.market.interest import curve_rate, fee_rate, grown, rates
from sim.market.skew import impact_entry, position_profit, price_impact, skew_fill_price
from sim.market.view import Prices, decode, level_prices
from sim.state.codes import INITIAL, MAINTENANCE
from sim.world.schema.venue import VenueConfig
from sim.world.tables.feeds import oracle_row
from sim.world.tables.instruments import instrument_row
from sim.world.tables.ratios import small_ratios
from tests.conformance.configured import configured
from tests.conformance.units import E4, E6, E9, FLIPPED, HOUR, NONE, ONE, PPM

Vector = dict[str, Any]
Answer = dict[str, Any]
LEVELS = {"initial": INITIAL, "maintenance": MAINTENANCE}
CURVE = "assets.USDC.interest"


def curve_of(v: Vector, fees: dict[str, Any]) -> Any:
    keys = {"base": v["zero_rate"], "full": v["hundred_rate"], "points": v["points"]}
    venue = configured("marginfi", {CURVE: {**keys, "reserve_factor": NONE, "fees": fees}})
    return instrument_row(venue, "balance", "USDC")["curve"]


def rate_curve(v: Vector) -> Answer:
    try:
        return {"rate": curve_rate(curve_of(v, {}), v["utilisation"])}
    except SluicegateError:
        return {"rate": None}


def rate_split(v: Vector) -> Answer:
    fees = {
        "share": v.get("group_rate", 0),
        "fixed": v.get("group_fixed", 0),
        "insurance_share": v.get("insurance_rate", 0),
        "insurance_fixed": v.get("insurance_fixed", 0),
    }
    found = rates(curve_of(v, fees), v["utilisation"])
    return {
        "base": found.base,
        "lend": found.lend,
        "borrow": found.borrow,
        "group_fee": found.protocol,
        "insurance_fee": found.insurance,
    }


def fee(v: Vector) -> Answer:
    fees = {"share": v["rate_fee"], "fixed": v["fixed"]}
    curve = curve_of({"zero_rate": NONE, "hundred_rate": ONE, "points": []}, fees)
    return {"r": fee_rate(v["base"], curve["fee_share"], curve["fee_fixed"])}


def accrual(v: Vector) -> Answer:
    return {"value": grown(v["value"], v["apr"], v["dt_s"], v["year_s"])}


def spot_terms(venue: VenueConfig, asset: str, price: float, width: float, level: str) -> SpotTerms:
    sides = level_prices(
        oracle_row(venue.oracle), LEVELS[level], Prices(price, price, price, price, price), width
    )
    listing = venue.assets[asset].model_dump()
    weights = listing["asset_weight"][level], listing["liability_weight"][level]
    return SpotTerms(sides.low, sides.high, *weights)


def both(value: float) -> dict[str, float]:
    return {"initial": value, "maintenance": value}


def biased_health(v: Vector) -> Answer:
    keys = {
        "assets.SOL.asset_weight": both(v["w_maint"]),
        "assets.USDC.liability_weight": both(v["w_liab"]),
        "oracle.confidence.multiple": ONE,  # the vector states the bias, 2.12 half-widths
    }
    venue = configured("marginfi", keys)
    held = spot_terms(venue, "SOL", v["asset_price"], v["asset_conf"], "maintenance")
    debt = spot_terms(venue, "USDC", v["debt_price"], v["debt_conf"], "maintenance")
    parts = together(weighted(held, v["asset"]), weighted(debt, v["debt"] * FLIPPED))
    return {"maint_health": health(parts)}


def decoding(v: Vector) -> Answer:
    price, width = decode(v["price"], v["conf"], v["expo"])
    return {"price": price, "conf": width}


def deposit_scale(v: Vector) -> Answer:
    weight = both(v["initial_weight_1e4"] / E4)
    keys = {"assets.SOL.asset_weight": weight, "assets.SOL.scale_start": v["scale_start_usd"]}
    venue = configured("drift", keys)
    row = instrument_row(venue, "balance", "SOL")
    initial = venue.assets["SOL"].asset_weight.initial
    deposits, price = v["deposits"], v["price"]
    return {"weight_1e4": pool_scaled(initial, row["scale_start"], deposits, price) * E4}


def size_weight(v: Vector) -> Answer:
    row = instrument_row(
        configured("drift", {"assets.SOL.size_penalty": v["imf_1e6"] / PPM}), "balance", "SOL"
    )
    weight = asset_weight if v["kind"] == "asset" else liability_weight
    base, size = v["base_weight_1e4"] / E4, v["size_1e9"] / E9
    return {"weight_1e4": weight(base, row["size_penalty"], size) * E4}


def gain_weight(v: Vector) -> Answer:
    gains = {**both(v["base_weight_1e4"] / E4), "size_penalty": v["imf_1e6"] / PPM}
    row = instrument_row(configured("drift", {"gains": gains}), "quote", "USDC")
    base, penalty = row["gain_weight"][INITIAL], row["gain_penalty"]
    return {"weight_1e4": asset_weight(base, penalty, v["pnl_1e6"] / E6) * E4}


def margin_of(
    venue: VenueConfig, asset: str, level: int, quantity: float, price: float, share: float = NONE
) -> float:
    ratio = small_ratios(venue.perpetuals[asset].margin_ratio)[level]
    row = instrument_row(venue, "perpetual", asset)
    return perpetual_requirement(row, level, ratio, quantity, price, share)


def perpetual_margin(v: Vector) -> Answer:
    keys = {
        "perpetuals.SOL.margin_ratio": both(v["margin_ratio_1e4"] / E4),
        "perpetuals.SOL.size_penalty": v["imf_1e6"] / PPM,
    }
    venue = configured("drift", keys)
    required = margin_of(venue, "SOL", INITIAL, v["base_1e9"] / E9, v["oracle_1e6"] / E6)
    return {"margin_1e6": required * E6}


def open_orders(v: Vector) -> Answer:
    assets, loans = "assets.SOL.asset_weight", "assets.SOL.liability_weight"
    keys = {"assets.USDC.asset_weight": both(v["usdc_w"]), loans: both(v["liab_w_init"])}
    if "asset_w_init" in v:
        keys[assets] = both(v["asset_w_init"])
    venue = configured("drift", keys)
    cash = spot_terms(venue, "USDC", ONE, NONE, "initial")
    sol = spot_terms(venue, "SOL", v["sol_price"], NONE, "initial")
    bids, asks = v.get("open_bid", 0), v.get("open_ask", 0)
    orders = worst_case(sol, v.get("sol", 0), bids, asks, v.get("orders", 1))
    found = together(weighted(cash, v["usdc"]), orders)
    return {"margin_requirement": found.requirement, "total_collateral": found.collateral}


def scaled_by_interest(v: Vector) -> VenueConfig:
    ratio = {
        "initial": v["im_ppm"] / PPM,
        "maintenance": NONE,
        "open_interest": {"lower": v["oi_lower"], "upper": v["oi_upper"]},
        "rounding": ONE,  # amounts are in quote quanta here
    }
    return configured("dydx_v4", {"perpetuals.BTC.margin_ratio": ratio})


def share_of(venue: VenueConfig, open_interest: float) -> float:
    row = instrument_row(venue, "perpetual", "BTC")["ratio"]
    return interest_share(row["lower"], row["upper"], open_interest)


def initial_ratio(v: Vector) -> Answer:
    venue = scaled_by_interest(v)
    ratio = small_ratios(venue.perpetuals["BTC"].margin_ratio)[INITIAL]
    return {"ppm": interest_ratio(ratio, share_of(venue, v["oi"])) * PPM}


def initial_margin(v: Vector) -> Answer:
    venue = scaled_by_interest(v)
    share = share_of(venue, v["oi"])
    return {"imr": margin_of(venue, "BTC", INITIAL, v["notional_quote_quantums"], ONE, share)}


def leverage_ratio(v: Vector) -> Answer:
    tiers = [{"above": NONE, "max_leverage": v["max_leverage"]}]
    venue = configured("hyperliquid", {"perpetuals.BTC.margin_ratio": {"tiers": tiers}})
    return {"mm_rate": small_ratios(venue.perpetuals["BTC"].margin_ratio)[MAINTENANCE]}


def tier_margin(v: Vector) -> Answer:
    tiers = [{"above": above, "max_leverage": leverage} for above, leverage in v["tiers"]]
    venue = configured("hyperliquid", {"perpetuals.BTC.margin_ratio": {"tiers": tiers}})
    return {"mm": margin_of(venue, "BTC", MAINTENANCE, v["notional"], ONE)}


def premium_funding(v: Vector) -> Answer:
    keys = {"funding.interest": v["interest_8h"], "funding.clamp": v["clamp"]}
    row = instrument_row(configured("hyperliquid", keys), "perpetual", "BTC")["funding"]
    index = v["oracle"]
    premium = impact_premium(v.get("impact_bid", index), v.get("impact_ask", index), index)
    rate = period_rate(row, premium)
    return {"premium": premium, "F_8h": rate, "hourly": paid_over(row, rate, HOUR)}


def carry_trade(v: Vector) -> Answer:
    venue = configured("hyperliquid", {"assets.BTC.asset_weight": both(v["ltv"])})
    ltv = venue.assets["BTC"].asset_weight.initial
    carry = Carry(v["spot_btc"], v["perp_btc"], v["entry"], v.get("usdc", 0))
    owed = borrowed(carry, v["prices"][0])
    return {"borrow_at_150k": owed, "must_reduce_price": limit_price(carry, ltv)}


def skewed(keys: dict[str, Any]) -> Any:
    venue = configured("synthetix_v3", {f"perpetuals.BTC.{key}": x for key, x in keys.items()})
    return instrument_row(venue, "perpetual", "BTC")


def skew_fill(v: Vector) -> Answer:
    row = skewed({"skew_scale": v["skew_scale"]})["pricing"]
    return {"fill": skew_fill_price(row, v["price"], v["skew"], v["size"])}


def opened_from_balance(m: Vector, price: float) -> float:
    row = skewed({"skew_scale": m["skew_scale"]})["pricing"]
    entry = skew_fill_price(row, price, m.get("skew", 0), m["size"])
    return position_profit(m["size"], entry, m["price"])


def skew_margin(v: Vector) -> Answer:
    profits = [opened_from_balance(m, m["open_price"]) for m in v["markets"]]
    account = Charge(v["collateral"], NONE)
    for profit in profits:
        account = together(account, Charge(profit, NONE))
    return {"pnl": profits, "available_margin": account.collateral}


def skew_requirement(v: Vector) -> Answer:
    markets = [m for name, m in v.items() if name != "collateral"]
    initial = maintenance = Charge(v["collateral"], NONE)
    for m in markets:
        skew = {"factor": m["imf"], "minimum": m["min_imr"], "maintenance_share": m["mm_scalar"]}
        keys = {
            "perpetuals.BTC.skew_scale": m["skew_scale"],
            "perpetuals.BTC.margin_ratio": {"skew": skew, "floor": m["min_pos"]},
        }
        venue = configured("synthetix_v3", keys)
        profit = opened_from_balance(m, m["price"])
        at_start = margin_of(venue, "BTC", INITIAL, m["size"], m["price"])
        staying = margin_of(venue, "BTC", MAINTENANCE, m["size"], m["price"])
        initial = together(initial, Charge(profit, at_start))
        maintenance = together(maintenance, Charge(profit, staying))
    return {
        "initial_ex_reward": initial.requirement,
        "maintenance_ex_reward": maintenance.requirement,
        "available": initial.collateral,
    }


def skew_funding(v: Vector) -> Answer:
    keys = {
        "funding.max_velocity": v["max_velocity"],
        "perpetuals.BTC.skew_scale": v["skew_scale"],
    }
    row = instrument_row(configured("synthetix_v3", keys), "perpetual", "BTC")["funding"]
    course, paid = Course(NONE, NONE, v["initial_skew"]), []
    for days, change in v["steps_days_dskew"]:
        course = velocity_course(row, course, days, change)
        paid.append(funding_paid(v["size"], v["price"], course.accrued))
    return {"accrued_paid": paid}


def gmx(keys: dict[str, Any]) -> Any:
    return instrument_row(configured("gmx_v2", keys), "perpetual", "ETH")


def adaptive_funding(v: Vector) -> Answer:
    keys = {
        "funding.threshold_stable": v["threshold_stable"],
        "funding.threshold_decrease": v.get("threshold_decrease", 0),
        "funding.increase": v["increase_factor_per_s"],
        "funding.decrease": v.get("decrease_factor_per_s", 0),
        "funding.max_rate": ONE,
    }
    row = gmx(keys)["funding"]
    return {"delta_factor": adaptive_change(row, v.get("rate", 0), v["imbalance"], v["dt_s"])}


def imbalance_funding(v: Vector) -> Answer:
    keys = {"kind": "imbalance", "factor": v["funding_factor"], "exponent": v["exponent"]}
    row = gmx({f"funding.{key}": value for key, value in keys.items()})["funding"]
    long, short = v["long_oi"], v["short_oi"]
    paid = imbalance_rate(row, long, short)
    return {"longs_pay_per_s": paid, "shorts_receive_per_s": received_rate(paid, long, short)}


def entry_impact(v: Vector) -> Answer:
    contracts, entry, lost = impact_entry(v["index_price"], v["size_usd"], v["impact_pct"])
    return {"size_tokens": contracts, "entry": entry, "pending_loss": lost}


def isolated_trigger(v: Vector) -> Answer:
    least, share = v["min_collateral_usd"], v["min_collateral_factor"]
    ratio = {**both(share), "least": least}
    venue = configured("gmx_v2", {"perpetuals.ETH.margin_ratio": ratio})
    position = Position(v["collateral_eth"], v["size_usd"], v["entry"])
    left = remaining(position, v["price"], v["price"], v["fees"], v["impact"])
    required = margin_of(venue, "ETH", MAINTENANCE, v["size_usd"], ONE)
    return {"remaining": left, "liquidatable": liquidatable(left, required)}


def impact(v: Vector) -> Answer:
    both_ways = {"factor_worse": v["factor"], "factor_better": v["factor"]}
    keys = {"kind": "convex", "exponent": v["exponent"], **both_ways}
    row = gmx({f"perpetuals.ETH.pricing.{key}": value for key, value in keys.items()})
    return {"impact": price_impact(row["pricing"], v["initial_diff"], v["next_diff"])}


ADAPTERS: dict[tuple[str, str], Callable[[Vector], Answer]] = {
    ("marginfi", "piecewise_linear_rate_curve"): rate_curve,
    ("marginfi", "lending/borrow APR split"): rate_split,
    ("marginfi", "fee_rate"): fee,
    ("marginfi", "interest_accrual(1 s)"): accrual,
    ("marginfi", "weighted_health(conf-biased)"): biased_health,
    ("pyth", "price+-conf decoding"): decoding,
    ("drift", "deposit_scaled_initial_weight"): deposit_scale,
    ("drift", "size_scaled_weight(IMF)"): size_weight,
    ("drift", "unrealised_pnl_asset_weight(IMF)"): gain_weight,
    ("drift", "perp_initial_margin"): perpetual_margin,
    ("drift", "open_order_worst_case(spot ask)"): open_orders,
    ("drift", "open_order_worst_case(spot bid)"): open_orders,
    ("dydx_v4", "IMR=ceil(notional*OIMF)"): initial_margin,
    ("dydx_v4", "open_interest_scaled_IMF"): initial_ratio,
    ("hyperliquid", "maintenance=1/(2*maxlev)"): leverage_ratio,
    ("hyperliquid", "tiered_ratio_with_deduction"): tier_margin,
    ("hyperliquid", "premium_funding_8h"): premium_funding,
    ("hyperliquid", "portfolio_margin_borrow"): carry_trade,
    ("synthetix_v3", "skew_fill_price"): skew_fill,
    ("synthetix_v3", "skew_fill_price + pnl + available_margin"): skew_margin,
    ("synthetix_v3", "skew_scaled_margin"): skew_requirement,
    ("synthetix_v3", "velocity_funding"): skew_funding,
    ("gmx_v2", "adaptive_funding(increase)"): adaptive_funding,
    ("gmx_v2", "imbalance_funding"): imbalance_funding,
    ("gmx_v2", "impact_in_entry_price"): entry_impact,
    ("gmx_v2", "liquidation_trigger"): isolated_trigger,
    ("gmx_v2", "price_impact"): impact,
}
