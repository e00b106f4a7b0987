"""A run that was stopped ends in the same bytes as one that was not."""

import json
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sim import locks
from sim.cli import main
from sim.cli.run import load_config, paths_of
from sim.errors import SluicegateError, Stopped
from sim.studies import unfinished
from sim.studies.chunks import FOLDER, count_paths
from sim.studies.experiment import run_experiment
from sim.studies.manifest import begin_manifest
from sim.studies.run_folder import continue_run, open_run
from sim.studies.unfinished import take_notes
from tests.conf.shell import command, environment, shell
from tests.small_runs import small

TIMED = ("manifest.json", "report.html")  # they say when, and how often, a run was started
WORDS = (
    "run", "paths=40", "steps=30", "accounts=80", "workers=2", "compute.task_seconds=0.02",
    "experiment.twins=[full]", "out=out",
)  # fmt: skip


def contents(out: Path) -> dict[str, bytes]:
    """Files of the only run below a folder, without what names times."""
    (folder,) = (out / "scopes").iterdir()
    assert not folder.name.startswith(".")
    files = {str(f.relative_to(folder)): f for f in folder.rglob("*") if f.is_file()}
    assert set(TIMED) < set(files)
    return {name: file.read_bytes() for name, file in files.items() if name not in TIMED}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A run that nobody stopped."""
    place = tmp_path_factory.mktemp("whole")
    done = shell(*WORDS, cwd=place)
    assert done.returncode == 0, done.stderr
    return contents(place / "out")


def partials(place: Path) -> list[Path]:
    return unfinished.partials(place / "out" / "scopes")


def killed(words: tuple[str, ...], place: Path, due: Callable[[], bool]) -> bool:
    """Kill a command as soon as it is due; False if it has ended before."""
    child = subprocess.Popen(
        command(*words), cwd=place, env=environment(), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while child.poll() is None and not due():
        time.sleep(0.002)
    child.kill()
    code = child.wait()
    assert code in (0, -signal.SIGKILL)
    return code != 0


def finished(place: Path) -> int:
    """Paths that have been kept so far."""
    return sum(count_paths(base / FOLDER) for base in partials(place))


@pytest.mark.slow
def test_killed_in_mid_run_and_again_while_it_writes(
    whole: dict[str, bytes], tmp_path: Path
) -> None:
    assert killed(WORDS, tmp_path, lambda: finished(tmp_path) >= 25)
    table = "results/per_path.parquet"
    assert killed(
        ("resume", "out"), tmp_path, lambda: any((p / table).exists() for p in partials(tmp_path))
    )
    assert finished(tmp_path) == 240
    done = shell("resume", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == whole
    (folder,) = (tmp_path / "out" / "scopes").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert len(manifest["resumed_utc"]) == 2
    assert manifest["resumed_utc"][0] > manifest["started_utc"]


@pytest.mark.slow
def test_killed_at_twenty_random_moments(whole: dict[str, bytes], tmp_path: Path) -> None:
    started = time.monotonic()
    assert shell(*WORDS, cwd=tmp_path).returncode == 0
    seconds, moments, resumed = time.monotonic() - started, random.Random(5), 0
    for number in range(20):
        place = tmp_path / str(number)
        place.mkdir()
        moment = time.monotonic() + seconds * moments.uniform(0.1, 1.0)
        hit = killed(WORDS, place, lambda: time.monotonic() > moment)  # noqa: B023
        left = unfinished.unfinished_runs(place / "out")
        if hit:
            words = ("resume", "out") if left else WORDS
            assert shell(*words, cwd=place).returncode == 0
        resumed += bool(left)
        assert contents(place / "out") == whole, number
    assert resumed >= 5  # the others were hit before their first path, or not at all


class Struck(Exception):
    """Stands for whatever may end a process."""


def test_no_finished_task_is_simulated_again(tmp_path: Path) -> None:
    """A task is on disk before its worker takes the next: at most one per worker is lost."""
    config = small(paths=60, workers=2, engine={"chunk": 3})
    seen: list[int] = []

    def strike(paths: int) -> None:
        seen.append(paths)
        if len(seen) == 7:
            raise Struck

    with pytest.raises(Struck):
        run_experiment(config, strike, tmp_path / "a")
    kept = count_paths(tmp_path / "a" / FOLDER)
    assert kept >= sum(seen) == 21
    again: list[int] = []
    run_experiment(config, again.append, tmp_path / "a")
    assert again[0] == kept
    assert sum(again) == 240
    run_experiment(config, lambda paths: None, tmp_path / "b")
    one, other = (tmp_path / n / "results" / "per_path.parquet" for n in "ab")
    assert one.read_bytes() == other.read_bytes()


def test_worlds_that_are_built_otherwise_are_noticed(tmp_path: Path) -> None:
    seen: list[int] = []

    def strike(paths: int) -> None:
        seen.append(paths)
        raise Struck

    with pytest.raises(Struck):
        run_experiment(small(paths=30), strike, tmp_path)
    again: list[int] = []
    with pytest.raises(SluicegateError, match="builds other worlds"):
        run_experiment(small(paths=30, accounts=41), again.append, tmp_path)
    assert len(again) == 1  # what was there, and no path more


# ------------------------------------------------------------- what is kept, listed and refused


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What a killed run has left below tmp_path, with one chunk."""
    config = load_config(["paths=10", f"out={tmp_path}"], [])
    plain = config.model_dump(mode="json", by_alias=True)
    own = tmp_path / "mine"
    own.mkdir()
    (own / "rules.py").write_text("x = 1\n")
    manifest = begin_manifest(["sluicegate", "run", "paths=10"], plain)
    base = tmp_path / "scopes" / ".partial-left"
    (base / FOLDER).mkdir(parents=True)
    take_notes(manifest, plain, [own], paths_of(config)).write(base)
    (base / FOLDER / "a0-p0-0-9.npz").write_bytes(b"")
    return base


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main.main([*words])
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_unfinished_runs_are_listed(left: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, "resume", "--list", str(left.parent.parent))
    assert code == 0
    assert str(left) in text
    assert "9 of 180 paths" in text
    assert "sluicegate run paths=10" in text
    assert "cannot be resumed" not in text
    empty = said(capsys, "resume", "--list", str(left / FOLDER))
    assert empty == (0, f"no unfinished run below {left / FOLDER}\n")


