"""Parts that several figures are put together from."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sim.reports.style import GREY, Look
from sim.reports.words import amount, trimmed
from sim.studies.statistics import Estimate, Floats


def heading(figure: Figure, title: str, axes: Axes | None = None, detail: str = "") -> None:
    """Put the title over the figure and n and interval in small over its axes."""
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=10)
    if axes is not None:
        axes.set_title(detail, fontweight="normal", fontsize=8)


def shown(unit: str) -> str:
    """Name a unit as its tick labels show it."""
    return "%" if unit == "fraction" else unit


def ticks_in(axes: Axes, unit: str, which: str = "x") -> None:
    """Write tick labels in the unit, for people."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: trimmed(amount(value, unit))))


def exceedance(axes: Axes, values: Floats, look: Look, label: str) -> None:
    """Share of paths at or beyond each value, as steps from zero up."""
    ordered = np.sort(values)
    share = 1 - np.arange(values.size) / values.size
    x = np.concatenate([[min(0.0, float(ordered[0]))], ordered])
    y = np.concatenate([[1.0], share])
    axes.step(x, y, look.line, where="pre", color=look.colour, label=label)


def point(axes: Axes, at: tuple[float, float], figure: Estimate, look: Look) -> None:
    """Mark a figure that runs along x, with its interval; an open side gets an arrow."""
    x, y = at
    if not math.isnan(figure.low):
        axes.plot([figure.low, x], [y, y], color=look.colour, lw=1.3, solid_capstyle="butt")
    if not math.isnan(figure.high):
        axes.plot([x, figure.high], [y, y], color=look.colour, lw=1.3, solid_capstyle="butt")
    elif not math.isnan(figure.low):
        axes.plot(x, y, marker=9, color=look.colour, ms=9, ls="")
    axes.plot(x, y, marker="o", ms=5, mec=look.colour, mfc=look.fill, mew=1.2, ls="", zorder=3)


def remark(axes: Axes, text: str) -> None:
    """Write what a figure cannot show, in its middle."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY)


def name_rows(axes: Axes, names: list[str]) -> None:
    """Label rows 0, 1, ... from the top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")


def upright(axes: Axes, x: float, figure: Estimate, look: Look, label: str) -> None:
    """Mark a figure that runs along y, with its interval."""
    if not (math.isnan(figure.low) or math.isnan(figure.high)):
        axes.plot([x, x], [figure.low, figure.high], color=look.colour, lw=1.3)
    dot = axes.plot(x, figure.value, "o", ms=5.5, mew=1.4, label=label, zorder=3)[0]
    dot.set_markeredgecolor(look.colour)
    dot.set_markerfacecolor(look.fill)
