"""Prices inside a step: the bridge ends where the path does, has its variance, and keeps jumps."""

import math

import numpy as np
import pytest

from sim.market.course import Journey, blocks_until_move
from sim.world.law import Grid, build_law
from sim.world.schema.market import MarketConfig

YEAR = 365.0 * 86_400.0
STEP, BLOCKS = 60.0, 30
VOLATILITY = 1.2
SD = VOLATILITY * math.sqrt(STEP / YEAR)


def journey(config: dict, resolution: float, steps: int = 4, path: int = 0) -> Journey:
    law, _ = build_law(MarketConfig.model_validate(config), STEP, Grid(STEP / BLOCKS, resolution))
    return Journey(law, (1, path), steps, BLOCKS)


def quiet(rho: float = 0.0, **more: object) -> dict:
    """Two risky assets in one regime."""
    return {
        "assets": {
            "BTC": {"kind": "risky", "price": 100.0},
            "ETH": {"kind": "risky", "price": 10.0},
        },
        "regimes": {"names": ["only"], "generator_per_day": [[0.0]]},
        "volatility": {"BTC": [VOLATILITY], "ETH": [VOLATILITY]},
        "correlation": {"only": [[1.0, rho], [rho, 1.0]]},
        **more,
    }


@pytest.mark.parametrize(
    ("resolution", "every"), [(1.0, 0), (SD, 0), (SD / 3.0, 3), (SD / 1.01, 29), (1e-9, 1)]
)
def test_prices_move_as_often_as_the_resolution_asks(resolution: float, every: int) -> None:
    course = journey(quiet(), resolution).course(1)
    assert course.every == every
    if every == 0:
        assert blocks_until_move(course, 0) == 0
        return
    moved = np.flatnonzero((np.diff(course.prices, axis=0) != 0.0).all(axis=1)) + 1
    assert moved.tolist() == list(range(every, BLOCKS, every))
    assert blocks_until_move(course, 0) == every
    assert blocks_until_move(course, moved[-1]) == 0


def test_the_last_step_stands_still_and_a_course_starts_on_the_path() -> None:
    one = journey(quiet(), 1e-9)
    for t in range(1, 4):
        assert np.array_equal(one.course(t).prices[0], one.prices[t])
    assert one.course(4).every == 0


def test_a_bridge_has_the_variance_and_correlation_of_a_bridge() -> None:
    """At share s of the step: the line between its ends, with variance s (1 - s) of the step's."""
    n, rho = 4_000, 0.6
    config = quiet(rho)
    noise = np.empty((n, 2, BLOCKS))
    for path in range(n):
        one = journey(config, 1e-9, steps=2, path=path)
        start, end = one.prices[1], one.prices[2]
        logs = np.log(one.course(1).prices / start)
        line = np.arange(BLOCKS)[:, None] / BLOCKS * np.log(end / start)
        noise[path] = (logs - line).T / SD
    share = np.arange(BLOCKS) / BLOCKS
    wanted = share * (1.0 - share)
    se = wanted * math.sqrt(2.0 / n)
    assert (np.abs(noise.var(axis=0) - wanted) <= 4.0 * se + 1e-12).all()
    assert (np.abs(noise.mean(axis=0)) <= 4.0 * np.sqrt(wanted / n) + 1e-12).all()
    found = np.corrcoef(noise[:, 0, 15], noise[:, 1, 15])[0, 1]
    assert abs(found - rho) <= 4.0 * (1.0 - rho**2) / math.sqrt(n)
    early, late = noise[:, 0, 6], noise[:, 0, 24]
    covariance = 0.2 * (1.0 - 0.8)
    spread = math.sqrt((0.2 * 0.8 * 0.8 * 0.2 + covariance**2) / n)
    assert abs((early * late).mean() - covariance) <= 4.0 * spread


def test_a_jump_lands_at_the_end_of_its_step() -> None:
    """Before it, nothing but diffusion and the compensator of a jump that halves the price."""
    jumps = {
        "common": {
            "rate": [YEAR / STEP], "mean": {"BTC": math.log(0.5), "ETH": math.log(0.5)},
            "sd": {"BTC": 0.0, "ETH": 0.0}, "correlation": 0.0,
        }
    }  # fmt: skip
    one = journey(quiet(jumps=jumps), 1e-9, steps=200)
    whole = np.log(one.prices[2:] / one.prices[1:-1])
    assert (whole < -0.5).any()
    for t in range(1, 200):
        inside = np.log(one.course(t).prices / one.prices[t])
        compensator = 0.5 * np.arange(BLOCKS)[:, None] / BLOCKS
        assert np.abs(inside - compensator).max() < 8.0 * SD


def test_staked_and_stable_prices_follow_their_own_bridges() -> None:
    config = quiet()
    config["assets"]["LST"] = {
        "kind": "staked", "underlying": "ETH", "redemption": 1.1, "yield": 0.05,
        "peg": {"reversion_per_day": 0.5, "volatility": [0.3], "jump_rate": [0.0]},
    }  # fmt: skip
    config["assets"]["USD"] = {
        "kind": "stable", "price": 1.0,
        "peg": {"reversion_per_day": 0.5, "volatility": [0.1], "jump_rate": [0.0]},
    }  # fmt: skip
    basis, dollar = [], []
    for path in range(2_000):
        one = journey(config, 1e-9, steps=2, path=path)
        middle = np.log(one.course(1).prices[15])
        line = 0.5 * (np.log(one.prices[1]) + np.log(one.prices[2]))
        off = middle - line
        basis.append(off[2] - off[1])
        dollar.append(off[3])
    for found, volatility in ((basis, 0.3), (dollar, 0.1)):
        wanted = 0.5 * volatility * math.sqrt(STEP / YEAR)
        assert abs(np.std(found) / wanted - 1.0) <= 4.0 / math.sqrt(2.0 * 2_000)
