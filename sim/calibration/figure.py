"""One figure: data and simulation side by side."""

import io

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.calibration.quality import Sample, Table, autocorrelation

DATA, MODEL = "#1f3a5f", "#d1793b"
WIDEST = 15.0  # standard deviations shown
LAGS = (1, 2, 3, 6, 12, 24, 48, 72, 120, 168)  # bars


def quality_svg(table: Table, title: str) -> str:
    """Histogram, autocorrelation and pairs of a quality table, as SVG text.

    Equal tables give equal bytes: ids are hashed with a fixed salt and no date is written.
    """
    with mpl.rc_context({"svg.hashsalt": "sluicegate", "font.size": 9.0}):
        figure = Figure(figsize=(11.0, 3.6), layout="constrained")
        left, middle, right = figure.subplots(1, 3)
        _histogram(left, table)
        _memory(middle, table)
        _pairs(right, table)
        figure.suptitle(title, fontsize=10.0)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _histogram(axes: Axes, table: Table) -> None:
    edges = np.linspace(-WIDEST, WIDEST, 91)
    sides = (("data", DATA, [table.data]), ("simulated", MODEL, table.simulated))
    for label, colour, samples in sides:
        scaled = np.concatenate([_scaled(sample) for sample in samples])
        count, _ = np.histogram(scaled, edges)
        density = count / (len(scaled) * np.diff(edges))
        axes.stairs(density, edges, color=colour, label=label)
    axes.set(yscale="log", xlabel="return, standard deviations", ylabel="density")
    axes.set_title("Returns of all assets")
    axes.legend(frameon=False)


def _scaled(sample: Sample) -> np.ndarray:
    seen = sample.returns[np.isfinite(sample.returns).all(axis=1)]
    return np.asarray(seen / seen.std(axis=0)).ravel()


def _memory(axes: Axes, table: Table) -> None:
    lags = [lag for lag in LAGS if lag < len(table.data.returns) // 2]
    sides = (("data", DATA, [table.data]), ("simulated", MODEL, table.simulated))
    for label, colour, samples in sides:
        means = [
            np.mean([autocorrelation(np.abs(x), lag) for s in samples for x in s.returns.T])
            for lag in lags
        ]
        axes.plot(lags, means, "o-", color=colour, label=label, markersize=3.0)
    axes.set(xscale="log", xlabel="lag, bars", ylabel="autocorrelation")
    axes.set_title("Absolute returns, mean over assets")
    axes.axhline(0.0, color="0.7", linewidth=0.8)


def _pairs(axes: Axes, table: Table) -> None:
    rows = table.rows
    for name, marker in (("correlation", "o"), ("joint 1 % tail", "s")):
        chosen = rows[rows["statistic"] == name]
        axes.errorbar(
            chosen["data"],
            chosen["simulated"],
            xerr=chosen["se"],
            fmt=marker,
            label=name,
            markersize=4.0,
            linewidth=0.8,
        )
    axes.axline((0.5, 0.5), slope=1.0, color="0.7", linewidth=0.8)
    axes.set(xlabel="data, with standard error", ylabel="simulated", title="Pairs of assets")
    if (rows["statistic"] == "correlation").any():
        axes.legend(frameon=False)
