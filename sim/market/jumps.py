"""Jumps of log-prices: how many in a step, and how large."""

import numpy as np

from sim.compile import jit
from sim.random import (
    COMMON_JUMP_COUNT,
    COMMON_JUMP_SIZE,
    EVENTS,
    Window,
    fill_uniforms,
    normal_pair,
)
from sim.state.law import Arrivals, JumpLaw, OwnJumps


@jit
def poisson(u: float, rate: float, none: float) -> int:
    """Poisson count by inversion of one uniform; ``none = exp(-rate)``.

    The count never falls when the rate rises, so parameter sets compared on the same draws
    keep each other's jumps.
    """
    count, probability, reached = 0, none, none
    while u > reached:
        count += 1
        probability *= rate / count
        if reached + probability == reached and count > rate:
            break  # the rest of the tail is below rounding
        reached += probability
    return count


@jit
def may_arrive(arrivals: Arrivals, row: int) -> bool:
    """Whether a row's jumps are on in any regime; if not, its draws are not made."""
    return bool(arrivals.rate[row].max() > 0.0)


@jit
def any_arrive(arrivals: Arrivals, row: int, uniforms: np.ndarray, steps: int) -> bool:
    """Whether a row can have a jump in some step: mostly not, and then nobody looks closer."""
    lowest, above = arrivals.none[row].min(), 0
    for t in range(steps):
        above += uniforms[t] > lowest
    return above > 0


@jit
def jump_size(window: Window, step: int, purpose: int, stream: int, count: int) -> float:
    """Sum of ``count`` standard normals, one for each jump of one stream in one step."""
    total = 0.0
    for event in range(count):
        z, _ = normal_pair(window.seed, window.path, step, purpose + EVENTS * event, stream)
        total += z
    return total


@jit
def add_common_jumps(
    law: JumpLaw,
    window: Window,
    streams: np.ndarray,
    regimes: np.ndarray,
    uniforms: np.ndarray,
    moves: np.ndarray,
) -> None:
    """Add the events that hit every risky asset at once to its moves.

    Parameters
    ----------
    streams : (M,) int64 ndarray
        Index of each asset's draws.
    regimes : (window.steps,) int64 ndarray
        Regime of each step of the window.
    uniforms : (n,) float64 ndarray
        Scratch.
    moves : (M, n) float64 ndarray
        Log-returns, changed in place.
    """
    if not may_arrive(law.common, 0):
        return
    fill_uniforms(window, COMMON_JUMP_COUNT, 0, uniforms)
    if not any_arrive(law.common, 0, uniforms, window.steps):
        return
    for t in range(window.steps):
        if uniforms[t] > law.common.none[0, regimes[t]]:
            k = regimes[t]
            count = poisson(uniforms[t], law.common.rate[0, k], law.common.none[0, k])
            step = window.first + t
            shared = jump_size(window, step, COMMON_JUMP_SIZE, 0, count)
            for i in range(len(streams)):
                single = jump_size(window, step, COMMON_JUMP_SIZE, streams[i], count)
                moves[i, t] += (
                    count * law.common_mean[i]
                    + law.common_shared[i] * shared
                    + law.common_single[i] * single
                )


@jit
def add_own_jumps(
    law: OwnJumps,
    window: Window,
    streams: np.ndarray,
    regimes: np.ndarray,
    uniforms: np.ndarray,
    moves: np.ndarray,
) -> None:
    """Add each row's own jumps to its moves; arguments as `add_common_jumps`."""
    arrivals = law.arrivals
    for i in range(len(streams)):
        if not may_arrive(arrivals, i):
            continue
        fill_uniforms(window, law.count_purpose, streams[i], uniforms)
        if any_arrive(arrivals, i, uniforms, window.steps):
            for t in range(window.steps):
                k = regimes[t]
                if uniforms[t] > arrivals.none[i, k]:
                    count = poisson(uniforms[t], arrivals.rate[i, k], arrivals.none[i, k])
                    step = window.first + t
                    size = jump_size(window, step, law.size_purpose, streams[i], count)
                    moves[i, t] += count * law.mean[i] + law.sd[i] * size
