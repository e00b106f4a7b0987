"""Ctrl-C at any moment of a start: one line, exit code 130, no traceback."""

import signal
import subprocess
import sys
import tomllib
from contextlib import suppress

import pytest

from sim.interrupts import ended_cleanly, raise_dropped
from tests.conf.shell import REPOSITORY, environment

# Presses Ctrl-C when a module is looked for, which is when an impatient user does: while
# libraries are read. `words` are the command's.
PROGRAM = """
import os, signal, sys

class Impatient:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Impatient())
sys.argv = ["sluicegate", *{words!r}]
import sluicegate
sys.exit(sluicegate.entry())
"""
RUN = ("run", "paths=1", "steps=1", "accounts=20")


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("sim", RUN),
        ("numpy", RUN),
        ("numba", RUN),
        ("sim.cli.main", RUN),
        ("hydra", RUN),
        ("pydantic", RUN),
        ("sim.cli._keys", ("run", "--help")),
    ],
)
def test_ctrl_c_while_libraries_are_read(module, words, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module=module, words=words)],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "sluicegate: interrupted\n"
    assert list(tmp_path.iterdir()) == []


# Presses Ctrl-C once a draft is written, before it is renamed into place.
WRITE = """
import os, signal, sys
from pathlib import Path

import sluicegate

signal.signal(signal.SIGINT, sluicegate.stop)
from sim.calibration.write import write_whole

Path.replace = lambda draft, target: os.kill(os.getpid(), signal.SIGINT)
try:
    write_whole(Path("market.yaml"), "text")
except KeyboardInterrupt:
    sys.exit(77)
"""


def test_ctrl_c_leaves_no_draft(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WRITE], cwd=tmp_path, env=environment(), check=False
    )
    assert done.returncode == 77
    assert list(tmp_path.iterdir()) == []


def test_the_command_starts_there():
    declared = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert declared["project"]["scripts"] == {"sluicegate": "sluicegate:entry"}
    assert "sluicegate" in declared["tool"]["setuptools"]["py-modules"]


def test_the_command_hands_its_exit_code_on():
    words = [sys.executable, "-m", "sluicegate", "venue", "nowhere"]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no such venue" in done.stderr


def test_a_signal_that_was_dropped_ends_the_block_when_it_is_asked_for():
    """As if the handler's exception had been raised inside a callback of the compiler."""
    with pytest.raises(KeyboardInterrupt), ended_cleanly():
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise_dropped()
        pytest.fail("the signal was forgotten")
    raise_dropped()  # it is over with its block
