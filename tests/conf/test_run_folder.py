"""A run folder is complete or it is not there."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sim.errors import SluicegateError, Terminated
from sim.studies.manifest import begin_manifest, config_hash, end_manifest, git_state
from sim.studies.run_folder import open_run

REPOSITORY = Path(__file__).resolve().parents[2]
TIME = datetime(2026, 1, 31, 12, 30, 5, tzinfo=UTC)
PROGRAM = """
import sys, time
from pathlib import Path
from sim.studies.run_folder import open_run
with open_run(Path(sys.argv[1]), "scopes") as run:
    (run.path / "half").write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_appears_at_the_end_under_its_time(tmp_path):
    with open_run(tmp_path, "scopes", TIME) as run:
        (run.path / "figures").mkdir()
        (run.path / "figures" / "a.svg").write_text("x")
        assert [entry.name[0] for entry in (tmp_path / "scopes").iterdir()] == ["."]
    assert run.final == tmp_path / "scopes" / "2026-01-31T12-30-05Z"
    assert (run.final / "figures" / "a.svg").read_text() == "x"
    assert list((tmp_path / "scopes").iterdir()) == [run.final]


def test_two_runs_within_a_second(tmp_path):
    finals = []
    for _ in range(3):
        with open_run(tmp_path, "scopes", TIME) as run:
            (run.path / "a").write_text("x")
        finals.append(run.final.name)
    stem = "2026-01-31T12-30-05Z"
    assert finals == [stem, f"{stem}-2", f"{stem}-3"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_after_an_error(tmp_path, error):
    with pytest.raises(error), open_run(tmp_path, "scopes") as run:
        (run.path / "half").write_text("half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_folders_that_were_there_stay_after_an_error(tmp_path):
    (tmp_path / "scopes").mkdir()
    with pytest.raises(RuntimeError), open_run(tmp_path, "scopes"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == [tmp_path / "scopes"]


def test_folders_that_another_run_uses_stay_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), open_run(tmp_path / "new", "scopes"):
        with open_run(tmp_path / "new", "scopes") as other:
            pass
        raise RuntimeError
    assert other.final.exists()


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_signals(tmp_path, sign):
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )
    child.stdout.readline()
    child.send_signal(sign)
    child.wait(20)
    child.stdout.close()
    if sign is not signal.SIGKILL:
        assert list(tmp_path.iterdir()) == []
        return
    left = list((tmp_path / "scopes").iterdir())
    assert [entry.name[0] for entry in left] == ["."]
    with open_run(tmp_path, "scopes", TIME):  # the next run puts it away
        assert not left[0].exists()


def test_another_run_in_progress_is_left_alone(tmp_path):
    with open_run(tmp_path, "scopes") as first:
        os.utime(first.path, (0, 0))
        with open_run(tmp_path, "scopes") as second:
            assert first.path.exists()
    assert first.final.exists()
    assert second.final.exists()


def test_unwritable_place_is_said_at_once(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    with (
        pytest.raises(SluicegateError, match="results cannot be written"),
        open_run(file, "scopes"),
    ):
        raise AssertionError("the block must not be entered")


@pytest.mark.parametrize("name", ["", "../x", ".hidden", "a/b", "a b"])
def test_names_of_experiments(tmp_path, name):
    with pytest.raises(SluicegateError, match="cannot name a folder"), open_run(tmp_path, name):
        raise AssertionError("the block must not be entered")
    assert list(tmp_path.iterdir()) == []


def test_manifest(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("x\n")
    manifest = end_manifest(begin_manifest(["sluicegate", "run"], {"seed": 3, "a": 1}, [data]))
    again = json.loads(json.dumps(manifest))
    assert again == manifest
    assert manifest["seed"] == 3
    assert manifest["wall_seconds"] >= 0.0
    assert manifest["versions"]["numba"] != "missing"
    assert len(manifest["data_sha256"][str(data)]) == 64
    assert manifest["machine"]["cores"] >= 1
    assert config_hash({"a": 1, "b": {"c": 2}}) == config_hash({"b": {"c": 2}, "a": 1})
    assert config_hash({"a": 1}) != config_hash({"a": 2})


def test_outside_git_there_is_no_commit(tmp_path):
    assert git_state(tmp_path) == {"hash": None, "dirty": None}


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("sign", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_a_signal_that_foreign_code_drops_still_ends_the_run(tmp_path, sign, raised):
    before = signal.getsignal(sign)
    with pytest.raises(raised), open_run(tmp_path, "scopes"):
        try:
            os.kill(os.getpid(), sign)
            time.sleep(5)
        except BaseException:  # as a callback of the compiler does
            raise RuntimeError("no compiled object yet") from None
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(sign) is before
