"""Figures of the cascade: generations, amplification, displacement."""

import math
from dataclasses import replace

from matplotlib.figure import Figure

from sim.reports.axes import heading, name_rows, point, ticks_in, upright
from sim.reports.loss_figures import tail_figure
from sim.reports.style import GREY, looks, new_figure
from sim.studies.metrics import GENERATION
from sim.studies.result import StudyResult

SPREAD = 0.6


def generations(result: StudyResult) -> Figure | None:
    """Draw the notional called for by generation, with intervals of the mean."""
    numbers = sorted(
        int(found[1]) for name in result.table.metrics if (found := GENERATION.match(name))
    )
    if not numbers:
        return None
    figure, look = new_figure(3.5), looks(result.worlds)
    axes, names, n = figure.subplots(), [str(w) for w in result.worlds.world], 0
    for place, world in enumerate(names):
        shift = SPREAD * ((place + 0.5) / len(names) - 0.5)
        label = world
        for number in numbers:
            mean = result.summary.figure(world, f"generation_{number}", "mean")
            if not mean.value > 0:
                continue
            n = max(n, mean.n)
            if mean.low <= 0:
                mean = replace(mean, low=mean.value / 10)
            upright(axes, number + shift, mean, look[world], label)
            label = "_nolegend_"
    if n == 0:
        return None
    axes.set_yscale("log")
    last = f"{numbers[-1]} and later"
    axes.set_xticks(numbers, [*map(str, numbers[:-1]), last])
    axes.grid(visible=False, axis="x")
    ticks_in(axes, "USD", "y")
    axes.set_xlabel("generation: 0 from fundamental prices, each next from flow of the one before")
    axes.set_ylabel("mean per path (USD, log scale)")
    bars = "bars: 95 % intervals of the mean (a decade long where they reach zero)"
    title = "Liquidated, or triggered in the background book, by generation"
    heading(figure, title, axes, f"n = {n:,} paths; {bars}")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def amplification(result: StudyResult) -> Figure | None:
    """Draw mean liquidated notional under full feedback over that under own slippage only."""
    rows, look = result.summary.cascade, looks(result.worlds)
    rows = rows[rows.statistic == "amplification"]
    if rows.empty:
        return None
    names = [str(w) for w in result.worlds.world if (rows.world == w).any()]
    figure = new_figure(1.2 + 0.24 * len(names))
    axes = figure.subplots()
    axes.axvline(1, color=GREY, lw=0.9)
    for place, world in enumerate(names):
        estimate = result.summary.figure(world, "liquidated_notional", "amplification")
        if math.isnan(estimate.value):
            axes.text(1, place, " not defined", va="center", color=GREY)
        else:
            point(axes, (estimate.value, place), estimate, look[world])
    name_rows(axes, names)
    ticks_in(axes, "×")
    axes.set_xlabel("mean liquidated notional, full feedback ÷ own slippage only (×)")
    bars = "bars: 95 % bootstrap intervals; 1: no amplification"
    heading(figure, "Amplification", axes, f"n = {int(rows.n.max()):,} paths; {bars}")
    return figure


def displacement(result: StudyResult) -> Figure | None:
    """Draw how far order flow pushed a market's price at worst, by world."""
    return tail_figure(result, "max_displacement", "Worst displacement of any market")
