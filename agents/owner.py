"""The owner of an account: looks now and then, tops up, deleverages, panics.

Parameters: 0 target (multiple of maintenance a reaction aims at), 1 share of outside means he
sends at once, 2 share of what is still missing that he closes positions for, 3 loss of opening
equity at which he closes everything.
"""

import numpy as np

from sim.rules import TraderAction, TraderView, trader_rule


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
