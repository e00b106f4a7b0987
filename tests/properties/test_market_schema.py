"""A wrong market is refused with one message that names the key."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from sim.errors import SluicegateError
from sim.world.chain import stationary_law, step_matrix
from sim.world.correlation import nearest_correlation, triangular_factor
from sim.world.law import build_law
from sim.world.schema.market import MarketConfig
from tests.markets import Config, full, one_asset


def put(path: str, value: Any) -> Callable[[Config], None]:
    """Return an edit that sets one entry of a configuration."""

    def edit(config: Config) -> None:
        *parents, last = path.split("/")
        for key in parents:
            config = config[key]
        config[last] = value

    return edit


def drop(path: str) -> Callable[[Config], None]:
    """Return an edit that removes one entry."""

    def edit(config: Config) -> None:
        *parents, last = path.split("/")
        for key in parents:
            config = config[key]
        del config[last]

    return edit


GOOD = [[1.0, 0.7, 0.5], [0.7, 1.0, 0.6], [0.5, 0.6, 1.0]]
EDITS = {
    "an asset without volatility": (drop("volatility/ETH"), "volatility", "ETH"),
    "a volatility without asset": (put("volatility/XRP", [1.0, 1.0]), "volatility", "XRP"),
    "too few volatilities": (put("volatility/ETH", [1.0]), "volatility.ETH", "2 entries"),
    "a volatility of zero": (put("volatility/ETH", [0.0, 1.0]), "volatility.ETH", "greater than 0"),
    "a price of zero": (put("assets/BTC/price", 0.0), "price", "greater than 0"),
    "an infinite price": (put("assets/BTC/price", float("inf")), "price", "finite"),
    "an unknown kind": (put("assets/BTC/kind", "risk"), "assets.BTC", "risky"),
    "an unknown key": (put("assets/BTC/prise", 1.0), "prise", ""),
    "an unknown underlying": (put("assets/JITOSOL/underlying", "SOLL"), "underlying", "SOL"),
    "a staked underlying": (
        put("assets/WRAP", {**full()["assets"]["JITOSOL"], "underlying": "JITOSOL"}),
        "assets.WRAP.underlying",
        "is itself staked",
    ),
    "too few peg volatilities": (
        put("assets/USDC/peg/volatility", [0.1]),
        "assets.USDC.peg.volatility",
        "2 entries",
    ),
    "a negative peg jump rate": (
        put("assets/USDC/peg/jump_rate", [0.1, -1.0]),
        "jump_rate",
        "greater than or equal to 0",
    ),
    "a row that does not sum to zero": (
        put("regimes/generator_per_day", [[-1.0, 1.1], [4.0, -4.0]]),
        "generator_per_day[0] (calm)",
        "sums to 0.1",
    ),
    "a negative rate": (
        put("regimes/generator_per_day", [[1.0, -1.0], [4.0, -4.0]]),
        "generator_per_day[0] (calm)",
        "negative",
    ),
    "a generator of the wrong size": (
        put("regimes/generator_per_day", [[0.0]]),
        "generator_per_day",
        "2 x 2",
    ),
    "an unknown start": (put("regimes/start", "calmer"), "start", "did you mean 'calm'"),
    "start probabilities beyond 1": (put("regimes/start", [0.6, 0.6]), "start", "sum of 1"),
    "regimes that repeat": (put("regimes/names", ["calm", "calm"]), "names", "repeat"),
    "a missing correlation": (drop("correlation/crash"), "correlation", "crash"),
    "a correlation of the wrong size": (
        put("correlation/calm", [[1.0, 0.5], [0.5, 1.0]]),
        "correlation.calm",
        "3 x 3",
    ),
    "a correlation beyond 1": (
        put("correlation/calm", [[1.0, 1.2, 0.5], [1.2, 1.0, 0.6], [0.5, 0.6, 1.0]]),
        "correlation.calm[0][1] (BTC, ETH)",
        "1.2",
    ),
    "an asymmetric correlation": (
        put("correlation/calm", [[1.0, 0.7, 0.5], [0.6, 1.0, 0.6], [0.5, 0.6, 1.0]]),
        "correlation.calm[0][1] (BTC, ETH)",
        "not symmetric",
    ),
    "a diagonal that is not 1": (
        put("correlation/calm", [[0.9, 0.7, 0.5], [0.7, 1.0, 0.6], [0.5, 0.6, 1.0]]),
        "correlation.calm[0][0] (BTC, BTC)",
        "diagonal",
    ),
    "jumps of an unknown asset": (
        put("jumps/own/XRP", {"rate": [1.0, 1.0], "sd": 0.1}),
        "jumps.own",
        "XRP",
    ),
    "too few own rates": (put("jumps/own/BTC/rate", [1.0]), "jumps.own.BTC.rate", "2 entries"),
    "too few common rates": (put("jumps/common/rate", [1.0]), "jumps.common.rate", "2 entries"),
    "a common jump without a size": (drop("jumps/common/mean/SOL"), "jumps.common.mean", "SOL"),
    "a jump correlation beyond 1": (
        put("jumps/common/correlation", 1.5),
        "jumps.common.correlation",
        "less than or equal to 1",
    ),
    "a drift of a stable": (put("drift", {"USDC": 0.1}), "drift", "USDC"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_wrong_market_is_refused(name: str) -> None:
    edit, key, words = EDITS[name]
    config = copy.deepcopy(full())
    edit(config)
    with pytest.raises(ValidationError) as caught:
        MarketConfig.model_validate(config)
    assert caught.value.error_count() == 1
    assert key in str(caught.value)
    assert words in str(caught.value)


def test_an_underlying_listed_later_is_refused() -> None:
    config = full()
    config["assets"] = dict(reversed(config["assets"].items()))
    with pytest.raises(ValidationError, match="listed later"):
        MarketConfig.model_validate(config)


def test_rounded_generators_pass() -> None:
    config = one_asset((0.4, 1.0), [[-1.2345678, 1.2345675], [4.0, -4.0]])
    law, _ = build_law(MarketConfig.model_validate(config), 60.0)
    assert np.all(law.chain.transition[:, -1] == 1.0)


INDEFINITE = [[1.0, 0.9, 0.3], [0.9, 1.0, 0.8], [0.3, 0.8, 1.0]]


def indefinite(**more: Any) -> MarketConfig:
    config = full() | more
    config["correlation"]["crash"] = INDEFINITE
    return MarketConfig.model_validate(config)


def test_an_indefinite_correlation_is_repaired_and_reported() -> None:
    law, repairs = build_law(indefinite(), 3_600.0)
    (repair,) = repairs
    assert repair.regime == "crash"
    assert repair.assets == ("BTC", "ETH", "SOL")
    assert 0.0 < repair.distance < 0.1
    covariance = law.diffusion.loading[1] @ law.diffusion.loading[1].T
    sd = np.sqrt(np.diag(covariance))
    used = covariance / np.outer(sd, sd)
    assert np.linalg.norm(used - np.array(INDEFINITE)) == pytest.approx(repair.distance, rel=1e-6)


def test_a_correlation_too_far_is_refused() -> None:
    with pytest.raises(SluicegateError, match=r"market\.correlation\.crash") as caught:
        build_law(indefinite(max_correlation_repair=1e-3), 3_600.0)
    assert "max_correlation_repair" in str(caught.value)


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), float("inf")])
def test_a_step_without_length_is_refused(step: float) -> None:
    with pytest.raises(SluicegateError, match="step"):
        build_law(MarketConfig.model_validate(full()), step)


def test_jumps_far_too_frequent_for_the_step_are_refused() -> None:
    config = full()
    config["jumps"]["own"]["BTC"]["rate"] = [1e6, 0.0]
    with pytest.raises(SluicegateError, match="jumps in one step"):
        build_law(MarketConfig.model_validate(config), 86_400.0)


def test_a_chain_in_two_parts_needs_a_start() -> None:
    config = one_asset((0.4, 1.0), [[0.0, 0.0], [0.0, 0.0]])
    with pytest.raises(SluicegateError, match="stationary"):
        build_law(MarketConfig.model_validate(config), 60.0)
    config["regimes"]["start"] = [0.3, 0.7]
    law, _ = build_law(MarketConfig.model_validate(config), 60.0)
    assert law.chain.start.tolist() == [0.3, 1.0]


def test_an_absorbing_regime_takes_all() -> None:
    np.testing.assert_allclose(stationary_law([[-1.0, 1.0], [0.0, 0.0]]), [0.0, 1.0], atol=1e-12)


def test_step_matrices_compose() -> None:
    generator = [[-3.0, 2.0, 1.0], [4.0, -5.0, 1.0], [2.0, 10.0, -12.0]]
    half = step_matrix(generator, 0.01)
    np.testing.assert_allclose(half @ half, step_matrix(generator, 0.02), rtol=1e-12)


def test_a_valid_correlation_is_left_alone() -> None:
    matrix = np.array(GOOD)
    np.testing.assert_allclose(nearest_correlation(matrix), matrix, atol=1e-12)


def test_triangular_factors() -> None:
    matrix = np.array(GOOD)
    factor = triangular_factor(matrix)
    np.testing.assert_allclose(factor, np.linalg.cholesky(matrix), rtol=1e-14)
    assert triangular_factor(matrix[:2, :2]).tobytes() == factor[:2, :2].tobytes()
    singular = np.ones((4, 4))
    np.testing.assert_array_equal(triangular_factor(singular) @ triangular_factor(singular).T, 1.0)
    repaired = nearest_correlation(np.array(INDEFINITE))
    factor = triangular_factor(repaired)
    np.testing.assert_allclose(factor @ factor.T, repaired, atol=1e-9)
