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
def fill_regimes(
    chain: ChainLaw, window: Window, regimes: np.ndarray, uniforms: np.ndarray
) -> None:
    """Regime in force at each step of a window, and at its end.

    Parameters
    ----------
    chain : ChainLaw
        Start law and step matrix.
    window : Window
        The steps; a window that starts at step 0 draws its first regime.
    regimes : (T+1,) int64 ndarray
        The whole path's; entries ``first + 1`` to ``first + steps`` are written.
    uniforms : (n,) float64 ndarray
        Scratch, at least ``window.steps`` rounded up to even long.
    """
    if window.first == 0:
        u, _ = uniform_pair(window.seed, window.path, 0, REGIME_START, 0)
        regimes[0] = draw_regime(chain.start, u)
    fill_uniforms(window, REGIME_STEP, 0, uniforms)
    regime = regimes[window.first]
    for t in range(window.steps):
        regime = draw_regime(chain.transition[regime], uniforms[t])
        regimes[window.first + t + 1] = regime
