"""The per-path table as blocks of arrays that share their paths."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from sim.errors import SluicegateError
from sim.studies.metrics import KEYS
from sim.studies.statistics import Codes, Floats

FULL, SLIPPAGE = "full", "slippage"
NEEDED = ("world", "twin", "path", "population")


@dataclass(frozen=True)
class Block:
    """One world under one twin: metrics (n,) in order of path, and the cluster of each path."""

    world: str
    twin: str
    values: dict[str, Floats]
    clusters: Codes

    @property
    def n(self) -> int:
        """Number of paths."""
        return self.clusters.size

    @property
    def shared(self) -> Codes | None:
        """Clusters, or None when every path is its own."""
        return None if self.clusters.max() + 1 == self.n else self.clusters


def ordered(per_path: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by world, twin and path, so that equal contents give equal bytes."""
    return per_path.sort_values(["world", "twin", "path"], kind="stable", ignore_index=True)


def blocks(per_path: pd.DataFrame, baseline: str) -> dict[tuple[str, str], Block]:
    """Split the table by world and twin, after checking that all share paths and populations.

    Raises
    ------
    SluicegateError
        When keys are missing, the table is empty, the baseline is absent, a path is doubled or
        missing somewhere, or a metric is undefined on some paths of a world.
    """
    missing = [key for key in NEEDED if key not in per_path.columns]
    if missing:
        raise SluicegateError(
            "the per-path table misses key columns", value=missing, allowed=", ".join(NEEDED)
        )
    names = [c for c in per_path.columns if c not in KEYS and is_numeric_dtype(per_path[c])]
    found: dict[tuple[str, str], Block] = {}
    paths: pd.DataFrame | None = None
    for (world, twin), rows in ordered(per_path).groupby(["world", "twin"], sort=False):
        where, here = f"world {world!r}, twin {twin!r}", rows[["path", "population"]]
        paths = here.reset_index(drop=True) if paths is None else paths
        if not np.array_equal(here.to_numpy(), paths.to_numpy()):
            raise SluicegateError(
                "paths or populations differ from those of the other worlds",
                where=where,
                value=f"{len(here)} rows, {here.path.nunique()} paths",
                allowed=f"the same {paths.path.nunique()} paths in every world and twin",
            )
        found[str(world), str(twin)] = Block(
            str(world), str(twin), _values(rows, names, where), _clusters(here)
        )
    if (baseline, FULL) not in found:
        raise SluicegateError(
            "the baseline world is not in the table",
            value=baseline,
            allowed=", ".join(sorted({world for world, twin in found if twin == FULL})) or "none",
        )
    return found


def _values(rows: pd.DataFrame, names: list[str], where: str) -> dict[str, Floats]:
    """Metrics of one block; one that is undefined on every path does not apply and is left out."""
    values = {}
    for name in names:
        column = rows[name].to_numpy(np.float64)
        defined = np.isfinite(column)
        if defined.all():
            values[name] = column
        elif defined.any() or not np.isnan(column).all():
            path = int(rows.path.to_numpy()[~defined][0])
            raise SluicegateError(
                f"metric {name} is not a number on path {path}", where=where, allowed="finite"
            )
    return values


def _clusters(paths: pd.DataFrame) -> Codes:
    """Cluster codes: the population where more than one was drawn, else the path itself."""
    if paths.path.duplicated().any():
        raise SluicegateError(
            "a path appears twice in one world and twin",
            where="per-path table",
            allowed="one row per world, twin and path",
        )
    several = paths.population.nunique() > 1
    codes = pd.factorize(paths.population if several else paths.path)[0]
    return codes.astype(np.int64)
