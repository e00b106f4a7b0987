"""The simulator against the plain reference, after every step of random worlds.

Both are compared for as long as no decision of the path (below maintenance or not, worth taking
or not, which leg first) was closer to its edge than rounding can reach. What the worlds held is
counted, so that the comparison cannot pass on quiet ones.
"""

import ast
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sim.errors import SluicegateError
from sim.state.state import RESULT
from sim.studies.balance import IMBALANCE_LIMIT
from tests.parity.stepping import Pair
from tests.parity.worlds import maker_too_small, random_run
from tests.reference.world import RESULTS

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
CLOSEST = 1e-9  # relative distance of a decision from its edge
WORLDS, MANY_WORLDS = 40, 1100
SEEDS = st.integers(0, 2**32 - 1)
QUIETLY = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

held: dict[str, Counter[str]] = {"fast": Counter(), "slow": Counter()}

# Worlds out of 100 compared that must have seen each of these.
ENOUGH: dict[str, float] = {
    "liquidated_notional": 20,
    "liquidated contracts": 10,
    "seized collateral": 10,
    "bad_debt": 10,
    "insurance_used": 5,
    "socialised_loss": 4,
    "regret_notional": 3,
    "unfilled_notional": 5,
    "topped_up": 25,
    "deleveraged_notional": 25,
    "background_notional": 15,
    "max_displacement": 25,
    "horizon_shortfall": 2,
    "later generation": 2,
    "cascade_notional": 3,
    "backstop_used": 5,
    "adl_loss": 4,
    "fund drawn before winners": 2,
    "pool closed a winner": 3,
    "borne by depositors": 8,
    "borne by positions": 2,
    "borne by the maker": 2,
    "deficit_left": 1,
    "gain capped": 5,
    "gated_hours": 3,
    "hedges_broken": 8,
    "hedge_loss_positive": 5,
    "taken by the vault": 2,
    "large position charged": 5,
    "auction started": 5,
    "auction started again": 1,
    "bought at an auction": 3,
    "bid cut so that no dust is left": 1,
    "auction cut to the room left": 0.5,
    "sold on the book": 8,
    "held back by the limit": 1,
    "fund paid at the sale": 1,
    "closed whole in the cooldown": 3,
    "closed whole because it is small": 2,
    "held back by the window": 3,
    "portfolio auctioned": 8,
    "insolvent portfolio auctioned": 3,
    "share of a portfolio taken": 6,
    "portfolio taken whole": 2,
}


def compare(seed: int, counts: Counter[str]) -> None:
    """Run a random world through both programs and fail at the first step that differs."""
    config = random_run(seed)
    try:
        pair = Pair(config)
    except SluicegateError as error:
        if not maker_too_small(error):
            raise
        counts["refused"] += 1
        return
    choice, twin = config.experiment.worlds["w"], pair.twin
    counts["started"] += 1
    results: dict[str, float] = {}
    try:
        for number, snapshot, ours in pair.steps():
            if pair.plain.margin < CLOSEST:
                counts["cut short"] += 1
                break
            found = pair.differences(snapshot, ours)
            where = f"seed {seed}, {choice.scope}, {twin}, step {number}: {len(found)} differ"
            assert not found, "\n".join([where, *found[:10]])
            results = ours
    except OverflowError:  # orders beyond all depth send a price to infinity
        assert not pair.run(config.steps).results["imbalance"] <= IMBALANCE_LIMIT, seed
        counts["ran away"] += 1
    counts["compared"] += bool(results)
    count(pair, results, counts)


def count(pair: Pair, results: dict[str, float], counts: Counter[str]) -> None:
    """Note what the world held."""
    counts.update(name for name, figure in results.items() if figure > 0.0)
    counts.update(pair.plain.seen_events)
    counts["later generation"] += any(pair.plain.results_by_generation[1:])
    counts[pair.config.experiment.worlds["w"].scope] += 1
    counts[pair.twin] += 1


@settings(max_examples=WORLDS, deadline=None, derandomize=True, suppress_health_check=QUIETLY)
@given(seed=SEEDS)
@example(seed=178)  # seizing all of a collateral leaves 4e-16 tokens of it
@example(seed=378)  # a call that takes all of a deposit and a hair more than a delta
@example(seed=125)  # a winner gives all of his profit
@example(seed=245)  # a gate keeps collateral in
@example(seed=1200119)  # an owner pays a loan back but for a hair, and owes another
@example(seed=7059)  # a fund pays at a sale on the book, which its limit holds back
@example(seed=7022)  # a bid is cut so that no dust is left, and a portfolio is shared out
@example(seed=8003)  # an auction starts again
@example(seed=8015)  # an auction is cut to the room that others leave
@example(seed=8066)  # an auction, a window, a small leg and a whole portfolio
@example(seed=351445478)  # a throttle that has run out lets all go but for a hair
@example(seed=2577)  # an auction is cut to its room, and then so that enough is left
@example(seed=3000981)  # a bid is cut to nothing: as much as may be left is left already
@example(seed=3000066)  # emptying a collateral asks no question about what is left of it
@example(seed=914)  # a portfolio that is worth nothing, but for a hair, leaves no hole
@example(seed=3200243)  # a hair of room lets no auction begin
@example(seed=3500021)  # a fund buys coin for less than it put up
@example(seed=68161)  # depositors of what is auctioned lose some of it meanwhile
def test_random_worlds(seed):
    compare(seed, held["fast"])


@pytest.mark.slow
@settings(max_examples=MANY_WORLDS, deadline=None, suppress_health_check=QUIETLY, database=None)
@given(seed=SEEDS)
def test_many_random_worlds(seed):
    compare(seed, held["slow"])


@pytest.mark.parametrize("which", ["fast", "slow"])
def test_worlds_were_eventful(which):
    counts = held[which]
    if not counts["started"]:
        pytest.skip(f"the {which} comparison was not run")
    print(dict(counts))
    compared = counts["compared"]
    assert counts["cut short"] <= 0.25 * counts["started"]
    assert counts["ran away"] <= 0.01 * counts["started"]
    assert compared >= 0.8 * (WORLDS if which == "fast" else MANY_WORLDS)
    for what, of_hundred in ENOUGH.items():
        assert counts[what] >= of_hundred * compared / 100.0, (what, counts[what], compared)
    for what in ("isolated", "venue", "unified", "hub", "none", "slippage", "full"):
        assert counts[what] > 0, what


def test_every_result_is_compared():
    """What the reference cannot know is compared apart: imbalance with nothing, generations.

    It has neither breakers nor options, so no halted hours and no Greeks.
    """
    assert set(RESULT.names) == {*RESULTS, "imbalance", "generation", "halted_hours", "greeks"}


def test_reference_imports_nothing_of_the_simulator():
    for file in REFERENCE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {"sim", "agents", "scenarios"} & {n.split(".")[0] for n in names}, file
