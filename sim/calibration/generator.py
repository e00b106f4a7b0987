"""From the fitted step matrix to a generator in continuous time."""

import numpy as np
from scipy.linalg import expm, logm

RARE = 1e-300  # keeps the logarithm of a matrix without some move finite


def generator_per_day(transition: np.ndarray, bar_days: float) -> tuple[np.ndarray, float]:
    """Find a generator Q with expm(Q * bar) close to the transition matrix of one bar.

    The principal matrix logarithm, whose negative off-diagonal entries (a fitted matrix need not
    be embeddable) are set to zero and taken off the row's other entries in proportion to their
    size: "weighted adjustment" of Israel, Rosenthal and Wei 2001, "Finding generators for Markov
    chains via empirical transition matrices".

    Parameters
    ----------
    transition : ndarray, shape (K, K)
        Probabilities of one bar, rows sum to 1.
    bar_days : float
        Length of a bar, days.

    Returns
    -------
    generator : ndarray, shape (K, K)
        Per day; off-diagonal entries >= 0, rows sum to 0.
    float
        Largest entry of abs(expm(Q * bar) - transition): what the repair cost.
    """
    rates = np.real(logm(np.maximum(transition, RARE)))
    repaired = np.array([_repair(row, k) for k, row in enumerate(rates)])
    distance = float(np.abs(expm(repaired) - transition).max())
    return repaired / bar_days, distance


def _repair(row: np.ndarray, diagonal: int) -> np.ndarray:
    """Zero the negative rates and spread their sum over the row's other entries by size."""
    away = np.arange(len(row)) != diagonal
    lost = np.where(away & (row < 0.0), row, 0.0)
    kept = row - lost
    size = np.abs(kept)
    if size.sum() > 0.0:
        kept = kept + (lost.sum()) * size / size.sum()
    kept[away] = np.maximum(kept[away], 0.0)
    kept[diagonal] = -kept[away].sum()
    return kept
