"""Random worlds whose requirements follow what engines believe."""

from random import Random

from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.option_worlds import option_run
from tests.parity.kinds import add_kinds
from tests.parity.worlds import Config, random_config


def random_tail(r: Random, step: float) -> Config:
    """Return a tail over a step or a few, so that requirements are of the size of moves."""
    if r.random() < 0.5:
        return {
            "method": "samples",
            "measure": r.choice(["var", "es"]),
            "level": r.choice([0.9, 0.95]),
            "horizon": 2.0 * step,
            "samples": 60,
        }
    return {
        "measure": r.choice(["var", "es"]),
        "level": r.choice([0.95, 0.99]),
        "horizon": r.choice([1.0, 3.0]) * step,
        "freedom": r.choice([None, 4.0]),
    }


def add_beliefs(r: Random, config: Config) -> None:
    """Let engines act on what they believe: each of the rules at about every other venue."""
    step = config["step_seconds"]
    config["beliefs"] = {
        "every": r.choice([1.0, 2.0, 5.0]) * step,
        "half_life": r.choice([3.0, 20.0]) * step,
        "correlation_half_life": 10.0 * step,
        "correlation_lag": r.choice([0, 3]),
    }
    charge = {"perpetual": {"maintenance": 0.01, "initial_extra": 0.01}}
    factor = {"loss_factor": {"initial": 1.3, "maintenance": 1.0}}
    for venue in config["venue"].values():
        if r.random() < 0.5:
            venue |= {"engine": "tail_risk", "tail": random_tail(r, step)}
            venue["contingency"] = charge | factor
        if r.random() < 0.4:
            venue["predictive"] = {"probability": r.choice([0.01, 0.2]), "delay": 1.5 * step}
        if r.random() < 0.4:
            venue["volatility"] = {"gain": r.choice([0.5, 1.0, 2.0]), "lowest": 0.5, "highest": 3.0}
        if r.random() < 0.3:
            venue["halt"] = {"move": 0.03, "window": 3.0 * step, "seconds": 2.3 * step}
    if r.random() < 0.5:
        config["hub"] |= {"engine": "tail_risk", "tail": random_tail(r, step)}
        config["hub"]["contingency"] = charge | factor


def add_tools(r: Random, config: Config) -> None:
    """Hold what follows volatility against procyclicality, at every other venue where it does."""
    for venue in config["venue"].values():
        if "volatility" in venue and r.random() < 0.5:
            venue["volatility"] |= {
                "floor": r.choice([0.0, 0.9]),
                "buffer": r.choice([0.0, 0.25]),
                "stress_weight": 0.25,
                "stress": r.choice([1.5, 4.0]),
            }


def belief_run(seed: int) -> RunConfig:
    """Return a random run in which engines filter prices."""
    config = random_config(Random(seed))
    add_kinds(Random(seed + 1), config)
    add_beliefs(Random(seed + 2), config)
    add_tools(Random(seed + 3), config)
    return validated(RunConfig, config)


def option_belief_run(seed: int) -> RunConfig:
    """Return a world with option books whose venues and hub act on beliefs."""
    config = option_run(seed).model_dump(mode="json", by_alias=True)
    add_beliefs(Random(seed), config)
    return validated(RunConfig, config)
