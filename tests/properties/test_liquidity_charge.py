"""P2, term K in the kernel: what large positions are charged for thin depth, by hand.

A BTC costs 100 USD; 10,000 USD move its spot market by 1 %, and 5,000 USD the perpetual's.
"""

from itertools import pairwise

import numpy as np
import pytest

from sim.compile import jit
from sim.margin.liquidity import liquidity_charge, liquidity_reach
from sim.market.impact import quote_log
from sim.state import codes
from sim.world.assemble import assess_rows
from sim.world.example import Examples, placed_run
from sim.world.layout import Instrument
from tests.bounds import has_left, note, requote
from tests.worlds import SOURCE, Bench, Config, market, run_dict, venue, weight

EXACT = 1e-9
PRICE = 100.0
SPOT, PERP = 1e4, 5e3  # depths, USD per 1 %
SHARE, EXPONENT = 0.3, 0.6  # permanent part, concavity of the other
GRID = {"scenarios": [{"spot": 1.0}, {"spot": 0.9}, {"spot": 1.1}]}
ENGINES = [
    {},
    {"engine": "scenario_grid", "grid": GRID},
    {"engine": "tail_risk", "tail": {"horizon": 60.0}},
]
TWICE = {"multiple": {"maintenance": 2.0, "initial_extra": 1.0}}
CASH = {("balance", "USDC"): 1e9}


def cost(usd: float, depth: float, permanent: float = 0.0) -> float:
    """USD lost by selling at once: half of the linear part, 1 / (1 + b) of the concave one."""
    flow = abs(usd) / depth
    fading = (1.0 - permanent) * flow**EXPONENT / (1.0 + EXPONENT)
    return abs(usd) * 0.01 * (fading + permanent * flow / 2.0)


def spec(charge: Config, **extra: object) -> Config:
    """A venue that lists spot and perpetual and charges for large positions."""
    ratio = {"margin_ratio": {"initial": 0.1, "maintenance": 0.05}, "depth": PERP}
    return venue(
        {"BTC": weight(0.8)},
        perpetuals={"BTC": ratio},
        funding={"offset": 0.0, "cap": 0.0},
        maker={"capital": 1e12},
        contingency={"liquidity": charge} if charge else {},
        **extra,
    )


def run_of(venues: Config, factor: float = 1.0, **changes: object) -> Config:
    """A run with these depths, all of it or a share of it left."""
    depths = {
        "provenance": SOURCE,
        "spot": {"BTC": {"depth": SPOT}},
        "depth_factor": {"calm": factor},
        "impact": {"permanent": SHARE, "exponent": EXPONENT},
    }
    return run_dict(market({"BTC": PRICE}), venues, liquidity=depths, settlement="USDC", **changes)


def benched(holding: Config, charge: Config, factor: float = 1.0, **extra: object) -> Bench:
    """One account after a step in which nothing moved."""
    bench = Bench(run_of({"venue": spec(charge, **extra)}, factor), [holding | CASH])
    bench.run()
    return bench


def charges(
    holding: Config, charge: Config, factor: float = 1.0, **extra: object
) -> dict[int, float]:
    """What the charge adds at each level, USD."""
    found = []
    for terms in (charge, {}):
        bench = benched(holding, terms, factor, **extra)
        found.append([assess_rows(bench.world, bench.state, n, 1)[0, 1] for n in range(3)])
    return {level: float(found[0][level] - found[1][level]) for level in range(3)}


def perpetual(usd: float) -> Config:
    return {("perpetual", "BTC"): usd / PRICE, ("quote", "USDC"): -usd}


def spot(usd: float) -> Config:
    return {("balance", "BTC"): usd / PRICE}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("usd", [2e3, -2e3, 4e4])
def test_contracts_are_charged_what_selling_them_costs(engine, usd):
    found = charges(perpetual(usd), TWICE, **engine)
    assert found[codes.MAINTENANCE] == pytest.approx(2.0 * cost(usd, PERP), rel=EXACT)
    assert found[codes.INITIAL] == pytest.approx(3.0 * cost(usd, PERP), rel=EXACT)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_target_asks_for_its_multiple(engine):
    target = {"size": "to_target", "target": {"health": 1.1, "buffer": 0.2}}
    found = charges(perpetual(2e3), TWICE, liquidation=target, **engine)
    assert found[codes.TARGET] == pytest.approx(1.32 * 2.0 * cost(2e3, PERP), rel=EXACT)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("usd", [2e3, -2e3, 4e4])
