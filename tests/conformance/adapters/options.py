"""Option margin: Derive's two managers, CME SPAN, Deribit's size-dependent ratio."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.world.portfolio import (
    grid_margin,
    perpetual_requirement,
    published_margin,
    standard_margin,
)
from sim.world.portfolio_parts import Deposit, Expiry, Option, Perpetual, Portfolio
from sim.world.schema.venue import VenueConfig
from sim.world.tables.margin import LEVEL_CODES
from tests.conformance.configured import configured

Vector = dict[str, Any]

VOL = {"None": "same", "Up": "up", "Down": "down", "LINEAR": "linear", "ABS": "absolute"}


def scenario_grid(inputs: Vector) -> Vector:
    """Derive PMRM_2."""
    margin = grid_margin(portfolio_manager(inputs), portfolio(inputs["Scenario"]))
    return {
        "IM": margin.initial,
        "MM": margin.maintenance,
        "OptionMTM": margin.option_value,
        "CollateralMTM": margin.deposit_value,
        "scenario_pnl": margin.scenarios,
    }


def portfolio_manager(inputs: Vector) -> VenueConfig:
    """Derive's YAML with the vector's parameters."""
    parameters = inputs["Parameters"]
    skew, vol = parameters["SkewShock"], parameters["VolShock"]
    margin, basis = parameters["Margin"], parameters["BasisContingency"]
    other = parameters["OtherContingency"]
    return configured(
        "derive",
        {
            "grid.scenarios": [
                {
                    "spot": row["SpotShock"],
                    "vol": VOL[row["VolShockDirection"]],
                    "damping": row["DampeningFactor"],
                }
                for row in parameters["Scenarios"]
            ],
            "grid.volatility.up": vol["VOLRANGEUP"],
            "grid.volatility.down": vol["VOLRANGEDOWN"],
            "grid.volatility.minimum": vol["MIN_VOL_EVAL_SHOCKED"],
            "grid.volatility.short_power": vol["SHORTTERMPOWER"],
            "grid.volatility.long_power": vol["LONGTERMPOWER"],
            "grid.volatility.shortest_days": vol["DTE_FLOOR"],
            "grid.skew.linear.base": skew["LINEAR_SCALE_CAP"],
            "grid.skew.linear.slope": skew["LINEAR_CBASE"],
            "grid.skew.absolute.base": skew["ABS_SCALE_CAP"],
            "grid.skew.absolute.slope": skew["ABS_CBASE"],
            "grid.skew.width.minimum": skew["MIN_K_STAR"],
            "grid.skew.width.deviations": skew["MIN_WIDTH_SCALE"],
            "grid.skew.width.volatility": skew["VOL_PARAM_STATIC"],
            "grid.skew.width.slope": skew["VOL_PARAM_SCALE"],
            "grid.long.base": margin["BASE_STATIC_DISCOUNT"],
            "grid.long.multiple": margin["LONG_RATE_MULTSCALE"],
            "grid.long.added": margin["LONG_RATE_ADDSCALE"],
            "grid.short.base": margin["BASE_STATIC_DISCOUNT_NEG"],
            "grid.short.multiple": margin["SHORT_RATE_MULTSCALE"],
            "grid.short.added": margin["SHORT_RATE_ADDSCALE"],
            "grid.basis.up": basis["SCENARIO_SPOT_UP"],
            "grid.basis.down": basis["SCENARIO_SPOT_DOWN"],
            "grid.basis.added": basis["BASIS_CONT_ADD_FACTOR"],
            "grid.basis.per_year": basis["BASIS_CONT_MULT_FACTOR"],
            "contingency.loss_factor.initial": margin["IM_LOSS_FACTOR"],
            "contingency.loss_factor.maintenance": margin["MM_LOSS_FACTOR"],
            "contingency.perpetual.maintenance": other["MM_PERP_PERCENT"],
            "contingency.perpetual.initial_extra": other["IM_PERP_PERCENT"],
            "contingency.short_option.maintenance": other["MM_OPTION_PERCENT"],
            "contingency.short_option.initial_extra": other["IM_OPTION_PERCENT"],
            "contingency.confidence.threshold": other["CONF_THRESHOLD"],
            "contingency.confidence.scale": other["CONF_MARGIN"],
            "contingency.peg.threshold": other["PEG_LOSS_THRESHOLD"],
            "contingency.peg.factor": other["PEG_LOSS_FACTOR"],
            "contingency.collateral": {
                row["Name"]: {
                    "maintenance": row["MMHaircut"],
                    "initial_extra": row["IMHaircut"],
                    "offsets": row["IsRiskCancelling"],
                }
                for row in inputs["Scenario"]["Collaterals"]
            },
        },
    )


def portfolio(given: Vector) -> Portfolio:
    """What the account holds and what the feeds say."""
    return Portfolio(
        spot=given["SpotPrice"],
        spot_confidence=given["SpotConfidence"],
        cash=given["Cash"],
        peg=given["StablePrice"],
        perpetual=Perpetual(
            given["NumPerps"],
            given["PerpPrice"],
            given["PerpConfidence"],
            (given["UnrealisedPerpPNL"], given["UnrealisedFunding"]),
        ),
        deposits=[
            Deposit(row["Name"], row["Amount"], row["Price"], row["Confidence"])
            for row in given["Collaterals"]
        ],
        options=[
            Option(row["Expiry"], row["Strike"], bool(row["IsCall"]), row["MarkVol"], row["Amount"])
            for row in given["Options"]
        ],
        expiries=[
            Expiry(
                row["FeedExpiry"],
                row["Forward"],
                row["Rate"],
                (row["ForwardConfidence"], row["RateConfidence"], row["OptionVolConfidences"]),
            )
            for row in given["OptionFeeds"]
        ],
    )


def standard(inputs: Vector) -> Vector:
    """Derive SRM."""
    venue = standard_manager(inputs["params"], list(inputs["markets"]))
    holdings = {
        name: held(name, market, inputs["stable"]) for name, market in inputs["markets"].items()
    }
    margin = standard_margin(venue, holdings, inputs["cash"])
    return {"IM": margin.initial, "MM": margin.maintenance, "MtM": margin.equity}


def standard_manager(params: Vector, names: list[str]) -> VenueConfig:
    """Derive's YAML with the standard manager and the vector's parameters."""
    weights = {
        "initial": params["baseFactor"],
        "maintenance": params["baseFactor"],
        "initial_scale": params["baseIMScale"],
    }
    ratios = {"initial": params["imPerp"], "maintenance": params["mmPerp"]}
    return configured(
        "derive",
        {
            "engine": "sum_of_legs",
            **{f"assets.{name}.asset_weight": weights for name in names},
            **{f"perpetuals.{name}.margin_ratio": ratios for name in names},
            "option_margin.highest": params["maxSpot"],
            "option_margin.lowest": params["minSpot"],
            "option_margin.call": params["mmCall"],
            "option_margin.put": params["mmPut"],
            "option_margin.put_value": params["mmPutMtM"],
            "option_margin.offset": params["mmOff"],
            "option_margin.unpaired.initial": params["unIM"],
            "option_margin.unpaired.maintenance": params["unMM"],
            "contingency.confidence.threshold": params["th"],
            "contingency.confidence.scale": params["oc"],
            "contingency.peg.threshold": params["depTh"],
            "contingency.peg.factor": params["depF"],
        },
    )


def held(name: str, market: Vector, stable: float) -> Portfolio:
    """What the account holds on one underlying; each option comes with its expiry's feeds."""
    return Portfolio(
        spot=market["spot"],
        spot_confidence=market["spotConf"],
        peg=stable,
        perpetual=Perpetual(
            market["perpPos"],
            market["perpPrice"],
            market["perpConf"],
            (market["perpPnl"], market["perpFunding"]),
        ),
        deposits=[Deposit(name, market["basePos"], market["spot"], market["spotConf"])],
        options=[
            Option(row["T"], row["K"], row["call"], row["vol"], row["amt"], row["volConf"])
            for row in market["options"]
        ],
        expiries=list(
            {
                row["T"]: Expiry(row["T"], row["F"], confidences=(row["fConf"],))
                for row in market["options"]
            }.values()
        ),
    )


