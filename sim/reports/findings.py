"""Which three findings head the report: fixed before any number is seen."""

import math
from dataclasses import dataclass

import pandas as pd

from sim.reports.words import amount, finding, scaled, verdict
from sim.studies.pairing import FULL
from sim.studies.result import StudyResult
from sim.studies.statistics import Estimate
from sim.studies.tails import ES_TAIL

RULE = (
    "The comparisons were fixed in advance: creditor loss on the same legs, creditor loss "
    "re-levered, trader loss on the same legs. Each shows the ES 99 when at least 100 paths lie in "
    "that tail, else the ES 95 on the same condition, else the mean. Intervals are not adjusted "
    "for the number of comparisons."
)


@dataclass(frozen=True)
class Finding:
    """One paired difference in words."""

    text: str
    verdict: str
    world: str
    metric: str
    statistic: str
    figure: Estimate


def proposed(worlds: pd.DataFrame, arm: str, baseline: str) -> str | None:
    """Name of the world that stands for an arm: its first unified one, else its first."""
    rows = worlds[worlds.world != baseline]
    if "arm" in rows.columns:
        rows = rows[rows.arm == arm]
    unified = rows[rows.scope == "unified"] if "scope" in rows.columns else rows
    chosen = unified if len(unified) else rows
    return str(chosen.world.iloc[0]) if len(chosen) else None


def headline_statistic(result: StudyResult, world: str, metric: str) -> str:
    """Deepest statistic that enough tail paths carry."""
    for statistic in ("es_99", "es_95"):
        figure = result.summary.figure(world, metric, f"delta_{statistic}")
        if figure.n_tail is not None and figure.n_tail >= ES_TAIL and not math.isnan(figure.low):
            return statistic
    return "mean"


def findings(result: StudyResult) -> list[Finding]:
    """Three paired findings that head the report; fewer when the study lacks an arm."""
    base = result.baseline
    same, levered = (proposed(result.worlds, arm, base) for arm in ("same legs", "re-levered"))
    wanted = [(same, "creditor_loss"), (levered, "creditor_loss"), (same, "trader_loss")]
    found = []
    for world, metric in wanted:
        if world is None or not _has(result, world, metric):
            continue
        statistic = headline_statistic(result, world, metric)
        figure = result.summary.figure(world, metric, f"delta_{statistic}")
        text = finding(metric, statistic, (world, base), figure)
        found.append(Finding(text, verdict(figure), world, metric, statistic, figure))
    return found


def capital_line(result: StudyResult) -> str:
    """Say what the proposed scope frees, in one sentence; empty when the study does not tell."""
    world = proposed(result.worlds, "same legs", result.baseline)
    if world is None:
        return ""
    own, base = (
        result.summary.figure(name, "margin_required", "static").value
        for name in (world, result.baseline)
    )
    if math.isnan(own) or not base > 0:
        return ""
    return (
        f"Capital, known before any path and without sampling: {world} requires {amount(own)} of "
        f"margin for the legs on which {result.baseline} requires {amount(base)} "
        f"({scaled((own / base - 1) * 100)} %)."
    )


def _has(result: StudyResult, world: str, metric: str) -> bool:
    rows = result.summary.paired
    return bool(((rows.world == world) & (rows.metric == metric) & (rows.twin == FULL)).any())