def test_deposits_and_loans_are_charged_likewise(engine, usd):
    found = charges(spot(usd), TWICE, **engine)
    expected = 2.0 * cost(usd, SPOT, SHARE)
    assert found[codes.MAINTENANCE] == pytest.approx(expected, rel=EXACT)


def test_it_is_the_cost_that_the_market_asks_to_first_order():
    """The mean log-impact x that a sale pays, times its size N: selling costs N (1 - e^-x)."""
    once = {"multiple": {"maintenance": 1.0}}
    bench = benched(spot(3e4), once)
    at = bench.factory.layout.assets.index("BTC")
    paid = 3e4 * -asked(bench.world, bench.state, at, -3e4)
    charged = charge_of(bench.world, bench.state, codes.MAINTENANCE)
    assert charged == pytest.approx(paid, rel=1e-12)
    sold, bought_back = (3e4 * abs(np.expm1(side * paid / 3e4)) for side in (-1.0, 1.0))
    assert sold < charged < bought_back


@jit
def asked(world, state, m, usd):
    return quote_log(world, state, m, usd)


@jit
def charge_of(world, state, level):
    return liquidity_charge(world, state, level, 0)


@jit
def reach_of(world, state, skin):
    return liquidity_reach(world, state, 0, skin)


def maintenance(holding: Config, charge: Config, factor: float = 1.0) -> float:
    return charges(holding, charge, factor)[codes.MAINTENANCE]


@pytest.mark.parametrize("held", [perpetual, spot])
def test_it_grows_faster_than_the_position(held):
    sizes = [1e3, 2e3, 4e3, 8e3]
    found = [maintenance(held(usd), TWICE) for usd in sizes]
    for small, large in pairwise(found):
        assert large > 2.0 * small * 1.4  # two accounts of half the size are charged less


def test_contracts_of_twice_the_size_need_two_to_the_power():
    once, twice = (maintenance(perpetual(usd), TWICE) for usd in (4e3, 8e3))
    assert twice / once == pytest.approx(2.0 ** (1.0 + EXPONENT), rel=EXACT)


def test_half_the_depth_costs_what_impact_says():
    whole, half = (maintenance(perpetual(4e3), TWICE, factor) for factor in (1.0, 0.5))
    assert half / whole == pytest.approx(2.0**EXPONENT, rel=EXACT)
    thin = maintenance(spot(4e3), TWICE, 0.5)
    assert thin == pytest.approx(2.0 * cost(4e3, 0.5 * SPOT, SHARE), rel=EXACT)


def test_normal_depth_knows_no_regime():
    normal = TWICE | {"depth": "normal"}
    assert maintenance(spot(4e3), normal, 0.25) == maintenance(spot(4e3), normal, 1.0)
    assert maintenance(spot(4e3), normal) == maintenance(spot(4e3), TWICE)


def test_the_free_part_is_not_charged():
    free = TWICE | {"free": 3e3}
    assert maintenance(perpetual(3e3), free) == 0.0
    assert maintenance(perpetual(-5e3), free) == pytest.approx(2.0 * cost(2e3, PERP), rel=EXACT)


@pytest.mark.parametrize(("per", "piles"), [("market", 2), ("underlying", 1)])
def test_spot_and_perpetual_are_netted_by_underlying(per, piles):
    held = spot(4e3) | perpetual(-1e3)
    alone = 2.0 * cost(4e3, SPOT, SHARE) + 2.0 * cost(1e3, PERP)
    expected = alone if piles == 2 else 2.0 * cost(3e3, SPOT, SHARE)
    assert maintenance(held, TWICE | {"per": per}) == pytest.approx(expected, rel=EXACT)


def test_cash_and_a_market_of_any_depth_are_not_charged():
    assert maintenance({}, TWICE) == 0.0
    bench = benched(spot(1e6), TWICE)
    bench.world.markets["depth"] = np.inf
    assert charge_of(bench.world, bench.state, codes.INITIAL) == 0.0


def test_no_multiple_leaves_every_bit():
    off = {"multiple": {"maintenance": 0.0}, "free": 1.0, "per": "underlying"}
    held = spot(4e4) | perpetual(-9e3)
    (plain, switched) = (benched(held, charge) for charge in ({}, off))
    assert switched.world.settings["scans"][0] == 0 == len(switched.state.thinness)
    for level in range(3):
        rows = [assess_rows(b.world, b.state, level, 1) for b in (plain, switched)]
        assert rows[0].tobytes() == rows[1].tobytes()


# Scopes: venues a and b, and the hub over both

BY_HUB = TWICE | {"per": "underlying"}


