"""What a study hands to its report."""

from __future__ import annotations

from dataclasses import dataclass
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
    """

    per_path: pd.DataFrame
    worlds: pd.DataFrame
    baseline: str = "venue"

    @cached_property
    def summary(self) -> Summary:
        """Figures with intervals; computed once."""
        # here, not above: scipy.stats costs a start of the command half a second
        from sim.studies.summary import summarise

        return summarise(self.per_path, self.worlds, self.baseline)
