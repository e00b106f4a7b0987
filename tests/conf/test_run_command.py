"""The order of a run: a mistake or an interruption leaves nothing behind, success one folder."""

import json
import os
import signal
import sys
from types import SimpleNamespace

import pytest

from sim.cli import main, run
from sim.errors import SluicegateError


class Config(SimpleNamespace):
    def model_dump(self, **_):
        return {"seed": 5, "out": self.out, "market": {}}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return where results go; composition, simulation and report are replaced by small ones."""

    def write_run(folder, config, result, manifest):
        (folder / "manifest.json").write_text(json.dumps(manifest))

    config = Config(
        out=str(tmp_path / "out"),
        experiment=SimpleNamespace(name="scopes"),
        beliefs=SimpleNamespace(history=None),
    )
    monkeypatch.setattr(run, "load_config", lambda overrides, search_path: config)
    monkeypatch.setattr(run, "check", lambda config: {})
    monkeypatch.setattr(run, "paths_of", lambda config: 54)
    monkeypatch.setattr(run, "_simulate", lambda config, folder: "result")
    modules = {
        "sim.reports.console": SimpleNamespace(summary_table=lambda result: f"table of {result}"),
        "sim.reports.write": SimpleNamespace(write_run=write_run),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return tmp_path / "out" / "scopes"


def test_a_run_ends_in_one_folder(place, capsys):
    assert main.main(["run", "paths=3", "--config-dir", ".", "seed=5"]) == 0
    (folder,) = place.iterdir()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["command"] == ["sluicegate", "run", "paths=3", "--config-dir", ".", "seed=5"]
    shown = capsys.readouterr().out
    assert "table of result" in shown
    assert str(folder / "report.html") in shown


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (SluicegateError("no such venue"), 2), (RuntimeError("oh"), 1)],
)
def test_nothing_is_left_when_it_stops(place, monkeypatch, capsys, error, code):
    def stop(config, folder):
        raise error

    monkeypatch.setattr(run, "_simulate", stop)
    assert main.main(["run"]) == code
    assert not place.parent.exists()
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("sign", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_results_that_are_complete_are_named(place, monkeypatch, capsys, sign, code, word):
    def press(result):
        os.kill(os.getpid(), sign)

    monkeypatch.setattr(sys.modules["sim.reports.console"], "summary_table", press)
    assert main.main(["run"]) == code
    (folder,) = place.iterdir()
    shown = capsys.readouterr()
    assert shown.err == f"sluicegate: {word}; results are in {folder}\n"
    assert shown.out == ""


def test_unwritable_results_are_said_before_the_simulation(place, monkeypatch, capsys):
    def never(config, folder):
        raise AssertionError("simulated")

    monkeypatch.setattr(run, "_simulate", never)
    place.parent.write_text("a file where the folder should be")
    assert main.main(["run"]) == 2
    assert "results cannot be written there" in capsys.readouterr().err


def test_overrides_may_stand_on_both_sides_of_an_option(place, monkeypatch):
    seen = []
    config = run.load_config([], [])

    def load(overrides, search_path):
        seen.append((overrides, [str(folder) for folder in search_path]))
        return config

    monkeypatch.setattr(run, "load_config", load)
    main.main(["run", "a=1", "--config-dir", "x", "b=2", "--config-dir", "y", "c=3"])
    assert seen == [(["a=1", "b=2", "c=3"], ["x", "y"])]
