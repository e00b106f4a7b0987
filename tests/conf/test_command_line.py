"""The command line: help, exit codes, and one message for each mistake."""

import subprocess
import sys
from pathlib import Path

import pytest

from sim.cli import _placement, main, run
from sim.cli._progress import progress_bar
from sim.errors import SluicegateError, Terminated

REPOSITORY = Path(__file__).resolve().parents[2]


def fail_with(monkeypatch, error):
    def dispatch(words):
        raise error

    monkeypatch.setattr(main, "_dispatch", dispatch)
    return main.main([])


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (SluicegateError("no such key", "paths", 3), 2, "error: paths: no such key"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (Terminated(), 143, "terminated"),
        (RuntimeError("oh\nno"), 1, "this is a bug"),
    ],
)
def test_exit_codes_and_messages(monkeypatch, capsys, error, code, text):
    monkeypatch.delenv(main.DEBUG, raising=False)
    assert fail_with(monkeypatch, error) == code
    shown = capsys.readouterr().err
    assert text in shown
    assert "Traceback" not in shown


def test_traceback_on_demand(monkeypatch, capsys):
    monkeypatch.setenv(main.DEBUG, "1")
    assert fail_with(monkeypatch, RuntimeError("oh")) == 1
    assert "Traceback" in capsys.readouterr().err


def test_commands_are_the_files_of_the_folder():
    assert {"calibrate", "run"} <= set(main.command_names())
    assert all(not name.startswith("_") for name in main.command_names())


def shell(*words):
    return subprocess.run(
        [sys.executable, "-m", "sim.cli.main", *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ((), ["commands", "run", "calibrate"]),
        (("--help",), ["examples:", "sluicegate run"]),
        (("calibrate", "--help"), ["examples:", "data="]),
        (
            ("run", "--help"),
            ["paths", "steps", "accounts", "seed", "workers", "out", ">= 1", "default", "examples"],
        ),
    ],
)
def test_help(words, parts):
    done = shell(*words)
    assert done.returncode == 0, done.stderr
    for part in parts:
        assert part in done.stdout


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("walk",), "walk"),
        (("run", "--sideways"), "--sideways"),
        (("run", "paths"), "this is not an override"),
        (("run", "paths=3", "--config-dir", "/nowhere/at/all"), "no such configuration folder"),
        (("run", "--config-dir", "/nowhere/at/all", "paths=3"), "no such configuration folder"),
    ],
)
def test_mistakes_end_with_code_2_and_no_traceback(words, part):
    done = shell(*words)
    assert done.returncode == 2, done.stderr
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_the_examples_of_the_help_are_accepted():
    shown = [line.split("  ")[0] for line in run._EXAMPLES.replace("\n  ", "\n").splitlines()]
    tried = 0
    for line in shown:
        words = line.split()[2:]
        if line.startswith("sluicegate run") and not any(word.startswith("--") for word in words):
            run.check(run.load_config(words, []))
            tried += 1
    assert tried >= 4


def test_foreign_packages_are_refused(monkeypatch, tmp_path):
    _placement.check()
    real = _placement.package_folder

    def foreign(name):
        return tmp_path / name if name == "agents" else real(name)

    monkeypatch.setattr(_placement, "package_folder", foreign)
    with pytest.raises(SluicegateError, match="not the one of this installation"):
        _placement.check()


def test_progress_counts_every_path(capsys):
    for wait in (False, True):
        with progress_bar(10, wait) as advance:
            advance(4)
            advance(6)
        assert "10/10" in capsys.readouterr().err
    with progress_bar(10, wait=True):
        pass
    assert capsys.readouterr().err == ""
