"""``sluicegate backtest`` as a user calls it."""

import json

import pandas as pd
import yaml

from tests.calibration.prices import bars, walk, write_csv
from tests.conf.shell import left_behind, shell

FILES = {"config.yaml", "manifest.json", "backtest.csv", "series.parquet", "requirement.svg"}
WORDS = ("hours=6", "warmup=100", "book=long_btc", "engine=[var,fhs]")


def test_a_backtest_writes_a_whole_folder(tmp_path):
    path = write_csv(tmp_path, bars("BTC", walk(3000)))
    out = tmp_path / "out"
    done = [shell("backtest", f"data={path}", f"out={out}", *WORDS) for _ in range(2)]
    assert [run.returncode for run in done] == [0, 0], done[0].stderr
    for part in ("Kupiec", "Christoffersen", "Basel", "peak/trough", "rise", "fhs", "n = 399"):
        assert part in done[0].stdout
    first, second = sorted((out / "backtest").iterdir())
    assert {file.name for file in first.iterdir()} == FILES
    for name in ("backtest.csv", "requirement.svg", "series.parquet"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    table = pd.read_csv(first / "backtest.csv")
    assert list(table["engine"]) == ["var", "fhs"]
    assert yaml.safe_load((first / "config.yaml").read_text())["hours"] == 6.0
    assert list(json.loads((first / "manifest.json").read_text())["data_sha256"]) == [path]


def test_mistakes_leave_nothing_behind(tmp_path):
    done = shell("backtest", "data=/nowhere.csv", f"out={tmp_path}")
    assert done.returncode == 2
    assert "no such price file" in done.stderr
    assert "Traceback" not in done.stderr
    assert left_behind(tmp_path) == []


def test_help_names_engines_and_keys():
    done = shell("backtest", "--help")
    assert done.returncode == 0
    for part in ("examples:", "data", "correlation_lag", "warmup", "fhs_calmed", "bars"):
        assert part in done.stdout
