"""Each file of the venue menu uses the mechanisms of the system it is named after.

The tables restate the taxonomy of real systems (README, *Venues*; each file names its sources).
They are checked on what the kernel is given: resolved configuration and parameter rows.
"""

import pytest

from sim.state import codes
from sim.world.contracts import position_of
from sim.world.library import load_library
from sim.world.primitives import parameters, variants
from sim.world.start_state import list_legs
from sim.world.tables.accruals import curve_row
from sim.world.tables.feeds import oracle_row
from sim.world.tables.instruments import instrument_row
from sim.world.tables.liquidation import auction_row, liquidation_row
from sim.world.tables.waterfall import losses_row
from tests.liquidation.test_kinds import ECONOMIC, PRICE
from tests.worlds import Bench, market, run_dict, taker

LIBRARY, _ = load_library()

# Words of `sluicegate venues` that must be there, primitive by primitive.
MECHANISMS = {
    "marginfi": {
        "P1": ["ema", "confidence", "staleness", "zero asset"],
        "P2": ["W", "pair weights", "deposits"],
        "P4": ["to target"],
        "P5": ["fixed", "seized", "insurance fee"],
        "P6": ["initial margin"],
        "P7": ["insurance", "share value"],
        "P8": ["piecewise curve", "rate fees"],
    },
    "kamino": {
        "P1": ["confidence", "staleness", "divergence band", "block"],
        "P2": ["W", "pair weights"],
        "P4": ["riskiest", "close factor", "full from LTV", "cap per call"],
        "P5": ["ltv", "protocol share"],
        "P6": ["flash"],
        "P7": ["share value"],
        "P8": ["piecewise curve"],
    },
    "drift": {
        "P1": ["worse", "confidence", "staleness", "divergence band", "block"],
        "P2": ["W", "T", "√size", "gains weighted"],
        "P3": ["target"],
        "P4": ["to target", "time throttle"],
        "P5": ["growing", "fee", "insurance fee"],
        "P6": ["initial margin"],
        "P7": ["insurance", "capped fund", "backstop", "funding index"],
        "P8": ["twap"],
    },
    "hyperliquid": {
        "P2": ["T", "tiers"],
        "P4": ["close factor"],
        "P5": ["book"],
        "P7": ["queue"],
        "P8": ["premium"],
    },
    "dydx_v4": {
        "P2": ["T", "open interest"],
        "P4": ["cap per call"],
        "P5": ["book", "insurance fee"],
        "P7": ["insurance", "pro rata"],
        "P8": ["premium"],
    },
    "aave_v3": {
        "P2": ["W"],
        "P4": ["close factor", "account", "full from health", "dust"],
        "P5": ["fixed", "protocol share"],
        "P6": ["flash"],
        "P7": ["deficit"],
        "P8": ["interest"],
    },
    "euler_evk": {
        "P2": ["W"],
        "P4": ["full"],
        "P5": ["health"],
        "P6": ["initial margin"],
        "P7": ["share value"],
    },
    "maker": {
        "P1": ["3600 s late", "heartbeat"],
        "P2": ["W"],
        "P4": ["full"],
        "P5": ["dutch", "stairs"],
        "P6": ["flash"],
        "P7": ["insurance", "deficit"],
    },
    "derive": {
        "P1": ["confidence", "staleness", "block"],
        "P2": ["G", "K"],
        "P4": ["whole portfolio", "restore buffer"],
        "P5": ["two speed"],
        "P6": ["cash"],
        "P7": ["insurance", "cash print", "withdrawal gate"],
        "P8": ["premium"],
    },
    "derive_standard": {
        "P1": ["confidence", "staleness", "block"],
        "P2": ["T", "O", "W", "K"],
        "P4": ["whole portfolio", "restore buffer"],
        "P5": ["two speed"],
        "P6": ["cash"],
        "P7": ["insurance", "cash print", "withdrawal gate"],
    },
    "synthetix_v3": {
        "P2": ["T", "skew"],
        "P4": ["window cap"],
        "P5": ["fee"],
        "P7": ["providers"],
        "P8": ["velocity", "skew"],
    },
    "gmx_v2": {
        "P1": ["confidence"],
        "P2": ["T"],
        "P4": ["full"],
        "P5": ["book", "insurance fee"],
        "P7": ["pool deleverages", "providers"],
        "P8": ["adaptive", "convex"],
    },
    "deribit": {
        "P2": ["G", "K", "linear in size"],
        "P5": ["book"],
        "P7": ["insurance", "queue"],
        "P8": ["premium"],
    },
    "deribit_inverse": {
        "P2": ["T", "inverse", "linear in size"],
        "P5": ["book"],
        "P7": ["insurance", "queue"],
        "P8": ["premium"],
    },
    "cme_span": {"P2": ["G"], "P5": ["book"], "P7": ["insurance", "pro rata"]},
    "binance_pm": {
        "P2": ["W", "T"],
        "P5": ["book"],
        "P7": ["insurance", "queue"],
        "P8": ["premium"],
    },
}


