"""What a study hands to its report."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from sim.studies.summary import Summary, summarise


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
    notes : tuple of str
        What the reader must know about the inputs, such as a correlation matrix that was repaired.
    """

    per_path: pd.DataFrame
    worlds: pd.DataFrame
    baseline: str = "venue"
    notes: tuple[str, ...] = ()

    @cached_property
    def summary(self) -> Summary:
        """Figures with intervals; computed once."""
        return summarise(self.per_path, self.worlds, self.baseline)
