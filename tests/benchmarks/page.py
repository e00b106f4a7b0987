"""The figure and the tables of docs/speed.md, from a file of figures of the benchmark.

    make speed-page                       (measures first, which takes ten minutes)
    python -m tests.benchmarks.page docs/figures/speed.json

draws docs/figures/speed.svg and writes the part of the page between its two marks; the text around
it is written by hand and says nothing that a figure could contradict.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from sim.cache import repository
from sim.reports.style import GREY, SCOPE_COLOURS, STYLE, new_figure, svg
from tests.benchmarks.cases import EVERY, LISTS, MESA, NUMPY

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PAGE, DRAWING = Path("docs/speed.md"), Path("docs/figures/speed.svg")
COLOURS = {LISTS: SCOPE_COLOURS["unified"], EVERY: SCOPE_COLOURS["venue"]}
PANELS = {
    "accounts": "accounts",
    "steps": "steps of a path",
    "assets": "coins, one market each",
    "paths": "paths in one call",
    "liquidations": "liquidation calls on a path",
}


def draw(growth: dict[str, Any]) -> Figure:
    """Cost against each size on logarithmic axes, with the slope one in grey."""
    with mpl.rc_context(STYLE):
        figure = new_figure(4.6)
        panels = figure.subplots(2, 3).ravel()
        for axes, (series, label) in zip(panels, PANELS.items(), strict=False):
            panel(axes, growth[series])
            power = growth["exponents"].get(series)
            axes.set_title(series if power is None else f"{series}$^{{{power:.2f}}}$")
            axes.set_xlabel(label)
        panels[0].set_ylabel("µs, one thread")
        panels[3].set_ylabel("µs, one thread")
        handles, labels = panels[0].get_legend_handles_labels()
        panels[5].axis("off")
        panels[5].legend(handles, labels, loc="center left")
    return figure


def panel(axes: Axes, points: list[dict[str, float]]) -> None:
    """One series by lists and, where it was run, by brute force."""
    for key, colour in COLOURS.items():
        rows = [row for row in points if key in row]
        if rows:
            x, y = [row["at"] for row in rows], [row[key] for row in rows]
            axes.loglog(x, y, "o-", color=colour, label=key, markersize=3.5)
    x = np.array([points[0]["at"], points[-1]["at"]])
    last = points[-1]
    axes.loglog(x, last[LISTS] * x / last["at"], ":", color=GREY, label="in proportion", lw=1.0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())  # they overlap where an axis spans a decade


def table(found: dict[str, Any]) -> list[str]:
    """The six cases, as a table of the page."""
    heads = ("", "calls a path", "µs a path", EVERY, NUMPY, MESA, "account-steps/s", "whole work")
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in found["works"]:
        programs = row["programs"]
        slower = " | ".join(
            f"{programs[name]['kernel is faster by']:,.1f} ×" for name in (EVERY, NUMPY, MESA)
        )
        lists = programs[LISTS]
        lines.append(
            f"| {row['world']} {row['book']} | {row['liquidation calls per path']:,.0f} | "
            f"{lists['us per path']:,.0f} | {slower} | {lists['account-steps/s'] / 1e6:,.0f} "
            f"million | {row['whole work']['seconds']:,.1f} s |"
        )
    return lines


def measured(found: dict[str, Any]) -> str:
    """Everything between the marks."""
    manifest, growth = found["manifest"], found["growth"]
    machine, work = manifest["machine"], found["works"][0]
    lists = work["programs"][LISTS]
    powers = growth["exponents"]
    once = growth["liquidation"]
    lines = [
        f"On {manifest['started_utc'][:10]}, {machine['cores']} processors of the kind "
        f"{machine['cpu']} (compiled for {machine['llvm_cpu']}), numba "
        f"{manifest['versions']['numba']}, numpy {manifest['versions']['numpy']}; "
        f"{lists['paths']:,} paths of each by watch lists, and the whole work from "
        f"{work['whole work']['paths run']:,} on {work['whole work']['threads']} threads.",
        "",
        *table(found),
        "",
        "Columns two and three are of one thread; × says how many times longer the others take.",
        "",
        f"Cost grows as accounts^{powers['accounts']:.2f}, steps^{powers['steps']:.2f}, "
        f"coins^{powers['assets']:.2f} and paths^{powers['paths']:.2f}. By least squares over "
        f"crashes of several depths a liquidation call costs {once['ns per call']:,.0f} ns.",
        "",
        "![Cost against accounts, steps, coins, paths and liquidations](figures/speed.svg)",
    ]
    return "\n".join(lines)


def replaced(page: str, text: str) -> str:
    """The page with other text between its marks."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def main(file: Path) -> None:
    """Write figure and page."""
    found = json.loads(file.read_text())
    page = repository() / PAGE
    (repository() / DRAWING).write_text(svg(draw(found["growth"])))
    page.write_text(replaced(page.read_text(encoding="utf-8"), measured(found)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