def test_no_system_is_left_out():
    assert set(MECHANISMS) == set(LIBRARY)


@pytest.mark.parametrize("system", MECHANISMS)
def test_mechanisms_are_in_force(system):
    found = variants(LIBRARY[system])
    missing = {
        primitive: sorted(set(words) - set(found[primitive]))
        for primitive, words in MECHANISMS[system].items()
        if not set(words) <= set(found[primitive])
    }
    assert not missing


@pytest.mark.parametrize("system", LIBRARY)
def test_sources_are_stated(system):
    venue = LIBRARY[system]
    assert venue.provenance.source
    assert venue.provenance.date is not None
    known = {".".join(p.path[: n + 1]) for p in parameters(venue) for n in range(len(p.path))}
    assert set(venue.provenance.assumed) <= known


# Figures of a row that the system's program or documentation states.
LIQUIDATION = {
    "marginfi": {
        "size": codes.TO_TARGET,
        "bonus_min": 0.025,
        "insurance_fee": 0.025,
        "basis": codes.OF_SEIZED,
        "strict": 0,
        "taker": codes.INITIAL_MARGIN,
        "taker_profit": 0.05,
    },
    "kamino": {
        "selection": codes.RISKIEST,
        "close_factor": 0.2,
        "full_ltv": 0.95,
        "max_notional": 500_000.0,
        "dust": 2.0,
        "bonus": codes.LTV_BONUS,
        "taker": codes.FLASH,
    },
    "drift": {
        "throttle_small": 50.0,
        "throttle_step": 1e-4,
        "fee_growth": pytest.approx(0.01e-4 / 0.4),  # 0.01 bp a slot of 0.4 s
        "fee_grace": 1500 * 0.4,
        "insurance_share": 0.95,
        "taker": codes.INITIAL_MARGIN,
    },
    "hyperliquid": {
        "close_factor": 0.2,
        "full_below": 100_000.0,
        "cooldown": 30.0,
        "backstop": pytest.approx(2.0 / 3.0, abs=1e-4),
        "perp_price": codes.BOOK,
    },
    "dydx_v4": {
        "bankruptcy_adjustment": 1.0,
        "spread_to_margin": 1.5,
        "perp_insurance_fee": 0.015,
        "strict": 1,
    },
    "aave_v3": {
        "close_factor": 0.5,
        "close_of": codes.OF_ACCOUNT,
        "full_health": 0.95,
        "full_below": 2000.0,
        "min_left": 1000.0,
        "strict": 1,
    },
    "euler_evk": {"size": codes.FULL, "bonus": codes.HEALTH_BONUS, "max_discount": 0.2},
    "maker": {"bonus": codes.DUTCH, "taker": codes.FLASH, "strict": 1},
    "derive": {"size": codes.RESTORE_BUFFER, "taker": codes.CASH_ONLY},
    "derive_standard": {"size": codes.RESTORE_BUFFER, "taker": codes.CASH_ONLY},
    "synthetix_v3": {"window": 30.0},
    "gmx_v2": {"size": codes.FULL, "perp_insurance_fee": 0.002},
}
ORACLES = {
    "marginfi": {
        "bias": 2.12,
        "bias_cap": 0.05,
        "max_confidence": 0.10,
        "max_age": 60.0,
        "distrust": codes.ZERO_ASSET,
    },
    "kamino": {"max_confidence": 0.02, "distrust": codes.BLOCK},
    "drift": {
        "twap_time": 300.0,
        "max_confidence": 0.02,
        "max_age": 120 * 0.4,  # slots
        "band": 0.5,
        "distrust": codes.BLOCK,
    },
    "maker": {"delay": 3600.0, "heartbeat": 7200.0},
    "derive": {"max_age": 180.0, "distrust": codes.BLOCK},
}
VIEWS = {
    "marginfi": [codes.EMA_VIEW, codes.SPOT_VIEW, codes.SPOT_VIEW],
    "drift": [codes.WORSE_VIEW, codes.SPOT_VIEW, codes.SPOT_VIEW],
    "kamino": [codes.SPOT_VIEW] * 3,
}
LOSSES = {
    "marginfi": {"socialise": codes.BY_DEPOSITORS, "adl": codes.NO_ADL},
    "drift": {"socialise": codes.BY_OPEN_INTEREST, "insurance_cap": 1e8, "adl": codes.NO_ADL},
    "hyperliquid": {"adl": codes.QUEUE},
    "dydx_v4": {"adl": codes.PRO_RATA, "adl_capped": 0},
    "gmx_v2": {"adl_pool": 0.85, "adl_pool_target": 0.77, "socialise": codes.BY_PROVIDERS},
    "synthetix_v3": {"socialise": codes.BY_PROVIDERS},
    "aave_v3": {"socialise": codes.BY_NOBODY},
    "maker": {"socialise": codes.BY_NOBODY},
}


