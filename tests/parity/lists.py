"""One world looked at through watch lists of every skin, and without lists: the same bits."""

from collections import Counter

import numpy as np
import pytest

from sim.errors import SluicegateError
from sim.state.state import RESULT
from sim.studies.experiment import run_paths
from sim.world.build import Factory
from sim.world.schema.run import RunConfig
from tests.parity.worlds import maker_too_small

PATHS = 4  # of each world
SKINS = (0.002, 0.02, 0.3)
EVENTS = ("liquidations", "topped_up", "bad_debt")


def with_watch(config: RunConfig, watch: str, skin: float) -> RunConfig:
    """Return the run with another way to look at accounts."""
    engine = config.engine.model_copy(update={"watch": watch, "skin": skin})
    return config.model_copy(update={"engine": engine})


def results(config: RunConfig) -> np.ndarray:
    """Return the results of the first paths of a random world."""
    factory = Factory(config)
    built = factory.build(factory.population(0), config.experiment.worlds["w"])
    world = built.twin(factory.layout, config.experiment.twins[0])
    return run_paths(factory, world, built.assembled.opening, (0, PATHS))


def looked_at_all(config: RunConfig) -> np.ndarray | None:
    """Return results without lists; None where a maker is too small for what was drawn."""
    try:
        return results(with_watch(config, "all", SKINS[0]))
    except SluicegateError as error:
        if not maker_too_small(error):
            raise
        return None


def compare(config: RunConfig, brute: np.ndarray, where: str, seen: Counter[str]) -> None:
    """Fail where a list of some skin changes a bit; count what happened on the paths."""
    for skin in SKINS:
        listed = results(with_watch(config, "lists", skin))
        different = [n for n in RESULT.names if listed[n].tobytes() != brute[n].tobytes()]
        assert not different, f"{where}, skin {skin}: {different}"
    seen["paths"] += len(brute)
    for name in EVENTS:
        seen[name] += int(np.count_nonzero(brute[name]))


def agree(config: RunConfig, seed: int, seen: Counter[str]) -> np.ndarray:
    """Fail where a list changes a bit, or books do not balance; return results without lists."""
    brute = looked_at_all(config)
    if brute is None:
        pytest.skip("a maker too small for the open interest drawn")
    assert np.max(brute["imbalance"]) < 1e-12
    compare(config, brute, f"seed {seed}", seen)
    return brute
