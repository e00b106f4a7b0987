"""Exogenous price paths: a Markov-modulated jump diffusion, generated up front.

Phase 1 of a step, without imposed shocks: regime switch, correlated diffusion, common and own
jumps, pegs. The regime is frozen within a step. Prices come in blocks of steps, so that the
scratch space stays in the first-level cache; the block size does not change a bit of the result.
"""

import numpy as np

from sim.compile import jit
from sim.elementary import exp
from sim.market.jumps import add_common_jumps, add_own_jumps
from sim.market.pegs import fill_peg_moves
from sim.market.regimes import fill_regimes, first_regime
from sim.random import DIFFUSION, MAX_SEED, Window, fill_normals
from sim.state.law import DiffusionLaw, PathLaw

BLOCK = 256  # steps; even, because draws come in pairs of steps


@jit
def fill_path(
    law: PathLaw, seed: np.uint64, path: int, prices: np.ndarray, regimes: np.ndarray
) -> None:
    """Fill one path.

    Parameters
    ----------
    law : PathLaw
        From :func:`sim.world.law.build_law`.
    seed : uint64
        Seed of the run.
    path : int
        Path number, >= 0.
    prices : (T+1, N) float64 ndarray
        Receives USD prices; row 0 is the start.
    regimes : (T+1,) int64 ndarray
        Receives the regime in force during step t -> t+1; the last entry follows the last step.
    """
    steps, risky, pegged = len(prices) - 1, len(law.risky), len(law.pegged)
    width = min(BLOCK, steps + (steps & 1))
    normals = np.empty((risky, width))
    scratch = np.empty(width)
    moves = np.empty((risky + pegged, width))
    levels = np.zeros(risky + pegged)
    prices[0] = law.price
    regimes[0] = first_regime(law.chain, seed, path)
    for first in range(0, steps, BLOCK):
        window = Window(np.uint64(seed), path, first, min(BLOCK, steps - first))
        fill_regimes(law.chain, window, regimes, scratch)
        current = regimes[first : first + window.steps]
        fill_diffusion(law.diffusion, window, law.risky_stream, current, normals, moves)
        add_common_jumps(law.jumps, window, law.risky_stream, current, scratch, moves)
        add_own_jumps(law.jumps.own, window, law.risky_stream, current, scratch, moves)
        fill_peg_moves(law.peg, window, law.pegged_stream, current, scratch, moves[risky:])
        accumulate(law, window, moves, levels, prices)


@jit
def fill_diffusion(
    law: DiffusionLaw,
    window: Window,
    streams: np.ndarray,
    regimes: np.ndarray,
    normals: np.ndarray,
    moves: np.ndarray,
) -> None:
    """Drift and correlated noise of every risky asset, for one window.

    Parameters
    ----------
    streams : (M,) int64 ndarray
        Index of each asset's draws.
    regimes : (window.steps,) int64 ndarray
        Regime of each step of the window.
    normals : (>= M, n) float64 ndarray
        Scratch.
    moves : (>= M, n) float64 ndarray
        Receives log-returns.
    """
    for i in range(len(streams)):
        fill_normals(window, DIFFUSION, streams[i], moves[i], normals[i])
    begin = 0
    while begin < window.steps:  # stretches of one regime: no look-up in the inner loop
        regime, end = regimes[begin], begin + 1
        while end < window.steps and regimes[end] == regime:
            end += 1
        for i in range(len(streams)):
            moves[i, begin:end] = law.drift[regime, i]
            for j in range(i + 1):
                _add_scaled(law.loading[regime, i, j], normals[j, begin:end], moves[i, begin:end])
        begin = end


@jit
def _add_scaled(factor: float, source: np.ndarray, target: np.ndarray) -> None:
    for t in range(len(target)):
        target[t] += factor * source[t]


@jit
def accumulate(
    law: PathLaw, window: Window, moves: np.ndarray, levels: np.ndarray, prices: np.ndarray
) -> None:
    """Sum the moves of a window into levels and write the prices.

    Parameters
    ----------
    moves : (M+P, n) float64 ndarray
        Risky log-returns, then moves of the log-bases.
    levels : (M+P,) float64 ndarray
        Log-price over start and log-basis at the window's start; carried on in place.
    prices : (T+1, N) float64 ndarray
        Rows ``first + 1`` to ``first + steps`` are written.
    """
    risky, rows = len(law.risky), slice(window.first + 1, window.first + window.steps + 1)
    for i in range(risky):
        asset, row = law.risky[i], moves[i, : window.steps]
        levels[i] = _sum(levels[i], row)
        _exponentials(law.price[asset], row)
        prices[rows, asset] = row
    for i in range(len(law.pegged)):
        asset, base, row = law.pegged[i], law.underlying[i], moves[risky + i, : window.steps]
        levels[risky + i] = _revert(law.peg.decay[i], levels[risky + i], row)
        for t in range(window.steps):
            row[t] += law.peg.carry[i] * (window.first + t + 1)
        _exponentials(law.peg.scale[i], row)
        prices[rows, asset] = row * prices[rows, base] if base >= 0 else row


@jit
def _sum(level: float, row: np.ndarray) -> float:
    """Replace moves by running sums on top of ``level``; returns the last one."""
    for t in range(len(row)):
        level += row[t]
        row[t] = level
    return level


@jit
def _revert(decay: float, level: float, row: np.ndarray) -> float:
    """Replace moves by a mean-reverting level; returns the last one."""
    for t in range(len(row)):
        level = decay * level + row[t]
        row[t] = level
    return level


@jit
def _exponentials(scale: float, row: np.ndarray) -> None:
    for t in range(len(row)):
        row[t] = scale * exp(row[t])


def simulate(
    law: PathLaw, seed: int, paths: int, steps: int, first_path: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Price paths without any order flow, all kept in memory.

    Parameters
    ----------
    law : PathLaw
        From :func:`sim.world.law.build_law`.
    seed : int
        0 to 2^64 - 1.
    paths, steps : int
        How many paths of how many steps; at least 1 and 0.
    first_path : int
        Number of the first path.

    Returns
    -------
    prices : (paths, steps+1, N) ndarray
        USD.
    regimes : (paths, steps+1) ndarray of int64
        Regime in force during each step.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"seed is {seed}; it must be from 0 to 2^64 - 1 = {MAX_SEED}")
    if paths < 1 or steps < 0 or first_path < 0:
        raise ValueError(
            f"paths={paths}, steps={steps}, first_path={first_path}: "
            "paths must be at least 1, the others at least 0"
        )
    prices = np.empty((paths, steps + 1, len(law.price)))
    regimes = np.empty((paths, steps + 1), dtype=np.int64)
    _simulate(law, np.uint64(seed), first_path, prices, regimes)
    return prices, regimes


@jit
def _simulate(
    law: PathLaw, seed: np.uint64, first_path: int, prices: np.ndarray, regimes: np.ndarray
) -> None:
    for p in range(len(prices)):
        fill_path(law, seed, first_path + p, prices[p], regimes[p])
