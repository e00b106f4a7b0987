"""What a study hands to its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from sim.studies.path_table import PathTable
    from sim.studies.summary import Summary


@dataclass(frozen=True)
class StudyResult:
    """Outcome of a study.

    Attributes
    ----------
    paths : DataFrame or PathTable
        One row per world, twin and path: keys world, twin, path, population; metrics float64.
    worlds : DataFrame
        One row per world in the order in which reports show them: world, scope, arm,
        loss_bearer, and numeric columns that are constant over paths.
    baseline : str
        World to which the others are compared.
    idle : tuple of str
        Venues of the run at which no trader holds anything.
    shrunk : mapping of str to set of str
        By venue, the assets in which positions are smaller than drawn, so that the market maker
        can hold the rest.
    unscanned : tuple of str
        Venues whose scenario or tail engine some world leaves aside, adding legs up instead.
    """

    paths: pd.DataFrame | PathTable
    worlds: pd.DataFrame
    baseline: str = "venue"
    idle: tuple[str, ...] = ()
    shrunk: Mapping[str, set[str]] = field(default_factory=dict)
    unscanned: tuple[str, ...] = ()

    @cached_property
    def table(self) -> PathTable:
        """The per-path table, column by column."""
        from sim.studies.path_table import as_table

        return as_table(self.paths)

    @property
    def per_path(self) -> pd.DataFrame:
        """The whole per-path table; a large one may not fit into memory."""
        return self.table.frame()

    def happened(self, metric: str) -> bool:
        """Whether a metric is there, and other than zero on any path."""
        if metric not in self.table.metrics:
            return False
        return any(self.table.column(arm, metric).any() for arm in self.table.arms)

    @cached_property
    def summary(self) -> Summary:
        """Figures with intervals; computed once."""
        # here, not above: scipy.stats costs a start of the command half a second
        from sim.studies.summary import summarise

        return summarise(self.table, self.worlds, self.baseline)
