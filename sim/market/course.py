"""The exogenous prices inside one step.

A path is drawn at the ends of steps. Between two of them every asset follows a Brownian bridge of
its regime, seen at the block times of the liquidation rounds; a jump of the step lands at its end.
Without it a step of 60 s misses the lows in between, and with them part of the liquidations
(Broadie, Glasserman and Kou 1997: a barrier checked every dt acts as if it stood 0.58 standard
deviations of a step further away).

How often the price moves inside a step follows from its regime: as often as it takes to keep the
standard deviation between two moves within the run's resolution. A calm minute is one move.
"""

import math
from typing import NamedTuple

import numpy as np

from sim.compile import jit, lean
from sim.market.jumps import add_common_jumps, add_own_jumps
from sim.market.paths import simulate
from sim.numerics import exp, log
from sim.random import BRIDGE, EVENTS, Window, normal_pair
from sim.state.law import PathLaw
from sim.state.state import State

PAIR = 2  # draws of counts come in pairs of steps


class Course(NamedTuple):
    """Fundamental prices of one step."""

    prices: np.ndarray  # (J, N) USD, so many blocks after the step's start
    regime: int  # in force while displacements relax up to the step's start
    every: int  # blocks between two moves of the prices; 0 if they stand still


@lean
def move_prices(state: State, course: Course, number: int) -> None:
    """Fundamental prices become those of a block."""
    for n in range(len(state.fundamental)):
        state.fundamental[n] = course.prices[number, n]


@lean
def blocks_until_move(course: Course, number: int) -> int:
    """Blocks from block ``number`` to the next move of the prices inside the step; 0 if none."""
    if course.every == 0:
        return 0
    wait = course.every - number % course.every
    return wait if number + wait < len(course.prices) else 0


@jit
def fill_course(
    law: PathLaw,
    key: tuple[np.uint64, int],
    step: int,
    prices: np.ndarray,
    regimes: np.ndarray,
    course: np.ndarray,
) -> int:
    """Prices at the blocks of the time from ``step`` to ``step + 1``.

    Parameters
    ----------
    law : PathLaw
        The law that the path was drawn from.
    key : (uint64, int)
        Seed and path.
    step : int
        Step at which the time starts; at the path's last the prices stand still.
    prices : (T+1, N) float64 ndarray
        The path, USD.
    regimes : (T+1,) int64 ndarray
        Its regimes.
    course : (J, N) float64 ndarray
        Receives the prices, USD; row 0 is the path's own.

    Returns
    -------
    int
        Blocks between two moves; 0 if the prices stand still, and then only row 0 is written.
    """
    course[0] = prices[step]
    every = law.inside.every[regimes[step]]
    if every == 0 or every >= len(course) or step + 1 == len(prices):
        return 0
    risky = len(law.risky)
    leaps = _jumps(law, key, step, regimes)
    bridge, noise = np.zeros(risky + len(law.pegged)), np.empty(risky + len(law.pegged))
    here = 0.0
    for block in range(1, len(course)):
        course[block] = course[block - 1]
        if block % every == 0:
            there = block * law.inside.share
            _walk(law, key, step, (here, there), bridge)
            _mix(law, regimes[step], bridge, noise)
            _place(law, there, noise, leaps, (prices[step], prices[step + 1]), course[block])
            here = there
    return every


class Journey:
    """One path and its courses, for those who step by hand.

    Parameters
    ----------
    law : PathLaw
        From :func:`sim.world.law.build_law`.
    key : (int, int)
        Seed and path.
    steps, blocks : int
        Steps of the path, and blocks that fit into one.

    Attributes
    ----------
    prices : (T+1, N) ndarray
        USD at the ends of steps.
    regimes : (T+1,) ndarray of int64
        Regime in force during each step.
    """

    def __init__(self, law: PathLaw, key: tuple[int, int], steps: int, blocks: int) -> None:
        seed, path = key
        prices, regimes = simulate(law, seed, 1, steps, first_path=path)
        self.prices, self.regimes = prices[0], regimes[0]
        self._law, self._key = law, (np.uint64(seed), path)
        self._course = np.empty((blocks, self.prices.shape[1]))

    def course(self, t: int) -> Course:
        """Course of step t, 1 to T; it stands until the next call."""
        every = fill_course(self._law, self._key, t, self.prices, self.regimes, self._course)
        return Course(self._course, int(self.regimes[t - 1]), every)


@jit
def _jumps(law: PathLaw, key: tuple[np.uint64, int], step: int, regimes: np.ndarray) -> np.ndarray:
    """Log sizes of the step's jumps by row (risky, then pegged), drawn again as the path did."""
    risky = len(law.risky)
    first = step - step % PAIR
    window = Window(key[0], key[1], first, min(PAIR, len(regimes) - first))
    current = regimes[first : first + window.steps]
    scratch, moves = np.empty(PAIR), np.zeros((risky + len(law.pegged), PAIR))
    add_common_jumps(law.jumps, window, law.risky_stream, current, scratch, moves)
    add_own_jumps(law.jumps.own, window, law.risky_stream, current, scratch, moves)
    add_own_jumps(law.peg.jumps, window, law.pegged_stream, current, scratch, moves[risky:])
    return moves[:, step - first].copy()


@jit
def _walk(
    law: PathLaw,
    key: tuple[np.uint64, int],
    step: int,
    times: tuple[float, float],
    bridge: np.ndarray,
) -> None:
    """Carry standard Brownian bridges, one per row, from one share of the step to another."""
    here, there = times
    keep = (1.0 - there) / (1.0 - here)
    sd = math.sqrt((there - here) * keep)
    event = BRIDGE + EVENTS * round(there / law.inside.share)
    risky = len(law.risky)
    for i in range(len(bridge)):
        stream = law.risky_stream[i] if i < risky else law.pegged_stream[i - risky]
        z, _ = normal_pair(key[0], key[1], step, event, stream)
        bridge[i] = keep * bridge[i] + sd * z


@jit
def _mix(law: PathLaw, regime: int, bridge: np.ndarray, noise: np.ndarray) -> None:
    """Correlate and scale: log noise of every row."""
    risky = len(law.risky)
    for i in range(risky):
        noise[i] = 0.0
        for j in range(i + 1):
            noise[i] += law.diffusion.loading[regime, i, j] * bridge[j]
    for i in range(len(law.pegged)):
        noise[risky + i] = law.peg.sd[i, regime] * bridge[risky + i]


@jit
def _place(
    law: PathLaw,
    share: float,
    noise: np.ndarray,
    leaps: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray],
    out: np.ndarray,
) -> None:
    """Prices at a share of the step: on the line to where it ends before jumps, plus noise."""
    start, end = ends
    risky = len(law.risky)
    for i in range(risky):
        n = law.risky[i]
        line = share * (log(end[n] / start[n]) - leaps[i])
        out[n] = start[n] * exp(line + noise[i])
    for i in range(len(law.pegged)):
        n, base = law.pegged[i], law.underlying[i]
        ratio, scale, row = end[n] / start[n], start[n], risky + i
        if base >= 0:  # the basis has its own bridge; the underlying's is in its price
            ratio *= start[base] / end[base]
            scale *= out[base] / start[base]
        out[n] = scale * exp(share * (log(ratio) - leaps[row]) + noise[row])
