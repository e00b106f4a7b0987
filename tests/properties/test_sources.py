"""P1: prices made of several sources, by hand: which one is shown, and who is called on it.

A price falls by 10 % a step. Sources that are 0, 1 and 2 steps late show its last three values, so
every figure is one of them.
"""

import numpy as np
import pytest

from sim.errors import SluicegateError
from sim.market.view import median, weighted_median
from sim.world.layout import Layout
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from sim.world.tables import oracle_table
from tests.worlds import Bench, Config, fall_to, market, perpetual_venue, run_dict, venue, weight

START, STEP, FALL = 100.0, 60.0, 0.9
LATE = [{"delay": 0.0}, {"delay": STEP}, {"delay": 2.0 * STEP}]


def bench(oracle: Config, steps: int, debt: float = 0.0) -> Bench:
    """A deposit of one BTC that counts to 0.8, against a debt in USDC that others have lent."""
    drift = {"BTC": fall_to(START, FALL * START, STEP)}
    spec = venue({"BTC": weight(0.8)}, oracle=oracle)
    holdings = [{("balance", "BTC"): 1.0, ("balance", "USDC"): -debt}, {("balance", "USDC"): 1e3}]
    return Bench(
        run_dict(market({"BTC": START}, drift=drift), {"venue": spec}, steps=steps), holdings
    )


def published(oracle: Config, steps: int) -> float:
    """Price of BTC that the venue reads at the end of a path."""
    played = bench(oracle, steps)
    played.run()
    return float(played.state.feeds[0]["published"])


@pytest.mark.parametrize(
    ("oracle", "steps_late"),
    [
        ({"sources": LATE, "combine": "median"}, 1.0),
        ({"sources": LATE[::-1], "combine": "median"}, 1.0),
        ({"sources": LATE[1:2]}, 1.0),
        ({"sources": [LATE[0], LATE[0], LATE[2]], "combine": "median"}, 0.0),
        # 3 of 5, 2 of 5 and exactly half of 4: the lower of two prices, here the later one
        ({"sources": [LATE[0] | {"weight": 3}, *LATE[1:]], "combine": "weighted_median"}, 0.0),
        ({"sources": [*LATE[:2], LATE[2] | {"weight": 3}], "combine": "weighted_median"}, 2.0),
        ({"sources": [LATE[0] | {"weight": 2}, *LATE[1:]], "combine": "weighted_median"}, 0.0),
    ],
)
def test_source_that_is_shown(oracle, steps_late):
    assert published(oracle, 5) == pytest.approx(START * FALL ** (5.0 - steps_late), rel=1e-9)


def test_an_even_number_shows_the_mean_of_the_middle_two():
    both = {"sources": LATE[:2], "combine": "median"}
    assert published(both, 5) == pytest.approx(0.5 * START * (FALL**5 + FALL**4), rel=1e-9)


def test_paths_do_not_know_of_each_other():
    played = bench({"sources": LATE, "combine": "median"}, 5, debt=50.0)
    both = played.run(2)
    played.run(1, first=1)
    again = played.run(1, first=1)
    assert again[0].tobytes() == both[1].tobytes()


@pytest.mark.parametrize(("view", "first_breach"), [("spot", 4), ("worst_source", 3)])
def test_worst_source_calls_first(view, first_breach):
    # 0.8 x 100 x 0.9^2 = 64.8, 0.9^3: 58.3. A debt of 60 is called on the third price, which the
    # median shows a step later.
    oracle = {"sources": LATE, "combine": "median", "maintenance": view}
    for steps in (2, 3, 4):
        hours = bench(oracle, steps, debt=60.0).run()[0]["under_margin_hours"]
        assert (hours > 0.0) == (steps >= first_breach), steps


def test_a_loan_is_seen_at_the_highest_source():
    oracle = {"sources": LATE, "combine": "median", "maintenance": "worst_source"}
    played = bench(oracle, 5)
    played.run()
    layout = played.factory.layout
    k = layout.instrument("balance", "venue", "BTC")
    low, high = played.state.g[3, k], played.state.g[4, k]
    # the horizon is valued at the markets' prices; before it, one step away on either side
    assert (low, high) == (1.0, 1.0)
    assert played.state.built_at[0, 3, k] == pytest.approx(FALL, rel=1e-9)
    assert played.state.built_at[0, 4, k] == pytest.approx(1.0 / FALL, rel=1e-9)


