"""Random small worlds for property tests: the default menu with everything that matters drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from sim import kernel
from sim.market.course import Journey
from sim.reset import begin
from sim.state.state import State
from sim.state.world import World
from sim.world.build import Built, Factory
from sim.world.compose import compose
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig, WorldChoice
from tests.phases import checked_step

Config = dict[str, Any]


@cache
def _menu() -> Config:
    return compose()


def default(changes: Config) -> Config:
    """The default run as a dictionary, with everyday keys or whole groups replaced."""
    return _menu() | {"workers": 1} | changes


def stressed(config: Config, volatility: float, depth: float) -> Config:
    """The same with all volatilities and all depths multiplied."""
    market, liquidity = dict(config["market"]), dict(config["liquidity"])
    market["volatility"] = {
        name: [volatility * v for v in values] for name, values in market["volatility"].items()
    }
    market["regimes"] = market["regimes"] | {"start": market["regimes"]["names"][-1]}
    liquidity["spot"] = {
        name: spec | {"depth": depth * spec["depth"]} for name, spec in liquidity["spot"].items()
    }
    venues = {name: dict(spec) for name, spec in config["venue"].items()}
    for spec in venues.values():
        spec["perpetuals"] = {
            name: perp | ({"depth": depth * perp["depth"]} if perp.get("depth") else {})
            for name, perp in spec.get("perpetuals", {}).items()
        }
    return config | {"market": market, "liquidity": liquidity, "venue": venues}


@dataclass
class Play:
    """One path of one world, played step by step from outside."""

    built: Built
    world: World
    opening: State
    state: State
    factory: Factory
    journey: Journey

    @property
    def prices(self) -> np.ndarray:
        """USD at the ends of steps, (T+1, N)."""
        return self.journey.prices

    @property
    def regimes(self) -> np.ndarray:
        """Regime of each step, (T+1,)."""
        return self.journey.regimes

    def begin(self) -> None:
        """Set the state to the start of the path."""
        begin(self.world, self.state, self.opening, self.prices[0], int(self.regimes[0]))

    def step(self, t: int) -> np.ndarray:
        """Play step t; return the imbalance of the books after each phase."""
        return checked_step(
            self.world, self.state, self.opening, self.factory.rules,
            self.journey.course(t + 1),
        )  # fmt: skip


def play(config: Config, scope: str, twin: str, path: int = 0) -> Play:
    """Build one world of a configuration and generate one path for it."""
    run = validated(RunConfig, config)
    factory = Factory(run)
    built = factory.build(factory.population(0), WorldChoice(scope=scope))
    world, opening = built.twin(factory.layout, twin), built.assembled.opening
    blocks = int(world.settings[0]["rounds"])
    journey = Journey(factory.law, (run.seed, path), run.steps, blocks)
    return Play(built, world, opening, kernel.copy_state(opening), factory, journey)


SCOPES: Sequence[str] = ("isolated", "venue", "unified", "hub")
TWINS: Sequence[str] = ("full", "slippage", "none")


LIQUIDITY: Sequence[Config] = (
    {},
    {"multiple": {"maintenance": 3.0, "initial_extra": 1.0}},
    {"multiple": {"maintenance": 10.0}, "depth": "normal", "per": "underlying", "free": 1e4},
)


@st.composite
def plays(draw: st.DrawFn, steps: int = 12) -> Play:
    """A path of a random world in which accounts come under pressure."""
    config = default(
        {
            "accounts": draw(st.integers(5, 60)),
            "steps": steps,
            "step_seconds": draw(st.sampled_from([60.0, 600.0, 3600.0])),
            "seed": draw(st.integers(0, 2**31)),
        }
    )
    block = draw(st.sampled_from([2.0, 20.0, 60.0]))
    config = stressed(config, draw(st.floats(1.0, 8.0)), draw(st.floats(0.003, 1.0)))
    config["block_seconds"] = max(block, config["step_seconds"] / 60.0)
    for spec in config["venue"].values():
        spec["insurance"] = draw(st.sampled_from([0.0, 1e3, 1e6]))
        spec["oracle"] = {"delay": draw(st.sampled_from([0.0, 10.0, 300.0]))}
        spec["contingency"] = {"liquidity": draw(st.sampled_from(LIQUIDITY))}
    config["hub"] = config["hub"] | {"contingency": {"liquidity": draw(st.sampled_from(LIQUIDITY))}}
    return play(config, draw(st.sampled_from(SCOPES)), draw(st.sampled_from(TWINS)))