SIDE = {"long": "", "short": "-"}


def risk_arrays(inputs: Vector) -> Vector:
    """CME SPAN: a portfolio of published arrays, such as ``long 1 future, short 1 call``."""
    words = [part.split() for part in inputs.get("position", "").split(",") if part]
    venue = configured("cme_span")
    arrays = {key: row for key, row in inputs.items() if key.startswith("pnl_array_long_")}
    if words:
        rows = [arrays[f"pnl_array_long_{name}"] for _, _, name in words]
        quantities = [float(f"{SIDE[side]}{number}") for side, number, _ in words]
        margin = published_margin(venue, rows, quantities)
    else:
        margin = published_margin(venue, list(arrays.values()))
    return {"combined": margin.scenarios, "requirement": margin.scan_risk}


LEVEL = {"IM": LEVEL_CODES["initial"], "MM": LEVEL_CODES["maintenance"]}


def size_linear_ratio(inputs: Vector) -> Vector:
    """Deribit's linear perpetuals; the vector states the level's own ratio."""
    name = inputs["instrument"].split("_")[0]
    slope = {"initial": inputs["slope_per_unit"], "maintenance": inputs["slope_per_unit"]}
    ratios = {"initial": inputs["base"], "maintenance": inputs["base"], "size_slope": slope}
    listing = {"margin_ratio": ratios}
    venue = configured("deribit", {f"perpetuals.{name}": listing})
    needed = perpetual_requirement(
        venue, name, LEVEL[inputs["kind"]], float(inputs["size"]), float(inputs["price"])
    )
    return {"margin_usdc": needed}


ADAPTERS: dict[tuple[str, str], Callable[[Vector], Vector]] = {
    ("derive", "scenario_grid_margin(PMRM_2)"): scenario_grid,
    ("derive", "option_isolated_or_maxloss+perp_ratio+base_haircut(SRM)"): standard,
    ("cme_span", "scan_risk(16 scenarios)"): risk_arrays,
    ("cme_span", "scan_risk(portfolio of arrays)"): risk_arrays,
    ("deribit", "size_linear_margin_ratio"): size_linear_ratio,
}
