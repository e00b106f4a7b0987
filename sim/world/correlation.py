"""Correlation matrices: the nearest valid one, and its triangular factor."""

from typing import NamedTuple

import numpy as np

INDEFINITE = -1e-10  # smallest eigenvalue that still counts as rounding
MAX_ITERATIONS = 10_000


class Repair(NamedTuple):
    """One indefinite correlation matrix that was replaced by the nearest valid one."""

    regime: str
    assets: tuple[str, ...]
    distance: float  # Frobenius norm of the change


def is_semidefinite(matrix: np.ndarray) -> bool:
    """Whether no eigenvalue is negative beyond rounding."""
    return bool(np.linalg.eigvalsh(matrix)[0] >= INDEFINITE)


def nearest_correlation(matrix: np.ndarray, tolerance: float = 1e-12) -> np.ndarray:
    """Correlation matrix nearest to a symmetric one in the Frobenius norm.

    Alternating projections onto the semidefinite cone and onto the matrices with unit
    diagonal, with Dykstra's correction (Higham 2002, "Computing the nearest correlation
    matrix", IMA J. Numer. Anal. 22). Clipping eigenvalues and rescaling, the common shortcut,
    does not give the nearest matrix.

    Parameters
    ----------
    matrix : (M, M) ndarray
        Symmetric.
    tolerance : float
        Stop when one sweep changes no entry by more than this.

    Returns
    -------
    (M, M) ndarray
        Unit diagonal; positive semidefinite up to the tolerance.
    """
    nearest, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(MAX_ITERATIONS):
        shifted = nearest - correction
        semidefinite = _project_semidefinite(shifted)
        correction = semidefinite - shifted
        previous, nearest = nearest, semidefinite.copy()
        np.fill_diagonal(nearest, 1.0)
        if np.max(np.abs(nearest - previous)) <= tolerance:
            break
    return nearest


def _project_semidefinite(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    projected = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return (projected + projected.T) / 2.0


def triangular_factor(matrix: np.ndarray, negligible: float = 1e-12) -> np.ndarray:
    """Lower triangular L with ``L L' = matrix``, for singular matrices too.

    Plain Cholesky, column by column; a pivot that is zero up to rounding leaves its column
    empty. Written out because LAPACK refuses singular matrices, and so that the factor of the
    first assets keeps its bits when another asset is appended.
    """
    size = len(matrix)
    factor = np.zeros((size, size))
    for j in range(size):
        pivot = matrix[j, j] - sum(factor[j, k] ** 2 for k in range(j))
        if pivot <= negligible:
            continue
        factor[j, j] = np.sqrt(pivot)
        for i in range(j + 1, size):
            shared = sum(factor[i, k] * factor[j, k] for k in range(j))
            factor[i, j] = (matrix[i, j] - shared) / factor[j, j]
    return factor
