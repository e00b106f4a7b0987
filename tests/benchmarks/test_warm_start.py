"""A second start compiles nothing; how long it takes is measured by the bench, not asserted."""

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location(
    "warm_start", Path(__file__).with_name("warm_start.py")
)
warm_start = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(warm_start)

SMALL = ["paths=2", "steps=5", "accounts=60"]


@pytest.fixture(scope="module", autouse=True)
def _warm():
    warm_start.measure(SMALL)  # compiles if nobody has


def test_second_start_compiles_nothing():
    found = warm_start.measure(SMALL)
    assert found["compiled"] == []
    assert list(found["seconds"]) == ["imports", "configuration", "worlds", "first path"]


def test_another_venue_scope_or_liquidator_compiles_nothing_either():
    words = [
        *SMALL,
        "venue=[drift,kamino]",
        "archetype=[perp_long,perp_short,staked_looper]",
        "liquidator=[slow_desk]",
        "venue.drift.oracle.delay=9",
    ]
    assert warm_start.measure(words)["compiled"] == []


def test_compiling_would_be_noticed():
    assert len(warm_start.measure([*SMALL, "compile=something"])["compiled"]) == 1
