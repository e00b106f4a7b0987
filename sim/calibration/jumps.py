"""Kinds of jumps: their first guess, and their update from weighted sums.

A jump is not a detected event here but the part of a bar that its regime's normal law does not
explain; probabilities weigh every bar, none is cut out. Truncation at a multiple of a local
volatility was tried and rejected: it calls a move "own" whose common part lies just below the
threshold, and so lowers correlation (BTC-ETH 0.87 to 0.79).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from sim.calibration.mixture import Sums

FIRST_SHARE = 0.002  # of the bars, for each kind: some twenty jumps a year at hourly bars
FIRST_SIZE = 4.0  # standard deviation of a first guess's jump, in those of a return
FIRST_CORRELATION = 0.8


class Kinds(NamedTuple):
    """Laws of the jump sizes; the first kind is "no jump"; J kinds, N assets."""

    mean: np.ndarray  # (J, N)
    covariance: np.ndarray  # (J, N, N)
    own: np.ndarray  # (J,) asset of an own jump; -1 for the others
    correlation: float  # of two assets' sizes in a common jump


def first_kinds(deviation: np.ndarray, jumps: bool) -> Kinds:
    """Guess where the fit starts: no jump, a common one if there are two assets, own ones.

    Parameters
    ----------
    deviation : ndarray, shape (N,)
        Standard deviation of the returns.
    jumps : bool
        Without them, only the kind "no jump" is left.
    """
    size = len(deviation)
    common = [-1] if size > 1 else []
    own = np.array([-1, *common, *range(size)] if jumps else [-1])
    sd = FIRST_SIZE * deviation
    covariance = np.zeros((len(own), size, size))
    for j in range(1, len(own)):
        if own[j] < 0:
            covariance[j] = _equicorrelated(sd, FIRST_CORRELATION)
        else:
            covariance[j, own[j], own[j]] = sd[own[j]] ** 2
    return Kinds(np.zeros((len(own), size)), covariance, own, FIRST_CORRELATION)


def update_kinds(covariance: np.ndarray, kinds: Kinds, sums: Sums) -> tuple[np.ndarray, Kinds]:
    """Split the returns into diffusion and jumps, and update the laws of the jumps.

    Parameters
    ----------
    covariance : ndarray, shape (K, N, N)
        Of the diffusions, as used in the expectation step.
    kinds : Kinds
        As used in the expectation step.
    sums : Sums
        Weighted sums of that step.

    Returns
    -------
    diffusive : ndarray, shape (K, N, N)
        Expected sum of outer products of the diffusive parts.
    Kinds
        The updated laws. A common jump's sizes are brought to one correlation for all pairs,
        an own jump to its asset.
    """
    diffusive = sums.second[:, 0].copy()
    mean, spread = kinds.mean.copy(), kinds.covariance.copy()
    correlation = kinds.correlation
    for j in range(1, len(kinds.own)):
        shift, scatter = np.zeros(len(mean[j])), np.zeros_like(spread[j])
        for k in range(len(covariance)):
            rest, move, outer = split(covariance[k], kinds, sums, (k, j))
            diffusive[k] += rest
            shift += move
            scatter += outer
        count = max(sums.bars[:, j].sum(), 1e-9)
        size = scatter / count - np.outer(shift, shift) / count**2
        mean[j] += shift / count
        spread[j], correlation = _project(size, int(kinds.own[j]), correlation)
        if kinds.own[j] >= 0:
            mean[j, np.arange(len(mean[j])) != kinds.own[j]] = 0.0
    return diffusive, Kinds(mean, spread, kinds.own, correlation)


def split(
    covariance: np.ndarray, kinds: Kinds, sums: Sums, cell: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split one cell's sums into those of the diffusive part and of the jump.

    Parameters
    ----------
    covariance : ndarray, shape (N, N)
        Of the cell's diffusion.
    kinds, sums
        As used and made in the expectation step.
    cell : (int, int)
        Regime and kind.

    Returns
    -------
    rest : ndarray, shape (N, N)
        Expected sum of outer products of the diffusive part.
    shift : ndarray, shape (N,)
        Expected sum of jump size less its mean.
    scatter : ndarray, shape (N, N)
        Expected sum of outer products of jump size less its mean.
    """
    j = cell[1]
    mean, spread = kinds.mean[j], kinds.covariance[j]
    count, first = sums.bars[cell], sums.first[cell]
    cross = np.outer(first, mean)
    about = sums.second[cell] - cross - cross.T + count * np.outer(mean, mean)
    gain = spread @ np.linalg.inv(covariance + spread)  # regression of the jump on the return
    rest = np.eye(len(mean)) - gain
    unsure = count * rest @ spread
    return (
        rest @ about @ rest.T + unsure,
        gain @ (first - count * mean),
        gain @ about @ gain.T + unsure,
    )


def _project(size: np.ndarray, own: int, correlation: float) -> tuple[np.ndarray, float]:
    if own >= 0:
        single = np.zeros_like(size)
        single[own, own] = max(size[own, own], 1e-14)
        return single, correlation
    sd = np.sqrt(np.maximum(np.diag(size), 1e-14))
    pairs = size / np.outer(sd, sd)
    count = len(sd)
    mean = (pairs.sum() - np.trace(pairs)) / (count * (count - 1))
    correlation = float(np.clip(mean, 0.0, 0.999))
    return _equicorrelated(sd, correlation), correlation


def _equicorrelated(sd: np.ndarray, correlation: float) -> np.ndarray:
    pairs = np.full((len(sd), len(sd)), correlation)
    np.fill_diagonal(pairs, 1.0)
    return np.outer(sd, sd) * pairs
