"""From the per-path table to a table of figures, each with its interval and n."""

from dataclasses import dataclass, fields
from functools import cached_property

import pandas as pd

from sim.errors import SluicegateError
from sim.studies.bootstrap import resample
from sim.studies.pairing import FULL, SLIPPAGE, blocks
from sim.studies.path_table import PathTable, as_table
from sim.studies.rows import block_tails, cascade_rows, delta_rows, level_rows, static_rows
from sim.studies.statistics import NAN, Estimate

COLUMNS = ("world", "twin", "metric", "statistic", "reference")
ESTIMATE = tuple(field.name for field in fields(Estimate))


@dataclass(frozen=True)
class Summary:
    """Figures of a study, all with the columns of the long table.

    Columns: world, twin, metric, statistic, reference (the world a difference is taken to),
    value, low, high, n, n_tail, se, note. Intervals are at 95 %; NaN means not defined, and the
    note says why.

    Attributes
    ----------
    tidy : DataFrame
        Every figure; the other tables are parts of it.
    baseline : str
        World to which differences are taken.
    """

    tidy: pd.DataFrame
    baseline: str

    @cached_property
    def headline(self) -> pd.DataFrame:
        """Levels of every metric under full feedback."""
        kinds = ("mean", "p_positive", "var_95", "es_95", "var_99", "es_99")
        return self._where(self.tidy.statistic.isin(kinds) & (self.tidy.twin == FULL))

    @cached_property
    def paired(self) -> pd.DataFrame:
        """Differences to the baseline on the same paths."""
        return self._where(self.tidy.statistic.str.startswith("delta_") & (self.tidy.twin == FULL))

    @cached_property
    def cascade(self) -> pd.DataFrame:
        """Amplification, the share that own flow called for, and branching."""
        return self._where(self.tidy.statistic.str.match("amplification|flow_share|branching"))

    @cached_property
    def capital(self) -> pd.DataFrame:
        """What is known before any path is run."""
        return self._where(self.tidy.statistic.str.match("(delta_)?static$"))

    def figure(self, world: str, metric: str, statistic: str, twin: str = FULL) -> Estimate:
        """Look one figure up; an estimate without a value when the study does not hold it."""
        key = (self.tidy.world == world) & (self.tidy.metric == metric)
        rows = self.tidy[key & (self.tidy.statistic == statistic) & (self.tidy.twin == twin)]
        if rows.empty:
            return Estimate(NAN, note="not in this study")
        row = rows.iloc[0]
        return Estimate(**{name: row[name] for name in ESTIMATE})

    def _where(self, chosen: pd.Series) -> pd.DataFrame:
        return self.tidy[chosen].reset_index(drop=True)


def summarise(
    per_path: pd.DataFrame | PathTable, worlds: pd.DataFrame, baseline: str = "venue"
) -> Summary:
    """Reduce a study to figures with intervals.

    Parameters
    ----------
    per_path : DataFrame or PathTable
        One row per world, twin and path; every numeric column that is not a key is a metric.
    worlds : DataFrame
        One row per world; numeric columns are constant over paths.
    baseline : str
        World to which the others are compared.

    Raises
    ------
    SluicegateError
        When the table is empty or misses keys, the baseline is absent, or worlds do not share
        their paths and populations.
    """
    order = _world_order(worlds, baseline)
    found = blocks(as_table(per_path), baseline)
    base = found[baseline, FULL]
    sample = resample(base.clusters, "summary")
    reference = block_tails(base, sample)
    rows = list(static_rows(worlds, baseline))
    for (world, twin), block in sorted(found.items(), key=lambda item: order.index(item[0][0])):
        full = twin == FULL
        own = reference if block is base else block_tails(block, sample) if full else {}
        rows += level_rows(block, own, sample)
        if full and block is not base:
            rows += delta_rows(block, base, (own, reference), sample)
        if full:
            rows += cascade_rows(block, found.get((world, SLIPPAGE)), sample)
    tidy = pd.DataFrame(rows, columns=[*COLUMNS, *ESTIMATE])
    return Summary(tidy.astype({"n": "int64", "n_tail": "Int64"}), baseline)


def _world_order(worlds: pd.DataFrame, baseline: str) -> list[str]:
    names = [str(name) for name in worlds["world"]] if "world" in worlds.columns else []
    if baseline not in names or len(set(names)) < len(names):
        raise SluicegateError(
            "the table of worlds must name each world once, the baseline among them",
            value=names,
            allowed=f"one row per world, one of them {baseline!r}",
        )
    return names
