"""Targets D14 (backtests of value at risk) and S16 (multipliers, two-asset VaR), and what is exact.

Procyclicality and the anti-procyclical tools have no published figures here; their cases are
small enough to be done by hand.
"""

import math

import numpy as np
import pytest

from sim.errors import SluicegateError
from sim.margin.procyclical import buffered, floored, stressed
from sim.margin.sampled import (
    deviation,
    ewma,
    expected_shortfall,
    rescaled,
    tail_rank,
    value_at_risk,
)
from sim.studies import coverage
from sim.studies.procyclicality import largest_rise, peak_to_trough
from sim.world.multipliers import es_multiplier, var_multiplier
from tests.evidence import check_target, target

DAYS = 365.0


def test_d14_likelihood_ratios():
    entry = target("D14")
    p = entry["params"]
    pof = coverage.kupiec(p["x"], p["N"], p["level"])
    pairs = coverage.Transitions(p["n00"], p["n01"], p["n10"], p["n11"])
    clustering = coverage.independence(pairs)
    both = coverage.conditional_coverage(pof, clustering)
    check_target(entry, "LR_pof", pof.statistic)
    check_target(entry, "p_pof", pof.p_value)
    check_target(entry, "LR_cci", clustering.statistic)
    check_target(entry, "LR_cc", both.statistic)
    check_target(entry, "LR_250_x0", coverage.kupiec(0, 250, 0.99).statistic)
    check_target(entry, "LR_250_x7", coverage.kupiec(7, 250, 0.99).statistic)


def test_d14_zones_acceptance_and_power():
    entry = target("D14")
    check_target(entry, "basel_cdf4", coverage.cumulative(4, 250, 0.99))
    check_target(entry, "basel_cdf9", coverage.cumulative(9, 250, 0.99))
    for periods in (250, 1000):
        low, high = coverage.acceptance(periods, 0.99)
        check_target(entry, f"accept_{periods}_99_min", low)
        check_target(entry, f"accept_{periods}_99_max", high)
    check_target(entry, "actual_size_n250", coverage.refusal_rate(250, 0.99, 0.01))
    check_target(entry, "power_n250_true2pct", coverage.refusal_rate(250, 0.99, 0.02))


def test_basel_zones_of_250_days():
    """Basel Committee (1996), table 2: green to 4 exceptions, yellow to 9, red from 10."""
    zones = [coverage.traffic_light(x, 250, 0.99) for x in range(12)]
    assert zones == ["green"] * 5 + ["yellow"] * 5 + ["red"] * 2


def test_limits_of_zones_and_how_often_a_poor_engine_is_green():
    """Basel (1996), table 1: of 250 days at a true coverage of 98 %, at most 4 in 43.9 %."""
    assert coverage.zone_limits(250, 0.99) == (5, 10)
    assert coverage.green_rate(250, 0.99, 0.02) == pytest.approx(0.439, abs=5e-4)
    assert coverage.green_rate(250, 0.99, 0.01) == pytest.approx(0.892, abs=5e-4)
    for periods in (1, 20, 50, 250, 1000):
        yellow, red = coverage.zone_limits(periods, 0.99)
        assert coverage.traffic_light(yellow - 1, periods, 0.99) == "green"
        assert coverage.traffic_light(min(yellow, periods), periods, 0.99) != "green"
        if yellow < red <= periods:
            assert coverage.traffic_light(red - 1, periods, 0.99) == "yellow"
            assert coverage.traffic_light(red, periods, 0.99) == "red"


def test_transitions_are_those_of_neighbours():
    exceeded = np.array([0, 1, 1, 0, 0, 1, 0], dtype=bool)
    assert coverage.transitions(exceeded) == coverage.Transitions(1, 2, 2, 1)


def test_clustering_is_noticed_and_its_absence_is_not():
    scattered, clustered = np.zeros(1000, dtype=bool), np.zeros(1000, dtype=bool)
    scattered[::100] = True
    clustered[500:510] = True
    assert coverage.independence(coverage.transitions(scattered)).p_value > 0.5
    assert coverage.independence(coverage.transitions(clustered)).p_value < 1e-6


