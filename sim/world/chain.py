"""The regime chain in closed form: its step matrix and its stationary law."""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import expm

from sim.errors import SluicegateError

Matrix = np.ndarray | Sequence[Sequence[float]]


def step_matrix(generator_per_day: Matrix, step_days: float) -> np.ndarray:
    """Transition probabilities over one step, ``expm(Q dt)``.

    Parameters
    ----------
    generator_per_day : (R, R) array_like
        Rates per day. The diagonal is recomputed as minus the sum of the other entries, so
        rounding in a configuration file does not leak into the probabilities.
    step_days : float
        Length of the step, days.

    Returns
    -------
    (R, R) ndarray
        Rows sum to 1.
    """
    matrix = np.clip(expm(_generator(generator_per_day) * step_days), 0.0, None)
    return matrix / matrix.sum(axis=1, keepdims=True)


def stationary_law(generator_per_day: Matrix) -> np.ndarray:
    """Probabilities pi with ``pi Q = 0``.

    Returns
    -------
    (R,) ndarray
        Sums to 1.

    Raises
    ------
    SluicegateError
        If the chain falls into separate parts, so that no single stationary law exists.
    """
    generator = _generator(generator_per_day)
    count = len(generator)
    if np.linalg.matrix_rank(generator) < count - 1:
        raise SluicegateError(
            "the chain has no single stationary law: some regimes are never reached from others",
            where="regimes.start",
            hint="give a regime name or one probability per regime",
        )
    system = np.vstack([generator.T, np.ones(count)])
    law = np.linalg.lstsq(system, np.append(np.zeros(count), 1.0), rcond=None)[0]
    law = np.clip(law, 0.0, None)
    return law / law.sum()


def _generator(generator_per_day: Matrix) -> np.ndarray:
    rates = np.array(generator_per_day, dtype=float)
    np.fill_diagonal(rates, 0.0)
    np.fill_diagonal(rates, -rates.sum(axis=1))
    return rates
