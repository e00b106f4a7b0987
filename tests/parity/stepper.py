"""The kernel one step at a time, so that a test can look between steps."""

from functools import cache

import numba as nb
import numpy as np

from sim import kernel
from sim.compile import compiled_for
from sim.market.course import Course, Journey
from sim.reset import begin, finish, liquidator_wealth, trader_wealth
from sim.rules import LIQUIDATOR_RULES, TRADER_RULES, Rules
from sim.state.state import State
from sim.state.world import World
from sim.step import step
from sim.world.build import Built, Factory


def one_step(world, state, rules, course):
    """Step once, with rules as function values."""
    step(world, state, rules, course)


@cache
def compiled(world: nb.types.Type, state: nb.types.Type, course: nb.types.Type):
    """Return the step with its signature spelt out, as the kernel compiles its own loop."""
    rules = nb.types.NamedTuple((TRADER_RULES, LIQUIDATOR_RULES), Rules)
    signature = nb.void(world, state, rules, course)
    return compiled_for(signature, one_step)


class Stepper:
    """One path of a world in the kernel.

    Attributes
    ----------
    state : State
        As it stands after the last step.
    """

    def __init__(self, factory: Factory, built: Built, path: int = 0, twin: str = "full") -> None:
        self.world: World = built.twin(factory.layout, twin)
        self.rules = factory.rules
        opening = self.opening = built.assembled.opening
        self.state: State = kernel.copy_state(opening)
        config = factory.config
        blocks = int(self.world.settings[0]["rounds"])
        self.journey = Journey(factory.law, (config.seed, path), config.steps, blocks)
        begin(self.world, self.state, opening, self.journey.prices[0], self.journey.regimes[0])
        self.wealth = np.array(
            [trader_wealth(self.world, self.state), liquidator_wealth(self.world, self.state)]
        )
        course: Course = self.journey.course(1)
        self._step = compiled(*map(nb.typeof, (self.world, self.state, course)))

    def step(self, t: int) -> State:
        """Step from ``t - 1`` to ``t``; after the last one the books are closed."""
        self._step(self.world, self.state, self.rules, self.journey.course(t))
        if t == len(self.journey.prices) - 1:
            finish(self.world, self.state, self.opening, self.wealth)
        return self.state
