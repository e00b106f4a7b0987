"""The market against closed forms: published targets D01, D02, D03 and D06, at full size."""

import math
from typing import Any

import numpy as np
import pytest

from sim.market.paths import simulate
from sim.world.chain import stationary_law, step_matrix
from sim.world.correlation import nearest_correlation
from sim.world.law import build_law
from sim.world.schema.market import MarketConfig
from tests.evidence import check_target, target
from tests.markets import one_asset
from tests.reference.merton import Merton, merton_call, merton_put

DAY = 86_400.0
YEAR = 365.0 * DAY


def log_returns(prices: np.ndarray) -> np.ndarray:
    return np.diff(np.log(prices), axis=1)


def simulate_config(config: dict[str, Any], step: float, paths: int, steps: int) -> Any:
    law, _ = build_law(MarketConfig.model_validate(config), step)
    return simulate(law, seed=20_240_805, paths=paths, steps=steps)


def test_d01_regime_chain() -> None:
    entry = target("D01")
    generator = entry["params"]["Q_per_day"]
    law = stationary_law(generator)
    for index, key in enumerate(("pi_calm", "pi_stress", "pi_crash")):
        check_target(entry, key, law[index])
    check_target(entry, "P1h_calm_calm", step_matrix(generator, 1.0 / 24.0)[0, 0])
    check_target(entry, "P1d_crash_crash", step_matrix(generator, 1.0)[2, 2])


def test_d01_simulated_moments() -> None:
    entry = target("D01")
    volatility = np.array(entry["params"]["vol_annual"])
    config = one_asset(volatility.tolist(), entry["params"]["Q_per_day"])
    prices, regimes = simulate_config(config, DAY, paths=4_000, steps=1_000)
    shares = np.bincount(regimes[:, :-1].ravel()) / regimes[:, :-1].size
    for index, key in enumerate(("pi_calm", "pi_stress", "pi_crash")):
        check_target(entry, key, shares[index])
    # The target's returns have zero mean in each regime; ours carry -variance/2, put back here.
    daily = volatility[regimes[:, :-1]] / math.sqrt(365.0)
    returns = log_returns(prices)[:, :, 0] + daily**2 / 2.0
    square = returns**2
    check_target(entry, "ann_vol", math.sqrt(square.mean() * 365.0))
    check_target(entry, "kurtosis_daily", (square**2).mean() / square.mean() ** 2)
    excess = square - square.mean()
    for lag in (1, 5, 20):
        correlation = (excess[:, lag:] * excess[:, :-lag]).mean() / (excess**2).mean()
        check_target(entry, f"acf{lag}", correlation)


def jump_market(params: dict[str, Any], kind: str) -> dict[str, Any]:
    config = one_asset([params["sigma"]], price=params["S0"])
    if kind == "own":
        own = {"rate": [params["lam"]], "mean": params["mu"], "sd": params["delta"]}
        return config | {"jumps": {"own": {"BTC": own}}}
    common = {
        "rate": [params["lam"]],
        "mean": {"BTC": params["mu"]},
        "sd": {"BTC": params["delta"]},
        "correlation": 0.6,
    }
    return config | {"jumps": {"common": common}}


@pytest.mark.parametrize("kind", ["own", "common"])
@pytest.mark.parametrize("steps", [1, 2])
def test_d02_merton_jumps(kind: str, steps: int) -> None:
    entry = target("D02")
    params = entry["params"]
    step = params["T"] * YEAR / steps  # 30 days: about one jump per step
    prices, _ = simulate_config(jump_market(params, kind), step, paths=1_000_000, steps=steps)
    last = prices[:, -1, 0]
    logs = np.log(last / params["S0"])
    centred, sd = logs - logs.mean(), logs.std()
    check_target(entry, "mean_logret", logs.mean())
    check_target(entry, "sd", sd)
    check_target(entry, "skew", (centred**3).mean() / sd**3)
    check_target(entry, "ex_kurt", (centred**4).mean() / sd**4 - 3.0)
    check_target(entry, "call_100", np.maximum(last - 100.0, 0.0).mean())
    check_target(entry, "put_85", np.maximum(85.0 - last, 0.0).mean())
    assert abs(last.mean() / params["S0"] - 1.0) < 4.0 * last.std() / params["S0"] / 1e3


