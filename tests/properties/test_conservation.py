"""Nothing appears and nothing vanishes: per token and per derivative, after every phase."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings

from sim.state import codes
from tests.phases import PHASES, same_phases
from tests.random_worlds import Play, default, play, plays, stressed

TOLERANCE = 1e-9
CHECKS = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def walk(path: Play) -> np.ndarray:
    """Play a whole path; return the imbalance after every phase of every step."""
    path.begin()
    return np.array([path.step(t) for t in range(len(path.prices) - 1)])


def under_pressure() -> Play:
    """A world in which accounts are liquidated within an hour."""
    config = default({"accounts": 60, "steps": 6, "step_seconds": 600.0, "block_seconds": 20.0})
    return play(stressed(config, 6.0, 0.01), "venue", "full")


def test_the_phases_checked_are_those_of_the_kernel() -> None:
    assert same_phases()


@CHECKS
@given(plays())
def test_every_phase_balances_its_books(path: Play) -> None:
    found = walk(path)
    note(dict(zip(PHASES, found.max(axis=0), strict=True)))
    note(path.state.stats[0])
    assert found.max() <= TOLERANCE


def test_the_pressure_is_real() -> None:
    path = under_pressure()
    found = walk(path)
    result = path.state.stats[0]
    assert result["liquidations"] > 10
    assert result["bad_debt"] > 0.0
    assert path.state.gross.min() >= 0.0
    assert found.max() <= TOLERANCE


@CHECKS
@given(plays(steps=4))
def test_totals_of_pools_are_those_of_the_rows(path: Play) -> None:
    walk(path)
    balance, pools = path.state.balance, path.state.pools
    scale = np.abs(path.opening.balance).sum(axis=1) + path.state.gross[: len(balance)]
    for name, held in (("deposits", balance), ("loans", -balance)):
        miss = np.abs(pools[name] - np.maximum(held, 0.0).sum(axis=1))
        assert np.all(miss <= TOLERANCE * scale)


@pytest.mark.parametrize("kind", [codes.BALANCE, codes.PERPETUAL, codes.QUOTE])
def test_a_planted_balance_is_caught(kind: int) -> None:
    path = under_pressure()
    path.begin()
    assert path.step(0).max() <= TOLERANCE
    k = int(np.flatnonzero(path.world.instruments["kind"] == kind)[0])
    path.state.balance[k, 3] += 1e-6 * np.abs(path.opening.balance[k]).sum()
    assert path.step(1).min() > TOLERANCE


@pytest.mark.parametrize("fault", ["none", "post", "hand", "settle_flat"])
def test_a_planted_ledger_function_is_caught(fault: str) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.properties.plain", fault]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    liquidations, worst = map(float, output.split())
    assert liquidations > 0
    assert (worst > TOLERANCE) == (fault != "none")