def over_two(held: dict[tuple[str, str, str], float], scope: str, hub: Config) -> float:
    """What the charge adds to maintenance of one account over both venues, USD."""
    found = []
    for on in (True, False):
        net = {"initial": 0.1, "maintenance": 0.05}
        layer = {
            "provenance": SOURCE,
            "netting": {"BTC": {"net": net, "basis": net}},
            "contingency": {"liquidity": hub} if on and hub else {},
        }
        venues = {name: spec(TWICE if on else {}) for name in "ab"}
        config = placed_run(run_of(venues, hub=layer))
        account = {Instrument(*key): amount / PRICE for key, amount in held.items()}
        cash = {Instrument("balance", name, "USDC"): 1e9 for name in "ab"}
        found.append(Examples(config, [account | cash], scope).measure()[0].maintenance)
    return found[0] - found[1]


SAME = {("balance", "a", "BTC"): 4e3, ("balance", "b", "BTC"): 4e3}
OPPOSITE = {("balance", "a", "BTC"): 4e3, ("balance", "b", "BTC"): -4e3}
HEDGED = {("perpetual", "a", "BTC"): 4e3, ("perpetual", "b", "BTC"): -4e3}


@pytest.mark.parametrize("held", [SAME, OPPOSITE, HEDGED])
def test_where_requirements_add_up_so_do_charges(held):
    alone = [over_two({key: usd}, "unified", {}) for key, usd in held.items()]
    assert over_two(held, "unified", BY_HUB) == pytest.approx(sum(alone), rel=1e-6)


def test_the_hub_sees_what_is_concentrated_and_what_offsets():
    one = 2.0 * cost(4e3, SPOT, SHARE)
    assert over_two(SAME, "unified", BY_HUB) == pytest.approx(2.0 * one, rel=1e-6)
    both = 2.0 * cost(8e3, SPOT, SHARE)
    assert over_two(SAME, "hub", BY_HUB) == pytest.approx(both, rel=1e-6)
    assert both > 2.8 * one
    assert over_two(OPPOSITE, "hub", BY_HUB) == pytest.approx(0.0, abs=1e-6)
    assert over_two(HEDGED, "hub", BY_HUB) == pytest.approx(0.0, abs=1e-6)
    assert over_two(SAME, "hub", {}) == 0.0  # the hub's own terms hold, not the venues'


def test_each_venues_contracts_are_sold_on_its_own_market():
    one = 2.0 * cost(4e3, PERP)
    assert over_two(HEDGED, "hub", TWICE) == pytest.approx(2.0 * one, rel=1e-6)


# The bound that watch lists rest on


@pytest.mark.parametrize("per", ["market", "underlying"])
@pytest.mark.parametrize("depth", ["current", "normal"])
def test_the_charge_rises_by_no_more_than_its_bound(per, depth):
    rng = np.random.default_rng(3)
    charge = TWICE | {"per": per, "depth": depth, "free": 2e3}
    bench = benched(spot(1e4) | perpetual(-3e3), charge)
    world, state = bench.world, bench.state
    kind = world.instruments["kind"]
    legs = np.flatnonzero((kind == codes.PERPETUAL) | (kind == codes.BALANCE))
    coin = bench.factory.layout.assets.index("BTC")  # a dollar that moves too would move it twice
    moves = world.markets["asset"][world.oracles["market"]] == coin
    published, tightest = state.feeds["published"].copy(), 0.0
    for skin in rng.choice([0.003, 0.05, 0.4], 300):
        state.balance[legs, 0] = rng.normal(0.0, 80.0, len(legs))
        state.feeds["published"], state.markets["depth_factor"] = published, rng.uniform(0.1, 1.0)
        requote(world, state)
        note(world, state)
        before = charge_of(world, state, codes.MAINTENANCE)
        whole = reach_of(world, state, skin)
        part = rng.choice([0.25, 0.5, 0.999])
        state.feeds["published"] = published * (1.0 + moves * rng.choice([-1.0, 1.0]) * part * skin)
        state.markets["depth_factor"] /= 1.0 + part * skin
        requote(world, state)
        assert not has_left(world, state, skin)
        rise = charge_of(world, state, codes.MAINTENANCE) - before
        assert rise <= part * whole * (1.0 + 1e-9)  # the chord bounds every part of the way
        tightest = max(tightest, rise / (part * whole)) if whole > 0.0 else tightest
        state.markets["depth_factor"] *= 0.9 / (1.0 + skin)
        requote(world, state)
        assert has_left(world, state, skin) == (depth == "current")
    assert tightest > 0.6
