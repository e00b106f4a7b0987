"""A small run from the command to its folder: every promised file, and the same bytes again."""

import hashlib
import json
import re

import pandas as pd
import pytest
import yaml

from sim.state.state import RESULT
from sim.studies.manifest import LIBRARIES, config_hash
from tests.conf.shell import SMALL, shell

REPAIRED = (
    "market.correlation.calm="
    "[[1,.9,.4,.6,.7],[.9,1,.8,.7,.7],[.4,.8,1,.7,.7],[.6,.7,.7,1,.7],[.7,.7,.7,.7,1]]"
)
WORDS = ("run", *SMALL, "seed=7", REPAIRED)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a finished run: its process, and the one folder it left."""
    out = tmp_path_factory.mktemp("results")
    done = shell(*WORDS, f"out={out}")
    assert done.returncode == 0, done.stderr
    (experiment,) = out.iterdir()
    (folder,) = experiment.iterdir()
    assert experiment.name == "scopes"
    return done, folder


@pytest.fixture(scope="module")
def folder(run):
    return run[1]


def test_every_promised_file_is_there(folder):
    names = {file.name for file in folder.iterdir()}
    assert names == {
        "config.yaml", "manifest.json", "per_path.parquet", "summary.parquet", "summary.csv",
        "worlds.csv", "figures", "report.html",
    }  # fmt: skip
    figures = list((folder / "figures").iterdir())
    assert figures
    assert all(figure.suffix == ".svg" for figure in figures)
    assert all(b"<svg" in figure.read_bytes() for figure in figures)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ", folder.name)


def test_the_terminal_shows_the_summary_and_where_the_report_is(run):
    done, folder = run
    assert "creditor loss" in done.stdout
    assert f"report: {folder}/report.html" in done.stdout
    assert "not positive semidefinite" in done.stderr


def test_the_manifest_says_how_it_was_made(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert manifest["command"][:2] == ["sluicegate", "run"]
    assert manifest["seed"] == config["seed"] == 7
    assert manifest["config_sha256"] == config_hash(config)
    assert set(manifest["versions"]) == {"python", *LIBRARIES}
    assert set(manifest["commit"]) == {"hash", "dirty"}
    assert manifest["machine"]["cores"] >= 1
    assert manifest["ended_utc"] >= manifest["started_utc"]
    stated = config["market"]["provenance"]
    assert list(manifest["data_sha256"]) == stated["source"].split(" + ")
    assert " + ".join(manifest["data_sha256"].values()) == stated["sha256"]
    assert manifest["correlation_repairs"]["calm"] == pytest.approx(0.0588, abs=1e-4)


def test_the_tables_hold_every_world_twin_and_path(folder):
    config = yaml.safe_load((folder / "config.yaml").read_text())
    per_path = pd.read_parquet(folder / "per_path.parquet")
    worlds, twins = config["experiment"]["worlds"], config["experiment"]["twins"]
    keys = ["world", "twin", "path"]
    assert len(per_path) == len(worlds) * len(twins) * config["paths"]
    assert not per_path.duplicated(keys).any()
    assert {
        name for name in RESULT.names if name not in ("generation", "greeks", "imbalance")
    } <= set(per_path.columns)
    summary = pd.read_parquet(folder / "summary.parquet")
    text = pd.read_csv(folder / "summary.csv", keep_default_na=False)
    assert list(text.columns) == list(summary.columns)
    assert len(text) == len(summary)
    assert set(summary["world"]) == set(worlds)


def test_the_report_stands_alone(folder):
    page = (folder / "report.html").read_text()
    linked = re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)""", page)
    assert all(link.startswith(("#", "data:")) for link in linked)
    assert not re.search(r"@import|url\(\s*['\"]?https?:|<script[^>]+src", page)
    assert page.count("<svg") == len(list((folder / "figures").iterdir()))
    assert "correlation_repairs" in page


def test_the_resolved_configuration_runs_to_the_same_bytes(folder, tmp_path):
    words = ("--config", str(folder / "config.yaml"), f"out={tmp_path}", "workers=2")
    done = shell("run", *words, "engine.chunk=1")
    assert done.returncode == 0, done.stderr
    (again,) = (tmp_path / "scopes").iterdir()
    before, after = (digest(f / "per_path.parquet") for f in (folder, again))
    assert before == after
    assert yaml.safe_load((again / "config.yaml").read_text())["workers"] == 2


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_worlds_share_their_wealth_but_for_what_loans_paid_outside(folder):
    worlds = pd.read_csv(folder / "worlds.csv").set_index("world")
    same = worlds[worlds.arm == "same legs"]
    assert same.wealth.to_numpy() == pytest.approx(same.wealth["venue"], rel=1e-9)
    assert (worlds.wealth <= same.wealth["venue"] * (1 + 1e-9)).all()
    assert (worlds.wealth > worlds.equity).all()  # wallets count
    assert (worlds.lambda_worst >= worlds.lambda_stressed).all()
    assert (worlds.lambda_stressed > worlds.lambda_ratio).all()
