"""Make the fitted market's covariance equal to the data's."""

import numpy as np
from scipy.linalg import sqrtm

from sim.calibration.mixture import Parameters, expect
from sim.errors import SluicegateError


def match_covariance(parameters: Parameters, returns: np.ndarray) -> tuple[Parameters, float]:
    """Map all regimes' diffusions so that the second moments over all regimes are the data's.

    One linear map B is applied to every regime, Sigma_k -> B Sigma_k B', where B is the optimal
    transport map between two centred normal laws (Olkin and Pukelsheim 1982, "The distance
    between two random vectors with given dispersion matrices"): the closest to doing nothing.

    Parameters
    ----------
    parameters : Parameters
        The fitted model.
    returns : ndarray, shape (T, N)
        Log-returns; a row with a NaN is a bar without data.

    Returns
    -------
    Parameters
        With the mapped covariances.
    float
        Largest entry of abs(B - I).

    Raises
    ------
    SluicegateError
        If the jumps alone would need more variance than the data have.
    """
    seen = np.isfinite(returns).all(axis=1)
    data = returns[seen].T @ returns[seen] / seen.sum()
    occupancy = expect(parameters, returns).weights.mean(axis=0)
    wanted = data - jump_moment(parameters, occupancy)
    if np.linalg.eigvalsh(wanted)[0] <= 0.0:
        raise SluicegateError(
            "the fitted jumps alone have more variance than the data",
            where="jump_share",
            hint="a lower jump_share, or jumps=false",
        )
    given = np.einsum("k,kij->ij", occupancy, parameters.covariance)
    root = np.real(sqrtm(given))
    inverse = np.linalg.inv(root)
    transport = inverse @ np.real(sqrtm(root @ wanted @ root)) @ inverse
    mapped = np.array([transport @ sigma @ transport.T for sigma in parameters.covariance])
    size = float(np.abs(transport - np.eye(len(data))).max())
    return parameters._replace(covariance=(mapped + mapped.transpose(0, 2, 1)) / 2.0), size


def jump_moment(parameters: Parameters, occupancy: np.ndarray) -> np.ndarray:
    """Second moment that jumps add to a bar's return, shape (N, N)."""
    kinds = parameters.kinds
    size = kinds.covariance + np.einsum("ji,jl->jil", kinds.mean, kinds.mean)
    return np.einsum("k,kj,jil->il", occupancy, parameters.share[:, 1:], size[1:])
