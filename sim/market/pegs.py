"""Log-bases of stablecoins and staked wrappers: mean-reverting, with jumps."""

import numpy as np

from sim.compile import jit
from sim.market.jumps import add_own_jumps
from sim.random import PEG_NOISE, Window, fill_normals
from sim.state.law import PegLaw


@jit
def fill_peg_moves(
    law: PegLaw,
    window: Window,
    streams: np.ndarray,
    regimes: np.ndarray,
    scratch: np.ndarray,
    moves: np.ndarray,
) -> None:
    """Noise and jumps of every pegged asset's log-basis.

    Parameters
    ----------
    streams : (P,) int64 ndarray
        Index of each asset's draws.
    regimes : (window.steps,) int64 ndarray
        Regime of each step of the window.
    scratch : (n,) float64 ndarray
        Scratch.
    moves : (P, n) float64 ndarray
        Receives the moves, log units.
    """
    for i in range(len(streams)):
        fill_normals(window, PEG_NOISE, streams[i], moves[i], scratch)
        for t in range(window.steps):
            moves[i, t] = law.sd[i, regimes[t]] * scratch[t]
    add_own_jumps(law.jumps, window, streams, regimes, scratch, moves)
