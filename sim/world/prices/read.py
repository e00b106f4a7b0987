"""Price files: reading, and refusing what cannot be calibrated on.

A file is CSV, CSV.gz or Parquet with the columns timestamp, asset, venue, open, high, low, close
and volume, one row per bar; a timestamp without a zone is UTC. Nothing is ever filled in: a
missing bar stays missing, and no return is taken across it.
"""

import gzip
import hashlib
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sim.errors import SluicegateError

PRICES = ["open", "high", "low", "close"]
ENDINGS = (".csv", ".csv.gz", ".parquet")
COLUMNS = ["timestamp", "asset", "venue", *PRICES, "volume"]


class PriceFile(NamedTuple):
    """A price file, read and checked row by row."""

    name: str  # without its folder
    sha256: str  # of the bytes on disk
    rows: pd.DataFrame  # COLUMNS, timestamps in UTC


def read_prices(path: str) -> PriceFile:
    """Read a price file.

    Parameters
    ----------
    path : str
        CSV, CSV.gz or Parquet.

    Raises
    ------
    SluicegateError
        If the file is missing, a folder, empty, of another format, lacks a column, holds a price
        that is no positive number, a bar whose high is below its low, an unreadable timestamp, or
        rows that are out of order or repeat.
    """
    file = Path(path)
    if file.is_dir():
        raise SluicegateError(
            "a folder, where a price file is meant", where=path, allowed=", ".join(ENDINGS)
        )
    if not file.is_file():
        raise SluicegateError("no such price file", where=path, hint="check the path after data=")
    rows = _load(file, path)
    missing = [column for column in COLUMNS if column not in rows.columns]
    if missing:
        raise SluicegateError(
            f"columns are missing: {', '.join(missing)}",
            where=path,
            value=list(rows.columns),
            allowed=", ".join(COLUMNS),
        )
    if rows.empty:
        raise SluicegateError(
            "the price file holds no bar", where=path, allowed=f"rows of {', '.join(COLUMNS)}"
        )
    rows = rows[COLUMNS].reset_index(drop=True)
    rows["timestamp"] = _timestamps(rows["timestamp"], path)
    for column in ("asset", "venue"):
        _refuse(rows[column].isna(), rows, f"{column} is missing", path)
        rows[column] = rows[column].astype(str)
    _check_prices(rows, path)
    _check_order(rows, path)
    return PriceFile(file.name, hashlib.sha256(file.read_bytes()).hexdigest(), rows)


def _load(file: Path, path: str) -> pd.DataFrame:
    name = file.name.lower()
    if not name.endswith(ENDINGS):
        raise SluicegateError("unknown format", where=path, allowed=", ".join(ENDINGS))
    if file.stat().st_size == 0:
        raise SluicegateError(
            "the price file is empty", where=path, allowed=f"rows of {', '.join(COLUMNS)}"
        )
    try:
        return pd.read_parquet(file) if name.endswith(".parquet") else pd.read_csv(file)
    except (ValueError, OSError, EOFError) as error:  # pandas' and pyarrow's own are ValueErrors
        raise SluicegateError(
            f"the price file cannot be read: {error}",
            where=path,
            hint="check that the file is whole and that its ending names its format",
        ) from error


def _timestamps(given: pd.Series, path: str) -> pd.Series:
    if pd.api.types.is_numeric_dtype(given):
        raise SluicegateError(
            "timestamps are numbers of unknown unit",
            where=path,
            value=given.iloc[0],
            allowed="dates and times such as 2021-04-05T13:00:00Z",
        )
    parsed = pd.to_datetime(given, utc=True, errors="coerce", format="ISO8601")
    for row in parsed.index[parsed.isna()][:1]:
        raise SluicegateError(
            "unreadable timestamp",
            where=f"{path}, {_place(path, int(row))}",
            value=given[row],
            allowed="dates and times such as 2021-04-05T13:00:00Z",
        )
    return parsed.dt.as_unit("ns")  # one resolution, so that files of two formats can be joined


def _check_prices(rows: pd.DataFrame, path: str) -> None:
    for column in PRICES:
        values = pd.to_numeric(rows[column], errors="coerce")
        bad = ~((values > 0.0) & (values < float("inf")))  # NaN fails every comparison
        _refuse(bad, rows, f"{column} must be a positive number", path, column)
        rows[column] = values
    _refuse(rows["high"] < rows["low"], rows, "high is below low", path, "high")


def _check_order(rows: pd.DataFrame, path: str) -> None:
    step = rows.groupby(["asset", "venue"], sort=False)["timestamp"].diff()
    again = rows.duplicated(["asset", "venue", "timestamp"])  # first: a repeat may stand anywhere
    _refuse(again, rows, "duplicate timestamp for this asset and venue", path)
    back = step < pd.Timedelta(0)
    _refuse(back, rows, "out of order: earlier than the row before of its asset and venue", path)


def _place(path: str, row: int) -> str:
    """Say where a row stands: by line in a text, by number from 1 in a table."""
    file = Path(path)
    if file.name.lower().endswith(".parquet"):
        return f"row {row + 1} (the first is 1)"
    opened = gzip.open if file.name.lower().endswith(".gz") else open
    with opened(file, "rt", encoding="utf-8", errors="replace") as stream:
        filled = (number for number, line in enumerate(stream, start=1) if line.strip())
        line = next(islice(filled, row + 1, None))  # blank lines are no rows, the header is none
    return f"line {line} (the header is line 1)"


def _refuse(
    bad: pd.Series, rows: pd.DataFrame, what: str, path: str, column: str = "timestamp"
) -> None:
    if not bad.any():
        return
    first = int(bad.to_numpy().argmax())
    row = rows.iloc[first]
    which = f"{row['asset']} on {row['venue']} at {row['timestamp']}"
    more = int(bad.sum()) - 1
    raise SluicegateError(
        what + (f" (and {more} rows more)" if more else ""),
        where=f"{path}, {_place(path, first)}, {which}",
        value=row[column] if column != "timestamp" else str(row["timestamp"]),
        hint="mend or leave out such rows; those of an asset and venue stand in order of time",
    )
