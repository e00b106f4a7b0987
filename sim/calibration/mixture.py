"""Regimes and jumps fitted together, by expectation-maximisation.

In regime k a bar's log-return vector is normal with covariance Sigma_k; with probability p_kj it
also holds one jump of kind j (common to all assets, or one asset's own), normal with mean m_j
and covariance C_j. The jump's size is latent: given the return it is normal again, which gives
every update in closed form (Dempster, Laird, Rubin 1977; the regimes after Rabiner 1989). With
the kind "no jump" alone this is the plain Gaussian hidden Markov model.

Diffusions have mean zero: an hour's drift is far below its noise.
"""

from typing import NamedTuple

import numpy as np

from sim.calibration.hmm import smooth
from sim.calibration.jumps import Kinds, update_kinds

LOG_TWO_PI = float(np.log(2.0 * np.pi))


class Parameters(NamedTuple):
    """The model's parameters per bar; K regimes, J kinds (the first: no jump), N assets."""

    start: np.ndarray  # (K,) probabilities of the regimes in the first bar
    transition: np.ndarray  # (K, K) probabilities of moving in one bar, from row to column
    covariance: np.ndarray  # (K, N, N) of the diffusive log-return
    share: np.ndarray  # (K, J) probability of each kind in a bar, rows sum to 1
    kinds: Kinds


class Estimate(NamedTuple):
    """What an expectation step yields; T bars, of which O observed."""

    weights: np.ndarray  # (T, K) probability of each regime
    moves: np.ndarray  # (K, K) expected transitions
    kinds: np.ndarray  # (O, K, J) probability of each regime and kind in the observed bars
    log_likelihood: float


class Sums(NamedTuple):
    """Weighted sums over bars: all that the maximisation step needs of the data."""

    bars: np.ndarray  # (K, J) expected number
    first: np.ndarray  # (K, J, N) sum of returns
    second: np.ndarray  # (K, J, N, N) sum of outer products


def expect(parameters: Parameters, returns: np.ndarray) -> Estimate:
    """Take the expectation step.

    Parameters
    ----------
    parameters : Parameters
        Current parameters.
    returns : ndarray, shape (T, N)
        Log-returns per bar; a row with a NaN is a bar without data.
    """
    seen = np.isfinite(returns).all(axis=1)
    joint = log_densities(parameters, returns[seen])
    top = joint.max(axis=2)
    mass = np.exp(joint - top[:, :, None])
    total = mass.sum(axis=2)
    log_density = np.zeros((len(returns), len(parameters.start)))
    log_density[seen] = top + np.log(total)
    posterior = smooth(log_density, parameters.transition, parameters.start)
    mass *= (posterior.weights[seen] / total)[:, :, None]
    return Estimate(posterior.weights, posterior.moves, mass, posterior.log_likelihood)


def log_densities(parameters: Parameters, returns: np.ndarray) -> np.ndarray:
    """Log of probability of kind times density of return, shape (T, K, J); no NaN in returns."""
    regimes, kinds = parameters.share.shape
    joint = np.empty((len(returns), regimes, kinds))
    with np.errstate(divide="ignore"):
        log_share = np.log(parameters.share)
    for k in range(regimes):
        for j in range(kinds):
            covariance = parameters.covariance[k] + parameters.kinds.covariance[j]
            density = _log_normal(returns - parameters.kinds.mean[j], covariance)
            joint[:, k, j] = log_share[k, j] + density
    return joint


def _log_normal(deviation: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    factor = np.linalg.cholesky(covariance)
    white = deviation @ np.linalg.inv(factor).T
    constant = np.log(np.diag(factor)).sum() + 0.5 * len(factor) * LOG_TWO_PI
    return -0.5 * np.einsum("ti,ti->t", white, white) - constant


def weighted_sums(kinds: np.ndarray, returns: np.ndarray) -> Sums:
    """Sum counts, returns and their outer products under the probabilities of an estimate.

    Parameters
    ----------
    kinds : ndarray, shape (T, K, J)
        Probability of each regime and kind.
    returns : ndarray, shape (T, N)
        Log-returns without NaN.
    """
    size = returns.shape[1]
    flat = kinds.reshape(len(returns), -1)
    first = flat.T @ returns
    second = np.stack([(returns * column[:, None]).T @ returns for column in flat.T])
    shape = kinds.shape[1:]
    return Sums(
        flat.sum(axis=0).reshape(shape),
        first.reshape(*shape, size),
        second.reshape(*shape, size, size),
    )


def maximise(
    parameters: Parameters, estimate: Estimate, sums: Sums, jump_share: float
) -> Parameters:
    """Take the maximisation step.

    Parameters
    ----------
    parameters, estimate, sums
        Of the expectation step just done.
    jump_share : float
        Upper bound of the probability of any one kind of jump in a regime's bar.
    """
    diffusive, kinds = update_kinds(parameters.covariance, parameters.kinds, sums)
    moves, count = estimate.moves, sums.bars.sum(axis=1)
    share = sums.bars / count[:, None]
    share[:, 1:] = np.minimum(share[:, 1:], jump_share)
    share[:, 0] = 1.0 - share[:, 1:].sum(axis=1)
    return Parameters(
        start=estimate.weights[0],
        transition=moves / moves.sum(axis=1, keepdims=True),
        covariance=diffusive / count[:, None, None],
        share=share,
        kinds=kinds,
    )
