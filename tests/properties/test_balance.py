"""A path whose books do not balance is refused: with its market, if that is what ran away."""

import numpy as np
import pytest

from sim.errors import SluicegateError
from sim.state.state import RESULT
from sim.studies.balance import refuse_path, unbalanced
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
        run_paths(pair.factory, pair.world, pair.built.assembled.opening, 0, 1)
    market, key = pair.factory.layout.market_name(0)
    assert (market, key) == ("BTC", "liquidity.spot.BTC.depth")
    assert refused.value.where == key
    assert "on path 0 the price of BTC went from" in str(refused.value)


def test_the_same_world_runs_in_a_deeper_market() -> None:
    pair = Pair(with_depth(3e5))
    out = run_paths(pair.factory, pair.world, pair.built.assembled.opening, 0, 1)
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
        refuse_path(pair.factory.layout, opening, opening, 5, planted)
    assert not isinstance(refused.value, SluicegateError)


def test_every_market_has_a_name_and_the_key_of_its_depth() -> None:
    layout = Pair(random_run(EVENTFUL)).factory.layout
    names = [layout.market_name(m) for m in range(layout.markets)]
    assert len({key for _, key in names}) == layout.markets
    for name, key in names:
        section, *path, depth = key.split(".")
        assert depth == "depth" and section in ("liquidity", "venue"), name
        assert path[-1] in layout.assets
