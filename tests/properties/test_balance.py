"""A path whose books do not balance is refused: with its market, if that is what ran away."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from sim.errors import SluicegateError
from sim.state.state import RESULT
from sim.studies.balance import refuse_path, runaway, unbalanced
from sim.studies.experiment import run_paths
from sim.world.schema.run import RunConfig
from tests.parity.stepping import Pair
from tests.parity.worlds import random_run

EVENTFUL = 7  # seed of a world in which liquidators sell and buy back


def with_depth(depth: float) -> RunConfig:
    config = random_run(EVENTFUL)
    spot = {
        name: market.model_copy(update={"depth": depth})
        for name, market in config.liquidity.spot.items()
    }
    liquidity = config.liquidity.model_copy(update={"spot": spot})
    return config.model_copy(update={"liquidity": liquidity})


def test_a_price_that_runs_away_is_named() -> None:
    pair = Pair(with_depth(3.0))
    with pytest.raises(SluicegateError) as refused:
        run_paths(pair.factory, pair.world, pair.built.assembled.opening, (0, 1))
    market, key = pair.factory.layout.market_name(0)
    assert (market, key) == ("BTC", "liquidity.spot.BTC.depth")
    assert refused.value.where == key
    assert "on path 0 the price of BTC went from" in str(refused.value)


def test_the_same_world_runs_in_a_deeper_market() -> None:
    pair = Pair(with_depth(3e5))
    out = run_paths(pair.factory, pair.world, pair.built.assembled.opening, (0, 1))
    assert unbalanced(out) == -1
    assert out["liquidations"][0] > 0.0


@pytest.mark.parametrize("planted", [1e-6, np.inf, np.nan])
def test_books_that_do_not_balance_are_a_defect(planted: float) -> None:
    pair = Pair(with_depth(3e5))
    opening = pair.built.assembled.opening
    out = np.zeros(3, dtype=RESULT)
    out["imbalance"][1] = planted
    assert unbalanced(out) == 1
    with pytest.raises(RuntimeError, match="path 5 do not balance") as refused:
        refuse_path(pair.factory.layout, opening, opening, 5, out[1])
    assert not isinstance(refused.value, SluicegateError)
    out["max_displacement"][1] = 1e12
    with pytest.raises(SluicegateError, match="on path 5 a price stood 1e\\+12 times above"):
        refuse_path(pair.factory.layout, opening, opening, 5, out[1])


def test_the_first_market_that_ran_away_is_meant() -> None:
    before = np.array([1.0, 100.0, 100.0])
    assert runaway(before, np.array([1.0, 1e3, 1e10])) == -1
    assert runaway(before, np.array([1.0, 1e12, 1e14])) == 1
    assert runaway(before, np.array([1.0, 50.0, np.nan])) == 2
    assert runaway(before, np.array([0.0, 50.0, 1.0])) == 0


def test_every_market_has_a_name_and_the_key_of_its_depth() -> None:
    """Each key leads to a listing or a spot market of the configuration that has a depth."""
    factory = Pair(random_run(EVENTFUL)).factory
    layout, seen = factory.layout, []
    for m in range(layout.markets):
        name, key = layout.market_name(m)
        *path, depth = key.split(".")
        place: Any = factory.config
        for part in path:
            place = place.get(part) if isinstance(place, Mapping) else getattr(place, part)
        if place is None:  # an asset of infinite depth
            assert name not in factory.config.liquidity.spot
        else:
            assert hasattr(place, depth), key
        seen.append(name)
    perpetuals = [f"the {row.asset} perpetual of {row.venue}" for row in layout.perpetuals]
    assert perpetuals
    assert seen == [*layout.assets, *perpetuals]
