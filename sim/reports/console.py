"""The table that a run prints when it ends."""

import math

from sim.reports.findings import capital_lines, cautions, compares_rules, merged, notes
from sim.reports.hedge_table import hedge_lines
from sim.reports.words import NOT_DEFINED, amount, change, interval
from sim.studies.result import StudyResult
from sim.studies.statistics import FEW, Estimate, plural
from sim.studies.tails import ES_TAIL

HEAD = ("world", "margin", "creditor loss", "P(> 0)", "ES 95", "to baseline", "amplification")
FEW_MARK = "†"
BASELINE = "-"
MEANING = {
    "margin": "margin: required ÷ gross notional",
    "creditor loss": "creditor loss: mean per path",
    "amplification": "amplification: notional liquidated, ÷ the same with own slippage only",
}
Cells = tuple[str, ...]


def summary_table(result: StudyResult) -> str:
    """Table of the main figures, their intervals beneath them, with the findings.

    The table itself is at most 110 columns wide.
    """
    rows: list[Cells] = [HEAD]
    for world in map(str, result.worlds.world):
        rows += _rows(result, world)
    rows = _defined(rows)
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    marked = any(FEW_MARK in line for line in lines)
    return "\n".join([*(line.rstrip() for line in lines), *_foot(result, rows[0], marked=marked)])


def _defined(rows: list[Cells]) -> list[Cells]:
    """Leave out columns that hold a figure in no world: no such twin, or nothing happened."""
    figures = rows[1::2]
    kept = [
        place
        for place in range(len(HEAD))
        if any(row[place] not in (NOT_DEFINED, BASELINE) for row in figures)
    ]
    return [tuple(row[place] for place in kept) for row in rows]


def _rows(result: StudyResult, world: str) -> tuple[Cells, Cells]:
    """Figures of a world, and the intervals of those that are compared."""

    def take(metric: str, statistic: str) -> Estimate:
        return result.summary.figure(world, metric, statistic)

    margin = take("margin_ratio", "static")
    loss, chance, tail = (take("creditor_loss", s) for s in ("mean", "p_positive", "es_95"))
    delta = take("creditor_loss", "delta_mean")
    cascade = take("liquidated_notional", "amplification")
    first = world == result.baseline
    figures = (
        world,
        amount(margin.value, "fraction"),
        amount(loss.value) + _mark(loss),
        amount(chance.value, "fraction"),
        amount(tail.value) + _mark(tail),
        BASELINE if first else change(delta.value) + _mark(delta),
        amount(cascade.value, "×") + _mark(cascade),
    )
    against = "" if first else interval(delta, difference=True)
    spans = (interval(loss), _percent_span(chance), "", against, _span(cascade))
    return figures, ("", "", *spans)


def _percent_span(chance: Estimate) -> str:
    """Name the sign once: it is the narrowest column."""
    return interval(chance, "fraction").replace(" % to", " to")


def _span(cascade: Estimate) -> str:
    return "" if math.isnan(cascade.value) else interval(cascade, "×")


def _mark(figure: Estimate) -> str:
    return FEW_MARK if rests_on_few(figure) else ""


def rests_on_few(figure: Estimate) -> bool:
    """Whether a figure is no more than indicative, as the report's notes to it say."""
    if math.isnan(figure.value):
        return False
    bare = math.isnan(figure.low) and math.isnan(figure.high)
    return bare or "indicative" in figure.note


def _foot(result: StudyResult, head: Cells, *, marked: bool) -> list[str]:
    n = int(result.summary.headline.n.max())
    meanings = [text for name, text in MEANING.items() if name in head]
    lines = [
        "",
        f"n = {plural(n, 'path')}; baseline: {result.baseline}; {meanings[0]}",
        "; ".join(meanings[1:]),
        "beneath a figure: its 95 % interval; one across zero shows no difference",
    ]
    if marked:
        lines += [
            f"{FEW_MARK} no more than an indication (of an order of magnitude, or that nothing was "
            "seen): it has no interval, or",
            f"  rests on fewer than {FEW} populations, or paths on which it is not zero "
            f"(an ES: on fewer than {ES_TAIL} tail paths)",
        ]
    lines += [*hedge_lines(result), ""] if compares_rules(result) else []
    lines += [f"! Caution: {text}" for text in cautions(result)]
    lines += [f"! Note: {text}" for text in notes(result)]
    lines += [f"* {text}" for text in capital_lines(result)]
    return [*lines, *(f"* {found.text}" for found in merged(result))]
