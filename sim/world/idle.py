"""The liquidator rule of a world without liquidators: it never acts."""

import numpy as np

from sim.rules import LiquidatorAction, LiquidatorView, liquidator_rule


@liquidator_rule
def decline(view: LiquidatorView, params: np.ndarray) -> LiquidatorAction:
    """Take nothing."""
    return LiquidatorAction(0.0)
