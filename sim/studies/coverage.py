"""Does a margin requirement cover what it claims to? Exceedances against their promised rate.

An exceedance is a loss beyond the requirement. At coverage level p it should happen in a share
1 - p of the periods (Kupiec), no more often after another one (Christoffersen), and not so often
that a regulator would act (the Basel traffic light).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from sim.errors import SluicegateError

Bools = npt.NDArray[np.bool_]

GREEN, YELLOW, RED = "green", "yellow", "red"
YELLOW_FROM, RED_FROM = 0.95, 0.9999  # Basel: cumulative probability where a zone begins
BASEL_PERIODS = 250  # a year of trading days, for which Basel's zones are stated
SIZE = 0.05  # of a test: how often a correct engine is refused


class Likelihood(NamedTuple):
    """A likelihood-ratio test."""

    statistic: float
    p_value: float  # chi-squared


class Transitions(NamedTuple):
    """Pairs of neighbouring periods: ``n01`` had no exceedance and then one."""

    n00: int
    n01: int
    n10: int
    n11: int


def kupiec(exceedances: int, periods: int, level: float) -> Likelihood:
    """Test of unconditional coverage (proportion of failures).

    Parameters
    ----------
    exceedances, periods : int
        Losses beyond the requirement, and periods looked at.
    level : float
        Promised coverage, such as 0.99.

    References
    ----------
    Kupiec (1995), Techniques for verifying the accuracy of risk measurement models.
    """
    _check(exceedances, periods, level)
    found = exceedances / periods
    promised = _log_likelihood(exceedances, periods, 1.0 - level)
    return _test(promised, _log_likelihood(exceedances, periods, found), 1)


def independence(pairs: Transitions) -> Likelihood:
    """Test of whether an exceedance makes the next one likelier.

    References
    ----------
    Christoffersen (1998), Evaluating interval forecasts.
    """
    calm, after = pairs.n00 + pairs.n01, pairs.n10 + pairs.n11
    both = pairs.n01 + pairs.n11
    single = _log_likelihood(both, calm + after, both / max(1, calm + after))
    split = _log_likelihood(pairs.n01, calm, pairs.n01 / max(1, calm))
    split += _log_likelihood(pairs.n11, after, pairs.n11 / max(1, after))
    return _test(single, split, 1)


def conditional_coverage(unconditional: Likelihood, clustering: Likelihood) -> Likelihood:
    """Right rate and no clustering together: the two statistics add up (Christoffersen 1998)."""
    statistic = unconditional.statistic + clustering.statistic
    return Likelihood(statistic, float(stats.chi2.sf(statistic, 2)))


def transitions(exceeded: Bools) -> Transitions:
    """Count pairs of neighbouring periods."""
    before, after = exceeded[:-1], exceeded[1:]
    return Transitions(
        int((~before & ~after).sum()),
        int((~before & after).sum()),
        int((before & ~after).sum()),
        int((before & after).sum()),
    )


def cumulative(exceedances: int, periods: int, level: float) -> float:
    """Probability of at most so many exceedances if coverage is as promised."""
    _check(exceedances, periods, level)
    return float(stats.binom.cdf(exceedances, periods, 1.0 - level))


def traffic_light(exceedances: int, periods: int, level: float) -> str:
    """Zone of the Basel traffic light, for any number of periods by Basel's own probabilities.

    References
    ----------
    Basel Committee (1996), Supervisory framework for the use of backtesting.
    """
    chance = cumulative(exceedances, periods, level)
    if exceedances == 0 or chance < YELLOW_FROM:  # none of five is as probable as 95 %
        return GREEN
    return YELLOW if chance < RED_FROM else RED


def zone_limits(periods: int, level: float) -> tuple[int, int]:
    """Fewest exceedances that are yellow, and that are red; 5 and 10 of 250 at 99 %."""
    counts = stats.binom(periods, 1.0 - level)
    return max(1, int(counts.ppf(YELLOW_FROM))), max(1, int(counts.ppf(RED_FROM)))


def green_rate(periods: int, level: float, true_rate: float) -> float:
    """Probability that an engine which is exceeded at a given rate is green all the same."""
    yellow, _ = zone_limits(periods, level)
    return float(stats.binom.cdf(yellow - 1, periods, true_rate))


def acceptance(periods: int, level: float, size: float = SIZE) -> tuple[int, int]:
    """Fewest and most exceedances that Kupiec's test accepts."""
    critical = float(stats.chi2.isf(size, 1))
    counts = np.arange(periods + 1)
    accepted = [x for x in counts if kupiec(int(x), periods, level).statistic <= critical]
    return int(accepted[0]), int(accepted[-1])


def refusal_rate(periods: int, level: float, true_rate: float, size: float = SIZE) -> float:
    """Probability that Kupiec's test refuses an engine that is exceeded at a given rate.

    With ``true_rate = 1 - level`` this is the actual size of the test, else its power.
    """
    low, high = acceptance(periods, level, size)
    law = stats.binom(periods, true_rate)
    return float(1.0 - (law.cdf(high) - law.cdf(low - 1)))


def _log_likelihood(hits: int, count: int, rate: float) -> float:
    """Log-likelihood of `hits` in `count` trials; 0 log 0 is 0."""
    return float(special.xlogy(hits, rate) + special.xlog1py(count - hits, -rate))


def _test(restricted: float, free: float, freedom: int) -> Likelihood:
    statistic = max(0.0, -2.0 * (restricted - free))  # rounding can leave -1e-15
    return Likelihood(statistic, float(stats.chi2.sf(statistic, freedom)))


def _check(exceedances: int, periods: int, level: float) -> None:
    if not 0.0 < level < 1.0:
        raise SluicegateError("no coverage level", "level", level, "between 0 and 1")
    if not 0 <= exceedances <= periods or periods < 1:
        raise SluicegateError(
            "more exceedances than periods, or none to look at",
            value=(exceedances, periods),
            allowed="0 <= exceedances <= periods, periods >= 1",
        )
