"""Bootstrap of paired clusters: replicates, intervals, ratios.

One `Resample` serves every world and metric of a study, so that differences between worlds keep
their pairing. A replicate is a row of multiplicities, not a copied sample: sums become matrix
products, and tails need only the upper end of a sample that was sorted once. Many clusters are
resampled in groups, which are clusters again: memory does not grow with them. Draws are the raw
bits of a counter-based generator (Philox) keyed by a hash of names: the same names and sizes
give the same replicates on every machine.
"""

import hashlib
from typing import NamedTuple

import numpy as np
from scipy import stats

from sim.studies.statistics import (
    FEW,
    LEVEL,
    NAN,
    ROUNDING,
    Codes,
    Estimate,
    Floats,
    few_clusters,
    plural,
)

REPLICATES = 2000
LOST_SHARE = 0.05
# A resample misses each path with probability 1/e. Of k paths that carry a figure among many, about
# k (1 - 1/e) e^(1 - k) of all resamples hold a single one: with three every fourth, with five 6 %.
# So the ends of a 95 % interval would be no more than the smallest and the largest of these paths.
RATIO_FLOOR = 5


# More clusters than this are resampled in so many groups. An interval's width then has a standard
# error of 1 / sqrt(2 x groups) = 0.7 %, besides that of 2,000 replicates (1.6 %).
GROUPS = 10_000


class Resample(NamedTuple):
    """Replicates of a clustered sample."""

    counts: Floats  # (replicates, clusters): how often each cluster was drawn; whole numbers
    clusters: Codes  # int64 (n,): cluster of each observation, or group of clusters
    totals: Floats  # (replicates,): observations in each replicate


def resample(clusters: Codes, *names: str, replicates: int = REPLICATES) -> Resample:
    """Draw bootstrap samples of whole clusters, determined by `names` and the sizes alone."""
    size = int(clusters.max()) + 1
    if size > GROUPS:
        clusters, size = clusters * GROUPS // size, GROUPS
    key = int.from_bytes(hashlib.sha256("/".join(names).encode()).digest()[:16], "little")
    bits = np.random.Philox(key=key)
    counts = np.empty((replicates, size))
    for row in range(replicates):
        drawn = (bits.random_raw(size) >> np.uint64(32)) * np.uint64(size) >> np.uint64(32)
        counts[row] = np.bincount(drawn.astype(np.int64), minlength=size)
    sizes = np.bincount(clusters, minlength=size).astype(np.float64)
    return Resample(counts, clusters, counts @ sizes)


def percentile_interval(replicates: Floats, level: float = LEVEL) -> tuple[float, float]:
    """Percentile interval of bootstrap replicates."""
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bca_interval(
    value: float, replicates: Floats, influence: Floats, level: float = LEVEL
) -> tuple[float, float]:
    """Bias-corrected, accelerated interval (Efron 1987).

    `influence` has one entry per cluster and gives the acceleration (infinitesimal jackknife).
    Where the bias cannot be estimated, because every replicate lies on one side, the percentile
    interval is returned.
    """
    below = float(np.mean(replicates < value) + np.mean(replicates == value) / 2)
    spread = float(np.sum(influence**2))
    if below in (0.0, 1.0) or spread == 0.0:
        return percentile_interval(replicates, level)
    bias = stats.norm.ppf(below)
    acceleration = float(np.sum(influence**3)) / (6 * spread**1.5)
    z = bias + stats.norm.ppf([(1 - level) / 2, (1 + level) / 2])
    shares = stats.norm.cdf(bias + z / np.maximum(1 - acceleration * z, ROUNDING))
    low, high = np.quantile(replicates, shares)
    return float(low), float(high)


def by_cluster(values: Floats, sample: Resample) -> Floats:
    """Sum `values` (n,) within clusters: (clusters,)."""
    return np.bincount(sample.clusters, weights=values, minlength=sample.counts.shape[1]).astype(
        np.float64
    )


def ratio(top: Floats, bottom: Floats, sample: Resample) -> Estimate:
    """Ratio of means, mean(top)/mean(bottom), with a BCa interval of resampled clusters.

    Resamples whose denominator is zero are left out; when they are more than 5 % no interval is
    given. The figure rests on the paths that carry its denominator or, unless it is zero, on those
    that carry its numerator, whichever are fewer.
    """
    n = top.size
    above, carrying = int(np.count_nonzero(top)), int(np.count_nonzero(bottom))
    if carrying == 0:
        return Estimate(NAN, n=n, n_tail=0, note="not defined: zero denominator on every path")
    carrying = min(carrying, above) if above else carrying
    tops, bottoms = by_cluster(top, sample), by_cluster(bottom, sample)
    value = float(tops.sum() / bottoms.sum())
    replicated = sample.counts @ bottoms
    defined = replicated != 0.0
    lost = 1 - float(defined.mean())
    if lost > LOST_SHARE:
        note = f"no interval: the denominator is zero in {lost * 100:.0f} % of resamples"
        return Estimate(value, n=n, n_tail=carrying, note=note)
    replicates = (sample.counts @ tops)[defined] / replicated[defined]
    few = f"rests on {plural(carrying, 'path')}: indicative" if carrying < FEW else ""
    few = few_clusters(sample.counts.shape[1], n) or few
    if carrying < RATIO_FLOOR:
        return Estimate(value, n=n, n_tail=carrying, note=f"{few}, too few for an interval")
    low, high = bca_interval(value, replicates, tops - value * bottoms)
    if high - low <= ROUNDING * abs(value):  # resamples that hardly differ do not make it certain
        note = "the same in nearly every resample: no interval" + (f"; {few}" if few else "")
        return Estimate(value, n=n, n_tail=carrying, note=note)
    return Estimate(value, low, high, n, carrying, note=few)
