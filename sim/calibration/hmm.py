"""The hidden Markov chain: what the data say about the regime at each time.

Scaled forward-backward recursions (Rabiner 1989, "A tutorial on hidden Markov models", section
V.A). A time without data has log-density zero in every regime: the chain moves on unobserved,
so that a gap of any length is neither closed up nor filled.
"""

from typing import NamedTuple

import numpy as np

from sim.compile import jit


class Posterior(NamedTuple):
    """What the data say about the chain; T times, K regimes."""

    weights: np.ndarray  # (T, K) probability of each regime at each time, given all data
    moves: np.ndarray  # (K, K) expected number of transitions
    log_likelihood: float  # of all data, nats


def smooth(log_density: np.ndarray, transition: np.ndarray, start: np.ndarray) -> Posterior:
    """Probabilities of the regimes given all data.

    Parameters
    ----------
    log_density : ndarray, shape (T, K)
        Log-density of each time's data in each regime; zeros where there is none.
    transition : ndarray, shape (K, K)
        Probabilities of moving from row to column in one step.
    start : ndarray, shape (K,)
        Probabilities of the regimes at the first time.
    """
    shift = log_density.max(axis=1)
    density = np.exp(log_density - shift[:, None])
    forward, scale = _forward(density, transition, start)
    weights, moves = _backward(forward, scale, density, transition)
    return Posterior(weights, moves, float(shift.sum() + np.log(scale).sum()))


@jit
def _forward(
    density: np.ndarray, transition: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    times, regimes = density.shape
    forward, scale = np.empty((times, regimes)), np.empty(times)
    ahead = start.copy()
    for t in range(times):
        scale[t] = 0.0
        for k in range(regimes):
            forward[t, k] = ahead[k] * density[t, k]
            scale[t] += forward[t, k]
        for k in range(regimes):
            forward[t, k] /= scale[t]
        for k in range(regimes):
            ahead[k] = 0.0
            for j in range(regimes):
                ahead[k] += forward[t, j] * transition[j, k]
    return forward, scale


@jit
def _backward(
    forward: np.ndarray, scale: np.ndarray, density: np.ndarray, transition: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    times, regimes = density.shape
    weights, moves = np.empty((times, regimes)), np.zeros((regimes, regimes))
    back, earlier = np.ones(regimes), np.empty(regimes)
    for k in range(regimes):
        weights[times - 1, k] = forward[times - 1, k]
    for t in range(times - 2, -1, -1):
        for j in range(regimes):
            earlier[j] = 0.0
            for k in range(regimes):
                step = transition[j, k] * density[t + 1, k] * back[k] / scale[t + 1]
                earlier[j] += step
                moves[j, k] += forward[t, j] * step
        for j in range(regimes):
            back[j] = earlier[j]
            weights[t, j] = forward[t, j] * back[j]
    return weights, moves
