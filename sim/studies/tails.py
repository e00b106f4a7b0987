"""Value at risk and expected shortfall of bootstrapped samples, and their paired differences."""

import math
from dataclasses import dataclass

import numpy as np

from sim.studies.bootstrap import Resample, bca_interval, by_cluster, percentile_interval
from sim.studies.statistics import (
    NAN,
    ROUNDING,
    Codes,
    Estimate,
    Floats,
    few_clusters,
    tail_count,
)

ES_TAIL = 100  # below this many tail paths an expected shortfall is only indicative
# Below this many an interval would be invented: with lognormal losses and three tail paths, a
# nominal 95 % interval covers in 60 to 80 % of samples; with ten, in about 90 %.
ES_FLOOR = 10
# Multiplicities that are looked at in one go, 8 MB, so that they stay near the processor. Up to
# about 8,000 paths that is all of them.
AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Tail:
    """Value at risk and expected shortfall of one sample at one probability."""

    var: float
    es: float
    var_replicates: Floats
    es_replicates: Floats
    es_influence: Floats  # (clusters,): what each cluster contributes to the shortfall
    n: int
    n_tail: int


def tails(values: Floats, levels: tuple[float, ...], sample: Resample) -> list[Tail]:
    """Value at risk and expected shortfall with replicates, one `Tail` per probability.

    The shortfall is the mean of the upper share 1 - p, its last observation taken in part
    (Acerbi and Tasche 2002).
    """
    if not values.any():
        return [_nothing(values.size, p, sample) for p in levels]
    order = np.argsort(-values, kind="stable")
    ordered, n = values[order], values.size
    single = np.ones((1, n))
    ranks, size = np.arange(1.0, n + 1)[None], np.array([float(n)])
    replicates = _replicates(ordered, order, levels, sample)
    found = []
    for p, replicas in zip(levels, replicates, strict=True):
        var, es = _tail_rows(ordered, single, ranks, size, p)
        excess = np.maximum(values - var[0], 0.0) / (1 - p)
        influence = by_cluster(excess - excess.mean(), sample)
        found.append(Tail(float(var[0]), float(es[0]), *replicas, influence, n, tail_count(n, p)))
    return found


def _nothing(n: int, p: float, sample: Resample) -> Tail:
    """Tail of what is zero on every path, as most metrics are in calm weather."""
    replicates, clusters = sample.counts.shape
    none = np.zeros(replicates)
    return Tail(0.0, 0.0, none, none, np.zeros(clusters), n, tail_count(n, p))


def _replicates(
    ordered: Floats, order: Codes, levels: tuple[float, ...], sample: Resample
) -> list[tuple[Floats, Floats]]:
    """Quantile and shortfall of every replicate, by level; some replicates at a time."""
    count = len(sample.totals)
    at_once = max(1, min(count, AT_ONCE // _width(order.size, sample, levels)))
    parts: list[list[tuple[Floats, Floats]]] = [[] for _ in levels]
    for start in range(0, count, at_once):
        rows = slice(start, start + at_once)
        some = sample._replace(counts=sample.counts[rows], totals=sample.totals[rows])
        weights = _upper_weights(some, order, _need(some, levels))
        top, reached = ordered[: weights.shape[1]], np.cumsum(weights, axis=1)
        for p, part in zip(levels, parts, strict=True):
            part.append(_tail_rows(top, weights, reached, some.totals, p))
    return [tuple(map(np.concatenate, zip(*part, strict=True))) for part in parts]  # type: ignore[misc]


def _need(sample: Resample, levels: tuple[float, ...]) -> Floats:
    """Observations that the longest tail of each replicate has, begun ones included."""
    return np.floor(sample.totals * (1 - min(levels)) + ROUNDING) + 1


def _width(n: int, sample: Resample, levels: tuple[float, ...]) -> int:
    """Largest observations that are likely to hold every replicate's tail."""
    need = float(_need(sample, levels).mean())
    return min(n, int(need + 8 * math.sqrt(need) + 8))


def _upper_weights(sample: Resample, order: Codes, need: Floats) -> Floats:
    """Multiplicities of the largest observations, as many as every replicate's tail needs."""
    n, width = order.size, int(need.mean() + 8 * math.sqrt(need.mean()) + 8)
    while True:
        weights = sample.counts[:, sample.clusters[order[:width]]]
        if width >= n or bool(np.all(weights.sum(axis=1) >= need)):
            return weights
        width *= 2


def _tail_rows(
    top: Floats, weights: Floats, reached: Floats, totals: Floats, p: float
) -> tuple[Floats, Floats]:
    """Quantile and shortfall of each weighted row of a sample sorted downwards."""
    size = totals * (1 - p)
    rank = np.minimum(np.floor(size + ROUNDING) + 1, totals)
    var = top[np.argmax(reached >= rank[:, None], axis=1)]
    used = np.clip(size[:, None] - (reached - weights), 0.0, weights)
    return var, (used @ top) / size


def shortfall(tail: Tail, sample: Resample) -> Estimate:
    """Estimate the shortfall with a BCa interval; flagged below 100 tail paths, bare below 10."""
    return _tail_estimate(tail.es, tail.es_replicates, tail.es_influence, tail, sample)


def shortfall_difference(tail: Tail, base: Tail, sample: Resample) -> Estimate:
    """Paired difference of expected shortfalls, `tail` minus `base`, with a percentile interval.

    For differences the percentile interval covers better than BCa: with lognormal losses 92 %
    against 87 % at ten tail paths, 93 % against 91 % at twenty.
    """
    replicates = tail.es_replicates - base.es_replicates
    return _tail_estimate(tail.es - base.es, replicates, None, tail, sample)


def quantile_difference(tail: Tail, base: Tail, sample: Resample) -> Estimate:
    """Paired difference of values at risk, `tail` minus `base`, with a percentile interval.

    A quantile has no influence without its density, so no acceleration is attempted.
    """
    return _tail_estimate(
        tail.var - base.var, tail.var_replicates - base.var_replicates, None, tail, sample
    )


def clustered_quantile(tail: Tail, sample: Resample) -> Estimate:
    """Value at risk with a percentile interval, where clusters rule out order statistics."""
    return _tail_estimate(tail.var, tail.var_replicates, None, tail, sample)


def _support(tail: Tail, sample: Resample) -> str:
    """What is too little: tail paths, or clusters, of which many paths may share a few."""
    paths = "" if tail.n_tail >= ES_TAIL else f"n tail = {tail.n_tail} (<{ES_TAIL}), indicative"
    return "; ".join(filter(None, (few_clusters(sample.counts.shape[1], tail.n), paths)))


def _tail_estimate(
    value: float, replicates: Floats, influence: Floats | None, tail: Tail, sample: Resample
) -> Estimate:
    if tail.n_tail < 1:
        return Estimate(
            NAN, n=tail.n, n_tail=0, note=f"not defined: {tail.n} paths, none in this tail"
        )
    note = _support(tail, sample)
    if tail.n_tail < ES_FLOOR:
        return Estimate(
            value, n=tail.n, n_tail=tail.n_tail, note=note + ", too few for an interval"
        )
    if np.all(replicates == value):
        note = "the same in every resample: no interval" + (f"; {note}" if note else "")
        return Estimate(value, n=tail.n, n_tail=tail.n_tail, note=note)
    if influence is None:
        low, high = percentile_interval(replicates)
    else:
        low, high = bca_interval(value, replicates, influence)
    return Estimate(value, low, high, tail.n, tail.n_tail, note=note)
