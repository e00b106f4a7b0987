"""Returns over consecutive margin periods, from a price file or from a simulated market."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.errors import SluicegateError
from sim.market.paths import fill_path
from sim.studies.backtest_settings import BacktestConfig
from sim.world.compose import compose
from sim.world.law import build_law
from sim.world.prices.bars import take_bars
from sim.world.prices.read import PriceFile, read_prices
from sim.world.schema.checks import check_known
from sim.world.schema.explain import validated
from sim.world.schema.market import MarketConfig

HOUR = 3600.0
ORIGIN = "2000-01-01"  # a simulation has no date


class History(NamedTuple):
    """Periods that follow each other without overlap; T periods, N assets."""

    assets: tuple[str, ...]
    start: pd.DatetimeIndex  # (T,) when the requirement is set
    returns: np.ndarray  # (T, N) relative price changes until the end of the period
    source: str  # what these prices are
    notes: tuple[str, ...]


def load_history(config: BacktestConfig) -> History:
    """Read or simulate the periods that a backtest runs over."""
    history = _simulated(config) if config.data is None else _recorded(config, config.data)
    if len(history.start) < config.warmup + 2:
        raise _too_short(config, len(history.start))
    return history


def _too_short(config: BacktestConfig, count: int) -> SluicegateError:
    least = config.warmup + 2  # tests of clustering need two
    days = ceil(least * config.hours / 24.0)
    needed = f"{least} periods (warmup + 2)"
    return SluicegateError(
        f"too short: {count} periods of {config.hours:g} h",
        where="data" if config.data else "days",
        value=count if config.data else config.days,
        allowed=f"at least {needed}" if config.data else f"at least {days}, which hold {needed}",
        hint="a longer span, shorter hours=, or a smaller warmup="
        if config.data
        else f"days={days}, shorter hours=, or a smaller warmup=",
    )


def periods(log_returns: np.ndarray, bars: int) -> np.ndarray:
    """Add up log-returns over consecutive blocks of bars; a block with a gap is NaN, (T, N)."""
    count = len(log_returns) // bars
    blocks = log_returns[: count * bars].reshape(count, bars, -1)
    return np.asarray(np.expm1(blocks.sum(axis=1)))


def _recorded(config: BacktestConfig, path: str) -> History:
    file = read_prices(path)
    _check_books(config, file)
    bars = take_bars(file, config.assets, (config.start, config.end), config.max_gap_share)
    count = _whole(config.hours * HOUR / bars.seconds, config.hours, f"{bars.seconds:g} s")
    returns = periods(bars.returns, count)
    start = bars.times[: len(returns) * count : count]
    kept = np.isfinite(returns).all(axis=1)
    notes = [*bars.notes]
    if not kept.all():
        notes.append(f"{(~kept).sum()} of {len(kept)} periods are left out: a bar is missing")
    return History(bars.assets, start[kept], returns[kept], file.name, tuple(notes))


def _check_books(config: BacktestConfig, file: PriceFile) -> None:
    """Refuse assets that the file lacks, and name the books that it has all of."""
    known = sorted(file.rows["asset"].unique())
    absent = [asset for asset in config.assets if asset not in known]
    if not absent:
        return
    held = {name: {a for a in book if book[a]} for name, book in config.books.items()}
    whole = [name for name, assets in held.items() if assets <= {*known}]
    raise SluicegateError(
        f"the file has no {' and no '.join(absent)}, which books hold",
        where=file.name,
        value=list(config.assets),
        allowed=", ".join(known),
        hint=f"book=[{','.join(whole)}]" if whole else f"books.mine.{known[0]}=1 book=mine",
    )


def _simulated(config: BacktestConfig) -> History:
    count = _whole(config.hours, config.hours, "1 h")
    plain = compose([f"market={config.market}"])["market"]
    market = validated(MarketConfig, plain, "market")
    names = list(market.assets)
    for asset in config.assets:
        check_known("books", asset, names)
    steps = config.days * 24
    law, _ = build_law(market, HOUR)
    prices, regimes = np.empty((steps + 1, len(names))), np.empty(steps + 1, dtype=np.int64)
    fill_path(law, np.uint64(config.seed), 0, prices, regimes)
    columns = [names.index(asset) for asset in config.assets]
    returns = periods(np.diff(np.log(prices[:, columns]), axis=0), count)
    start = pd.date_range(ORIGIN, periods=len(returns), freq=pd.Timedelta(hours=count), tz="UTC")
    note = f"market {config.market}, seed {config.seed}, steps of 1 h; dates are arbitrary"
    return History(config.assets, start, returns, f"simulation of {config.days} days", (note,))


def _whole(ratio: float, hours: float, bar: str) -> int:
    """Bars per period, which must be a whole number."""
    count = round(ratio)
    if count < 1 or abs(count - ratio) > 1e-9:
        raise SluicegateError(
            "the margin period is no multiple of the bars",
            where="hours",
            value=hours,
            allowed=f"multiples of {bar}",
        )
    return count
