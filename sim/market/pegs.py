"""Log-bases of stablecoins and staked wrappers: mean-reverting, with jumps."""

import numpy as np

from sim.compile import jit
from sim.market.jumps import any_arrive, jump_size, may_arrive, poisson
from sim.random import (
    PEG_JUMP_COUNT,
    PEG_JUMP_SIZE,
    PEG_NOISE,
    Window,
    fill_normals,
    fill_uniforms,
)
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
    add_peg_jumps(law, window, streams, regimes, scratch, moves)


@jit
def add_peg_jumps(
    law: PegLaw,
    window: Window,
    streams: np.ndarray,
    regimes: np.ndarray,
    scratch: np.ndarray,
    moves: np.ndarray,
) -> None:
    """Add the jumps of every pegged asset's log-basis; arguments as `fill_peg_moves`."""
    for i in range(len(streams)):
        if not may_arrive(law.jumps, i):
            continue
        fill_uniforms(window, PEG_JUMP_COUNT, streams[i], scratch)
        if any_arrive(law.jumps, i, scratch, window.steps):
            for t in range(window.steps):
                k = regimes[t]
                if scratch[t] > law.jumps.none[i, k]:
                    count = poisson(scratch[t], law.jumps.rate[i, k], law.jumps.none[i, k])
                    size = jump_size(window, window.first + t, PEG_JUMP_SIZE, streams[i], count)
                    moves[i, t] += count * law.jump_mean[i] + law.jump_sd[i] * size
