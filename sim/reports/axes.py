"""Parts that several figures are put together from."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from sim.reports.style import GREY, Look
from sim.reports.words import amount, trimmed
from sim.studies.statistics import ROUNDING, Estimate, Floats

BAR, STEP, RING = 1.3, 1.6, 4.5  # points: width of a bar, of each one beneath, of each ring
DRAWN = 10_000  # paths up to which a curve has a step for each


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
    axis.set_major_formatter(FuncFormatter(lambda value, _: trimmed(amount(_tick(value), unit))))


def _tick(value: float) -> float:
    """Zero for a tick that rounding alone keeps from it."""
    return value if abs(value) > ROUNDING else 0.0


def exceedance(axes: Axes, values: Floats, look: Look, label: str) -> None:
    """Share of paths at or beyond each value, as steps from zero up.

    Of very many paths only some are drawn, all of the largest among them: the eye sees no more.
    """
    ordered = np.sort(values)
    share = 1 - np.arange(values.size) / values.size
    if values.size > DRAWN:
        beyond = np.geomspace(1, values.size, DRAWN // 2).astype(int)
        ranks = values.size - np.union1d(beyond, np.arange(1, DRAWN // 4))
        ordered, share = ordered[ranks[::-1]], share[ranks[::-1]]
    x = np.concatenate([[min(0.0, float(ordered[0]))], ordered])
    y = np.concatenate([[1.0], share])
    axes.step(x, y, look.line, where="pre", color=look.colour, label=label)


def point(
    axes: Axes, at: tuple[float, float], figure: Estimate, look: Look, under: int = 0
) -> None:
    """Mark a figure that runs along x, with its interval; an open side gets an arrow.

    See `upright` for `under`.
    """
    x, y = at
    for end in (figure.low, figure.high):
        if not math.isnan(end):
            bar = axes.plot([end, x], [y, y], color=look.colour, lw=BAR + under * STEP)
            bar[0].set(zorder=2 - under / 100, solid_capstyle="butt")
            axes.plot(end, y, "|", color=look.colour, ms=7 + under * STEP)  # seen among others
    if math.isnan(figure.high) and not math.isnan(figure.low):
        axes.plot(x, y, marker=9, color=look.colour, ms=9, ls="")
    _mark(axes, at, look, 5.0, under)


def remark(axes: Axes, text: str) -> None:
    """Write what a figure cannot show, in its middle."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY)


def name_rows(axes: Axes, names: list[str]) -> None:
    """Label rows 0, 1, ... from the top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")


def upright(axes: Axes, x: float, figure: Estimate, look: Look, label: str, under: int = 0) -> None:
    """Mark a figure that runs along y, with its interval.

    Marks stand where the figures are, also where several coincide: one that lies `under` others
    is a wider ring around them, and its interval a wider bar beneath theirs.
    """
    if not (math.isnan(figure.low) or math.isnan(figure.high)):
        bar = axes.plot([x, x], [figure.low, figure.high], color=look.colour, lw=BAR + under * STEP)
        bar[0].set(zorder=2 - under / 100, solid_capstyle="butt")
    _mark(axes, (x, figure.value), look, 5.5, under).set_label(label)


def _mark(axes: Axes, at: tuple[float, float], look: Look, size: float, under: int) -> Line2D:
    """Draw a circle, or a ring around the `under` marks that are there already."""
    dot = axes.plot(*at, "o", ms=size + under * RING, mew=1.3, ls="", zorder=3)[0]
    dot.set_markeredgecolor(look.colour)
    dot.set_markerfacecolor("none" if under else look.fill)
    return dot
