"""What a study hands to its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from sim.studies.summary import Summary


@dataclass(frozen=True)
class StudyResult:
    """Outcome of a study.

    Attributes
    ----------
    per_path : DataFrame
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

    per_path: pd.DataFrame
    worlds: pd.DataFrame
    baseline: str = "venue"
    idle: tuple[str, ...] = ()
    shrunk: Mapping[str, set[str]] = field(default_factory=dict)
    unscanned: tuple[str, ...] = ()

    @cached_property
    def summary(self) -> Summary:
        """Figures with intervals; computed once."""
        # here, not above: scipy.stats costs a start of the command half a second
        from sim.studies.summary import summarise

        return summarise(self.per_path, self.worlds, self.baseline)