def change_rules(base: Path) -> None:
    (base.parent.parent / "mine" / "rules.py").write_text("x = 2\n")


def change_notes(base: Path, key: str, value: object) -> None:
    notes = json.loads((base / unfinished.NOTES).read_text())
    inner = notes
    *above, last = key.split(".")
    for part in above:
        inner = inner[part]
    assert last in inner
    inner[last] = value
    (base / unfinished.NOTES).write_text(json.dumps(notes))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (change_rules, "rules in"),
        (lambda base: change_notes(base, "sources", "0123"), "the program has changed"),
        (lambda base: change_notes(base, "config.seed", 2), "configuration has been edited"),
        (lambda base: change_notes(base, "manifest.versions.numpy", "1.0"), "versions.*: numpy"),
    ],
)
def test_another_program_or_configuration_is_refused(
    left: Path, capsys: pytest.CaptureFixture[str], change, words: str
) -> None:
    change(left)
    code, text = said(capsys, "resume", str(left))
    assert code == 2
    assert "cannot be resumed" in text
    assert re.search(words, text)
    assert left.exists()
    assert "cannot be resumed" in said(capsys, "resume", "--list", str(left.parent))[1]


def test_a_run_is_removed_when_asked_for(left: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mark = locks.hold(left)
    code, text = said(capsys, "resume", "--discard", str(left))
    assert (code, left.exists()) == (2, True)
    assert "still going on" in text
    locks.release(mark)
    assert said(capsys, "resume", "--discard", str(left)) == (0, f"removed: {left}\n")
    assert not left.exists()


@pytest.mark.parametrize("words", [["--discard"], ["nowhere"]])
def test_a_run_must_be_there(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, "resume", *words)
    assert code == 2
    assert "Traceback" not in text


def test_a_living_run_is_not_resumed(left: Path) -> None:
    mark = locks.hold(left)
    with pytest.raises(SluicegateError, match="still going on"), continue_run(left):
        raise AssertionError("the block must not be entered")
    locks.release(mark)
    assert left.exists()


def test_what_can_be_resumed_outlives_other_runs(left: Path, tmp_path: Path) -> None:
    with open_run(tmp_path, "scopes"):
        assert left.exists()
    unfinished.forget(left)
    with open_run(tmp_path, "scopes"):
        assert not left.exists()


@pytest.mark.parametrize(
    ("reason", "stays"),
    [
        (KeyboardInterrupt(), True),
        (OSError(28, "No space left on device"), True),
        (MemoryError(), True),
        (Stopped("the cluster is gone"), True),
        (SluicegateError("a price has run away"), False),
    ],
)
def test_what_stops_a_run_decides_whether_it_stays(
    left: Path, reason: BaseException, stays: bool
) -> None:
    change_notes(left, "manifest.started_utc", "2026-01-01T00:00:00.000+00:00")
    with pytest.raises(type(reason)) as raised, continue_run(left):
        raise reason
    assert left.exists() == stays
    notes = getattr(raised.value, "__notes__", [])
    assert (f"sluicegate resume {left}" in " ".join([str(raised.value), *notes])) == stays


@pytest.mark.parametrize(("reason", "stays"), [(KeyboardInterrupt(), False), (MemoryError(), True)])
def test_who_thinks_better_of_it_at_once_leaves_nothing(
    left: Path, reason: BaseException, stays: bool
) -> None:
    with pytest.raises(type(reason)), continue_run(left):
        raise reason
    assert left.exists() == stays


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    long = (*WORDS[:1], "paths=4000", "compute.keep_after=0", *WORDS[2:])
    child = subprocess.Popen(
        command(*long), cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True
    )
    waited = time.monotonic()
    while not any(map(unfinished.resumable, (tmp_path / "out" / "scopes").glob(".partial-*"))):
        assert child.poll() is None
        assert time.monotonic() - waited < 240.0
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, shown = child.communicate(timeout=60)
    (base,) = (tmp_path / "out" / "scopes").iterdir()
    assert child.returncode == 130
    assert "sluicegate: interrupted; 0 % is kept" in shown
    assert shown.endswith(f"sluicegate resume {base}\n")
