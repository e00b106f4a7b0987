"""The hidden regime of every step of a path."""

import numpy as np

from sim.compile import jit
from sim.random import REGIME_START, REGIME_STEP, Window, fill_uniforms, uniform_pair
from sim.state.law import ChainLaw


@jit
def draw_regime(cumulative: np.ndarray, u: float) -> int:
    """Index of the first entry of a cumulative law that is not below ``u``."""
    regime = 0
    while u > cumulative[regime]:
        regime += 1
    return regime


@jit
def first_regime(chain: ChainLaw, seed: np.uint64, path: int) -> int:
    """Draw the regime that a path starts in."""
    u, _ = uniform_pair(seed, path, 0, REGIME_START, 0)
    return draw_regime(chain.start, u)


@jit
def fill_regimes(
    chain: ChainLaw, window: Window, regimes: np.ndarray, uniforms: np.ndarray
) -> None:
    """Carry the regime from the first step of a window to its end.

    Parameters
    ----------
    chain : ChainLaw
        The step matrix.
    window : Window
        The steps.
    regimes : (T+1,) int64 ndarray
        The whole path's; entries ``first + 1`` to ``first + steps`` are written.
    uniforms : (n,) float64 ndarray
        Scratch, at least ``window.steps`` rounded up to even long.
    """
    fill_uniforms(window, REGIME_STEP, 0, uniforms)
    regime = regimes[window.first]
    for t in range(window.steps):
        regime = draw_regime(chain.transition[regime], uniforms[t])
        regimes[window.first + t + 1] = regime
