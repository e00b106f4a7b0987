"""Figures of losses and of the capital that stands against them."""

import math
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.reports.axes import exceedance, heading, name_rows, point, remark, shown, ticks_in, upright
from sim.reports.findings import compares_rules
from sim.reports.style import GREY, Look, looks, new_figure
from sim.studies.metrics import describe
from sim.studies.pairing import FULL
from sim.studies.result import StudyResult
from sim.studies.statistics import Estimate, Floats, clopper_pearson

FOREST = (
    "creditor_loss",
    "bad_debt",
    "insurance_used",
    "trader_loss",
    "regret_notional",
    "liquidated_notional",
)
HEDGE_FOREST = ("hedges_broken", "hedge_loss", "hedge_loss_positive")
PANELS_PER_ROW = 3
VAR_LEVELS = (95, 99)
NEAR = 0.012  # of the width of a figure: marks that touch


def columns(result: StudyResult, metric: str) -> dict[str, Floats]:
    """Values of a metric under full feedback by world, in the order of the worlds."""
    table = result.table
    if metric not in table.metrics:
        return {}
    arms = [(str(name), FULL) for name in result.worlds.world]
    found = {arm[0]: table.column(arm, metric) for arm in arms if arm in table.arms}
    return {name: values for name, values in found.items() if not np.isnan(values).all()}


def tail_figure(result: StudyResult, metric: str, title: str) -> Figure | None:
    """Exceedance curves on a log axis, with VaR 95 and 99 and their intervals."""
    values = columns(result, metric)
    if not values:
        return None
    figure, look = new_figure(3.9), looks(result.worlds)
    axes, n, unit = figure.subplots(), len(next(iter(values.values()))), describe(metric).unit
    drawn: list[tuple[float, int]] = []
    reach = max((float(column.max()) for column in values.values()), default=0.0)
    for world, column in values.items():
        label = world if column.any() else f"{world} (zero throughout)"
        exceedance(axes, column, look[world], label)
        for level in VAR_LEVELS if column.any() else ():
            var = result.summary.figure(world, metric, f"var_{level}")
            under = sum(at == level and abs(x - var.value) <= NEAR * reach for x, at in drawn)
            point(axes, (var.value, 1 - level / 100), var, look[world], under)
            drawn.append((var.value, level))
    if all(not column.any() for column in values.values()):
        bound = 100 * clopper_pearson(0, n)[1]
        remark(axes, f"zero on all {n:,} paths of every world: P(> 0) ≤ {bound:.2f} % each")
        axes.set_xlim(0, 1)
    axes.set_yscale("log")
    axes.set_ylim(0.7 / n, 1.3)
    ticks_in(axes, unit)
    ticks_in(axes, "fraction", "y")
    axes.set_xlabel(f"{describe(metric).label} over the horizon ({shown(unit)})")
    axes.set_ylabel("share of paths at or beyond (log scale)")
    marks = "circles: VaR 95 and VaR 99 with 95 % intervals (arrow: no upper bound)"
    heading(figure, title, axes, f"n = {n:,} paths per world; {marks}")
    axes.legend(loc="upper right", ncols=2)
    return figure


def creditor_loss(result: StudyResult) -> Figure | None:
    """Draw how often creditors lose how much, by world."""
    return tail_figure(result, "creditor_loss", "Creditor loss: how often, how much")


def paired_differences(result: StudyResult) -> Figure | None:
    """Draw the mean difference to the baseline of each main metric, by world (forest plot)."""
    paired = result.summary.paired
    wanted = (*FOREST, *HEDGE_FOREST) if compares_rules(result) else FOREST
    rows = paired[(paired.statistic == "delta_mean") & paired.metric.isin(wanted)]
    metrics = [name for name in wanted if (rows.metric == name).any()]
    names = [str(w) for w in result.worlds.world if w != result.baseline]
    if not metrics or not names:
        return None
    bands = math.ceil(len(metrics) / PANELS_PER_ROW)
    figure, look = new_figure(0.9 + bands * (0.75 + 0.21 * len(names))), looks(result.worlds)
    grid = figure.subplots(bands, PANELS_PER_ROW, sharey=True, squeeze=False).ravel()
    for axes, metric in zip(grid, metrics, strict=False):
        _forest_panel(axes, result, metric, names, look)
    for axes in grid[len(metrics) :]:
        axes.set_axis_off()
    n = int(rows.n.max())
    title = f"Difference to {result.baseline} on the same paths: mean, 95 % interval"
    heading(figure, f"{title}, n = {n:,}")
    figure.supxlabel("left of zero: lower than the baseline; right: higher", fontsize=8)
    return figure


def _forest_panel(
    axes: Axes, result: StudyResult, metric: str, names: list[str], look: dict[str, Look]
) -> None:
    axes.axvline(0, color=GREY, lw=0.9)
    for place, world in enumerate(names):
        figure = result.summary.figure(world, metric, "delta_mean")
        if not math.isnan(figure.value):
            point(axes, (figure.value, place), figure, look[world])
    name_rows(axes, names)
    ticks_in(axes, describe(metric).unit)
    axes.locator_params(axis="x", nbins=4)
    axes.margins(x=0.12)
    axes.set_title(describe(metric).label, fontsize=8.5)
    axes.set_xlabel(f"difference ({describe(metric).unit} per path)", fontsize=7.5)


def capital_efficiency(result: StudyResult) -> Figure | None:
    """Draw margin required per notional against ES 99 of creditor loss."""
    summary, look = result.summary, looks(result.worlds)
    figure = new_figure(3.8)
    axes = figure.subplots()
    ratios = {w: summary.figure(w, "margin_ratio", "static").value for w in map(str, look)}
    known = [x for x in ratios.values() if not math.isnan(x)]
    near = NEAR * (max(known) - min(known)) if known else 0.0
    seen: list[tuple[float, Estimate]] = []
    for world, x in ratios.items():
        shortfall = summary.figure(world, "creditor_loss", "es_99")
        if math.isnan(x) or math.isnan(shortfall.value):
            continue
        under = sum(abs(x - other) <= near for other, _ in seen)
        upright(axes, x, shortfall, look[world], world, under)
        seen.append((x, shortfall))
    if not seen:
        return None
    top = axes.get_ylim()[1]
    axes.set_ylim(-0.03 * top, 1.06 * top)  # marks at zero stay whole
    axes.margins(x=0.15)
    ticks_in(axes, "fraction")
    ticks_in(axes, "USD", "y")
    axes.set_xlabel("margin required ÷ gross notional (%; known before any path, no interval)")
    axes.set_ylabel("ES 99 of creditor loss (USD)")
    bare = any(math.isnan(shortfall.low) for _, shortfall in seen)
    note = "too few tail paths for intervals" if bare else "bars: 95 % intervals"
    note += "; rings: requirements that coincide" if near_marks(seen, near) else ""
    support = f"n = {seen[0][1].n:,} paths, {seen[0][1].n_tail} in the tail"
    title = "Capital efficiency against tail loss: down and left is better"
    heading(figure, title, axes, f"{support}; {note}")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def near_marks(seen: list[tuple[float, Estimate]], near: float) -> bool:
    """Whether some marks were drawn one around the other."""
    ordered = sorted(x for x, _ in seen)
    return any(right - left <= near for left, right in pairwise(ordered))
