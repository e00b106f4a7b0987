"""The basis of a pegged asset, measured on a proxy.

The log-basis x is an Ornstein-Uhlenbeck process with jumps (depegs). Quotes carry white noise
that is no basis anybody could trade for long, so the process is read from autocovariances at
positive lags, which that noise does not enter.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.calibration.settings import PeggedAsset
from sim.errors import SluicegateError
from sim.world.prices.bars import Bars, take_bars
from sim.world.prices.read import PriceFile

DEPEGGED = 0.01  # a log-basis beyond this belongs to a depeg, not to the noise around the peg
FEWEST_DEPEGGED = 24  # bars; fewer say nothing about how fast a depeg heals
FEWEST_IN_REGIME = 24.0  # expected bars; below, a regime gets the average noise
SLOWEST, FASTEST = 0.02, 50.0  # reversion per day that hourly bars can tell


class Weather(NamedTuple):
    """What the market's regimes were, and how often they are."""

    times: pd.DatetimeIndex  # (T,) end of each bar
    weights: np.ndarray  # (T, K) probability of each regime
    occupancy: np.ndarray  # (K,) stationary


class Basis(NamedTuple):
    """A measured log-basis on a regular clock; NaN where a price is missing."""

    times: pd.DatetimeIndex
    log: np.ndarray
    years: float  # length of a bar
    growth: float  # fitted growth of the redemption rate, per year; 0 for a stable


def measure_basis(asset: PeggedAsset, pegs: PriceFile, data: PriceFile) -> Basis:
    """Log-basis of an asset's proxy.

    A stable's is its log-price in dollars. A staked asset's is the log-price over its
    underlying, less a straight line: the growth of its redemption rate.

    Raises
    ------
    SluicegateError
        If a price file does not hold what is needed.
    """
    proxy = take_bars(pegs, (asset.proxy,))
    if asset.proxy_underlying is None:
        return Basis(proxy.times, np.log(proxy.close[:, 0]), proxy.years, 0.0)
    base = take_bars(data, (asset.proxy_underlying,))
    level = pd.Series(base.close[:, 0], base.times).reindex(proxy.times)
    ratio = np.log(proxy.close[:, 0]) - np.log(level.to_numpy())
    seen = np.isfinite(ratio)
    if seen.sum() < 2:
        raise SluicegateError(
            "the proxy and its underlying have no common bars",
            where=pegs.name,
            value=f"{asset.proxy} over {asset.proxy_underlying} of {data.name}",
            hint="give files whose spans overlap, or another proxy",
        )
    time = np.arange(len(ratio)) * proxy.years
    growth, level_0 = np.polyfit(time[seen], ratio[seen], 1)
    return Basis(proxy.times, ratio - growth * time - level_0, proxy.years, float(growth))


def fit_peg(asset: PeggedAsset, basis: Basis, weather: Weather) -> dict[str, Any]:
    """Parameters of a peg, as the market's schema names them.

    Reversion: where the proxy has been depegged, how much of a depeg is left a day later;
    otherwise the decay of the autocovariance over a day. Volatility: from the variance of the
    basis near its peg, spread over regimes as the hourly moves of the basis are. Depegs: their
    size and frequency are too rare to fit and come from `asset`; all fall in the last regime.
    """
    day = max(round(1.0 / (365.0 * basis.years)), 1)
    near = np.where(np.abs(basis.log) < DEPEGGED, basis.log, np.nan)
    reversion = _reversion_per_day(basis, near, day)
    variance = _lagged(near, 1) * np.exp(reversion / day)
    noise = _relative_noise(np.diff(near), basis.times[1:], weather)
    volatility = np.sqrt(2.0 * reversion * 365.0 * max(variance, 0.0) * noise)
    size = asset.depeg_mean if asset.depeg_mean is not None else float(np.nanmin(basis.log))
    rate = np.zeros(len(noise))
    rate[-1] = asset.depegs_per_year / weather.occupancy[-1]
    return {
        "reversion_per_day": float(reversion),
        "volatility": volatility.tolist(),
        "jump_rate": rate.tolist(),
        "jump_mean": size,
        "jump_sd": asset.depeg_spread * abs(size),
    }


def weather_of(bars: Bars, weights: np.ndarray, occupancy: np.ndarray) -> Weather:
    """Join the regimes of a fit to the times of its bars."""
    return Weather(bars.times[1:], weights, occupancy)


def _reversion_per_day(basis: Basis, near: np.ndarray, day: int) -> float:
    now, later = basis.log[:-day], basis.log[day:]
    far = (np.abs(now) >= DEPEGGED) & np.isfinite(later)
    if far.sum() >= FEWEST_DEPEGGED:
        left = float((now[far] * later[far]).sum() / (now[far] ** 2).sum())
    else:
        left = _lagged(near, 1 + day) / _lagged(near, 1)
    fastest, slowest = np.exp(-FASTEST), np.exp(-SLOWEST)
    return float(-np.log(np.clip(np.nan_to_num(left), fastest, slowest)))


def _lagged(values: np.ndarray, lag: int) -> float:
    """Mean product at a lag; around zero, because the peg is."""
    return float(np.nanmean(values[lag:] * values[:-lag]))


def _relative_noise(moves: np.ndarray, times: pd.DatetimeIndex, weather: Weather) -> np.ndarray:
    """Mean squared move in each regime over the mean of all, shape (K,)."""
    weights = pd.DataFrame(weather.weights, weather.times).reindex(times).to_numpy()
    seen = np.isfinite(moves) & np.isfinite(weights).all(axis=1)
    bars = weights[seen].sum(axis=0)
    if not seen.any():
        return np.ones(len(bars))
    squares = moves[seen] ** 2
    overall = squares.mean()
    by_regime = weights[seen].T @ squares / np.maximum(bars, 1e-9)
    enough = (bars >= FEWEST_IN_REGIME) & (overall > 0.0)
    return np.where(enough, by_regime / max(overall, 1e-300), 1.0)
