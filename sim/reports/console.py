"""The table that a run prints when it ends."""

from sim.reports.findings import capital_lines, cautions, compares_rules, findings
from sim.reports.hedge_table import hedge_lines
from sim.reports.words import NOT_DEFINED, amount, change
from sim.studies.result import StudyResult
from sim.studies.statistics import Estimate

HEAD = ("world", "margin", "creditor loss", "P(> 0)", "ES 95", "to baseline", "amplification")


def summary_table(result: StudyResult) -> str:
    """Table of the main figures with the findings beneath; at most 100 columns wide."""
    rows: list[tuple[str, ...]] = [HEAD]
    for world in map(str, result.worlds.world):
        rows.append((world, *_row(result, world)))
    if all(row[-1] == NOT_DEFINED for row in rows[1:]):  # the study runs no own-slippage twin
        rows = [row[:-1] for row in rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*(line.rstrip() for line in lines), *_foot(result)])


def _row(result: StudyResult, world: str) -> tuple[str, ...]:
    def take(metric: str, statistic: str) -> Estimate:
        return result.summary.figure(world, metric, statistic)

    margin = take("margin_ratio", "static")
    loss, chance, tail = (take("creditor_loss", s) for s in ("mean", "p_positive", "es_95"))
    delta = take("creditor_loss", "delta_mean")
    cascade = take("liquidated_notional", "amplification")
    against = "-" if world == result.baseline else change(delta.value)
    return (
        amount(margin.value, "fraction"),
        amount(loss.value),
        amount(chance.value, "fraction"),
        amount(tail.value),
        against,
        amount(cascade.value, "×"),
    )


def _foot(result: StudyResult) -> list[str]:
    n = int(result.summary.headline.n.max())
    lines = [
        "",
        f"n = {n:,} paths; margin: required ÷ gross notional; creditor loss: mean per path; "
        f"baseline: {result.baseline}",
    ]
    lines += [*hedge_lines(result), ""] if compares_rules(result) else []
    lines += [f"! Caution: {text}" for text in cautions(result)]
    lines += [f"* {text}" for text in capital_lines(result)]
    return [*lines, *(f"* {found.text}" for found in findings(result))]
