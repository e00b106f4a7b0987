"""Compiled code is found again when nothing changed, and never after an edit, of any file."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim import cache, locks

REPOSITORY = Path(__file__).resolve().parents[2]
LEAST = (
    "__init__.py",
    "_version.py",
    "cache.py",
    "errors.py",
    "locks.py",
    "world/__init__.py",
    "world/targets.py",
)
CALLEE = """
from numba import njit

@njit(cache=True)
def inner(x):
    return x + {number}
"""
CALLER = """
from numba import njit
from {callee} import inner

@njit(cache=True)
def outer(x):
    return inner(x) * 10.0
"""
PROGRAM = """
import sim, numba
from {caller} import outer
value = outer(1.0)
hits = sum(outer.stats.cache_hits.values())
print(value, hits, numba.config.CACHE_DIR)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a folder with the least of the package that can keep a cache, and two functions."""
    (tmp_path / "sim" / "world").mkdir(parents=True)
    for name in LEAST:
        shutil.copy(REPOSITORY / "sim" / name, tmp_path / "sim" / name)
    (tmp_path / "sim" / "planted_callee.py").write_text(CALLEE.format(number=1.0))
    (tmp_path / "sim" / "planted_caller.py").write_text(CALLER.format(callee="sim.planted_callee"))
    return tmp_path


def run(folder: Path, program: str, root: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder), cache.ENVIRONMENT: str(root)}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def outcome(folder: Path, root: Path) -> tuple[float, int, str]:
    done = run(folder, PROGRAM.format(caller="sim.planted_caller"), root)
    assert done.returncode == 0, done.stderr
    value, hits, place = done.stdout.split()
    return float(value), int(hits), place


def test_unchanged_sources_hit_and_an_edited_callee_is_used(package, tmp_path):
    root = tmp_path / "cache"
    first = outcome(package, root)
    again = outcome(package, root)
    assert first[:2] == (20.0, 0)
    assert again == (20.0, 1, first[2])

    (package / "sim" / "planted_callee.py").write_text(CALLEE.format(number=2.0))
    edited = outcome(package, root)
    assert edited[:2] == (30.0, 0)
    assert edited[2] != first[2]

    (package / "sim" / "planted_callee.py").write_text(CALLEE.format(number=1.0))
    assert outcome(package, root) == again


def test_rules_outside_the_repository_follow_their_neighbours(package, tmp_path):
    folder, root = tmp_path / "mine", tmp_path / "cache"
    folder.mkdir()
    (folder / "planted_helper.py").write_text(CALLEE.format(number=1.0))
    (folder / "planted_rule.py").write_text(CALLER.format(callee="planted_helper"))
    program = (
        "from pathlib import Path; import sim, numba\n"
        "from sim.world.targets import resolve_target\n"
        "before = numba.config.CACHE_DIR\n"
        f"rule = resolve_target('planted_rule.outer', None, [Path({str(folder)!r})])\n"
        "print(rule(1.0), sum(rule.stats.cache_hits.values()), before == numba.config.CACHE_DIR)\n"
    )
    assert run(package, program, root).stdout.split() == ["20.0", "0", "True"]
    assert run(package, program, root).stdout.split() == ["20.0", "1", "True"]
    (folder / "planted_helper.py").write_text(CALLEE.format(number=2.0))
    assert run(package, program, root).stdout.split() == ["30.0", "0", "True"]


def test_hash_sees_names_contents_and_salt(tmp_path):
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "a.py").write_text("x = 1")
    first = cache.source_hash([folder])
    assert cache.source_hash([folder]) == first
    assert cache.source_hash([folder], ("other",)) != first
    (folder / "a.py").rename(folder / "b.py")
    assert cache.source_hash([folder]) != first
    (folder / "notes.txt").write_text("not a source")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "c.py").write_text("not a source either")
    (folder / "b.py").rename(folder / "a.py")
    assert cache.source_hash([folder]) == first


@pytest.mark.skipif(os.name != "posix", reason="locks need a POSIX system")
def test_pruning_spares_the_new_the_recent_and_the_used(tmp_path):
    now = time.time()
    folders = [tmp_path / f"{number:020x}" for number in range(8)]
    for number, folder in enumerate(folders):
        folder.mkdir()
        os.utime(folder, (now - 1e6 + number, now - 1e6 + number))
    foreign = tmp_path / "not-ours"
    foreign.mkdir()
    os.utime(folders[2], (now - 10, now - 10))  # recent: the newest now
    descriptor = locks.hold(folders[0])
    try:
        removed = cache.prune(tmp_path, keep=2, recent_seconds=60.0)
    finally:
        locks.release(descriptor)
    assert sorted(removed) == [folders[1], *folders[3:7]]
    assert sorted(tmp_path.iterdir()) == sorted([folders[0], folders[2], folders[7], foreign])
    os.utime(folders[0], (now - 1e6, now - 1e6))
    assert cache.prune(tmp_path, keep=0, recent_seconds=60.0) == [folders[7], folders[0]]


def test_a_folder_that_cannot_be_written_is_said_once(package, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    program = PROGRAM.format(caller="sim.planted_caller")
    done = run(package, program, blocked / "cache")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("20.0")
    assert len(done.stderr.splitlines()) == 1
    assert "SLUICEGATE_CACHE_DIR" in done.stderr
    assert not Path(done.stdout.split()[2]).exists()
