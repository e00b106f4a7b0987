"""The owner of an account: looks now and then, tops up, deleverages, panics.

Parameters: 0 target (multiple of maintenance a reaction aims at), 1 share of outside means he
sends at once, 2 share of what is still missing that he closes positions for, 3 loss of opening
equity at which he closes everything.
"""

from collections.abc import Callable

import numpy as np

from sim.margin.health import assess
from sim.rules import TraderAction, TraderView, trader_rule
from sim.state.codes import MAINTENANCE
from sim.state.state import State
from sim.state.world import World
from sim.step import carry_out, view_of


@trader_rule
def act(view: TraderView, params: np.ndarray) -> TraderAction:
    """React to an account below its owner's watch level.

    Panic comes first. Otherwise he sends what is missing to his target, as far as his means and
    nerve go, and closes the share of his positions that would make up for the rest: closing a share
    c of everything leaves about ``(1 - c) x maintenance`` to be covered.
    """
    if view.opening > 0.0 and view.equity <= (1.0 - params[3]) * view.opening:
        return TraderAction(0.0, 1.0)
    missing = params[0] * view.maintenance - view.equity
    if missing <= 0.0:
        return TraderAction(0.0, 0.0)
    sent = min(missing, params[1] * (view.wallet + view.spare))
    short = missing - sent
    if short <= 0.0:
        return TraderAction(sent, 0.0)
    close = short / (params[0] * view.maintenance)
    return TraderAction(sent, params[2] * min(1.0, close))


class Owner:
    """One account and its owner, as an object that the laboratory asks.

    The same rule as in the kernel decides. To try a plain Python rule, assign ``rule`` on one
    owner, or override `decide` in a subclass.

    Attributes
    ----------
    account : int
        Margined account, a row of the ledger.
    rule : callable
        From a `TraderView` and the parameters to a `TraderAction`.
    params : (P,) float64 ndarray
        Parameters of the rule.
    """

    def __init__(
        self, world: World, state: State, account: int, rule: Callable[..., TraderAction]
    ) -> None:
        self.world, self.state, self.account, self.rule = world, state, account, rule
        self.params = world.behaviour[account]
        row = world.accounts[account]
        self.interval, self.phase = int(row["interval"]), int(row["phase"])
        self.watch = float(row["watch"])

    @property
    def margin(self) -> tuple[float, float]:
        """Equity and maintenance requirement on published prices, USD."""
        return assess(self.world, self.state, MAINTENANCE, self.account)

    def wakes(self, step: int) -> bool:
        """Whether he looks at this step and finds the account below his watch level."""
        if (step + self.phase) % self.interval != 0:
            return False
        equity, required = self.margin
        return equity < self.watch * required

    def decide(self, view: TraderView) -> TraderAction:
        """What to do about the account."""
        return self.rule(view, self.params)

    def step(self) -> None:
        """Look, decide, and have it carried out."""
        view = view_of(self.world, self.state, self.account)
        top_up, close = self.decide(view)
        action = TraderAction(float(top_up), float(close))
        carry_out(self.world, self.state, self.account, action)
