"""Means, probabilities and quantiles with intervals: pure functions on arrays.

Observations may come in clusters (all paths run on one drawn population). `clusters` holds one
integer code per observation, 0..K-1; None means that every observation is its own cluster. An
interval that the data cannot give is NaN, and the note says why.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

LEVEL = 0.95
NAN = math.nan
# n * p is meant exactly: 1000 * (1 - 0.99) must count as 10 tail observations, not 9.
ROUNDING = 1e-9
FEW = 10


@dataclass(frozen=True)
class Estimate:
    """A number with what supports it; NaN where something is not defined.

    Attributes
    ----------
    value, low, high : float
        Point estimate and interval, in the unit of the observations.
    n : int
        Observations used.
    n_tail : int or None
        Observations that carry the figure, where these are fewer than `n` (tail, events).
    se : float
        Standard error, where the interval rests on one.
    note : str
        What a reader must know: method where it is not the usual one, or what is missing.
    """

    value: float
    low: float = NAN
    high: float = NAN
    n: int = 0
    n_tail: int | None = None
    se: float = NAN
    note: str = ""


@dataclass(frozen=True)
class Ranks:
    """Ranks (1-based, ascending) around a quantile; None where there is no bound."""

    low: int | None
    high: int | None
    coverage: float


def clustered_variance(values: Floats, clusters: Codes | None = None) -> tuple[float, int]:
    """Variance of the mean of `values`, and its degrees of freedom (clusters - 1).

    The cluster-robust form K/(K-1) sum_c (sum_{i in c} (x_i - mean))^2 / n^2; s^2/n without
    clusters.
    """
    n = values.size
    residual = values - values.mean()
    sums = residual if clusters is None else np.bincount(clusters, weights=residual)
    groups = sums.size
    if groups < 2:
        return NAN, 0
    return float(groups / (groups - 1) * np.sum(sums**2) / n**2), groups - 1


def few_clusters(count: int, n: int) -> str:
    """Note of a figure that rests on too few clusters, however many observations; else empty.

    Readers know paths and populations: a cluster is a path of its own, or all paths of a
    population.
    """
    if count >= FEW:
        return ""
    what = f"only {plural(count, 'path')}"
    if count < n:
        what = f"{plural(n, 'path')} on only {plural(count, 'population')}"
    return f"{what}: indicative"


def plural(count: int, noun: str) -> str:
    """Count things: 1 path, 2 paths."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def mean(values: Floats, clusters: Codes | None = None, level: float = LEVEL) -> Estimate:
    """Mean with standard error and Student t interval (degrees of freedom: clusters - 1)."""
    n = values.size
    if n == 0:
        return Estimate(NAN, note="no observations")
    value = float(values.mean())
    if n == 1:
        return Estimate(value, n=n, note="a single path: no interval")
    if np.all(values == values[0]):
        excluded = 100 * clopper_pearson(0, _clusters(n, clusters), level)[1]
        note = f"the same on all {n:,} paths, so no interval; paths with another value may "
        note += f"still make up {excluded:.2g} % of all"
        return Estimate(float(values[0]), n=n, note=note)
    variance, freedom = clustered_variance(values, clusters)
    if freedom < 1:
        return Estimate(value, n=n, note="a single population: no interval")
    se = math.sqrt(variance)
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * se
    events = int(np.count_nonzero(values))
    rests = f"rests on {plural(events, 'path')} where it is not zero: indicative"
    note = few_clusters(freedom + 1, n) or (rests if events < FEW else "")
    return Estimate(value, value - half, value + half, n, se=se, note=note)


