"""Who pays: socialised losses and the trigger of a pool's deleveraging."""

from typing import Any

from sim.liquidation.adl import contracts_of, must_deleverage, open_profit, pool_profit_ratio
from sim.liquidation.funds import drawn
from sim.liquidation.socialise import (
    charged_sides,
    index_loss,
    interest_charge,
    lost_by_side,
    remaining,
)
from sim.world.tables.venues import losses_row
from tests.conformance.configured import configured
from tests.conformance.units import E6, E9, E10, MICRO

UNLIMITED = float("inf")


def funding_index(inputs: dict[str, Any]) -> dict[str, Any]:
    """Drift: the charge per contract, rounded up to the token's unit."""
    loss, long, short = inputs["loss_1e6"] / E6, inputs["base_long_1e9"], inputs["base_short_1e9"]
    return {"funding_delta_1e9": interest_charge(loss, long / E9, short / E9, MICRO) * E9}


def perpetual_bankruptcy(inputs: dict[str, Any]) -> dict[str, Any]:
    """Drift: insurance, then the fee pool, then both sides of the open interest."""
    row = losses_row(configured("drift", {"insurance": inputs["insurance"]}).waterfall)
    loss = inputs["loss"]
    loss = remaining(loss, drawn(loss, inputs["insurance"], row["insurance_cap"]))
    loss = remaining(loss, drawn(loss, inputs["fee_pool"], UNLIMITED))
    charge = interest_charge(loss, inputs["long_base"], inputs["short_base"], MICRO)
    index = inputs["cum_funding_long"]
    long, short = charged_sides(index, -index, charge)
    return {
        "cum_funding_long": long,
        "cum_funding_short": short,
        "loss_per_5base_side": lost_by_side(charge, inputs["long_base"]),
    }


def deposit_index(inputs: dict[str, Any]) -> dict[str, Any]:
    """Drift: how far the deposit index falls."""
    index = inputs["cum_deposit_interest_1e10"] / E10
    fall = index_loss(index, inputs["loss_1e6"] / E6, inputs["deposits_1e6"] / E6)
    return {"delta_1e10": fall * E10}


def spot_bankruptcy(inputs: dict[str, Any]) -> dict[str, Any]:
    """Drift: the same, end to end."""
    loss = inputs["bankrupt_borrow"]
    loss = remaining(loss, drawn(loss, inputs["insurance"], UNLIMITED))
    index = inputs["cum_deposit_interest"]
    left = remaining(index, index_loss(index, loss, inputs["deposits"]))
    return {
        "cum_deposit_interest": left,
        "deposit_tokens_after": remaining(inputs["deposits"], loss),
    }


def pool_trigger(inputs: dict[str, Any]) -> dict[str, Any]:
    """GMX: traders' profit against the pool."""
    threshold = {"enable": inputs["max_pnl_factor_adl"], "target": inputs["min_pnl_factor_after"]}
    venue = configured("gmx_v2", {"waterfall.deleveraging.pool": threshold})
    row = losses_row(venue.waterfall)
    contracts = contracts_of(inputs["size_usd"], inputs["entry"])
    profit = open_profit(contracts, inputs["entry"], inputs["price"])
    pool = open_profit(inputs["pool_long_tokens"], 0.0, inputs["price"])
    ratio = pool_profit_ratio(profit, pool)
    return {"pnl_to_pool": ratio, "adl_enabled": must_deleverage(ratio, row["adl_pool"])}


ADAPTERS = {
    ("drift", "socialise_via_funding_index"): funding_index,
    ("drift", "waterfall: AMM fee pool -> funding-index socialisation"): perpetual_bankruptcy,
    ("drift", "socialise_via_deposit_index"): deposit_index,
    ("drift", "socialise_via_deposit_index(e2e)"): spot_bankruptcy,
    ("gmx_v2", "adl_trigger(pnl/pool)"): pool_trigger,
}
