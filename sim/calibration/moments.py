"""Make each regime's covariance equal to the data's.

A maximum of the likelihood under a bounded jump share, one jump-size law for all regimes and one
jump correlation does not reproduce the second moments exactly. This last step does, regime by
regime, with the regimes' probabilities as found.
"""

import numpy as np

from sim.calibration.jumps import split
from sim.calibration.mixture import Parameters, Sums, expect, weighted_sums

HALVINGS = 60  # of a regime's jump shares; by then nothing is left of them


def match_covariance(parameters: Parameters, returns: np.ndarray) -> Parameters:
    """Set jump shares, then diffusions, so that each regime has the data's second moments.

    In each regime a kind of jump keeps the second moment that the data assign to it there, at
    the jump size common to all regimes: where its jumps are smaller than average they become
    rarer, where larger more frequent (so a share may end above the bound of the iterations).
    The diffusion takes what is left of the regime's second moment.

    Parameters
    ----------
    parameters : Parameters
        Where the iterations ended.
    returns : ndarray, shape (T, N)
        Log-returns; a row with a NaN is a bar without data.
    """
    seen = returns[np.isfinite(returns).all(axis=1)]
    sums = weighted_sums(expect(parameters, returns).kinds, seen)
    count = sums.bars.sum(axis=1)
    total = sums.second.sum(axis=1) / count[:, None, None]
    size = _size_moment(parameters)
    share, covariance = parameters.share.copy(), parameters.covariance.copy()
    for k in range(len(count)):
        jumps = _jump_share(parameters, sums, k) / count[k]
        covariance[k] = total[k] - np.einsum("j,jil->il", jumps, size)
        for _ in range(HALVINGS):  # only where a regime has too few bars to tell them apart
            if np.linalg.eigvalsh(covariance[k])[0] > 0.0:
                break
            jumps = jumps / 2.0
            covariance[k] = total[k] - np.einsum("j,jil->il", jumps, size)
        share[k] = np.concatenate(([1.0 - jumps.sum()], jumps))
    return parameters._replace(share=share, covariance=covariance)


def _size_moment(parameters: Parameters) -> np.ndarray:
    """Second moment of each kind's jump size, shape (J - 1, N, N)."""
    kinds = parameters.kinds
    return (kinds.covariance + np.einsum("ji,jl->jil", kinds.mean, kinds.mean))[1:]


def _jump_share(parameters: Parameters, sums: Sums, regime: int) -> np.ndarray:
    """Count the expected jumps of each kind, weighted by squared size over its mean, (J - 1,)."""
    size = _size_moment(parameters)
    out = np.empty(len(size))
    for j in range(1, len(size) + 1):
        mean = parameters.kinds.mean[j]
        _, shift, scatter = split(
            parameters.covariance[regime], parameters.kinds, sums, (regime, j)
        )
        cross = np.outer(shift, mean)
        moment = scatter + cross + cross.T + sums.bars[regime, j] * np.outer(mean, mean)
        hit = np.diag(size[j - 1]) > 0.0
        out[j - 1] = (np.diag(moment)[hit] / np.diag(size[j - 1])[hit]).mean()
    return out
