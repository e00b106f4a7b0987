"""A backtest for people: the table, the figure, and the files of its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.reports.axes import heading, ticks_in
from sim.reports.style import GREY, SCOPE_COLOURS, SPARE_COLOURS, STYLE, new_figure, svg
from sim.reports.write import write_parquet
from sim.studies.backtest import Backtest
from sim.studies.backtest_settings import FixedEngine
from sim.studies.coverage import BASEL_PERIODS, green_rate, zone_limits

REFUSED = 0.05  # a p-value below it
SHORT_MARK = "†"
COLOURS = (*SCOPE_COLOURS.values(), *SPARE_COLOURS)
PANEL = 1.9  # inches
_HEAD = ("engine", "book", "beyond", "expected", "Kupiec", "indep.", "joint", "light")
_MORE = ("mean", "peak/trough", "rise")


def console_table(found: Backtest) -> str:
    """Table of all engines and books, with what its columns mean beneath; 100 columns wide."""
    head = (*_HEAD, *_MORE)
    rows = [
        head,
        *(_row({str(k): v for k, v in row.items()}) for row in found.table.to_dict("records")),
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(wide) if place < 2 else cell.rjust(wide)
            for place, (cell, wide) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * wide for wide in widths))
    return "\n".join([*lines, "", *_foot(found)])


def write_backtest(
    folder: Path, config: Mapping[str, Any], found: Backtest, manifest: Mapping[str, Any]
) -> None:
    """Write settings, manifest, table, series and figure into `folder`."""
    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True, width=100)
    (folder / "config.yaml").write_text(text)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    found.table.to_csv(folder / "backtest.csv", index=False, lineterminator="\n")
    write_parquet(folder / "series.parquet", found.series)
    (folder / "requirement.svg").write_text(draw(found))


def draw(found: Backtest) -> str:
    """Draw losses and requirements of each book, as SVG text."""
    books = list(found.config.books)
    with mpl.rc_context(STYLE):
        figure = new_figure(PANEL * len(books) + 0.6)
        panels = figure.subplots(len(books), 1, sharex=True, squeeze=False)[:, 0]
        for axes, book in zip(panels, books, strict=True):
            _panel(axes, book, found)
        _legend(figure, panels[0])
        panels[-1].set_xlabel(_source(found))
        heading(figure, f"Loss and requirement over {found.config.hours:g} h")
        return svg(figure)


def _panel(axes: Axes, book: str, found: Backtest) -> None:
    series = found.series[found.series["book"] == book]
    names = list(found.config.engines)
    first = series[series["engine"] == names[0]]
    axes.fill_between(first["time"], np.maximum(first["loss"], 0.0), color="#CFCFCF", lw=0.0)
    for name, colour in zip(names, COLOURS * len(names), strict=False):
        mine = series[series["engine"] == name]
        axes.plot(mine["time"], mine["requirement"], color=colour, lw=1.0, label=name)
        beyond = mine[mine["loss"] > mine["requirement"]]
        axes.plot(beyond["time"], beyond["loss"], ".", color=colour, ms=4)
    axes.set_title(f"{book}: share of gross notional; a dot is a loss beyond that requirement")
    axes.set_ylim(bottom=0.0)
    ticks_in(axes, "fraction", "y")


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), labelcolor=GREY)


def _row(row: Mapping[Any, Any]) -> tuple[str, ...]:
    return (
        str(row["engine"]),
        str(row["book"]),
        f"{row['exceedances']}",
        f"{row['expected']:.1f}",
        f"{row['kupiec_p']:.3f}",
        f"{row['independence_p']:.3f}" if row["exceedances"] > 1 else "-",
        f"{row['conditional_p']:.3f}",
        str(row["zone"]) + (SHORT_MARK if row["periods"] < BASEL_PERIODS else ""),
        f"{row['mean_requirement']:.1%}",
        f"{row['peak_to_trough']:.2f}",
        f"{row['largest_rise']:.1%}",
    )


def _foot(found: Backtest) -> list[str]:
    config, n = found.config, int(found.table["periods"].max())
    return [
        f"{_source(found)}: n = {n:,} periods of {config.hours:g} h after a warm-up of "
        f"{config.warmup}",
        f"judged against a coverage of {config.level:.1%}; beyond: periods whose loss exceeds the",
        "requirement; Kupiec (rate), indep. (clustering: Christoffersen; - where fewer than two),",
        "joint (both): p-values; small speaks against that coverage, by too many or too few;",
        f"mean, rise (largest within {config.rise_periods} periods): shares of gross notional",
        *_light(n, config.level),
        *_unpromised(found),
        *_excessive(found),
    ]


def _unpromised(found: Backtest) -> list[str]:
    """Engines that state no coverage are only measured against one."""
    fixed = [name for name, one in found.config.engines.items() if isinstance(one, FixedEngine)]
    if not fixed:
        return []
    return [f"{', '.join(fixed)}: a venue's own ratio, which promises no coverage; only compared"]


def _excessive(found: Backtest) -> list[str]:
    """Rows that Kupiec's test refuses for asking too much: their light is green all the same."""
    table = found.table
    much = table[(table["kupiec_p"] < REFUSED) & (table["exceedances"] < table["expected"])]
    if much.empty:
        return []
    rows = ", ".join(f"{row['engine']} on {row['book']}" for row in much.to_dict("records"))
    return [
        f"more than a coverage of {found.config.level:.1%} needs, whatever the light says (fewer "
        f"beyond than expected,",
        f"Kupiec p < {REFUSED:g}): {rows}",
    ]


def _light(n: int, level: float) -> list[str]:
    """What the traffic light means with so many periods, and how little it may show."""
    yellow, red = zone_limits(n, level)
    twice, thrice = (green_rate(n, level, min(1.0, times * (1 - level))) for times in (2, 3))
    lines = [
        f"light: Basel zone of the count by its probability in n = {n:,} periods: yellow from "
        f"{yellow}, red from {red}.",
        f"Green all the same, in so many periods: an engine exceeded twice as often as promised in "
        f"{twice:.0%} of cases, three times in {thrice:.0%}",
    ]
    if n < BASEL_PERIODS:
        lines.append(
            f"{SHORT_MARK} fewer than the {BASEL_PERIODS} periods that Basel looks at: too few for "
            "green to speak for an engine"
        )
    return lines


def _source(found: Backtest) -> str:
    start: pd.DatetimeIndex = found.history.start
    if found.config.data is None:
        return found.history.source
    return f"{found.history.source}, {start[0]:%Y-%m-%d} to {start[-1]:%Y-%m-%d}"
