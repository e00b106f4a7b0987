"""The per-path table as statistics read it: one column of one world and twin at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import is_numeric_dtype

from sim.errors import SluicegateError
from sim.studies.metrics import KEYS

if TYPE_CHECKING:
    from sim.studies.work import Arm

NEEDED = ("world", "twin", "path", "population")
SMALL = 8_000_000  # numbers that a table may hold to be read as a whole
ROWS_OF_A_GROUP = 1 << 17  # rows that are packed together; so many are in memory while writing


class PathTable(Protocol):
    """Rows by world, twin and path."""

    @property
    def metrics(self) -> list[str]:
        """Numeric columns that are no keys."""

    @property
    def arms(self) -> list[Arm]:
        """World and twin of every block, in order."""

    def column(self, arm: Arm, name: str) -> np.ndarray:
        """One column of one block, in order of path."""

    def frame(self) -> pd.DataFrame:
        """The whole table; a large one may not fit into memory."""


def ordered(per_path: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by world, twin and path, so that equal contents give equal bytes."""
    return per_path.sort_values(["world", "twin", "path"], kind="stable", ignore_index=True)


class FrameTable:
    """A table in memory.

    Raises
    ------
    SluicegateError
        When keys are missing.
    """

    def __init__(self, per_path: pd.DataFrame) -> None:
        missing = [key for key in NEEDED if key not in per_path.columns]
        if missing:
            raise SluicegateError(
                "the per-path table misses key columns", value=missing, allowed=", ".join(NEEDED)
            )
        self._frame = per_path
        groups = ordered(per_path).groupby(["world", "twin"], sort=False)
        self._blocks = {(str(world), str(twin)): rows for (world, twin), rows in groups}
        names = (name for name in per_path.columns if name not in KEYS)
        self.metrics = [str(name) for name in names if is_numeric_dtype(per_path[name])]
        self.arms = list(self._blocks)

    def column(self, arm: Arm, name: str) -> np.ndarray:
        """One column of one block, in order of path."""
        return self._blocks[arm][name].to_numpy()

    def frame(self) -> pd.DataFrame:
        """The table as it was given."""
        return self._frame


class FileTable:
    """A table that stays in its file, all blocks of the same length.

    Parameters
    ----------
    file : Path
        The per-path table; it may be renamed afterwards.
    arms : list of (str, str)
        World and twin of its blocks, in order.
    keep : object, optional
        What must live as long as the table, such as a temporary folder.
    """

    def __init__(self, file: Path, arms: list[Arm], keep: Any = None) -> None:
        self._held = pq.ParquetFile(file)
        self._keep = keep
        self.arms = arms
        self.paths = self._held.metadata.num_rows // len(arms)
        self.metrics = [name for name in self._held.schema_arrow.names if name not in KEYS]
        sizes = [self._held.metadata.row_group(g).num_rows for g in range(self._groups)]
        self._edges = np.concatenate([[0], np.cumsum(sizes)])  # first row of each group

    @property
    def _groups(self) -> int:
        return int(self._held.metadata.num_row_groups)

    def column(self, arm: Arm, name: str) -> np.ndarray:
        """One column of one block, in order of path; only the groups that hold it are read."""
        start = self.arms.index(arm) * self.paths
        stop = start + self.paths
        first = int(np.searchsorted(self._edges, start, side="right")) - 1
        last = int(np.searchsorted(self._edges, stop, side="left"))
        read = self._held.read_row_groups(range(first, last), columns=[name])
        offset = start - int(self._edges[first])
        return np.asarray(read.column(0).slice(offset, self.paths).to_numpy())

    def frame(self) -> pd.DataFrame:
        """The whole table; a large one may not fit into memory."""
        return self._held.read().to_pandas()


def as_table(paths: pd.DataFrame | PathTable) -> PathTable:
    """Return the table itself, or one of a frame."""
    return FrameTable(paths) if isinstance(paths, pd.DataFrame) else paths


def open_table(file: Path, arms: list[Arm], keep: Any = None) -> PathTable:
    """Open a per-path table: in memory if it is small, else in its file."""
    held = pq.read_metadata(file)
    if held.num_rows * held.num_columns <= SMALL:
        return FrameTable(pq.read_table(file).to_pandas())
    return FileTable(file, arms, keep)


class TableWriter:
    """Writes a per-path table in groups of equal length, whatever pieces it comes in.

    The same rows give the same bytes: how they were divided before is forgotten in each group.

    Parameters
    ----------
    file : Path
        To write to.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._writer: pq.ParquetWriter | None = None
        self._pieces: list[pa.Table] = []

    def add(self, piece: pa.Table) -> None:
        """Append rows; they must come in their final order."""
        self._pieces.append(piece)
        while sum(held.num_rows for held in self._pieces) >= ROWS_OF_A_GROUP:
            self._write(ROWS_OF_A_GROUP)

    def close(self) -> None:
        """Write what is left."""
        if self._pieces:
            self._write(sum(held.num_rows for held in self._pieces))
        if self._writer is not None:
            self._writer.close()

    def _write(self, rows: int) -> None:
        whole = pa.concat_tables(self._pieces)
        group, rest = whole.slice(0, rows).combine_chunks(), whole.slice(rows)
        self._pieces = [rest] if rest.num_rows else []
        if self._writer is None:
            schema = group.schema
            self._writer = pq.ParquetWriter(self._file, schema, compression="zstd", version="2.6")
        self._writer.write_table(group, row_group_size=max(rows, 1))
