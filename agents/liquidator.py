"""A liquidator: takes what pays, no more than pays.

Parameters: 0 least profit it acts for, USD.
"""

from collections.abc import Callable

import numpy as np

from sim.liquidation.offer import Offer
from sim.liquidation.taker import affordable, offer_view, ready, settle
from sim.rules import LiquidatorAction, LiquidatorView, liquidator_rule
from sim.state.state import State
from sim.state.world import World


@liquidator_rule
def take_what_pays(view: LiquidatorView, params: np.ndarray) -> LiquidatorAction:
    """Take the share of the offer that earns most, if that earns enough.

    Selling a share f of the offer costs about ``f x slippage`` of what is sold, so that the gain
    ``f (bonus - f x slippage)`` peaks at ``f = bonus / (2 slippage)``.
    """
    share = 1.0
    if view.slippage > 0.0:
        share = min(1.0, max(0.0, view.bonus) / (2.0 * view.slippage))
    notional = min(share * view.notional, view.capacity, view.capital)
    part = notional / view.notional if view.notional > 0.0 else 0.0
    profit = notional * (view.bonus - part * view.slippage) - view.cost
    if notional <= 0.0 or profit < params[0]:
        return LiquidatorAction(0.0)
    return LiquidatorAction(notional)


@liquidator_rule
def take_all(view: LiquidatorView, params: np.ndarray) -> LiquidatorAction:
    """Take whatever is offered, at any price: the textbook liquidator of closed forms."""
    return LiquidatorAction(view.notional)


class Liquidator:
    """One liquidator, as an object that the laboratory asks.

    The same rule as in the kernel decides. To try a plain Python rule, assign ``rule`` on one
    liquidator, or override `decide` in a subclass.

    Attributes
    ----------
    number : int
        Row of the liquidator table.
    rule : callable
        From a `LiquidatorView` and the parameters to a `LiquidatorAction`.
    params : (P,) float64 ndarray
        Parameters of the rule.
    """

    def __init__(
        self, world: World, state: State, number: int, rule: Callable[..., LiquidatorAction]
    ) -> None:
        self.world, self.state, self.number, self.rule = world, state, number, rule
        self.params = world.strategy[number]

    def decide(self, view: LiquidatorView) -> LiquidatorAction:
        """How much of an offer to take."""
        return self.rule(view, self.params)

    def answer(self, account: int, offer: Offer) -> float:
        """Take what it wants of an offer, if its latency has passed; return the USD taken."""
        if not ready(self.world, self.state, self.number, account):
            return 0.0
        view = offer_view(self.world, self.state, self.number, account, offer)
        action = LiquidatorAction(float(self.decide(view).notional))
        notional = affordable(view, action)
        if notional <= 0.0:
            return 0.0
        return settle(self.world, self.state, self.number, account, offer, notional)
