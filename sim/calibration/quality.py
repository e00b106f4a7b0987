"""Fit quality: the same statistics of the data and of paths simulated from the fitted market."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.calibration.mixture import Parameters, expect
from sim.calibration.settings import CalibrateConfig
from sim.market.paths import simulate
from sim.world.law import build_law
from sim.world.prices.bars import Bars
from sim.world.schema.market import MarketConfig

BLOCK_SECONDS = 28 * 86_400.0  # of the bootstrap: four weeks, longer than the longest lag
RESAMPLES = 100
LAGS_HOURS = (1, 24, 168)
TAIL = 0.01
# What the fit is meant to reproduce; the rest is shown to know what it does not.
MEANT = ("annual volatility", "correlation", "excess kurtosis", "regime occupancy")


class Sample(NamedTuple):
    """Returns and what the fitted model says about their regimes."""

    returns: np.ndarray  # (T, N), rows with NaN have no data
    weights: np.ndarray  # (T, K)


class Table(NamedTuple):
    """Statistics side by side."""

    rows: pd.DataFrame  # statistic, of, data, se, simulated, z, meant
    data: Sample
    simulated: list[Sample]


Key = tuple[str, str]
Measure = Callable[[Sample], dict[Key, float]]


def compare(
    market: MarketConfig, parameters: Parameters, bars: Bars, config: CalibrateConfig
) -> Table:
    """Simulate the fitted market and put its statistics beside the data's.

    Every simulated path is as long as the data and is decoded into regimes by the same fitted
    model as the data, so that both sides carry the same errors of decoding.

    Parameters
    ----------
    market : MarketConfig
        The risky assets of the fitted market, in the order of `bars`.
    parameters : Parameters
        The fit, for decoding.
    config : CalibrateConfig
        `checks` paths are simulated under `seed`.

    Returns
    -------
    Table
        `se` is the block-bootstrap standard error of the data's statistic; `z` the difference
        in standard errors, the simulation's included.
    """
    data = Sample(bars.returns, expect(parameters, bars.returns).weights)
    law, _ = build_law(market, bars.seconds)
    prices, _ = simulate(law, config.seed, config.checks, len(bars.returns))
    simulated = []
    for path in prices:
        returns = np.diff(np.log(path[:, : len(bars.assets)]), axis=0)
        returns[~bars.complete] = np.nan  # the same bars are missing
        simulated.append(Sample(returns, expect(parameters, returns).weights))
    measure = _measures(bars, market.regimes.names)
    given = measure(data)
    spread = pd.DataFrame(_bootstrap(data, measure, bars, config.seed)).std()
    model = pd.DataFrame([measure(sample) for sample in simulated])
    error = model.std().fillna(0.0) / np.sqrt(len(model))
    rows = [
        {
            "statistic": key[0],
            "of": key[1],
            "data": value,
            "se": spread[key],
            "simulated": model[key].mean(),
            "z": (model[key].mean() - value) / np.hypot(spread[key], error[key]),
            "meant": key[0].startswith(MEANT),
        }
        for key, value in given.items()
    ]
    return Table(pd.DataFrame(rows), data, simulated)


def _bootstrap(data: Sample, measure: Measure, bars: Bars, seed: int) -> list[dict[Key, float]]:
    """Statistics of resampled data: blocks drawn with replacement (Kuensch 1989)."""
    random = np.random.Generator(np.random.PCG64([seed, 1 << 20]))
    count = len(data.returns)
    block = min(max(round(BLOCK_SECONDS / bars.seconds), 1), count // 4)
    draws = []
    for _ in range(RESAMPLES):
        first = random.integers(0, count - block + 1, -(-count // block))
        index = (first[:, None] + np.arange(block)).ravel()[:count]
        draws.append(measure(Sample(data.returns[index], data.weights[index])))
    return draws


def _measures(bars: Bars, regimes: tuple[str, ...]) -> Measure:
    per_year = 1.0 / bars.years
    hour = 3_600.0 / bars.seconds
    lags = {h: round(h * hour) for h in LAGS_HOURS if round(h * hour) >= 1}

    def measure(sample: Sample) -> dict[Key, float]:
        seen = np.isfinite(sample.returns).all(axis=1)
        x, weights = sample.returns[seen], sample.weights[seen]
        out: dict[Key, float] = {}
        for k, name in enumerate(regimes):
            out["regime occupancy", name] = float(weights[:, k].mean())
        for i, asset in enumerate(bars.assets):
            own = x[:, i]
            out["annual volatility", asset] = float(np.sqrt((own**2).mean() * per_year))
            out["excess kurtosis", asset] = _excess_kurtosis(own)
            out["99.9 % loss of a bar", asset] = float(-np.quantile(own, 0.001))
            for h, lag in lags.items():
                full = sample.returns[:, i]
                out[f"ACF of squares, {h} h", asset] = autocorrelation(full**2, lag)
                out[f"ACF of absolutes, {h} h", asset] = autocorrelation(np.abs(full), lag)
        _pairs(out, x, weights, bars.assets, regimes)
        return out

    return measure


def _pairs(
    out: dict[Key, float],
    x: np.ndarray,
    weights: np.ndarray,
    assets: tuple[str, ...],
    regimes: tuple[str, ...],
) -> None:
    """Correlation, overall and by regime, and joint lower tails of every pair."""
    tail = x < np.quantile(x, TAIL, axis=0)
    overall = np.corrcoef(x.T).reshape(len(assets), len(assets))
    by_regime = [_correlation(x, weights[:, k]) for k in range(len(regimes))]
    for i in range(len(assets)):
        for j in range(i + 1, len(assets)):
            pair = f"{assets[i]}-{assets[j]}"
            out["correlation", pair] = float(overall[i, j])
            out["joint 1 % tail", pair] = float((tail[:, i] & tail[:, j]).mean() / TAIL)
            for k, name in enumerate(regimes):
                out[f"correlation in {name}", pair] = float(by_regime[k][i, j])


def _correlation(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    second = (x * weights[:, None]).T @ x
    sd = np.sqrt(np.diag(second))
    return np.asarray(second / np.outer(sd, sd))


def _excess_kurtosis(x: np.ndarray) -> float:
    centred = x - x.mean()
    return float((centred**4).mean() / (centred**2).mean() ** 2 - 3.0)


def autocorrelation(x: np.ndarray, lag: int) -> float:
    """Autocorrelation over pairs of which both are there; NaN if the lag exceeds the sample."""
    if lag >= len(x):
        return float("nan")
    now, later = x[:-lag], x[lag:]
    both = np.isfinite(now) & np.isfinite(later)
    return float(np.corrcoef(now[both], later[both])[0, 1])
