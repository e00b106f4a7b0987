"""P2, term V: value at risk and expected shortfall, from samples or from a covariance.

The engine believes what it has filtered: exponentially weighted variances and correlations, its
own sampled returns scaled to the present volatility. Losses are positive. Multipliers of a law
(how many standard deviations a quantile is away) are numbers made at configuration.

References
----------
McNeil, Frey and Embrechts (2015), Quantitative Risk Management, chapters 2 and 9.
RiskMetrics Technical Document (1996): exponential weights.
Barone-Adesi, Giannopoulos and Vosper (1999): filtered historical simulation.
"""

import math

import numpy as np

from sim.compile import lean


@lean
def ewma(previous: float, observed: float, decay: float) -> float:
    """Exponentially weighted average: the new observation counts ``1 - decay``."""
    return decay * previous + (1.0 - decay) * observed


@lean
def rescaled(observed: float, then: float, now: float) -> float:
    """A past return as it would be at today's volatility; filtered historical simulation."""
    return observed * (now / then)


@lean
def deviation(exposure: np.ndarray, volatility: np.ndarray, correlation: np.ndarray) -> float:
    """Standard deviation of a linear book.

    Parameters
    ----------
    exposure : (N,) float64 ndarray
        Signed delta notional per asset, USD.
    volatility : (N,) float64 ndarray
        Standard deviation of each return over the horizon.
    correlation : (N, N) float64 ndarray
        What the engine believes; a stale one grants offsets that have gone.
    """
    variance = 0.0
    for i in range(exposure.shape[0]):
        for j in range(exposure.shape[0]):
            product = volatility[i] * volatility[j] * correlation[i, j]
            variance += exposure[i] * exposure[j] * product
    return math.sqrt(max(0.0, variance))


@lean
def tail_rank(count: int, level: float) -> int:
    """Number of the sorted losses (ascending, from 0) that is the quantile at a level.

    The smallest loss that at least a share ``level`` of the sample does not exceed.
    """
    return min(count - 1, max(0, math.ceil(level * count - 1e-9) - 1))


@lean
def value_at_risk(losses: np.ndarray, level: float) -> float:
    """Quantile of sampled losses, which are sorted ascending."""
    return losses[tail_rank(losses.shape[0], level)]


@lean
def expected_shortfall(losses: np.ndarray, level: float) -> float:
    """Mean of the worst share ``1 - level`` of sampled losses, which are sorted ascending.

    Where the tail is no whole number of samples, the quantile counts for the rest (McNeil, Frey
    and Embrechts 2015, section 2.2.4), so that the measure stays coherent.
    """
    count = losses.shape[0]
    first = tail_rank(count, level)
    return tail_mean(losses[first:], count - first, (1.0 - level) * count)


@lean
def tail_mean(worst: np.ndarray, count: int, tail: float) -> float:
    """Mean of the ``tail`` largest losses, of which ``worst`` holds ``count`` in ascending order.

    The smallest of them counts for what of the tail is no whole number.
    """
    total = 0.0
    for i in range(1, count):
        total += worst[i]
    return (total + (tail - (count - 1)) * worst[0]) / tail


@lean
def update(
    variance: np.ndarray, covariance: np.ndarray, observed: np.ndarray, decay: tuple[float, float]
) -> None:
    """Take one period's returns into the filters, in place.

    Parameters
    ----------
    variance : (N,) float64 ndarray
        What volatilities are read from.
    covariance : (N, N) float64 ndarray
        What correlations are read from; usually slower.
    observed : (N,) float64 ndarray
        Returns of the period.
    decay : tuple of float
        Of the variances and of the covariances.
    """
    for i in range(observed.shape[0]):
        variance[i] = ewma(variance[i], observed[i] * observed[i], decay[0])
        for j in range(observed.shape[0]):
            covariance[i, j] = ewma(covariance[i, j], observed[i] * observed[j], decay[1])


@lean
def believed(covariance: np.ndarray, correlation: np.ndarray) -> None:
    """Write the correlations that a covariance filter implies; where nothing moved, none."""
    for i in range(covariance.shape[0]):
        for j in range(covariance.shape[0]):
            scale = math.sqrt(covariance[i, i] * covariance[j, j])
            alone = 1.0 if i == j else 0.0
            correlation[i, j] = covariance[i, j] / scale if scale > 0.0 else alone


@lean
def sampled_losses(
    exposure: np.ndarray,
    history: np.ndarray,
    then: np.ndarray,
    now: np.ndarray,
    losses: np.ndarray,
) -> None:
    """Write what a book would lose in each past period, its returns scaled to today's volatility.

    Parameters
    ----------
    exposure : (N,) float64 ndarray
        Signed notional per asset.
    history : (S, N) float64 ndarray
        Past returns.
    then : (S, N) float64 ndarray
        Volatility that was believed before each of them; equal to ``now`` for plain history.
    now : (N,) float64 ndarray
        Volatility believed now.
    losses : (S,) float64 ndarray
        Receives the losses, in the order of the history.
    """
    for s in range(history.shape[0]):
        loss = 0.0
        for i in range(exposure.shape[0]):
            loss -= exposure[i] * rescaled(history[s, i], then[s, i], now[i])
        losses[s] = loss
