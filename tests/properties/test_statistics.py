"""Estimators against plain twins, invariances, and cases in which nothing may be claimed."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.studies.bootstrap import bca_interval, ratio, resample
from sim.studies.statistics import (
    clopper_pearson,
    mean,
    order_statistic_ranks,
    probability,
    quantile,
)
from sim.studies.tails import (
    clustered_quantile,
    quantile_difference,
    shortfall,
    shortfall_difference,
    tails,
)

amounts = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60).map(np.array)


def plain_tail(values: np.ndarray, p: float) -> tuple[float, float]:
    """VaR and ES written as slowly and plainly as possible; whole tails only."""
    down = sorted(values.tolist(), reverse=True)
    beyond = round(len(down) * (1 - p), 9)
    whole = math.floor(beyond)
    total = sum(down[:whole]) + (beyond - whole) * down[whole]
    return down[whole], total / beyond


@settings(max_examples=60, deadline=None)
@given(values=amounts, p=st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_tail_equals_its_plain_twin(values: np.ndarray, p: float) -> None:
    sample = resample(np.arange(values.size), "test", replicates=20)
    tail = tails(values, (p,), sample)[0]
    var, es = plain_tail(values, p)
    assert tail.var == var
    assert tail.es == pytest.approx(es, rel=1e-9, abs=1e-6)


def test_replicates_equal_copied_samples() -> None:
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(40), rng.integers(1, 6, 40))
    values = rng.lognormal(size=clusters.size)
    sample = resample(clusters, "test", replicates=25)
    found = tails(values, (0.9, 0.97), sample)
    for row in range(25):
        copied = np.repeat(values, sample.counts[row][clusters].astype(int))
        for tail, p in zip(found, (0.9, 0.97), strict=True):
            var, es = plain_tail(copied, p)
            assert tail.var_replicates[row] == var
            assert tail.es_replicates[row] == pytest.approx(es, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(values=amounts, scale=st.sampled_from([0.5, 2.0, 1024.0]))
def test_scaling_by_a_power_of_two_scales_every_figure(values: np.ndarray, scale: float) -> None:
    one, two = mean(values), mean(values * scale)
    assert two.value == one.value * scale
    assert math.isnan(one.low) or two.low == pytest.approx(one.low * scale, rel=1e-12)
    assert quantile(values * scale, 0.5).value == quantile(values, 0.5).value * scale


def test_a_world_compared_with_itself_differs_by_exactly_nothing() -> None:
    values = np.random.default_rng(1).lognormal(size=2500)
    sample = resample(np.arange(2500), "test")
    tail = tails(values, (0.95,), sample)[0]
    for figure in (
        mean(values - values),
        shortfall_difference(tail, tail, sample),
        quantile_difference(tail, tail, sample),
    ):
        assert figure.value == 0.0
        assert math.isnan(figure.low)
        assert "the same" in figure.note


def test_resample_depends_on_names_alone() -> None:
    codes = np.arange(50)
    one = resample(codes, "a", "b", replicates=10)
    assert np.array_equal(one.counts, resample(codes, "a", "b", replicates=10).counts)
    assert not np.array_equal(one.counts, resample(codes, "a", "c", replicates=10).counts)
    assert np.all(one.counts.sum(axis=1) == 50)


def test_small_samples_claim_nothing_they_cannot_know() -> None:
    few = np.arange(20.0)
    assert math.isnan(quantile(few, 0.99).value)
    assert math.isnan(quantile(few, 0.99).high)
    assert "too few" in quantile(few, 0.99).note
    one_sided = quantile(np.arange(300.0), 0.99)
    assert one_sided.low < one_sided.value
    assert math.isnan(one_sided.high)
    ranks = order_statistic_ranks(300, 0.99)
    assert ranks.high is None
    assert ranks.coverage >= 0.95
    sample = resample(np.arange(20), "test", replicates=50)
    nothing = shortfall(tails(few, (0.99,), sample)[0], sample)
    assert math.isnan(nothing.value)
    assert "not defined" in nothing.note
    assert math.isnan(mean(np.zeros(30)).high)


@pytest.mark.parametrize(("n", "flagged", "bounded"), [(300, True, False), (2000, True, True)])
def test_thin_tails_are_flagged(n: int, flagged: bool, bounded: bool) -> None:
    values = np.random.default_rng(2).lognormal(size=n)
    sample = resample(np.arange(n), "test", replicates=200)
    figure = shortfall(tails(values, (0.99,), sample)[0], sample)
    assert figure.n_tail == n // 100
    assert ("indicative" in figure.note) is flagged
    assert (not math.isnan(figure.low)) is bounded


def test_ratio_without_denominator_is_not_defined() -> None:
    sample = resample(np.arange(40), "test", replicates=100)
    zero = np.zeros(40)
    assert math.isnan(ratio(np.ones(40), zero, sample).value)
    assert "not defined" in ratio(np.ones(40), zero, sample).note
    rare = zero.copy()
    rare[3] = 1.0
    lonely = ratio(2 * rare, rare, sample)
    assert lonely.value == 2.0
    assert math.isnan(lonely.low)


@settings(max_examples=40, deadline=None)
@given(events=st.integers(0, 50), n=st.integers(1, 50))
def test_clopper_pearson_inverts_the_binomial(events: int, n: int) -> None:
    events = min(events, n)
    low, high = clopper_pearson(events, n)
    assert low <= events / n <= high
    if events > 0:
        assert stats.binom.sf(events - 1, n, low) == pytest.approx(0.025, rel=1e-6)
    if events < n:
        assert stats.binom.cdf(events, n, high) == pytest.approx(0.025, rel=1e-6)


def test_clusters_widen_intervals() -> None:
    rng = np.random.default_rng(5)
    clusters = np.repeat(np.arange(20), 50)
    values = rng.standard_normal(20)[clusters] + 0.1 * rng.standard_normal(1000)
    assert mean(values, clusters).se > 3 * mean(values).se
    assert mean(values, np.arange(1000)).se == pytest.approx(mean(values).se)
    alone, grouped = probability(values > 0), probability(values > 0, clusters)
    assert grouped.value == alone.value
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)


@pytest.mark.parametrize("kind", ["mean", "quantile", "shortfall", "difference"])
def test_intervals_cover_what_they_promise(kind: str) -> None:
    """500 samples of 2,000 exponential losses: nominal 95 %, tolerance 4 standard errors."""
    rng, hits, runs, n = np.random.default_rng(11), 0, 500, 2000
    sample = resample(np.arange(n), "coverage", replicates=400)
    truth = {"mean": 1.0, "quantile": math.log(20), "shortfall": 1 + math.log(20)}
    truth["difference"] = 0.5 * truth["shortfall"]
    for _ in range(runs):
        values = rng.exponential(size=n)
        if kind == "mean":
            figure = mean(values)
        elif kind == "quantile":
            figure = quantile(values, 0.95)
        else:
            tail = tails(values, (0.95,), sample)[0]
            figure = shortfall(tail, sample)
            if kind == "difference":
                other = 1.5 * np.where(rng.random(n) < 0.8, values, rng.exponential(size=n))
                figure = shortfall_difference(tails(other, (0.95,), sample)[0], tail, sample)
        hits += figure.low <= truth[kind] <= figure.high
    assert hits / runs == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / runs))


def test_bca_without_spread_falls_back_to_percentiles() -> None:
    replicates = np.linspace(1.0, 2.0, 101)
    low, high = bca_interval(0.0, replicates, np.ones(5))
    assert (low, high) == pytest.approx((1.025, 1.975))


@pytest.mark.parametrize(("groups", "few"), [(3, True), (9, True), (10, False), (40, False)])
def test_few_clusters_are_said_however_many_paths(groups: int, few: bool) -> None:
    rng = np.random.default_rng(5)
    clusters = np.arange(4000) % groups
    values = rng.lognormal(size=4000)
    sample = resample(clusters, "test", replicates=50)
    tail, base = (
        tails(v, (0.95,), sample)[0] for v in (values, values * rng.uniform(0.5, 1, 4000))
    )
    found = [
        shortfall(tail, sample),
        shortfall_difference(tail, base, sample),
        quantile_difference(tail, base, sample),
        clustered_quantile(tail, sample),
        ratio(values, np.ones(4000), sample),
        mean(values, clusters),
    ]
    for figure in found:
        assert (f"on only {groups} populations: indicative" in figure.note) == few
        assert not math.isnan(figure.low)
    alone = mean(values[:groups])  # without populations it is paths that are few
    assert (f"only {groups} paths: indicative" in alone.note) == few


@pytest.mark.parametrize(("carrying", "bare"), [(2, True), (4, True), (5, False)])
def test_a_ratio_on_a_handful_of_paths_has_no_interval(carrying: int, bare: bool) -> None:
    rng = np.random.default_rng(3)
    bottom = np.where(np.arange(40) < carrying, 1.0 + rng.random(40), 0.0)
    figure = ratio(2.0 * bottom + 0.1 * rng.random(40), bottom, resample(np.arange(40), "test"))
    assert f"rests on {carrying} paths: indicative" in figure.note or "no interval" in figure.note
    assert math.isnan(figure.low) == bare
    assert figure.value > 1.0


@pytest.mark.parametrize(("above", "bare"), [(2, True), (4, True), (5, False)])
def test_a_ratio_rests_on_its_numerator_too(above: int, bare: bool) -> None:
    rng = np.random.default_rng(3)
    top = np.where(np.arange(40) < above, 1.0 + rng.random(40), 0.0)
    figure = ratio(top, 1.0 + rng.random(40), resample(np.arange(40), "test"))
    assert f"rests on {above} paths: indicative" in figure.note
    assert figure.n_tail == above
    assert math.isnan(figure.low) == bare


def test_a_ratio_of_nothing_rests_on_its_denominator() -> None:
    figure = ratio(np.zeros(40), np.ones(40), resample(np.arange(40), "test"))
    assert (figure.value, figure.n_tail) == (0.0, 40)
    assert "rests on" not in figure.note
    assert "no interval" in figure.note


def test_no_interval_has_no_width() -> None:
    """The same ratio on every path, up to rounding: a bootstrap that cannot move knows nothing."""
    bottom = 1.0 + np.random.default_rng(3).random(40)
    figure = ratio(1.3 * bottom, bottom, resample(np.arange(40), "test"))
    assert figure.value == pytest.approx(1.3)
    assert math.isnan(figure.low)
    assert "no interval" in figure.note


def test_notes_count_in_plain_words() -> None:
    once = mean(np.eye(1, 50)[0])
    assert once.note == "rests on 1 path where it is not zero: indicative"
    same = mean(np.zeros(60))
    assert "on all 60 paths" in same.note
    assert "may still make up 6 % of all" in same.note
    assert mean(np.ones(1)).note == "a single path: no interval"
