"""P2, term K in the kernel: oracles in doubt and a settlement asset off its peg, by hand.

A BTC costs 100 USD. The feed states an interval of 0.5 % and trusts itself not at all at 1 %, so
its confidence is one half.
"""

import pytest

from sim.market.view import certainty
from sim.state import codes
from sim.world.assemble import assess_rows
from tests.worlds import Bench, Config, market, run_dict, venue, weight

EXACT = 1e-12
PRICE = 100.0
HALF_SURE = {"confidence": {"width": 0.005, "zero": 0.01}}
DOUBT = {"confidence": {"threshold": 0.55, "scale": 0.4}}  # (1 - 0.5) x 0.4 = 0.2 of notional
GRID = {"scenarios": [{"spot": 1.0}, {"spot": 0.9}, {"spot": 1.1}]}
OPTIONS = {
    "options": {
        "BTC": {
            "expiries": [30.0],
            "strikes": [1.0],
            "surface": {"level": {"calm": 0.5}},
        }
    },
    "option_margin": {},
}


def initial(holding: Config, contingency: Config, stable: float = 1.0, **extra: object) -> float:
    """Initial requirement of one account beside that of the same account without contingencies."""
    found = []
    for terms in (contingency, {}):
        prices = market({"BTC": PRICE})
        prices["assets"]["USDC"]["price"] = stable
        ratio = {"margin_ratio": {"initial": 0.1, "maintenance": 0.05}}
        spec = venue(
            {"BTC": weight(0.8)},
            perpetuals={"BTC": ratio},
            funding={"offset": 0.0, "cap": 0.0},
            maker={"capital": 1e9},
            contingency=terms,
            **{"oracle": HALF_SURE, **extra},
        )
        bench = Bench(run_dict(prices, {"venue": spec}), [holding | {("balance", "USDC"): 1e6}])
        bench.run()
        levels = [
            assess_rows(bench.world, bench.state, level, 1)[0, 1]
            for level in (codes.INITIAL, codes.MAINTENANCE)
        ]
        found.append(levels)
    assert found[0][1] == found[1][1]  # maintenance knows nothing of doubt
    return float(found[0][0] - found[1][0])


LONG = {("perpetual", "BTC"): 2.0, ("quote", "USDC"): -200.0}
SHORT = {("perpetual", "BTC"): -2.0, ("quote", "USDC"): 200.0}


@pytest.mark.parametrize("engine", [{}, {"engine": "scenario_grid", "grid": GRID}])
def test_doubt_is_charged_on_contracts_and_deposits(engine):
    # 2 contracts x 100 x 0.2, and 3 tokens x 100 x 0.2; cash itself is in no doubt
    assert initial(LONG, DOUBT, **engine) == pytest.approx(40.0, rel=EXACT)
    assert initial(SHORT, DOUBT, **engine) == pytest.approx(40.0, rel=EXACT)
    assert initial({("balance", "BTC"): 3.0}, DOUBT, **engine) == pytest.approx(60.0, rel=EXACT)


@pytest.mark.parametrize(
    "oracle",
    [
        {},  # no interval
        {"confidence": {"width": 0.005}},  # nobody says what it means
        {"confidence": {"width": 0.004, "zero": 0.01}},  # 0.6 is above the threshold
    ],
)
def test_sure_feeds_are_not_charged(oracle):
    assert initial(LONG, DOUBT, oracle=oracle) == 0.0


def test_a_broken_peg_is_charged_on_contracts():
    # (0.99 - 0.97) x 2 = 0.04 of 2 x 100 quote tokens of 0.97 USD
    peg = {"peg": {"threshold": 0.99, "factor": 2.0}}
    charged = initial(LONG, peg, stable=0.97, oracle={})
    assert charged == pytest.approx(0.04 * 2.0 * PRICE * 0.97, rel=1e-9)
    assert initial(LONG, peg, stable=1.0, oracle={}) == 0.0


@pytest.mark.parametrize(("contracts", "doubted"), [(2.0, 0.0), (-2.0, 40.0)])
def test_options_sold_are_charged_leg_by_leg(contracts, doubted):
    options = {**OPTIONS, "engine": "sum_of_legs"}
    assert with_option(contracts, options) == pytest.approx(doubted, rel=1e-9)


@pytest.mark.parametrize("contracts", [2.0, -2.0])
def test_options_are_charged_on_both_sides_under_a_grid(contracts):
    options = {**OPTIONS, "engine": "scenario_grid", "grid": GRID}
    assert with_option(contracts, options) == pytest.approx(40.0, rel=1e-9)


def with_option(contracts: float, extra: Config) -> float:
    """`initial` of one call, placed by its number: `tests.worlds.place` knows no options."""
    found = []
    for terms in (DOUBT, {}):
        spec = venue(
            {"BTC": weight(0.8)},
            maker={"capital": 1e9},
            contingency=terms,
            oracle=HALF_SURE,
            **extra,
        )
        bench = Bench(
            run_dict(market({"BTC": PRICE}), {"venue": spec}), [{("balance", "USDC"): 1e6}]
        )
        layout = bench.factory.layout
        k = next(i for i, row in enumerate(layout.instruments) if row.kind == "option" and row.call)
        bench.run()
        state, count = bench.state, int(bench.state.rows["leg_count"][0])
        state.balance[k, 0] = contracts
        state.legs[0, count] = k
        state.rows["leg_count"][0] = count + 1
        found.append(assess_rows(bench.world, state, codes.INITIAL, 1)[0, 1])
    return float(found[0] - found[1])


@pytest.mark.parametrize(("width", "sure"), [(0.0, 1.0), (0.005, 0.5), (0.01, 0.0), (0.5, 0.0)])
def test_confidence_falls_in_a_line(width, sure):
    assert certainty(width, 0.01) == sure
    assert certainty(width, float("inf")) == 1.0
