"""The report of a study of leg-selection rules: what it says of hedges, and what it may say."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.reports.console import summary_table
from sim.reports.findings import compares_rules, findings, wealth_line
from sim.reports.hedge_table import HEDGES, hedge_table
from sim.reports.write import write_run
from sim.studies.result import StudyResult
from tests.reports.synthetic import synthetic_study
from tests.reports.test_report import CONFIG, MANIFEST

RULES = ("riskiest", "keep_hedges", "whole_portfolio")
SHARE = dict(zip(RULES, (1.0, 0.1, 0.0), strict=True))  # of the notional that breaks a hedge
N = 300


@pytest.fixture(scope="module")
def study() -> StudyResult:
    """Three worlds of one scope; ten per cent of the baseline's broken hedges, and none."""
    made = synthetic_study()
    one = made.per_path[(made.per_path.world == "hub_relevered") & (made.per_path.twin == "full")]
    noise = np.random.default_rng(3).normal(0.0, 1.0, N)
    frames = [
        one.assign(
            world=rule,
            hedges_broken=SHARE[rule] * one.liquidated_notional.to_numpy(),
            hedge_loss=SHARE[rule] * 1e3 * noise,
            hedge_loss_positive=SHARE[rule] * 1e3 * np.maximum(noise, 0.0),
        )
        for rule in RULES
    ]
    facts = made.worlds[made.worlds.world == "hub_relevered"]
    worlds = pd.concat([facts.assign(world=r, selection=r, relever=1.0) for r in RULES])
    return StudyResult(pd.concat(frames, ignore_index=True), worlds, "riskiest")


@pytest.fixture(scope="module")
def page(study: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("hedges")
    write_run(Path(folder), CONFIG, study, MANIFEST)
    return (Path(folder) / "report.html").read_text()


def test_each_rule_has_its_hedges_and_its_paired_difference(study: StudyResult) -> None:
    table = hedge_table(study)
    assert table is not None
    assert [name for name, _ in table.rows] == list(RULES)
    assert len(table.head) == 2 * len(HEDGES)
    assert f"n = {N}" in table.caption
    by_rule = study.per_path.set_index(["world", "path"]).hedges_broken
    for rule in RULES[1:]:
        gap = by_rule[rule] - by_rule["riskiest"]
        figure = study.summary.figure(rule, "hedges_broken", "delta_mean")
        half = 1.96 * gap.std() / N**0.5
        assert figure.value == pytest.approx(gap.mean(), rel=1e-12)
        assert figure.high - figure.low == pytest.approx(2.0 * half, rel=0.01)
        assert figure.n == N
    cells = dict(table.rows)["whole_portfolio"]
    assert cells[0].text == "$0"
    assert cells[1].text.startswith("\N{MINUS SIGN}$")
    assert all(" to " in cells[i].small for i in (1, 5))


def test_the_page_names_rules_units_and_n(page: str) -> None:
    for part in (
        "Leg-selection rules compared",
        "which leg goes first",
        "USD of notional",
        f"n = {N} paths",
        "heaviest debt or contract first",
        "differ only in which leg a liquidation takes first",
    ):
        assert part in page, part
    assert "how a trader's positions are grouped into accounts" not in page
    assert len(re.findall('<th scope="col">Δ to riskiest, USD</th>', page)) == len(HEDGES)


def test_findings_are_about_each_rule(study: StudyResult) -> None:
    found = findings(study)
    assert [(f.world, f.metric) for f in found] == [
        (rule, metric) for metric in ("hedge_loss_positive", "creditor_loss") for rule in RULES[1:]
    ]
    assert [f.verdict for f in found[:2]] == ["lower", "lower"]
    assert all("95 % interval" in f.text for f in found[:2])


def test_the_terminal_shows_hedges_too(study: StudyResult) -> None:
    lines = summary_table(study).splitlines()
    assert any("hedges broken" in line for line in lines)
    (line,) = (x for x in lines if x.startswith("keep_hedges") and "(" in x)
    assert " to " in line


def test_other_studies_are_not_taken_for_it(study: StudyResult) -> None:
    plain = synthetic_study()
    assert not compares_rules(plain)
    assert hedge_table(plain) is None
    mixed = study.worlds.assign(scope=["hub", "unified", "hub"])
    assert not compares_rules(StudyResult(study.per_path, mixed, "riskiest"))
    assert compares_rules(study)
    assert "grouped into accounts" in wealth_line(plain)


def test_a_study_without_halts_or_options_has_no_section_of_them(page: str) -> None:
    assert "<h3>Standstill</h3>" not in page
    assert "<h3>Greeks along the path</h3>" not in page


@pytest.mark.parametrize(
    ("column", "heading", "unit"),
    [
        ("halted_hours", "Standstill", "venue-hour"),
        ("gross_gamma_peak", "Greeks along the path", "Gross gamma, largest size"),
    ],
)
def test_what_happened_has_its_section(
    study: StudyResult, tmp_path: Path, column: str, heading: str, unit: str
) -> None:
    table = study.per_path.assign(**{column: np.arange(len(study.per_path)) % 5})
    write_run(tmp_path, CONFIG, StudyResult(table, study.worlds, "riskiest"), MANIFEST)
    page = (tmp_path / "report.html").read_text()
    assert f"<h3>{heading}</h3>" in page
    assert unit in page
