"""Which findings head the report: fixed before any number is seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from sim.reports.words import (
    FEWEST_PATHS,
    NEXT_TO_NOTHING,
    amount,
    finding,
    is_rounding,
    scaled,
    verdict,
)
from sim.studies.pairing import FULL
from sim.studies.result import StudyResult
from sim.studies.statistics import Estimate
from sim.studies.tails import ES_TAIL

RULE = (
    "The comparisons were fixed in advance: creditor loss on the same legs, creditor loss "
    "re-levered, trader loss on the same legs. Each shows the ES 99 when at least 100 paths lie in "
    "that tail, else the ES 95 on the same condition, else the mean. Intervals are not adjusted "
    f"for the number of comparisons. No direction is claimed from fewer than {FEWEST_PATHS} paths, "
    f"nor for differences below {NEXT_TO_NOTHING}."
)
RULE_OF_RULES = (
    "The comparisons were fixed in advance: for each rule the losses on hedges that it broke, "
    "gains left out, then creditor loss, each against the baseline's rule. "
    + RULE[RULE.index("Each shows") :]
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


def compares_rules(result: StudyResult) -> bool:
    """Whether the worlds differ in the leg-selection rule and in nothing else."""
    worlds = result.worlds
    if "selection" not in worlds.columns or worlds.selection.nunique() < 2:
        return False
    return all(worlds[name].nunique() == 1 for name in ("scope", "relever") if name in worlds)


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
    """Three paired findings that head the report; fewer when the study lacks an arm.

    Where the worlds differ in the leg-selection rule alone, two for each rule.
    """
    base = result.baseline
    if compares_rules(result):
        others = [str(world) for world in result.worlds.world if world != base]
        both = ("hedge_loss_positive", "creditor_loss")
        return _findings(result, [(world, metric) for metric in both for world in others])
    same, levered = (proposed(result.worlds, arm, base) for arm in ("same legs", "re-levered"))
    wanted = [(same, "creditor_loss"), (levered, "creditor_loss"), (same, "trader_loss")]
    return _findings(result, wanted)


def _findings(result: StudyResult, wanted: Sequence[tuple[str | None, str]]) -> list[Finding]:
    """Each wanted difference that the study holds, in words."""
    base, found = result.baseline, []
    for world, metric in wanted:
        if world is None or not _has(result, world, metric):
            continue
        statistic = headline_statistic(result, world, metric)
        figure = result.summary.figure(world, metric, f"delta_{statistic}")
        gross = result.summary.figure(base, "gross_notional", "static").value
        text = finding(metric, statistic, (world, base), figure, gross)
        found.append(Finding(text, verdict(figure, gross), world, metric, statistic, figure))
    return found


def merged(result: StudyResult) -> list[Finding]:
    """The findings, those that say the same of several worlds put into one sentence."""
    groups: dict[str, list[Finding]] = {}
    for one in findings(result):
        key = repr((one.metric, one.statistic, one.verdict, one.figure))  # NaN is equal there
        groups.setdefault(key, []).append(one)
    found = []
    for alike in groups.values():
        *others, last = [one.world for one in alike]
        world = f"{', '.join(others)} or {last}" if others else last
        first = alike[0]
        gross = result.summary.figure(result.baseline, "gross_notional", "static").value
        names = (world, result.baseline)
        text = finding(first.metric, first.statistic, names, first.figure, gross)
        found.append(replace(first, text=text, world=world))
    return found


def capital_lines(result: StudyResult) -> list[str]:
    """Say of each world with the same legs what it frees against the baseline."""
    rows = result.worlds[result.worlds.world != result.baseline]
    if "arm" in rows.columns:
        rows = rows[rows.arm == "same legs"]
    return [line for world in map(str, rows.world) if (line := _capital_line(result, world))]


def _capital_line(result: StudyResult, world: str) -> str:
    """One sentence for the capital that traders must bring, one for what the engine requires."""
    base = result.baseline
    (cash, before), (margin, required) = (
        tuple(result.summary.figure(name, metric, "static").value for name in (world, base))
        for metric in ("capital_required", "margin_required")
    )
    gross = result.summary.figure(base, "gross_notional", "static").value
    sentences = []
    if not math.isnan(cash) and before > 0:
        verb = "frees" if cash < before else "ties up"
        same = is_rounding(cash - before, gross)
        what = "no capital" if same else f"{amount(abs(cash - before))} of capital"
        share = "" if same else f" ({_share(cash, before)} {'less' if cash < before else 'more'})"
        text = f"{world} {'frees' if same else verb} {what}{share} against {base}"
        sums = (
            f"{amount(before)} in both" if same else f"{amount(cash)} instead of {amount(before)}"
        )
        sentences.append(f"{text}: traders must bring {sums} to open the same legs.")
    if not math.isnan(margin) and required > 0:
        subject = "Its margin requirement" if sentences else f"The margin requirement of {world}"
        if is_rounding(margin - required, gross):
            sentences.append(f"{subject} is that of {result.baseline} ({amount(required)}).")
        else:
            way = "lower" if margin < required else "higher"
            gap = f"{amount(abs(margin - required))} ({_share(margin, required)})"
            sums = f"{amount(margin)} against {amount(required)}"
            sentences.append(f"{subject} is {gap} {way}: {sums}.")
    return " ".join(sentences)


def _share(value: float, base: float) -> str:
    return f"{scaled(abs(value / base - 1) * 100)} %"


def wealth_line(result: StudyResult) -> str:
    """Say what the worlds share, and no more than is so."""
    parts = "They differ in how a trader's positions are grouped into accounts, and in whether "
    parts += "freed margin is redeployed."
    if compares_rules(result):
        scope = result.worlds.scope.iloc[0]
        parts = (
            f"All margin by {scope} scope and differ only in which leg a liquidation takes first."
        )
    if "wealth" not in result.worlds.columns:
        return f"All worlds hold the same traders, prices and shocks. {parts}"
    wealth = dict(zip(map(str, result.worlds.world), result.worlds.wealth, strict=True))
    base = wealth[result.baseline]
    other = [name for name, value in wealth.items() if abs(value - base) > 1e-9 * abs(base)]
    held = f"wealth ({amount(base)} net of loans, in accounts and in wallets outside)"
    if not other:
        return f"All worlds hold the same traders, {held}, prices and shocks. {parts}"
    listed = ", ".join(f"{amount(wealth[name])} in {name}" for name in other)
    return (
        "All worlds hold the same traders, prices and shocks. Traders' wealth, net of loans, in "
        f"accounts and in wallets outside, is {amount(base)} in {result.baseline} and {listed}: "
        "money that was borrowed and spent outside the model stays a debt, but what it bought is "
        f"not counted. {parts}"
    )


def cautions(result: StudyResult) -> list[str]:
    """Say what a reader must know before the figures."""
    return [*_supercritical(result), *_short_at_once(result)]


def notes(result: StudyResult) -> list[str]:
    """Say what in the configuration has no effect, or another one than it seems to have."""
    return [*_idle(result), *_shrunk(result), *_unscanned(result)]


def _unscanned(result: StudyResult) -> list[str]:
    if not result.unscanned:
        return []
    return [
        f"a unified account adds legs up one by one, at {_listed(result.unscanned)} too, whose own "
        "engine margins a book as a whole: what unified asks for more there comes of the engine, "
        "not of the scope. Compare with a hub that scans (hub=tail_risk, or hub.engine, hub.grid)."
    ]


def _shrunk(result: StudyResult) -> list[str]:
    return [
        f"at {venue} the heavier side of traders' positions in {_listed(sorted(assets))} is "
        "smaller than drawn: the market maker could not have taken what their longs and shorts "
        f"leave over. More of venue.{venue}.maker.capital leaves it as it is."
        for venue, assets in result.shrunk.items()
    ]


def _idle(result: StudyResult) -> list[str]:
    if not result.idle:
        return []
    several = len(result.idle) > 1
    return [
        f"nobody trades at {_listed(result.idle)}: no position of the population lies there and "
        f"nobody supplies {'them' if several else 'it'}, so "
        f"{'they take' if several else 'it takes'} no part in the comparison (where contracts are "
        "listed, liquidators keep some of their capital there all the same). An archetype trades "
        "at a venue that the `venues` of one of its positions name."
    ]


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _short_at_once(result: StudyResult) -> list[str]:
    """Worlds whose requirements exceed what traders brought."""
    if "day0_accounts" not in result.worlds.columns:
        return []
    counts = zip(result.worlds["world"], result.worlds["day0_accounts"].astype(float), strict=True)
    return [
        f"in {world} accounts are below maintenance before the first step "
        f"({amount(count, 'accounts')}): it requires more than traders brought, and its "
        "liquidations begin with theirs."
        for world, count in counts
        if count > 0.0
    ]


def _supercritical(result: StudyResult) -> list[str]:
    if "lambda_worst" not in result.worlds.columns:
        return []
    worst = float(result.worlds.lambda_worst.max())
    if not worst >= 1.0:
        return []
    return [
        f"Λ reaches {amount(worst, '×')} in the thinnest market and regime: Λ is the notional that "
        "a 1 % move triggers over the flow that moves the price by 1 %, and at 1 or more a move "
        "sets off at least its own size again (supercritical). Losses then depend on where the "
        "background book ends rather than on the venues; lower liquidity.spot.*.lambda_ratio, or "
        "raise depth_factor, to compare the scopes."
    ]


def _has(result: StudyResult, world: str, metric: str) -> bool:
    rows = result.summary.paired
    return bool(((rows.world == world) & (rows.metric == metric) & (rows.twin == FULL)).any())
