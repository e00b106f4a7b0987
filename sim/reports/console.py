"""The table that a run prints when it ends."""

from sim.reports.findings import capital_lines, cautions, compares_rules, findings
from sim.reports.hedge_table import hedge_lines
from sim.reports.words import NOT_DEFINED, amount, change, interval
from sim.studies.result import StudyResult
from sim.studies.statistics import Estimate
from sim.studies.tails import ES_TAIL

HEAD = ("world", "margin", "creditor loss", "P(> 0)", "ES 95", "to baseline", "amplification")
FEW_MARK = "†"
Cells = tuple[str, ...]


def summary_table(result: StudyResult) -> str:
    """Table of the main figures, their intervals beneath them, with the findings.

    The table itself is at most 110 columns wide.
    """
    rows: list[Cells] = [HEAD]
    for world in map(str, result.worlds.world):
        rows += _rows(result, world)
    if all(row[-1] in (NOT_DEFINED, "") for row in rows[1:]):  # no own-slippage twin in the study
        rows = [row[:-1] for row in rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    marked = any(FEW_MARK in line for line in lines)
    return "\n".join([*(line.rstrip() for line in lines), *_foot(result, marked=marked)])


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
        amount(loss.value),
        amount(chance.value, "fraction"),
        amount(tail.value) + (FEW_MARK if rests_on_few(tail) else ""),
        "-" if first else change(delta.value),
        amount(cascade.value, "×"),
    )
    against = "" if first else interval(delta, difference=True)
    return figures, ("", "", interval(loss), "", "", against, interval(cascade, "×"))


def rests_on_few(tail: Estimate) -> bool:
    """Whether an expected shortfall rests on too few paths to be more than indicative."""
    return tail.value == tail.value and (tail.n_tail is None or not tail.n_tail >= ES_TAIL)


def _foot(result: StudyResult, *, marked: bool) -> list[str]:
    n = int(result.summary.headline.n.max())
    lines = [
        "",
        f"n = {n:,} paths; margin: required ÷ gross notional; creditor loss: mean per path; "
        f"baseline: {result.baseline}",
        "beneath a figure: its 95 % interval; one across zero shows no difference",
    ]
    if marked:
        few = f"{FEW_MARK} rests on fewer than {ES_TAIL} tail paths: an indication of its order"
        lines.append(f"{few} of magnitude, no more")
    lines += [*hedge_lines(result), ""] if compares_rules(result) else []
    lines += [f"! Caution: {text}" for text in cautions(result)]
    lines += [f"* {text}" for text in capital_lines(result)]
    return [*lines, *(f"* {found.text}" for found in findings(result))]
