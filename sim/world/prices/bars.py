"""From rows of a price file to closes on one regular clock, and the log-returns between them."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.errors import SluicegateError
from sim.world.prices.read import PriceFile

FEWEST_RETURNS = 300  # complete bars; three regimes have dozens of parameters
REGULAR_SHARE = 0.9  # of an asset's steps must be the bar; the others must be multiples of it
LARGEST_MOVE = 5.0  # log-return of one bar; LUNA's worst hours lost a factor of about ten
SECONDS_PER_YEAR = 365.0 * 86_400.0


class Bars(NamedTuple):
    """Closes of several assets on one clock; T+1 times, N assets."""

    assets: tuple[str, ...]
    times: pd.DatetimeIndex  # (T+1,) without gaps
    close: np.ndarray  # (T+1, N) USD, NaN where there is no bar
    returns: np.ndarray  # (T, N) log-returns, NaN unless both bars are there, from one venue
    seconds: float  # length of a bar
    notes: tuple[str, ...]  # what the data are: venues, gaps, span

    @property
    def years(self) -> float:
        """Length of a bar in years of 365 days."""
        return self.seconds / SECONDS_PER_YEAR

    @property
    def complete(self) -> np.ndarray:
        """Whether each bar has a return of every asset, shape (T,)."""
        return np.isfinite(self.returns).all(axis=1)


def take_bars(
    file: PriceFile,
    assets: tuple[str, ...],
    span: tuple[str | None, str | None] = (None, None),
    max_gap_share: float = 1.0,
) -> Bars:
    """Take assets and a span out of a price file.

    Where an asset is quoted on several venues, the venue with most bars is used, and another one
    only where that has no bar; no return is taken from one venue's close to another's.

    Parameters
    ----------
    file : PriceFile
        From :func:`sim.world.prices.read.read_prices`.
    assets : tuple of str
        In the order wanted.
    span : pair of (str or None)
        First and last time, both included; UTC where no zone is given.
    max_gap_share : float
        Largest admissible share of missing bars of an asset.

    Raises
    ------
    SluicegateError
        For an unknown asset, an impossible move, a span without common bars, mixed bar sizes,
        bars off the clock, too many missing bars, or too few complete ones.
    """
    known = sorted(file.rows["asset"].unique())
    absent = [asset for asset in assets if asset not in known]
    if absent:
        kept = [asset for asset in assets if asset in known]
        raise SluicegateError(
            f"the file has no {' and no '.join(absent)}: unknown asset",
            where=file.name,
            value=list(assets),
            allowed=", ".join(known),
            hint=f"assets=[{','.join(kept)}]" if kept else None,
        )
    rows = _within(file, span)
    series = {asset: _join_venues(rows[rows["asset"] == asset]) for asset in assets}
    bar = _bar_size(series, file.name)
    clock = _common_clock(series, bar, file.name)
    notes = [f"{clock[0].isoformat()} to {clock[-1].isoformat()}, bars of {_length(bar)}"]
    closes, returns = [], []
    for asset, frame in series.items():
        placed = frame.reindex(clock)
        notes.append(f"{asset}: {_describe(placed, bar)}")
        _check_gaps(placed, asset, max_gap_share, file.name)
        closes.append(placed["close"].to_numpy(dtype=float))
        returns.append(_log_returns(placed))
        _check_moves(placed, returns[-1], asset, file.name)
    bars = Bars(
        assets,
        clock,
        np.stack(closes, axis=1),
        np.stack(returns, axis=1),
        bar.total_seconds(),
        tuple(notes),
    )
    count = int(bars.complete.sum())
    if count < FEWEST_RETURNS:
        raise SluicegateError(
            f"too few bars: {count} complete returns of {', '.join(assets)}",
            where=file.name,
            allowed=f"at least {FEWEST_RETURNS}",
            hint="a longer span, or fewer assets",
        )
    return bars


def _within(file: PriceFile, span: tuple[str | None, str | None]) -> pd.DataFrame:
    rows = file.rows
    first, last = (pd.to_datetime(text, utc=True) if text else None for text in span)
    if first is not None:
        rows = rows[rows["timestamp"] >= first]
    if last is not None:
        rows = rows[rows["timestamp"] <= last]
    if rows.empty:
        raise SluicegateError(
            "no bar between start and end",
            where=file.name,
            value=span,
            allowed=f"{file.rows['timestamp'].min()} to {file.rows['timestamp'].max()}",
        )
    return rows


def _join_venues(rows: pd.DataFrame) -> pd.DataFrame:
    """One close and venue per time, of the venue with most bars where it has one."""
    rank = rows["venue"].value_counts().sort_index().rank(method="first", ascending=False)
    ordered = rows.assign(rank=rows["venue"].map(rank)).sort_values(["timestamp", "rank"])
    return ordered.drop_duplicates("timestamp").set_index("timestamp")[["close", "venue"]]


def _bar_size(series: dict[str, pd.DataFrame], name: str) -> pd.Timedelta:
    bars: dict[pd.Timedelta, list[str]] = {}
    for asset, frame in series.items():
        steps = frame.index.to_series().diff().dropna()
        if steps.empty:
            raise SluicegateError(
                "too few bars: fewer than two",
                where=f"{name}, {asset}",
                hint="leave the asset out, or give a longer file",
            )
        bar = steps.mode().iloc[0]
        uneven = ((steps % bar) != pd.Timedelta(0)) | (steps < bar)
        if uneven.any() or (steps == bar).mean() < REGULAR_SHARE:
            odd = steps[uneven].iloc[0] if uneven.any() else steps[steps != bar].iloc[0]
            raise SluicegateError(
                f"mixed bar sizes: mostly {_length(bar)}, also {_length(odd)}",
                where=f"{name}, {asset}",
                hint="start= and end= to take a span with one bar size",
            )
        bars.setdefault(bar, []).append(asset)
    if len(bars) > 1:
        listed = "; ".join(f"{_length(bar)}: {', '.join(names)}" for bar, names in bars.items())
        raise SluicegateError(
            f"mixed bar sizes: {listed}", where=name, hint="resample all assets to one bar size"
        )
    return next(iter(bars))


def _common_clock(
    series: dict[str, pd.DataFrame], bar: pd.Timedelta, name: str
) -> pd.DatetimeIndex:
    first = max(frame.index[0] for frame in series.values())
    last = min(frame.index[-1] for frame in series.values())
    if last <= first:
        spans = ", ".join(f"{a} {f.index[0]} to {f.index[-1]}" for a, f in series.items())
        raise SluicegateError(
            "the assets have no common span",
            where=name,
            value=spans,
            hint="leave out the assets that were not traded when the others were",
        )
    clock = pd.date_range(first, last, freq=bar)
    for asset, frame in series.items():
        inside = frame.index[(frame.index >= first) & (frame.index <= last)]
        stray = inside.difference(clock)
        if len(stray):
            raise SluicegateError(
                f"bars off the clock of {_length(bar)} from {first}",
                where=f"{name}, {asset}",
                value=str(stray[0]),
                hint="shift or resample its bars to the clock of the others",
            )
    return clock


def _check_gaps(placed: pd.DataFrame, asset: str, allowed: float, name: str) -> None:
    share = float(placed["close"].isna().mean())
    if share > allowed:
        raise SluicegateError(
            f"{share:.1%} of the bars are missing",
            where=f"{name}, {asset}",
            allowed=f"at most {allowed:.1%} (max_gap_share)",
            hint="a span with fewer gaps, or a higher max_gap_share",
        )


def _check_moves(placed: pd.DataFrame, moves: np.ndarray, asset: str, name: str) -> None:
    """Refuse a close that no market has: a slip of the pen, or another unit."""
    wild = np.flatnonzero(np.abs(moves) > LARGEST_MOVE)
    if len(wild):
        row = int(wild[0]) + 1
        close = placed["close"].to_numpy(dtype=float)
        raise SluicegateError(
            f"impossible bar: the close moves by {moves[row - 1]:+.3g} in logs from "
            f"{close[row - 1]:g} (and {len(wild) - 1} more such moves)",
            where=f"{name}, {asset} at {placed.index[row]}",
            value=close[row],
            allowed=f"at most {LARGEST_MOVE:g} in logs, a factor of {np.exp(LARGEST_MOVE):.0f}",
            hint="mend or remove that row, or the one before it",
        )


def _describe(placed: pd.DataFrame, bar: pd.Timedelta) -> str:
    """Venues with their bars, and how much is missing."""
    venues = placed["venue"].value_counts()
    used = ", ".join(f"{venue} {count} bars" for venue, count in venues.items())
    missing = placed["close"].isna().to_numpy()
    edges = np.flatnonzero(np.diff(np.concatenate(([False], missing, [False]))))
    lengths = edges[1::2] - edges[::2]
    if not len(lengths):
        return f"{used}; no gap"
    longest = _length(int(lengths.max()) * bar)
    return f"{used}; {missing.sum()} missing in {len(lengths)} gap(s), longest {longest}"


def _length(time: pd.Timedelta) -> str:
    seconds = time.total_seconds()
    return f"{seconds / 3600.0:g} h" if seconds >= 3600.0 else f"{seconds / 60.0:g} min"


def _log_returns(placed: pd.DataFrame) -> np.ndarray:
    move = np.diff(np.log(placed["close"].to_numpy(dtype=float)))
    venue = placed["venue"].to_numpy(dtype=object)
    return np.where(venue[1:] == venue[:-1], move, np.nan)
