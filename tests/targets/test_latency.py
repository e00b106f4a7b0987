"""Gap loss of a late liquidator against the Black-Scholes put: published target D12.

The account stands at its liquidation price when it is first looked at, and its liquidator's
transaction lands a latency later, at the price of then. The price is still until the first look (a
regime without volatility that always gives way to one with), so that the clock of the breach
starts exactly there.
"""

import math
from typing import Any

import numpy as np
import pytest

from tests.evidence import check_target, target
from tests.targets.test_liquidation import first_true, long_or_short
from tests.worlds import STILL, Bench, Holding, market, perpetual_venue, run_dict, taker

CASES = {"30min": 1800.0, "2h": 7200.0}
CHUNK = 100_000


def liquidation_price(params: dict[str, Any]) -> float:
    def liquidated(end: float) -> bool:
        return bool(long_or_short(1.0, end, params["mmr"], params["L"]).run()["liquidations"] > 0)

    return first_true(liquidated, params["P0"], 80.0)


def late_world(latency: float) -> Bench:
    """Two steps of one latency each: still up to the first look, then the asset's volatility."""
    p = target("D12")["params"]
    start = 100.0 * (1.0 - 1.0 / p["L"]) / (1.0 - p["mmr"]) * (1.0 - 1e-12)
    prices = market({"BTC": start})
    prices["regimes"] = {
        "names": ["still", "moving"],
        "generator_per_day": [[-1e9, 1e9], [0.0, 0.0]],
        "start": "still",
    }
    prices["volatility"] = {"BTC": [STILL, p["sigma"]]}
    prices["correlation"] = {"still": [[1.0]], "moving": [[1.0]]}
    prices["assets"]["USDC"]["peg"] = {
        "reversion_per_day": 0.0,
        "volatility": [0.0, 0.0],
        "jump_rate": [0.0, 0.0],
    }
    whole = {"size": "close_factor", "close_factor": 1.0}
    config = run_dict(
        prices,
        {"venue": perpetual_venue("BTC", p["mmr"], liquidation=whole)},
        steps=2,
        step_seconds=latency,
        block_seconds=latency / 3.0,
        resolution=1.0,  # the target's account is looked at twice, not in between
        liquidator={"taker": taker(latency=latency)},
    )
    holding: Holding = {
        ("perpetual", "BTC"): 1.0,
        ("quote", "USDC"): -p["P0"],
        ("balance", "USDC"): p["P0"] / p["L"],
    }
    return Bench(config, [holding])


def losses(case: str, paths: int) -> np.ndarray:
    """Bad debt of consecutive paths, USD."""
    bench = late_world(CASES[case])
    chunks = [bench.run(CHUNK, first)["bad_debt"] for first in range(0, paths, CHUNK)]
    return np.concatenate(chunks)


def check_gap_risk(case: str, paths: int) -> None:
    """Compare at the target's tolerances, widened for fewer paths than it was stated for."""
    entry = target("D12")
    wider = math.sqrt(entry["suggested_n"] / paths)
    bad = losses(case, paths)
    for key, value in (("E_bad", bad.mean()), ("P_bad", (bad > 0.0).mean())):
        entry["expected"][f"{key}_{case}"]["tol"] *= wider
        check_target(entry, f"{key}_{case}", float(value))


def test_d12_prices_of_liquidation_and_bankruptcy() -> None:
    entry = target("D12")
    p = entry["params"]
    check_target(entry, "P_liq", liquidation_price(p))

    def bankrupt(end: float) -> bool:
        return bool(long_or_short(1.0, end, p["mmr"], p["L"]).run()["bad_debt"] > 0.0)

    check_target(entry, "P_bankrupt", first_true(bankrupt, p["P0"], 80.0))


@pytest.mark.parametrize("case", CASES)
def test_d12_gap_loss(case: str) -> None:
    check_gap_risk(case, 400_000)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_d12_gap_loss_in_full(case: str) -> None:
    check_gap_risk(case, target("D12")["suggested_n"])


def test_d12_nobody_is_late_without_latency() -> None:
    bench = late_world(CASES["2h"])
    assert bench.run(200)["bad_debt"].max() > 0.0
    bench.world.liquidators["latency"] = 0.0
    assert bench.run(200)["bad_debt"].max() == 0.0
