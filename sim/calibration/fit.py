"""The fit: starting points, iterations until nothing changes, regimes in order, moments exact."""

from typing import NamedTuple

import numpy as np

from sim.calibration.jumps import FIRST_SHARE, first_kinds
from sim.calibration.mixture import (
    Estimate,
    Parameters,
    expect,
    maximise,
    weighted_sums,
)
from sim.calibration.moments import match_covariance
from sim.calibration.settings import CalibrateConfig
from sim.errors import SluicegateError

SHORT_RUN = 25  # iterations given to each starting point before the best is chosen
LONGEST_RUN = 1_000
TOLERANCE = 1e-3  # nats of log-likelihood between iterations
STAY = 0.95  # first guess of a regime's probability to last another bar


class Fit(NamedTuple):
    """A fitted market per bar, and how the fit went."""

    parameters: Parameters  # regimes in order of volatility, second moments exact
    log_likelihood: float  # where the iterations ended, before the second moments were matched
    iterations: int
    converged: bool
    free: int  # number of free parameters

    def bic(self, count: int) -> float:
        """Bayesian information criterion for `count` observed bars; lower is better."""
        return float(self.free * np.log(count) - 2.0 * self.log_likelihood)


def fit_market(returns: np.ndarray, config: CalibrateConfig, regimes: int | None = None) -> Fit:
    """Fit regimes and jumps to log-returns.

    Parameters
    ----------
    returns : ndarray, shape (T, N)
        Log-returns per bar; a row with a NaN is a bar without data.
    config : CalibrateConfig
        `regimes`, `jumps`, `jump_share`, `restarts` and `seed` are used.
    regimes : int, optional
        Instead of the configured number.

    Returns
    -------
    Fit
        The likeliest of the starting points, refined. Deterministic in its arguments.

    Raises
    ------
    SluicegateError
        If a regime or an asset is left without variance.
    """
    count = regimes or config.regimes
    try:
        best, estimate, steps = _search(returns, config, count)
    except np.linalg.LinAlgError as error:
        raise SluicegateError(
            f"{count} regimes cannot be told apart in these data: one shrank to nothing",
            where="regimes",
            value=count,
            hint="fewer regimes, a longer span, or jumps=false",
        ) from error
    parameters = _ordered(best)
    if config.jumps:  # the plain model's maximum has the data's covariance already
        parameters = match_covariance(parameters, returns)
    return Fit(
        parameters=parameters,
        log_likelihood=estimate.log_likelihood,
        iterations=SHORT_RUN + steps,
        converged=steps < LONGEST_RUN,
        free=_free(parameters),
    )


def _search(
    returns: np.ndarray, config: CalibrateConfig, regimes: int
) -> tuple[Parameters, Estimate, int]:
    """Try every starting point for a few iterations, then refine the likeliest."""
    starts = [_first_guess(returns, config, regimes, run) for run in range(config.restarts)]
    runs = [_iterate(start, returns, config.jump_share, SHORT_RUN) for start in starts]
    best = max(runs, key=lambda run: run[1].log_likelihood)
    return _iterate(best[0], returns, config.jump_share, LONGEST_RUN)


def _first_guess(
    returns: np.ndarray, config: CalibrateConfig, regimes: int, run: int
) -> Parameters:
    """Regimes with the data's correlation and a ladder of variances, wider or narrower by run."""
    random = np.random.Generator(np.random.PCG64([config.seed, run]))
    seen = returns[np.isfinite(returns).all(axis=1)]
    overall = seen.T @ seen / len(seen)
    reach = 4.0 if run == 0 else random.uniform(2.0, 8.0)
    ladder = np.geomspace(1.0 / reach, reach, regimes) if regimes > 1 else np.ones(1)
    move = (1.0 - STAY) / max(regimes - 1, 1)
    transition = np.full((regimes, regimes), move)
    np.fill_diagonal(transition, 1.0 - move * (regimes - 1))
    kinds = first_kinds(np.sqrt(np.diag(overall)), config.jumps)
    share = np.full((regimes, len(kinds.own)), FIRST_SHARE)
    share[:, 0] = 1.0 - share[:, 1:].sum(axis=1)
    start = np.full(regimes, 1.0 / regimes)
    return Parameters(start, transition, ladder[:, None, None] * overall, share, kinds)


def _iterate(
    parameters: Parameters, returns: np.ndarray, jump_share: float, limit: int
) -> tuple[Parameters, Estimate, int]:
    """Alternate the two steps; the estimate returned is that of the parameters returned."""
    seen = returns[np.isfinite(returns).all(axis=1)]
    estimate = expect(parameters, returns)
    for step in range(1, limit + 1):
        sums = weighted_sums(estimate.kinds, seen)
        parameters = maximise(parameters, estimate, sums, jump_share)
        last, estimate = estimate.log_likelihood, expect(parameters, returns)
        if not np.isfinite(estimate.log_likelihood):
            raise np.linalg.LinAlgError("a regime was left without data")
        if abs(estimate.log_likelihood - last) < TOLERANCE:
            return parameters, estimate, step
    return parameters, estimate, limit


def _ordered(parameters: Parameters) -> Parameters:
    """Regimes from calm to wild, by the mean variance of the diffusions."""
    variance = np.trace(parameters.covariance, axis1=1, axis2=2)
    order = np.argsort(variance, kind="stable")
    return parameters._replace(
        start=parameters.start[order],
        transition=parameters.transition[np.ix_(order, order)],
        covariance=parameters.covariance[order],
        share=parameters.share[order],
    )


def _free(parameters: Parameters) -> int:
    regimes, size = parameters.covariance.shape[:2]
    own = int((parameters.kinds.own >= 0).sum())
    common = len(parameters.kinds.own) - 1 - own
    chain = regimes * (regimes - 1) + regimes - 1
    diffusion = regimes * size * (size + 1) // 2
    return chain + diffusion + own * (regimes + 2) + common * (regimes + 2 * size + 1)
