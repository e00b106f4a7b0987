"""Tables of the report: worlds down, figures across, never wider than a page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from sim.reports.axes import shown
from sim.reports.words import STATISTICS, amount, change, interval, unit_of
from sim.studies.metrics import CAPITAL, GENERATION, describe
from sim.studies.result import StudyResult
from sim.studies.statistics import Estimate

MAX_COLUMNS = 7
CASCADE_METRIC = "liquidated_notional"
CASCADE_NAMES = {"amplification": "Amplification", "flow_share": "Share through own flow"}
LAMBDAS = ("lambda_ratio", "lambda_stressed", "lambda_worst")
CAPITAL_ORDER = (
    "margin_required",
    "gross_notional",
    "margin_ratio",
    "free_collateral",
    "achievable_leverage",
    "freed_margin",
    "capital_required",
)


@dataclass(frozen=True)
class Cell:
    """One figure: its value, its interval in small, and the letters of its notes."""

    text: str
    small: str = ""
    marks: str = ""


@dataclass
class Table:
    """Rows of cells under a caption; notes are shared by the letters in the cells."""

    caption: str
    head: list[str]
    rows: list[tuple[str, list[Cell]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def mark(self, note: str) -> str:
        """Letter of a note, which is added on its first use."""
        if not note:
            return ""
        if note not in self.notes:
            self.notes.append(note)
        return letter(self.notes.index(note))


def letter(place: int) -> str:
    """Letters a..z, then aa, ab, ..."""
    first, last = divmod(place, 26)
    return (letter(first - 1) if first else "") + chr(ord("a") + last)


def figure_cell(table: Table, figure: Estimate, unit: str, *, difference: bool = False) -> Cell:
    """Cell of an estimate; order-statistic ranks stay in the CSV, all other notes are shown."""
    shown = "" if figure.note.startswith("ranks ") else figure.note
    value = change(figure.value, unit) if difference else amount(figure.value, unit)
    bare = math.isnan(figure.value) and math.isnan(figure.low) and math.isnan(figure.high)
    small = "" if bare else interval(figure, unit, difference=difference)
    return Cell(value, small, table.mark(shown))


def metric_table(result: StudyResult, metric: str, *, difference: bool = False) -> Table | None:
    """Worlds down; mean, P(>0), VaR and ES across; differences to the baseline if asked."""
    source = result.summary.paired if difference else result.summary.headline
    rows = source[source.metric == metric]
    if rows.empty:
        return None
    n, prefix = int(rows.n.max()), "delta_" if difference else ""
    what = f"difference to {result.baseline} on the same paths" if difference else "by world"
    table = Table(
        f"{describe(metric).label}, {what}; 95 % intervals beneath; n = {n:,} paths",
        [f"Δ {name}" if difference else name for name in STATISTICS.values()],
    )
    for world in worlds_of(result, difference=difference):
        cells = []
        for statistic in STATISTICS:
            figure = result.summary.figure(world, metric, prefix + statistic)
            unit = unit_of(metric, statistic)
            cells.append(figure_cell(table, figure, unit, difference=difference))
        table.rows.append((world, cells))
    return table


def difference_table(result: StudyResult, leave: Sequence[str] = ()) -> Table | None:
    """Mean difference to the baseline: metrics down, worlds across."""
    rows = result.summary.paired
    rows = rows[(rows.statistic == "delta_mean") & ~rows.metric.isin(leave)]
    names = worlds_of(result, difference=True)[: MAX_COLUMNS - 1]
    metrics = [m for m in dict.fromkeys(rows.metric) if not GENERATION.match(m)]
    if not metrics or not names:
        return None
    caption = f"Mean difference to {result.baseline} per path, 95 % interval beneath"
    table = Table(f"{caption}; n = {int(rows.n.max()):,} paths", names)
    for metric in metrics:
        cells = []
        for world in names:
            figure = result.summary.figure(world, metric, "delta_mean")
            cells.append(figure_cell(table, figure, describe(metric).unit, difference=True))
        named = describe(metric)
        table.rows.append((f"{named.label} ({shown(named.unit) or 'as given'})", cells))
    return table


def capital_table(result: StudyResult) -> Table | None:
    """Capital before any path: worlds down, measures across, change to the baseline beneath."""
    known = set(result.summary.capital.metric)
    names = [name for name in CAPITAL_ORDER if name in known][:MAX_COLUMNS]
    if not names:
        return None
    caption = f"Capital, change to {result.baseline} beneath; known before any path, no sampling"
    table = Table(caption, [CAPITAL[name].label for name in names])
    for world in worlds_of(result):
        cells = []
        for name in names:
            level = result.summary.figure(world, name, "static")
            delta = result.summary.figure(world, name, "delta_static")
            small = "" if math.isnan(delta.value) else change(delta.value, describe(name).unit)
            cells.append(Cell(amount(level.value, describe(name).unit), small))
        table.rows.append((world, cells))
    return table


def cascade_table(result: StudyResult) -> Table | None:
    """Amplification and branching by generation: worlds down."""
    rows = result.summary.cascade
    found = sorted(set(rows.statistic[rows.value.notna()]), key=_cascade_order)
    defined = found[:MAX_COLUMNS]
    if not defined:
        return None
    caption = "Amplification, share through own flow and branching ratios R by generation"
    caption += ", 95 % intervals beneath"
    table = Table(
        f"{caption}; n = {int(rows.n.max()):,} paths", [_cascade_name(s) for s in defined]
    )
    for world in worlds_of(result):
        cells = []
        for name in defined:
            figure = result.summary.figure(world, CASCADE_METRIC, name)
            cells.append(figure_cell(table, figure, unit_of(CASCADE_METRIC, name)))
        table.rows.append((world, cells))
    return table


def _cascade_order(statistic: str) -> tuple[bool, str]:
    return statistic not in CASCADE_NAMES, statistic


def _cascade_name(statistic: str) -> str:
    if statistic in CASCADE_NAMES:
        return CASCADE_NAMES[statistic]
    generation = int(statistic.rpartition("_")[2])
    return f"R {generation} → {generation + 1}"


def background_table(result: StudyResult) -> Table | None:
    """Background book: Λ, which is set, and what the book triggered."""
    known = set(result.summary.tidy.metric)
    if not known & {"lambda_ratio", "background_notional"}:
        return None
    n = int(result.summary.headline.n.max())
    caption = f"Background book; 95 % interval of the mean beneath; n = {n:,} paths"
    ratios = [name for name in LAMBDAS if name in known]
    head = [f"{describe(name).label} (set, not sampled)" for name in ratios]
    table = Table(caption, [*head, "Notional triggered, mean per path"])
    for world in worlds_of(result):
        triggered = result.summary.figure(world, "background_notional", "mean")
        levels = (result.summary.figure(world, name, "static").value for name in ratios)
        cells = [Cell(amount(level, "×")) for level in levels]
        table.rows.append((world, [*cells, figure_cell(table, triggered, "USD")]))
    return table


def worlds_of(result: StudyResult, *, difference: bool = False) -> list[str]:
    """Worlds in report order, without the baseline for differences."""
    names = [str(world) for world in result.worlds.world]
    return [name for name in names if not (difference and name == result.baseline)]