def test_d02_series() -> None:
    entry = target("D02")
    p = entry["params"]
    law = Merton(p["sigma"], p["lam"], p["mu"], p["delta"])
    expected = entry["expected"]
    assert merton_call(100.0, 100.0, p["T"], law) == pytest.approx(expected["call_100"]["value"])
    assert merton_put(100.0, 85.0, p["T"], law) == pytest.approx(expected["put_85"]["value"])


HAUG = [(100.0, 0.5, 10.0, 0.25), (90.0, 0.25, 5.0, 0.5), (110.0, 0.5, 1.0, 0.5)]


@pytest.mark.parametrize("case", HAUG)
def test_d02_haug_table(case: tuple[float, float, float, float]) -> None:
    strike, years, rate, share = case
    entry = target("D02")
    table = entry["params"]["haug"]
    # Haug states the jumps by their share of the total variance, with an expected size of zero.
    variance = share * table["vol_total"] ** 2 / rate
    volatility = table["vol_total"] * math.sqrt(1.0 - share)
    law = Merton(volatility, rate, -variance / 2.0, math.sqrt(variance), table["r"])
    value = merton_call(table["S"], strike, years, law)
    check_target(entry, f"haug_K{strike:.0f}_T{years}_lam{rate:.0f}_g{share}", value)

    params = {"sigma": law.volatility, "lam": rate, "mu": law.mean, "delta": law.sd}
    config = jump_market(params | {"S0": table["S"]}, "own") | {"drift": {"BTC": table["r"]}}
    prices, _ = simulate_config(config, years * YEAR, paths=500_000, steps=1)
    gains = np.maximum(prices[:, -1, 0] - strike, 0.0) * math.exp(-table["r"] * years)
    assert abs(gains.mean() - value) < 4.0 * gains.std() / math.sqrt(len(gains))


def test_d03_common_jumps() -> None:
    entry = target("D03")
    p = entry["params"]
    config = one_asset([p["s1"]])
    config["assets"]["ETH"] = {"kind": "risky", "price": 10.0}
    config["volatility"]["ETH"] = [p["s2"]]
    config["correlation"]["regime0"] = [[1.0, p["rho"]], [p["rho"], 1.0]]
    config["jumps"] = {
        "common": {
            "rate": [p["lam"]],
            "mean": dict(zip(("BTC", "ETH"), p["m"], strict=True)),
            "sd": dict(zip(("BTC", "ETH"), p["d"], strict=True)),
            "correlation": p["rhoJ"],
        }
    }
    prices, _ = simulate_config(config, DAY, paths=1_000, steps=1_000)
    returns = log_returns(prices).reshape(-1, 2)
    check_target(entry, "corr", np.corrcoef(returns.T)[0, 1])
    check_target(entry, "vol1", returns[:, 0].std() * math.sqrt(365.0))
    check_target(entry, "vol2", returns[:, 1].std() * math.sqrt(365.0))


def test_d06_nearest_correlation() -> None:
    entry = target("D06")
    first = nearest_correlation(np.array(entry["params"]["A1"], dtype=float))
    check_target(entry, "A1_12", first[0, 1])
    check_target(entry, "A1_13", first[0, 2])
    given = np.array(entry["params"]["A2"])
    second = nearest_correlation(given)
    check_target(entry, "A2_12", second[0, 1])
    check_target(entry, "A2_14", second[0, 3])
    check_target(entry, "A2_frobenius_distance", float(np.linalg.norm(second - given)))
