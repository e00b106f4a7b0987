"""Synthetic price files and planted models for the calibration tests."""

from pathlib import Path

import numpy as np
import pandas as pd

COLUMNS = ["timestamp", "asset", "venue", "open", "high", "low", "close", "volume"]


def bars(
    asset: str, close: np.ndarray, venue: str = "spot", start: str = "2024-01-01"
) -> pd.DataFrame:
    """Return hourly bars with the given closes."""
    times = pd.date_range(start, periods=len(close), freq="h", tz="UTC")
    first = np.concatenate((close[:1], close[:-1]))
    return pd.DataFrame(
        {
            "timestamp": times,
            "asset": asset,
            "venue": venue,
            "open": first,
            "high": np.maximum(first, close),
            "low": np.minimum(first, close),
            "close": close,
            "volume": 1.0,
        }
    )


def walk(count: int, seed: int = 0, hourly: float = 0.006) -> np.ndarray:
    """Return a price path that switches between a calm and a wild hour-to-hour volatility."""
    random = np.random.Generator(np.random.PCG64(seed))
    wild = (np.arange(count) // 12) % 4 == 3
    moves = hourly * np.where(wild, 4.0, 1.0) * random.standard_normal(count)
    return 100.0 * np.exp(np.cumsum(moves))


def write_csv(folder: Path, *frames: pd.DataFrame, name: str = "prices.csv") -> str:
    """Write frames one below the other and return the path."""
    path = folder / name
    pd.concat(frames).to_csv(path, index=False)
    return str(path)


def planted_hmm(count: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (count, 2) returns of two regimes, their covariances and their transition matrix."""
    random = np.random.Generator(np.random.PCG64(seed))
    transition = np.array([[0.95, 0.05], [0.10, 0.90]])
    covariance = np.array([[[1.0, 0.3], [0.3, 2.0]], [[9.0, 6.0], [6.0, 16.0]]]) * 1e-6
    regime = np.zeros(count, dtype=int)
    for t in range(1, count):
        regime[t] = int(random.random() > transition[regime[t - 1], 0])
    factor = np.linalg.cholesky(covariance)
    noise = random.standard_normal((count, 2))
    return np.einsum("tij,tj->ti", factor[regime], noise), covariance, transition