@pytest.mark.parametrize(
    ("exceedances", "periods", "level"), [(3, 2, 0.99), (-1, 9, 0.99), (0, 0, 0.99), (1, 9, 1.0)]
)
def test_what_makes_no_sense_is_refused(exceedances, periods, level):
    with pytest.raises(SluicegateError):
        coverage.kupiec(exceedances, periods, level)


def test_s16_multipliers():
    entry = target("S16", "targets/vv_spare.json")
    check_target(entry, "VaR99_n", var_multiplier(0.99))
    check_target(entry, "ES975_n", es_multiplier(0.975))
    check_target(entry, "VaR99_t4", var_multiplier(0.99, 4.0))
    check_target(entry, "ES99_t4", es_multiplier(0.99, 4.0))


def test_s16_two_asset_var():
    entry = target("S16", "targets/vv_spare.json")
    port = entry["params"]["port"]
    correlation = np.array([[1.0, port["rho"]], [port["rho"], 1.0]])
    daily = np.array(port["vol"]) / math.sqrt(DAYS)
    spread = deviation(np.array(port["w"]), daily, correlation)
    check_target(entry, "port_VaR99_1d", var_multiplier(0.99) * spread)


@pytest.mark.parametrize("freedom", [2.0, 1.5])
def test_a_law_without_variance_has_no_multiplier(freedom):
    with pytest.raises(SluicegateError, match="infinite"):
        var_multiplier(0.99, freedom)


def test_sampled_quantiles_of_a_hundred_losses():
    losses = np.arange(1.0, 101.0)
    assert value_at_risk(losses, 0.99) == 99.0  # 99 of 100 do not exceed it
    assert expected_shortfall(losses, 0.99) == pytest.approx(100.0)
    assert expected_shortfall(losses, 0.975) == pytest.approx((100 + 99 + 0.5 * 98) / 2.5)
    assert expected_shortfall(losses, 0.0) == pytest.approx(losses.mean())


def test_sampled_measures_approach_the_law():
    losses = np.sort(np.random.default_rng(1).standard_normal(400_000))
    assert value_at_risk(losses, 0.99) == pytest.approx(var_multiplier(0.99), abs=0.02)
    assert expected_shortfall(losses, 0.975) == pytest.approx(es_multiplier(0.975), abs=0.02)


@pytest.mark.parametrize(("count", "level", "rank"), [(1, 0.99, 0), (1000, 0.99, 989), (10, 1, 9)])
def test_ranks(count, level, rank):
    assert tail_rank(count, level) == rank


def test_filter():
    assert ewma(1.0, 2.0, 0.9) == pytest.approx(1.1)
    assert rescaled(0.01, 0.02, 0.04) == pytest.approx(0.02)


def test_procyclicality_by_hand():
    requirement = np.array([0.10, 0.08, 0.09, 0.14, 0.12, 0.16])
    assert peak_to_trough(requirement) == pytest.approx(2.0)
    assert largest_rise(requirement, 1) == pytest.approx(0.05)
    assert largest_rise(requirement, 2) == pytest.approx(0.06)
    assert largest_rise(requirement, 99) == pytest.approx(0.08)
    assert largest_rise(requirement[::-1].copy(), 1) == pytest.approx(0.02)
    assert largest_rise(np.array([0.2, 0.1]), 1) == 0.0


def test_anti_procyclical_tools_by_hand():
    assert floored(0.05, 0.10, 0.8) == pytest.approx(0.08)
    assert floored(0.12, 0.10, 0.8) == 0.12
    assert stressed(0.10, 0.30, 0.25) == pytest.approx(0.15)
    assert [buffered(m, 0.10, 0.25) for m in (0.08, 0.10, 0.11, 0.125, 0.2)] == pytest.approx(
        [0.10, 0.125, 0.125, 0.125, 0.2]
    )
