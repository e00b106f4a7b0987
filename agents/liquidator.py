"""A liquidator: takes what pays, no more than pays.

Parameters: 0 least profit it acts for, USD.
"""

import numpy as np

from sim.rules import LiquidatorAction, LiquidatorView, liquidator_rule


@liquidator_rule
def take_what_pays(view: LiquidatorView, params: np.ndarray) -> LiquidatorAction:
    """Take the share of the offer that earns most, if that earns enough.

    Selling a share f of the offer costs about ``f x slippage`` of what is sold, so that the gain
    ``f (bonus - f x slippage)`` peaks at ``f = bonus / (2 slippage)``.
    """
    share = 1.0
    if view.slippage > 0.0:
        share = min(1.0, view.bonus / (2.0 * view.slippage))
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