def clopper_pearson(events: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Exact two-sided interval of a probability (Clopper and Pearson 1934).

    `n` may be an effective sample size and need not be whole.
    """
    tail = (1 - level) / 2
    low = 0.0 if events <= 0 else float(stats.beta.ppf(tail, events, n - events + 1))
    high = 1.0 if events >= n else float(stats.beta.ppf(1 - tail, events + 1, n - events))
    return low, high


def probability(happened: npt.NDArray[np.bool_], clusters: Codes | None = None) -> Estimate:
    """Probability of an event with its Clopper-Pearson interval.

    With clusters the sample counts only for its effective size (Korn and Graubard 1998); with no
    event, or nothing but events, the design effect is unknown and the number of clusters is
    taken.
    """
    n = happened.size
    if n == 0:
        return Estimate(NAN, note="no observations")
    events = int(np.count_nonzero(happened))
    size = float(n) if clusters is None else _effective_size(happened, clusters)
    low, high = clopper_pearson(events / n * size, size)
    note = "" if size == n else f"effective sample size {size:.0f} of {n}: paths share populations"
    return Estimate(events / n, low, high, n, events, note=note)


def _clusters(n: int, clusters: Codes | None) -> int:
    return n if clusters is None else int(clusters.max()) + 1


def _effective_size(happened: npt.NDArray[np.bool_], clusters: Codes) -> float:
    n, share, groups = happened.size, float(happened.mean()), _clusters(happened.size, clusters)
    if share in (0.0, 1.0) or groups < 2:
        return float(groups)
    variance, freedom = clustered_variance(happened.astype(np.float64), clusters)
    if variance == 0.0:
        return float(n)
    adjust = float(stats.t.ppf(0.975, n - 1) / stats.t.ppf(0.975, freedom)) ** 2
    return min(float(n), adjust * share * (1 - share) / variance)


def order_statistic_ranks(n: int, p: float, level: float = LEVEL) -> Ranks:
    """Ranks l < u with P(X_(l) <= q_p < X_(u)) >= level, from the binomial law (Conover 1999).

    When `n` is too small for an upper rank the lower bound is one-sided at `level`; when it is
    too small for either, both are None. The coverage is the exact one for a continuous
    distribution.
    """
    law, tail = stats.binom(n, p), (1 - level) / 2
    low, high = int(law.ppf(tail)), int(law.ppf(1 - tail)) + 1
    if low >= 1 and high <= n:
        return Ranks(low, high, float(law.cdf(high - 1) - law.cdf(low - 1)))
    low, high = int(law.ppf(1 - level)), int(law.ppf(level)) + 1
    if low >= 1 and p >= 0.5:
        return Ranks(low, None, float(law.sf(low - 1)))
    if high <= n and p < 0.5:
        return Ranks(None, high, float(law.cdf(high - 1)))
    return Ranks(None, None, 0.0)


def tail_count(n: int, p: float) -> int:
    """Whole observations in the upper tail 1 - p of `n`."""
    return math.floor(n * (1 - p) + ROUNDING)


def quantile(values: Floats, p: float, level: float = LEVEL) -> Estimate:
    """Value at risk: the order statistic of rank ceil(n p), with an order-statistic interval."""
    n = values.size
    if n == 0:
        return Estimate(NAN, note="no observations")
    ordered = np.sort(values)
    beyond = tail_count(n, p)
    value = float(ordered[n - 1 - beyond]) if beyond else NAN  # no path lies beyond: not known
    ranks = order_statistic_ranks(n, p, level)
    low = NAN if ranks.low is None else float(ordered[ranks.low - 1])
    high = NAN if ranks.high is None else float(ordered[ranks.high - 1])
    return Estimate(value, low, high, n, beyond, note=_rank_note(n, ranks))


def _rank_note(n: int, ranks: Ranks) -> str:
    if ranks.low and ranks.high:
        return f"ranks {ranks.low} and {ranks.high} of {n}, coverage {ranks.coverage * 100:.1f} %"
    if ranks.low or ranks.high:
        # With an open side the bound is one-sided at the full level.
        side = "lower" if ranks.low else "upper"
        return f"{n} paths are too few: {side} bound only, coverage {ranks.coverage * 100:.1f} %"
    return f"{n} paths are too few for an interval"
