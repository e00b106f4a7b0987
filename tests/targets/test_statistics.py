"""Target D15: order statistics, sample sizes, Clopper-Pearson and the gain of pairing."""

import json
from typing import Any

import numpy as np
import pytest

from sim.studies.planning import (
    pairing_gain,
    sample_size_for_relative_error,
    zero_failure_sample_size,
)
from sim.studies.statistics import clopper_pearson, mean, order_statistic_ranks
from tests.evidence import shared


@pytest.fixture(scope="module")
def target() -> dict[str, Any]:
    targets = json.loads(shared("targets/vv_dev.json").read_text())["targets"]
    return next(entry for entry in targets if entry["id"] == "D15")


def agrees(target: dict[str, Any], name: str, value: float) -> bool:
    wanted = target["expected"][name]
    return value == pytest.approx(wanted["value"], **{wanted["tol_type"]: wanted["tol"]})


def test_ranks_and_coverage(target: dict[str, Any]) -> None:
    ranks = order_statistic_ranks(1000, 0.99)
    assert agrees(target, "ci_ranks_n1000_p99_l", ranks.low)
    assert agrees(target, "ci_ranks_n1000_p99_u", ranks.high)
    assert agrees(target, "coverage", ranks.coverage)
    deep = order_statistic_ranks(10_000, 0.999)
    assert agrees(target, "ranks_n10000_p999_l", deep.low)
    assert agrees(target, "ranks_n10000_p999_u", deep.high)


@pytest.mark.parametrize("share", ["5", "1", "0.1", "0.01"])
def test_zero_failure_sample_sizes(target: dict[str, Any], share: str) -> None:
    assert agrees(target, f"zero_fail_{share}pct", zero_failure_sample_size(float(share) / 100))


def test_clopper_pearson_and_relative_error(target: dict[str, Any]) -> None:
    assert agrees(target, "cp_upper_3_of_10000", clopper_pearson(3, 10_000)[1])
    assert agrees(target, "n_for_10pct_rel_err_p1e-3", sample_size_for_relative_error(1e-3, 0.1))


def test_pairing_gain_on_two_puts(target: dict[str, Any]) -> None:
    crn = target["params"]["crn"]
    years = 7 / 365
    z = np.random.default_rng(15).standard_normal(1_000_000)
    end = crn["S0"] * np.exp(crn["sigma"] * np.sqrt(years) * z - crn["sigma"] ** 2 * years / 2)
    puts = [np.maximum(strike - end, 0.0) for strike in (crn["K1"], crn["K2"])]
    assert agrees(target, "E_put85", mean(puts[0]).value)
    assert agrees(target, "E_put86", mean(puts[1]).value)
    assert agrees(target, "CRN_variance_ratio", pairing_gain(*puts))
