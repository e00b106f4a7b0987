"""The kernel one step at a time, so that a test can look between steps."""

from functools import cache

import numba as nb
import numpy as np

from sim import kernel
from sim.market.paths import simulate
from sim.reset import begin, finish, liquidator_wealth, trader_wealth
from sim.rules import LIQUIDATOR_RULES, TRADER_RULES, Rules
from sim.state.state import State
from sim.state.world import World
from sim.step import step
from sim.world.build import Built, Factory


def one_step(world, state, rules, fundamental, regime):
    """Step once, with rules as function values."""
    step(world, state, rules, fundamental, regime)


@cache
def compiled(world: nb.types.Type, state: nb.types.Type):
    """Return the step with its signature spelt out, as the kernel compiles its own loop."""
    rules = nb.types.NamedTuple((TRADER_RULES, LIQUIDATOR_RULES), Rules)
    signature = nb.void(world, state, rules, nb.float64[::1], nb.int64)
    return nb.njit(signature, cache=True, nogil=True, error_model="numpy")(one_step)


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
        prices, regimes = simulate(factory.law, config.seed, 1, config.steps, first_path=path)
        self.prices, self.regimes = prices[0], regimes[0]
        begin(self.world, self.state, opening, self.prices[0], self.regimes[0])
        self.wealth = np.array(
            [trader_wealth(self.world, self.state), liquidator_wealth(self.world, self.state)]
        )
        self._step = compiled(nb.typeof(self.world), nb.typeof(self.state))

    def step(self, t: int) -> State:
        """Step from ``t - 1`` to ``t``; after the last one the books are closed."""
        self._step(self.world, self.state, self.rules, self.prices[t], self.regimes[t - 1])
        if t == len(self.prices) - 1:
            finish(self.world, self.state, self.opening, self.wealth)
        return self.state