def differing(row, expected):
    return {name: row[name] for name, value in expected.items() if row[name] != value}


@pytest.mark.parametrize("system", LIQUIDATION)
def test_liquidation_rows(system):
    assert not differing(liquidation_row(LIBRARY[system].liquidation), LIQUIDATION[system])


@pytest.mark.parametrize("system", ORACLES)
def test_oracle_rows(system):
    assert not differing(oracle_row(LIBRARY[system].oracle), ORACLES[system])


@pytest.mark.parametrize("system", VIEWS)
def test_views_by_level(system):
    assert oracle_row(LIBRARY[system].oracle)["shows"].tolist() == VIEWS[system]


@pytest.mark.parametrize("system", LOSSES)
def test_waterfall_rows(system):
    assert not differing(losses_row(LIBRARY[system].waterfall), LOSSES[system])


def test_marginfi_restores_health_to_zero():
    assert LIBRARY["marginfi"].liquidation.target.health == 1.0


def test_marginfi_stays_within_its_leverage_caps():
    """1 / (1 - asset weight / liability weight): 15 for opening, 20 for staying open."""
    venue = LIBRARY["marginfi"]
    tables = [venue.assets] + [dict(venue.assets) | mode for mode in venue.emodes.values()]
    for table in tables:
        for level, cap in (("initial", 15.0), ("maintenance", 20.0)):
            held = {n: getattr(x.asset_weight, level) for n, x in table.items() if x.asset_weight}
            owed = {
                n: getattr((table[n].liability_weight or x.liability_weight), level)
                for n, x in venue.assets.items()
                if x.interest is not None
            }
            for a, mine in held.items():
                for b, his in owed.items():
                    assert a == b or 1.0 / (1.0 - mine / his) <= cap * (1.0 + 1e-12)


@pytest.mark.parametrize(("system", "points"), [("marginfi", 7), ("kamino", 8), ("aave_v3", 3)])
def test_interest_curves_have_their_points(system, points):
    curves = [x.interest for x in LIBRARY[system].assets.values() if x.interest is not None]
    assert curves
    assert all(curve_row(curve)["count"] == points for curve in curves)


def test_drift_weighs_by_size_and_caps_gains():
    venue = LIBRARY["drift"]
    for name in venue.perpetuals:
        assert instrument_row(venue, "perpetual", name)["size_penalty"] > 0.0
    assert instrument_row(venue, "balance", "SOL")["size_penalty"] == 0.003
    assert instrument_row(venue, "balance", "JITOSOL")["size_penalty"] == 0.00055
    assert instrument_row(venue, "quote", "USDC")["gain_cap"] == 100.0
    funding = instrument_row(venue, "perpetual", "SOL")["funding"]
    assert (funding["kind"], funding["offset"]) == (codes.TWAP_FUNDING, 1.0 / 5000.0)
    assert venue.waterfall.backstop > 0.0


