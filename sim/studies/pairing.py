"""The per-path table as blocks that share their paths; columns are read when they are needed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from sim.errors import SluicegateError
from sim.studies.path_table import PathTable
from sim.studies.statistics import Codes, Floats
from sim.studies.work import Arm

FULL, SLIPPAGE = "full", "slippage"


class Columns(Mapping[str, Floats]):
    """Metrics of one block by name; a metric that is undefined on every path is left out.

    Nothing is kept: a figure needs a few columns at a time, and all of them may not fit.
    """

    def __init__(self, table: PathTable, arm: Arm) -> None:
        self._table, self._arm = table, arm
        self._names = {name: None for name in table.metrics if self._applies(name)}

    def __getitem__(self, name: str) -> Floats:
        """Read a column."""
        return self._table.column(self._arm, name).astype(np.float64, copy=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def _applies(self, name: str) -> bool:
        """Whether a metric is defined; on some paths only it is refused."""
        column = self[name]
        defined = np.isfinite(column)
        if defined.all():
            return True
        if defined.any() or not np.isnan(column).all():
            path = int(self._table.column(self._arm, "path")[~defined][0])
            where = described(self._arm)
            raise SluicegateError(
                f"metric {name} is not a number on path {path}", where=where, allowed="finite"
            )
        return False


@dataclass(frozen=True)
class Block:
    """One world under one twin: metrics (n,) in order of path, and the cluster of each path."""

    world: str
    twin: str
    values: Mapping[str, Floats]
    clusters: Codes

    @property
    def n(self) -> int:
        """Number of paths."""
        return self.clusters.size

    @property
    def shared(self) -> Codes | None:
        """Clusters, or None when every path is its own."""
        return None if self.clusters.max() + 1 == self.n else self.clusters


def described(arm: Arm) -> str:
    """Name a block for people."""
    world, twin = arm
    return f"world {world!r}, twin {twin!r}"


def blocks(table: PathTable, baseline: str) -> dict[Arm, Block]:
    """Split the table by world and twin, after checking that all share paths and populations.

    Raises
    ------
    SluicegateError
        When the table is empty, the baseline is absent, a path is doubled or missing somewhere,
        or a metric is undefined on some paths of a world.
    """
    found: dict[Arm, Block] = {}
    shared: Block | None = None
    paths, populations = np.empty(0), np.empty(0)
    for arm in table.arms:
        here, drawn = table.column(arm, "path"), table.column(arm, "population")
        if shared is None:
            paths, populations = here, drawn
        if not (np.array_equal(here, paths) and np.array_equal(drawn, populations)):
            count = len(np.unique(paths))
            raise SluicegateError(
                "paths or populations differ from those of the other worlds",
                where=described(arm),
                value=f"{len(here)} rows, {len(np.unique(here))} paths",
                allowed=f"the same {count} paths in every world and twin",
            )
        clusters = _clusters(here, drawn) if shared is None else shared.clusters
        shared = found[arm] = Block(*arm, Columns(table, arm), clusters)
    if (baseline, FULL) not in found:
        raise SluicegateError(
            "the baseline world is not in the table",
            value=baseline,
            allowed=", ".join(sorted({world for world, twin in found if twin == FULL})) or "none",
        )
    return found


def _clusters(paths: np.ndarray, populations: np.ndarray) -> Codes:
    """Cluster codes: the population where more than one was drawn, else the path itself."""
    if len(np.unique(paths)) < len(paths):
        raise SluicegateError(
            "a path appears twice in one world and twin",
            where="per-path table",
            allowed="one row per world, twin and path",
        )
    drawn = np.unique(populations)
    kinds, keys = (drawn, populations) if len(drawn) > 1 else (np.sort(paths), paths)
    return np.searchsorted(kinds, keys).astype(np.int64)