def test_medians_against_numpy():
    drawn = np.random.default_rng(1)
    for count in range(1, 9):
        prices = drawn.choice([1.0, 2.0, 3.0, 5.0, 7.0], count)
        weights = drawn.choice([1.0, 2.0, 3.0], count)
        assert median(prices) == np.median(prices)
        repeated = np.repeat(prices, weights.astype(int))
        lower = np.percentile(repeated, 50, method="inverted_cdf")
        assert weighted_median(prices, weights) == lower


def feeds(oracle: Config, other: Config | None = None) -> np.ndarray:
    """Feeds of a venue with a BTC perpetual beside another one."""
    venues = {
        "one": perpetual_venue("BTC", 0.05, oracle=oracle),
        "two": other or perpetual_venue("BTC", 0.05),
    }
    config = run_dict(market({"BTC": START, "ETH": 10.0}), venues)
    config["archetype"]["sleeper"]["positions"][0]["venues"] = {"one": 1.0}
    return oracle_table(Layout(validated(RunConfig, config)))


def test_markets_that_sources_stand_for():
    kinds = [{"market": m} for m in ("spot", "own", "others", "two")]
    table = feeds({"sources": kinds, "combine": "median"})
    # BTC, ETH, USDC are markets 0 to 2; perpetuals follow: 3 at venue one, 4 at venue two
    first, count = int(table[0]["first"]), int(table[0]["sources"])
    assert table["market"][first : first + count].tolist() == [0, 3, 4, 4]
    assert table["part_of"][first : first + count].tolist() == [0] * 4
    # nobody trades ETH or USDC but the reference market: one source, no rows of its own
    assert table["sources"][1:6].tolist() == [0] * 5
    assert len(table) == 6 + 4


def test_a_single_source_is_read_directly():
    table = feeds({"sources": [{"market": "own", "delay": 7.0}]})
    assert len(table) == 6
    assert table[0]["market"] == 3
    assert table[0]["delay"] == 7.0
    assert table[1]["market"] == 1  # ETH: no perpetual


BARE = venue({"BTC": weight(0.8)})


@pytest.mark.parametrize(
    ("oracle", "other", "words"),
    [
        ({"sources": [{"market": "sopt"}]}, None, ["one.oracle.sources[0].market", "'spot'"]),
        (
            {"sources": [{}, {"market": "two"}], "combine": "median"},
            BARE,
            ["one.oracle.sources[1].market", "two lists no perpetual", "spot, own, others, one"],
        ),
        ({"sources": [{"weight": 0.0}]}, None, ["sources.0.weight", "greater than 0"]),
        ({"sources": [{"weight": -1.0}]}, None, ["sources.0.weight", "greater than 0"]),
        ({"sources": [{"wait": 1.0}]}, None, ["sources.0.wait", "unknown key"]),
        ({"sources": [{}, {}]}, None, ["oracle.combine", "weighted_median"]),
        ({"combine": "median"}, None, ["oracle.sources", "nothing to combine"]),
        ({"sources": [{}], "combine": "median"}, None, ["oracle.sources", "at least two"]),
        (
            {"sources": [{"weight": 2.0}, {}], "combine": "median"},
            None,
            ["oracle.combine", "weights count in a weighted median only"],
        ),
        ({"initial": "worst_source"}, None, ["oracle.sources", "at least two sources"]),
        (
            {
                "sources": [{}, {"market": "own"}],
                "combine": "median",
                "initial": "worst_source",
                "deviation": 0.01,
                "heartbeat": 60.0,
            },
            None,
            ["oracle.deviation", "publishes every price"],
        ),
        (
            {"sources": [{"delay": 90.0}, {}], "combine": "median", "max_age": 60.0},
            None,
            ["oracle.max_age", "90 s"],
        ),
    ],
)
def test_bad_sources_are_refused(oracle, other, words):
    with pytest.raises(SluicegateError) as refused:
        feeds(oracle, other)
    for word in words:
        assert word in str(refused.value)
