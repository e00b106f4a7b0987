"""The report: one self-contained page, built from a study, its configuration and its manifest."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sim.reports.assumptions import flatten, origins
from sim.reports.findings import (
    RULE,
    RULE_OF_RULES,
    capital_lines,
    cautions,
    compares_rules,
    merged,
    notes,
    wealth_line,
)
from sim.reports.hedge_table import RULES, hedge_table
from sim.reports.style import inline
from sim.reports.tables import (
    Table,
    background_table,
    capital_table,
    cascade_table,
    difference_table,
    letter,
    metric_table,
)
from sim.studies.bootstrap import REPLICATES
from sim.studies.result import StudyResult

RULE_QUESTION = (
    "When an account has to be reduced, which leg should go first: how many hedges does each rule "
    "break, what does that lose, and what do creditors lose?"
)
QUESTION = (
    "If one account's collateral backs positions everywhere, how much capital is freed, and who "
    "loses how much on the worst days?"
)
LIMITS = (
    "One horizon and one market model: regimes, jumps and correlations are fitted to past prices "
    "and held for the run. Intervals show sampling error only, not error of the model or its "
    "parameters.",
    "Accounts are drawn from archetypes, not read from a chain; when one population serves every "
    "path, the figures hold for that population.",
    "Venues follow published rules; values that are not public are assumed and listed above.",
    "Depth, recovery and the background book are stylised: read Λ before reading amplification.",
    "Agents follow fixed rules of behaviour and do not learn or collude.",
    "Branching is the ratio of notional from generation to generation along the paths as they "
    "happened, background book included; it is not the spectral radius of a small perturbation.",
    "The share through own flow is judged when a breach is first seen, without taking the flow out "
    "of averages or options, and owners' own trades count as generation 0; amplification is the "
    "causal figure.",
)
SECTION_METRICS = {
    "Creditor loss and bad debt": ("creditor_loss", "bad_debt"),
    "Trader loss": ("trader_loss",),
    "Regret liquidations": ("regret_notional", "solvent_notional"),
    "Liquidated notional": ("liquidated_notional", "cascade_notional"),
    "Insurance use": ("insurance_used",),
    "Hedges broken": ("hedges_broken", "hedge_loss", "hedge_loss_positive"),
    "Standstill": ("gated_hours", "halted_hours"),
    "Greeks along the path": (
        *(f"{side}_{name}_peak" for side in ("net", "gross") for name in ("gamma", "vega")),
        *(f"gross_{name}_mean" for name in ("delta", "gamma", "vega", "theta")),
        *(f"net_{name}_end" for name in ("delta", "gamma", "vega", "theta")),
    ),
}
OPTIONAL = ("Hedges broken", "Standstill", "Greeks along the path")  # shown where it happened
PAIRED = ("creditor_loss", "bad_debt")


def render(
    config: Mapping[str, Any],
    result: StudyResult,
    manifest: Mapping[str, Any],
    figures: Mapping[str, str],
) -> str:
    """Write the page as text; equal inputs give equal bytes.

    Parameters
    ----------
    config, manifest : mapping
        Resolved configuration and manifest of the run, as plain values.
    result : StudyResult
        Tables of the study.
    figures : mapping of str to str
        SVG texts by name.
    """
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found, by_rule = origins(config), compares_rules(result)
    return environment.get_template("report.html.j2").render(
        question=RULE_QUESTION if by_rule else QUESTION,
        rules=RULES if by_rule else {},
        limits=LIMITS,
        title="Leg-selection rules compared" if by_rule else "Margin scopes compared",
        rule=RULE_OF_RULES if by_rule else RULE,
        replicates=REPLICATES,
        findings=merged(result),
        capital_lines=capital_lines(result),
        cautions=cautions(result),
        notes=notes(result),
        shared=wealth_line(result),
        horizon=_horizon(config),
        worlds=result.worlds.to_dict("records"),
        baseline=result.baseline,
        capital=capital_table(result),
        sections=_sections(result),
        hedges=hedge_table(result),
        optional=OPTIONAL,
        paired=[t for t in (metric_table(result, m, difference=True) for m in PAIRED) if t],
        differences=difference_table(result, leave=PAIRED),
        cascade=cascade_table(result),
        background=background_table(result),
        assumed=[origin for origin in found if origin.assumed],
        sourced=[origin for origin in found if not origin.assumed],
        settings=[(key, config[key]) for key in config if not isinstance(config[key], dict | list)],
        letter=letter,
        manifest=flatten(manifest),
        figures={name: Markup(inline(text, name)) for name, text in figures.items()},  # noqa: S704
    )


def _horizon(config: Mapping[str, Any]) -> str:
    """Length of a path in words; empty when the configuration does not tell."""
    if not {"steps", "step_seconds"} <= set(config):
        return ""
    steps, seconds = config["steps"], config["step_seconds"]
    return f"{steps * seconds / 3600:,.4g} hours ({steps:,} steps of {seconds:g} s)"


def _sections(result: StudyResult) -> dict[str, list[Table]]:
    """Tables by section; a metric that the study lacks, or that is optional and zero, has none."""
    return {
        title: [
            table
            for metric in metrics
            if _happened(result, metric, title) and (table := metric_table(result, metric))
        ]
        for title, metrics in SECTION_METRICS.items()
    }


def _happened(result: StudyResult, metric: str, title: str) -> bool:
    """Whether a metric of an optional section is other than zero on any path."""
    return title not in OPTIONAL or result.happened(metric)