def test_kamino_weighs_loans_alike_and_has_no_fund():
    venue = LIBRARY["kamino"]
    for listing in venue.assets.values():
        weight = listing.liability_weight
        assert weight.initial == weight.maintenance
    assert venue.assets["SOL"].liability_weight.maintenance > 1.0
    assert venue.insurance == 0.0


def test_auctions():
    maker = auction_row(LIBRARY["maker"].liquidation.auction)
    stairs = {"curve": codes.STAIRS, "start": 1.2, "cut": 0.99, "step": 90.0, "chop": 1.13}
    assert not differing(maker, stairs)
    for name in ("derive", "derive_standard"):
        row = auction_row(LIBRARY[name].liquidation.auction)
        terms = {"start": 0.95, "cutoff": 0.7, "length": 900.0, "slow": 43_200.0}
        terms |= {"insolvent": 3600.0, "fee": 0.1, "buffer": 0.15}
        assert not differing(row, terms)


# Every venue liquidates: who is below maintenance, and by how much, follows from its own ratios.
LENDERS = ("aave_v3", "euler_evk", "kamino", "maker", "marginfi")
BOOKS = sorted(name for name, venue in LIBRARY.items() if venue.perpetuals)


def staged(system, holding, steps):
    """Set up a file of the menu, its markets all at 100 and deep, and one cautious liquidator."""
    venue = LIBRARY[system].model_dump(mode="json", by_alias=True)
    names = {*venue["assets"], *venue["perpetuals"], *venue["options"]} - {"USDC"}
    world = market(dict.fromkeys(sorted(names), PRICE))
    for listing in venue["options"].values():
        level = next(iter(listing["surface"]["level"].values()))
        listing["surface"]["level"] = {"calm": level}
    man = taker(rule=ECONOMIC, cost=1.0, min_profit=5.0)
    timing = {"steps": steps, "block_seconds": 2.0}
    config = run_dict(world, {"venue": venue}, liquidator={"taker": man}, **timing)
    return Bench(config, [holding])


def played(system, holding, steps):
    """Run it, and return what came of it."""
    result = staged(system, holding, steps).run()[0]
    assert abs(result["imbalance"]) < 1e-9
    return result


@pytest.mark.parametrize("system", LENDERS)
def test_loans_are_liquidated(system):
    """A loan 2 % beyond what its collateral supports."""
    weight = LIBRARY[system].assets["BTC"].asset_weight.maintenance
    load = LIBRARY[system].assets["USDC"].liability_weight.maintenance
    debt = 1.02 * 10_000.0 * weight / load
    holding = {("balance", "BTC"): 100.0, ("balance", "USDC"): -debt}
    steps = 40 if system == "maker" else 2
    assert played(system, holding, steps)["liquidated_notional"] > 0.05 * debt


@pytest.mark.parametrize("system", BOOKS)
def test_contracts_are_liquidated(system):
    """A long whose equity is half of its maintenance margin, or what a scenario takes."""
    venue = LIBRARY[system]
    ratio = (
        0.01
        if venue.engine == "scenario_grid"
        else venue.perpetuals["BTC"].margin_ratio.at("maintenance")
    )
    spec = venue.perpetuals["BTC"]
    coin = "BTC" if spec.contract == "inverse" else "USDC"
    prices = {"BTC": PRICE, "USDC": 1.0}
    holding = {
        ("balance", coin): 0.5 * ratio * 1e5 / prices[coin],
        **position_of(spec, "BTC", coin, 1e5, prices),
    }
    assert played(system, holding, 2)["liquidated_notional"] > 5000.0


def test_options_have_no_book():
    """A short call changes hands at its value and 1 %, though perpetuals go to the book."""
    bench = staged("deribit", {("balance", "USDC"): 300.0}, 2)
    layout, opening = bench.factory.layout, bench.opening
    k = next(
        n
        for n, x in enumerate(layout.instruments)
        if (x.kind, x.asset, x.strike, x.call) == ("option", "BTC", 1.0, True) and x.days == 7
    )
    maker = bench.world.venues[0]["maker"]
    opening.balance[k, 0], opening.balance[k, maker] = -100.0, 100.0
    list_legs(opening)
    result = bench.run()[0]
    assert abs(bench.state.balance[k, 0]) < 100.0
    assert 0.0 < result["penalties"] <= 0.015 * result["liquidated_notional"] * (1.0 + 1e-9)
