"""Where compiled code is kept: one folder per state of the sources.

numba decides whether a cached function is still good by looking at the function's own file. A
function compiled into its caller therefore goes stale when only the callee's file is edited. So
the folder is named after a hash of *all* sources: any edit leads to an empty folder, and unchanged
sources find everything that was compiled before.

Rules that a user keeps outside the repository are cached in a folder of their own, whose name
depends on the sources of their folder as well (`including`).
"""

from __future__ import annotations

import atexit
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import llvmlite.binding
import numba

from sim import locks

ENVIRONMENT = "SLUICEGATE_CACHE_DIR"
PACKAGES = ("sim", "agents", "scenarios")
KEEP = 3
RECENT_SECONDS = 3600.0
HASH_LENGTH = 20
_WARM = "warm"


def repository() -> Path:
    """Return the folder that holds the package `sim` (and `agents`, `scenarios`, `conf`)."""
    return Path(__file__).resolve().parent.parent


def source_files(folder: Path) -> list[Path]:
    """List the Python files below `folder`, hidden folders and environments left out."""
    found = []
    for here, folders, names in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and name not in ("__pycache__", "site-packages")
        ]
        found += [Path(here, name) for name in names if name.endswith(".py")]
    return sorted(found)


def machine() -> tuple[str, ...]:
    """Name everything but the sources that compiled code depends on."""
    return (
        platform.python_version(),
        numba.__version__,
        llvmlite.binding.get_host_cpu_name(),
    )


def source_hash(folders: Iterable[Path], salt: Iterable[str] = ()) -> str:
    """Hash names and contents of all Python files below `folders`, and the words of `salt`."""
    digest = hashlib.sha256()
    for word in salt:
        digest.update(f"{word}\0".encode())
    for folder in folders:
        for file in source_files(folder):
            content = file.read_bytes()
            name = file.relative_to(folder.parent).as_posix()
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()[:HASH_LENGTH]


@lru_cache
def sources() -> str:
    """Hash of all sources of the program, as they were when it was first asked for."""
    return source_hash([repository() / package for package in PACKAGES])


def cache_root() -> Path:
    """Return the folder above all cache folders: ``$SLUICEGATE_CACHE_DIR``, or the XDG cache."""
    chosen = os.environ.get(ENVIRONMENT)
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "sluicegate"


def install() -> Path:
    """Point numba to the folder of the present sources; to be called before any decorator runs.

    When the folder cannot be written, one line on stderr says so, and compiled code is kept in a
    temporary folder until the process ends.
    """
    # numba files what it compiles by the path of the source, so another checkout starts cold.
    name = source_hash([], (sources(), *machine(), str(repository())))
    try:
        folder = _open_folder(cache_root(), name)
    except OSError as reason:
        folder = _open_folder(_temporary_root(reason), name)
    _point_to(folder)
    prune(folder.parent)
    return folder


@contextmanager
def including(folder: Path) -> Iterator[None]:
    """Cache what is decorated inside the block by the sources of `folder` too.

    Used around the import of rules that live outside the repository.
    """
    before = present_folder()
    name = source_hash([folder.resolve()], (before.name, str(folder.resolve())))
    _point_to(_open_folder(before.parent, name))
    try:
        yield
    finally:
        _point_to(before)


def present_folder() -> Path:
    """Return the folder that numba keeps compiled code in at present."""
    return Path(numba.config.CACHE_DIR)  # type: ignore[attr-defined]


def is_warm() -> bool:
    """Say whether a run has completed with the present sources, so that nothing must compile."""
    return (present_folder() / _WARM).exists()


def mark_warm() -> None:
    """Remember that a run has completed with the present sources."""
    (present_folder() / _WARM).touch()


def prune(root: Path, keep: int = KEEP, recent_seconds: float = RECENT_SECONDS) -> list[Path]:
    """Delete old cache folders below `root`, and return them.

    The newest `keep` stay, and so does any that a living process holds or that was opened within
    the last `recent_seconds`.
    """
    dated = sorted(((_opened(folder), folder) for folder in _ours(root)), reverse=True)
    removed = []
    for opened, folder in dated[keep:]:
        if time.time() - opened > recent_seconds and not locks.in_use(folder):
            _remove(folder)
            removed.append(folder)
    return removed


def _point_to(folder: Path) -> None:
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]


def _open_folder(root: Path, name: str) -> Path:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()  # raises if it cannot be written
    os.utime(folder)
    locks.hold(folder)  # held until the process ends
    return folder


def _temporary_root(reason: OSError) -> Path:
    print(
        f"sluicegate: compiled code cannot be kept in {cache_root()} ({reason.strerror}), so every "
        f"start compiles again; set {ENVIRONMENT} to a folder that can be written",
        file=sys.stderr,
    )
    root, owner = tempfile.mkdtemp(prefix="sluicegate-cache-"), os.getpid()
    os.environ[ENVIRONMENT] = root  # worker processes share it, and stay silent

    def clean() -> None:
        if os.getpid() == owner:  # not in a forked child
            shutil.rmtree(root, ignore_errors=True)

    atexit.register(clean)
    return Path(root)


def _ours(root: Path) -> list[Path]:
    letters = set("0123456789abcdef")
    return [
        entry
        for entry in root.iterdir()
        if len(entry.name) == HASH_LENGTH and letters.issuperset(entry.name) and entry.is_dir()
    ]


def _opened(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:  # pruned by another process meanwhile
        return 0.0


def _remove(folder: Path) -> None:
    """Rename first, so that no process can find the folder half deleted."""
    doomed = folder.with_name(f"{folder.name}.{os.getpid()}.old")
    try:
        folder.rename(doomed)
    except OSError:  # another process was faster
        return
    shutil.rmtree(doomed, ignore_errors=True)
