"""Option worlds whose venues call accounts before maintenance, random ones and steep ones.

Run as a script, it plants a bound that sees no options (``early_worlds.py SEED ...``) and prints on
how many paths of the steep worlds lists then change a result. Compiled callers keep the callee that
they were compiled with, so the fault is planted before they are, and what is compiled kept apart.
"""

import sys
from random import Random

import numpy as np

from sim.compile import lean
from sim.margin import watch
from sim.state.codes import GRIDS
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.option_worlds import STEP, option_run, position
from tests.parity.lists import looked_at_all, results, with_watch
from tests.worlds import Config

STEEP_SKIN = 0.02


def early_run(seed: int) -> RunConfig:
    """A random option world in which one venue or both look ahead; every other measures tails."""
    r = Random(seed + 2)
    config = plain(option_run(seed, tails=seed % 2 == 1))
    grid, plain_venue = config["venue"]["grid"], config["venue"]["plain"]
    if seed % 2 == 0:
        config["beliefs"] = beliefs(r.choice([1.0, 3.0]) * STEP)
    for spec in r.choice([(grid,), (plain_venue,), (grid, plain_venue), (grid, plain_venue)]):
        delay = r.choice([4.0, 16.0, 100.0]) * STEP
        spec["predictive"] = {"probability": r.choice([0.001, 0.01, 0.2, 0.45]), "delay": delay}
    config["experiment"]["worlds"]["w"]["scope"] = r.choice(["venue", "isolated"])
    return validated(RunConfig, config)


def steep_run(seed: int) -> RunConfig:
    """A world of sellers whose prediction grows many times as fast as their value falls.

    They sell options a little out of the money that expire soon. At a probability near a half the
    delay is long and the move short, curvature counts 36 times, and is all at the strike: within a
    move of 3 % nothing becomes a third of the notional. So nothing else can stand in for the bound.
    """
    r = Random(seed)
    config = plain(option_run(seed))
    config["market"]["volatility"] = {"BTC": [0.6] * 2, "ETH": [0.8] * 2}
    config["beliefs"] = beliefs(STEP)
    seller = config["archetype"]["sell_plain"]
    config["archetype"] = {}
    for name, venue in config["venue"].items():
        delay = r.choice([200.0, 800.0]) * STEP
        venue["predictive"] = {"probability": 0.45, "delay": delay}
        for listing in venue["options"].values():
            listing |= {"strikes": [0.97, 1.0, 1.03], "expiries": [0.2, 7.0]}
        for right, strike in (("call", 1.03), ("put", 0.97)):
            sold = position(r, name, "short") | {"rights": [right], "strike": strike, "days": 0.2}
            sold["leverage"] = {"low": 2.0, "high": 8.0}
            config["archetype"][f"{right}_{name}"] = seller | {"positions": [sold]}
    config["experiment"]["worlds"]["w"]["scope"] = "venue"
    return validated(RunConfig, config)


def beliefs(every: float) -> Config:
    """A filter that follows volatility within some steps."""
    return {"every": every, "half_life": 5.0 * STEP, "correlation_half_life": 20.0 * STEP}


def plain(config: RunConfig) -> Config:
    """A configuration as what it was made of."""
    written: Config = config.model_dump(mode="json", by_alias=True)
    return written


def plant() -> None:
    """Let the bound of a prediction see no options, before anything is compiled."""
    whole = watch.predicted_reach

    @lean
    def blind(world, state, a, skin):
        for i in range(GRIDS, state.reaches.shape[0]):
            for k in range(state.reaches.shape[2]):
                state.reached[i, k] = state.clock[0].prepared
                for j in range(state.reaches.shape[1]):
                    state.reaches[i, j, k] = 0.0
        return whole(world, state, a, skin)

    watch.predicted_reach = blind


def main(seeds: list[int]) -> None:
    """Plant the fault, and count the paths on which it shows."""
    for seed in seeds:
        brute = looked_at_all(steep_run(seed))
        listed = results(with_watch(steep_run(seed), "lists", STEEP_SKIN))
        print(seed, int(np.count_nonzero(brute != listed)))


if __name__ == "__main__":
    plant()
    main([int(seed) for seed in sys.argv[1:]])
