"""The report's tables, words, figures and files, on a made-up study."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import yaml

from sim.errors import SluicegateError
from sim.reports.assumptions import origins
from sim.reports.console import summary_table
from sim.reports.figures import FIGURES, draw_all
from sim.reports.findings import capital_lines, cautions, findings, merged, notes, wealth_line
from sim.reports.loss_figures import capital_efficiency, creditor_loss
from sim.reports.page import render
from sim.reports.style import STYLE
from sim.reports.words import amount, change, finding, interval, verdict
from sim.reports.write import write_per_path, write_run
from sim.studies.result import StudyResult
from sim.studies.statistics import Estimate
from sim.studies.summary import summarise
from tests.reports.synthetic import synthetic_study

CONFIG: dict[str, Any] = {
    "paths": 300,
    "seed": 7,
    "market": {
        "jumps": {"common": {"correlation": 0.8}},
        "provenance": {"source": "prices.csv", "span": "2019-2025", "assumed": ["depth"]},
    },
    "venues": {
        "lender": {"source": "docs", "date": "2025-10-01", "close_factor": 0.2},
        "perps": {"source": "x", "date": "d", "assumed": ["cap"], "cap": 3},
    },
}
MANIFEST = {"command": ["sluicegate", "run"], "commit": "0123abc", "dirty": True, "seed": 7}


@pytest.fixture(scope="module")
def study() -> StudyResult:
    return synthetic_study()


@pytest.fixture(scope="module")
def folder(study: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "made"
    write_run(path, CONFIG, study, MANIFEST)
    return path


def test_long_table_has_every_world_metric_and_pair(study: StudyResult) -> None:
    tidy = study.summary.tidy
    key = ["world", "twin", "metric", "statistic"]
    assert not tidy.duplicated(key).any()
    assert "some_new_metric" in set(tidy.metric)
    others = [world for world in study.worlds.world if world != "venue"]
    paired = study.summary.paired
    assert list(dict.fromkeys(paired.world)) == others
    mean = study.summary.figure("unified", "creditor_loss", "delta_mean")
    table = study.per_path[study.per_path.twin == "full"].set_index(["world", "path"])
    by_hand = (table.creditor_loss["unified"] - table.creditor_loss["venue"]).mean()
    assert mean.value == pytest.approx(by_hand)
    assert (tidy.n[tidy.statistic == "mean"] == 300).all()
    amplification = study.summary.figure("venue", "liquidated_notional", "amplification")
    assert amplification.low < amplification.value < amplification.high


def test_summary_does_not_depend_on_the_order_of_rows(study: StudyResult) -> None:
    shuffled = study.per_path.sample(frac=1.0, random_state=1)
    again = summarise(shuffled, study.worlds)
    pd.testing.assert_frame_equal(again.tidy, study.summary.tidy)


@pytest.mark.parametrize("damage", ["lost path", "lost world", "no key", "not a number", "twice"])
def test_tables_that_cannot_be_compared_are_refused(study: StudyResult, damage: str) -> None:
    table = study.per_path.copy()
    if damage == "lost path":
        table = table.drop(index=table.index[-1])
    elif damage == "lost world":
        table = table[table.world != "venue"]
    elif damage == "no key":
        table = table.drop(columns="population")
    elif damage == "twice":
        table.loc[table.path == 1, "path"] = 0
    else:
        table.loc[5, "bad_debt"] = np.nan
    with pytest.raises(SluicegateError):
        summarise(table, study.worlds)


def test_folder_is_complete(folder: Path) -> None:
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "config.yaml",
        "manifest.json",
        "per_path.parquet",
        "worlds.csv",
        "summary.parquet",
        "summary.csv",
        "report.html",
        *(f"figures/{name}.svg" for name in FIGURES),
    }
    assert yaml.safe_load((folder / "config.yaml").read_text()) == CONFIG
    assert json.loads((folder / "manifest.json").read_text()) == MANIFEST


def test_equal_studies_give_equal_bytes(folder: Path, tmp_path: Path) -> None:
    study = synthetic_study()
    mixed = StudyResult(study.per_path.sample(frac=1.0, random_state=2), study.worlds)
    write_run(tmp_path, CONFIG, mixed, MANIFEST)
    for path in folder.rglob("*"):
        if path.is_file():
            assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes(), path


def test_per_path_table_survives_the_file(study: StudyResult, tmp_path: Path) -> None:
    write_per_path(tmp_path / "p.parquet", study.per_path)
    read = pd.read_parquet(tmp_path / "p.parquet")
    assert list(read.columns[:4]) == ["world", "scope", "arm", "twin"]
    wanted = study.per_path.sort_values(["world", "twin", "path"], ignore_index=True)
    pd.testing.assert_frame_equal(read, wanted[list(read.columns)], check_dtype=False)


def test_page_stands_alone_and_is_well_formed(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert "url(http" not in page
    identifiers = re.findall(r'(?<![\w-])id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))
    body = page[page.index("<body>") :].replace("</html>", "")
    ET.fromstring(re.sub(r"&(?!amp;|lt;|gt;|#\d+;|quot;)", "&amp;", body))  # noqa: S314
    for words in ("no difference shown", "0123abc", "cap = 3", "300 paths", "Limits of the model"):
        assert words in page, words


def test_drawings_hold_no_date_and_no_creator(study: StudyResult) -> None:
    for name, drawing in draw_all(study).items():
        assert "<dc:date>" not in drawing, name
        assert "Matplotlib" not in drawing, name


def test_a_study_with_little_in_it_still_gives_a_page(tmp_path: Path) -> None:
    full = synthetic_study(paths=5)
    keep = ["world", "twin", "path", "population", "creditor_loss"]
    table = full.per_path.loc[full.per_path.twin == "full", keep].assign(creditor_loss=0.0)
    write_run(tmp_path, {}, StudyResult(table, full.worlds[["world"]]), {})
    page = (tmp_path / "report.html").read_text()
    assert "Not in this study" in page
    assert "no direction is claimed" in page
    assert "n = 5" in summary_table(StudyResult(table, full.worlds[["world"]]))


def test_many_populations_are_the_clusters() -> None:
    study = synthetic_study(paths=400, populations=8)
    note = study.summary.figure("venue", "creditor_loss", "mean").note
    assert "400 paths on only 8 populations" in note
    write = study.summary.figure("venue", "creditor_loss", "p_positive")
    assert write.low < write.value < write.high


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (-2.0, -1.0, "lower"),
        (1.0, 2.0, "higher"),
        (-1.0, 2.0, "no difference shown"),
        (0.0, 2.0, "no difference shown"),
        (float("nan"), float("nan"), "no interval"),
        (1.0, float("nan"), "no interval"),
    ],
)
def test_words_claim_no_more_than_the_interval(low: float, high: float, word: str) -> None:
    figure = Estimate((low + high) / 2, low, high, n=300)
    assert verdict(figure) == word
    text = finding("creditor_loss", "mean", ("unified", "venue"), figure)
    assert ("is lower" in text) == (word == "lower")
    assert ("is higher" in text) == (word == "higher")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1_234_567.0, "USD", "$1.23 M"),
        (-950.4, "USD", "−$950"),
        (999_999.0, "USD", "$1.00 M"),
        (0.0, "USD", "$0"),
        (0.1234, "fraction", "12.3 %"),
        (1.4, "×", "1.40×"),
        (5000.0, "accounts", "5,000"),
        (float("nan"), "USD", "not defined"),
    ],
)
def test_amounts_are_written_for_people(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


def test_changes_carry_their_sign() -> None:
    assert change(2000.0) == "+$2.00 k"
    assert [amount(value) for value in (0.0, 0.004, -0.004, 0.01)] == [
        "$0",
        "< $0.01",
        "> −$0.01",
        "$0.01",
    ]
    assert (change(0.0), change(0.004), change(-0.004)) == ("$0", "< +$0.01", "> −$0.01")
    assert change(-0.05, "fraction") == "−5.00 pp"


def test_assumptions_are_found_with_value_source_and_date() -> None:
    found = {origin.where: origin for origin in origins(CONFIG)}
    assert found["venues.perps"].assumed == ("cap = 3",)
    assert found["venues.lender"].assumed == ()
    assert found["venues.lender"].date == "2025-10-01"
    assert found["market"].assumed == ("depth",)


def test_console_table_fits_a_terminal(study: StudyResult) -> None:
    table = summary_table(study).split("\n\n")[0].splitlines()
    assert max(map(len, table)) <= 110
    assert len(table) == 2 + 2 * len(study.worlds)


def test_console_table_shows_intervals_beneath_its_figures(study: StudyResult) -> None:
    lines = summary_table(study).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("unified "))
    for metric, statistic, unit, difference in (
        ("creditor_loss", "mean", "USD", False),
        ("creditor_loss", "delta_mean", "USD", True),
        ("liquidated_notional", "amplification", "×", False),
    ):
        figure = study.summary.figure("unified", metric, statistic)
        assert interval(figure, unit, difference=difference) in lines[at + 1]
    base = next(i for i, line in enumerate(lines) if line.startswith("venue "))
    assert lines[base + 1].count(" to ") == 3  # nothing to compare the baseline with


@pytest.mark.parametrize(("paths", "marks"), [(3, 2), (300, 1), (2000, 0)])
def test_console_marks_what_rests_on_few_paths(paths: int, marks: int) -> None:
    """Of three paths everything; of three hundred the expected shortfall alone."""
    text = summary_table(synthetic_study(paths=paths))
    row = next(line for line in text.splitlines() if line.startswith("venue "))
    assert row.count("†") == marks
    assert ("(an ES: on fewer than 100 tail paths)" in text) == (marks > 0)
    assert "cluster" not in text


def test_console_leaves_out_what_is_defined_nowhere(study: StudyResult) -> None:
    assert "amplification" in summary_table(study).splitlines()[0]
    full = study.per_path[study.per_path.twin == "full"]
    text = summary_table(StudyResult(full, study.worlds))
    assert "amplification" not in text
    assert "not defined" not in text
    few = summary_table(synthetic_study(paths=3)).splitlines()
    assert few[0].split("  ")[0] == "world"
    assert "ES 95" not in few[0]  # no path lies in that tail


def test_what_is_said_of_several_worlds_is_said_once() -> None:
    study = synthetic_study(paths=40)
    table = study.per_path.copy()
    table["creditor_loss"] = 0.0
    alike = StudyResult(table, study.worlds)
    assert [one.world for one in findings(alike)] == ["unified", "unified_relevered", "unified"]
    first, second = merged(alike)
    assert "between venue and unified or unified_relevered was seen" in first.text
    assert second.text == findings(alike)[2].text
    assert [one.text for one in merged(study)] == [one.text for one in findings(study)]


def test_an_idle_venue_and_shrunk_positions_are_notes(study: StudyResult) -> None:
    assert notes(study) == []
    noted = replace(
        study,
        idle=("euler_evk", "maker"),
        shrunk={"drift": {"SOL", "BTC"}},
        unscanned=("deribit", "derive"),
    )
    first, second, third = notes(noted)
    assert third.startswith("a unified account adds legs up one by one, at deribit and derive too")
    assert first.startswith("nobody trades at euler_evk and maker")
    assert second.startswith("at drift the heavier side of traders' positions in BTC and SOL is")
    assert f"! Note: {first}" in summary_table(noted)
    page = render(CONFIG, noted, MANIFEST, {})
    assert "<strong>Note.</strong> Nobody trades at euler_evk and maker" in page


def test_marks_stand_at_the_values_that_they_show(study: StudyResult) -> None:
    """Also where worlds share a requirement: they are told apart by size, not by place."""
    with mpl.rc_context(STYLE):
        axes = capital_efficiency(study).axes[0]
    dots = {line.get_label(): line for line in axes.lines if line.get_marker() == "o"}
    assert set(dots) == set(study.worlds.world)
    sizes: dict[tuple[float, ...], list[float]] = {}
    for world, dot in dots.items():
        x = study.summary.figure(world, "margin_ratio", "static").value
        y = study.summary.figure(world, "creditor_loss", "es_99").value
        assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (x, y)
        sizes.setdefault((x,), []).append(dot.get_markersize())
    assert max(map(len, sizes.values())) > 1
    assert all(len(set(here)) == len(here) for here in sizes.values())


def test_values_at_risk_stand_at_their_level(study: StudyResult) -> None:
    with mpl.rc_context(STYLE):
        axes = creditor_loss(study).axes[0]
    marks = [line.get_ydata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert sorted({round(y, 12) for y in marks}) == [0.01, 0.05]


def changed(study: StudyResult, **columns: Any) -> StudyResult:
    """Return the study with other facts of its worlds."""
    return StudyResult(study.per_path, study.worlds.assign(**columns))


def test_capital_is_said_with_direction_for_every_scope(study: StudyResult) -> None:
    lines = capital_lines(study)
    assert [line.split()[0] for line in lines] == ["isolated", "unified", "hub"]
    assert lines[0].startswith("isolated ties up $9.24 M of capital (20.0 % more) against venue")
    assert lines[2].startswith("hub frees $12.9 M of capital (28.0 % less) against venue")
    assert "requirement is $11.8 M (28.0 %) lower: $30.2 M against $42.0 M." in lines[2]
    assert lines[2] in summary_table(study).replace("\n", " ")


def test_capital_that_differs_by_rounding_is_the_same(study: StudyResult) -> None:
    near = 4.2e7 * (1 + 1e-7 * np.arange(len(study.worlds)))
    lines = capital_lines(changed(study, margin_required=near, capital_required=near))
    assert len(lines) == 3
    for line in lines:
        assert "frees no capital against venue" in line
        assert f"requirement is that of {study.baseline}" in line


def test_few_paths_give_no_direction() -> None:
    figure = Estimate(-2.0, -3.0, -1.0, n=19)
    assert verdict(figure) == "too few paths"
    text = finding("creditor_loss", "mean", ("unified", "venue"), figure)
    assert "no direction is claimed from fewer than 20 paths" in text
    for found in findings(synthetic_study(paths=12)):
        assert found.verdict not in ("lower", "higher")


def test_bookkeeping_is_no_direction(study: StudyResult) -> None:
    """Four cents of interest on eight million of notional: as a user was told was a finding."""
    figure = Estimate(0.044, 0.0439, 0.0441, n=24)
    assert verdict(figure, gross=7.7e6) == "negligible"
    text = finding("trader_loss", "mean", ("unified", "venue"), figure, 7.7e6)
    assert "beyond bookkeeping" in text
    assert "higher in" not in text
    assert verdict(figure, gross=1e4) == "higher"
    words = [f.verdict for f in findings(changed(study, gross_notional=1e15))]
    assert set(words) == {"negligible"}


def test_the_shared_wealth_is_said_as_it_is(study: StudyResult) -> None:
    assert "the same traders, wealth ($100 M" in wealth_line(study)
    wealth = [1e8] * 5 + [0.99e8]
    text = wealth_line(changed(study, wealth=wealth))
    assert "is $100 M in venue and $99.0 M in hub_relevered: money that was borrowed" in text
    assert "what it bought is not counted" in text


def test_a_supercritical_background_book_is_a_caution(study: StudyResult, tmp_path: Path) -> None:
    assert cautions(study) == []
    hot = changed(study, lambda_worst=1.25)
    assert "Λ reaches 1.25×" in summary_table(hot)
    write_run(tmp_path, CONFIG, hot, MANIFEST)
    page = (tmp_path / "report.html").read_text()
    assert "<strong>Caution.</strong> Λ reaches 1.25×" in page
    assert "Λ ÷ depth factor of the thinnest regime" in page


def test_worlds_that_begin_short_are_a_caution(study: StudyResult) -> None:
    short = [0.0] * (len(study.worlds) - 1) + [87.0]
    (caution,) = cautions(changed(study, day0_accounts=short))
    assert caution.startswith(f"in {study.worlds.world.iloc[-1]} accounts are below maintenance")
    assert "(87)" in caution


def test_terms_are_defined_where_they_are_used(study: StudyResult, tmp_path: Path) -> None:
    write_run(tmp_path, CONFIG | {"steps": 1440, "step_seconds": 60.0}, study, MANIFEST)
    page = (tmp_path / "report.html").read_text()
    for words in (
        "Horizon: 24 hours (1,440 steps of 60 s)",
        "<strong>Margin freed</strong> is",
        "<strong>Capital required</strong> is",
        "Liquidations of an account whose owner stood above maintenance",
        "Λ is the notional that a 1 % move triggers",
        "generation 0 is called for by fundamental prices alone",
    ):
        assert words in page, words
