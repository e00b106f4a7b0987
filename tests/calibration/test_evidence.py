"""The fit against real prices and against an independent estimate."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from sim.calibration.command import run
from sim.calibration.fit import fit_market
from sim.calibration.settings import parse
from sim.world.chain import stationary_law
from sim.world.law import build_law
from sim.world.prices.bars import take_bars
from sim.world.prices.read import read_prices
from sim.world.schema.market import MarketConfig
from tests.evidence import shared

DEFAULT = Path(__file__).resolve().parents[2] / "conf" / "market" / "default.yaml"
HOURLY = "data/ohlcv_1h_2019_2025.parquet"
PEGS = "data/ohlcv_1h_stress_pegged.csv.gz"


def default() -> MarketConfig:
    return MarketConfig.model_validate(yaml.safe_load(DEFAULT.read_text()))


@pytest.mark.parametrize("asset", ["BTC", "ETH", "SOL"])
def test_regimes_agree_with_an_independent_estimate(asset):
    """Volatilities and occupancies within 15 %: one asset, three regimes, no jumps."""
    table = pd.read_csv(shared("data/calib_hmm_1h.csv"))
    theirs = table[(table["asset"] == asset) & (table["K"] == 3)].sort_values("state")
    words = [f"data={shared(HOURLY)}", f"assets=[{asset}]", "start=2021-04-01", "jumps=false"]
    config = parse(words)
    bars = take_bars(read_prices(config.data), config.assets, (config.start, config.end))
    fit = fit_market(bars.returns, config)
    volatility = 100.0 * np.sqrt(fit.parameters.covariance[:, 0, 0] / bars.years)
    occupancy = stationary_law((fit.parameters.transition - np.eye(3)).tolist())
    assert fit.converged
    np.testing.assert_allclose(volatility, theirs["ann_vol_pct"], rtol=0.15)
    np.testing.assert_allclose(occupancy, theirs["occupancy"], rtol=0.15)


def test_the_default_market_is_whole_and_needs_no_repair():
    market = default()
    assert list(market.risky) == ["BTC", "ETH", "SOL", "LINK", "AVAX"]
    assert [market.assets[name].kind for name in ("USDC", "JITOSOL")] == ["stable", "staked"]
    assert build_law(market, 60.0)[1] == []
    assert all(name in " ".join(market.provenance.assumed) for name in ("USDC", "JITOSOL"))


def test_the_default_market_has_the_data_s_hourly_covariance():
    """In closed form from the YAML alone, against the price file: volatility and correlation."""
    market = default()
    bars = take_bars(read_prices(str(shared(HOURLY))), market.risky)
    seen = bars.returns[bars.complete]
    data = seen.T @ seen / len(seen) / bars.years
    weights = stationary_law(market.regimes.generator_per_day)
    model = sum(w * annual_covariance(market, k) for k, w in enumerate(weights))
    sd, wanted = np.sqrt(np.diag(model)), np.sqrt(np.diag(data))
    np.testing.assert_allclose(sd, wanted, rtol=0.03)
    np.testing.assert_allclose(model / np.outer(sd, sd), data / np.outer(wanted, wanted), atol=0.02)


def annual_covariance(market: MarketConfig, regime: int) -> np.ndarray:
    names, jumps = market.risky, market.jumps
    sd = np.array([market.volatility[name][regime] for name in names])
    total = np.outer(sd, sd) * np.array(market.correlation[market.regimes.names[regime]])
    mean = np.array([jumps.common.mean[name] for name in names])
    size = np.array([jumps.common.sd[name] for name in names])
    pairs = np.full((len(names), len(names)), jumps.common.correlation)
    np.fill_diagonal(pairs, 1.0)
    total += jumps.common.rate[regime] * (np.outer(size, size) * pairs + np.outer(mean, mean))
    for i, name in enumerate(names):
        own = jumps.own[name]
        total[i, i] += own.rate[regime] * (own.sd**2 + own.mean**2)
    return total


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    """Run the command in the default market's header once more, into another folder."""
    out = tmp_path_factory.mktemp("fit") / "default.yaml"
    run([f"data={shared(HOURLY)}", f"pegs={shared(PEGS)}", f"out={out}"])
    return out


@pytest.mark.slow
def test_the_default_market_is_what_its_command_makes(again):
    """Equal up to what another processor's rounding may change in a converged fit."""
    body = [yaml.safe_load(path.read_text()) for path in (DEFAULT, again)]
    numbers = [np.array(list(leaves(one))) for one in body]
    np.testing.assert_allclose(numbers[1], numbers[0], rtol=1e-3, atol=1e-6)
    keys = ("source", "sha256", "span", "n", "assumed")
    assert all(body[0]["provenance"][key] == body[1]["provenance"][key] for key in keys)


@pytest.mark.slow
def test_the_simulated_market_reproduces_what_it_was_fitted_to(again):
    table = pd.read_csv(again.with_suffix(".quality.csv"))
    meant = table[table["meant"]]
    assert {"annual volatility", "correlation", "excess kurtosis", "regime occupancy"} <= set(
        meant["statistic"]
    )
    off = meant[meant["z"].abs() > 4.0]
    assert off.empty, off.to_string()


def leaves(value):
    """Yield every number below a mapping, in order."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, float):
        yield value
