"""Runs of a second, with liquidations in them, for tests of how a run is run."""

from typing import Any

from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.random_worlds import default, stressed

EXPERIMENT = {
    "name": "small",
    "worlds": {"venue": {"scope": "venue"}, "hub_relevered": {"scope": "hub", "relever": 0.5}},
    "baseline": "venue",
    "twins": ["full", "none"],
}


def small(**changes: Any) -> RunConfig:
    """Two worlds under two twins on 13 stressed paths."""
    config = default({"accounts": 40, "paths": 13, "steps": 20, "step_seconds": 600.0})
    config = stressed(config, 5.0, 0.02) | {"block_seconds": 20.0, "experiment": EXPERIMENT}
    return validated(RunConfig, config | changes)
