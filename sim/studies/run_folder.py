"""A run folder is complete or it is not there.

Everything is written into a hidden folder beside the final place (the same file system, so that
the last step is one rename) and removed if anything stops the run. What a killed process leaves
behind is removed by the next run.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sim import locks
from sim.errors import SluicegateError
from sim.interrupts import ended_cleanly

_PARTIAL = ".partial-"
_FRESH_SECONDS = 60.0
_TRIES = 10
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


@contextmanager
def open_run(out: Path, experiment: str, started: datetime | None = None) -> Iterator[RunFolder]:
    """Open a folder to write into; it appears as ``out/experiment/<UTC time>`` at the end.

    Parameters
    ----------
    out : Path
        Folder of all results.
    experiment : str
        Name of the experiment: letters, digits, and ``._+-``.
    started : datetime, optional
        The time to name the folder after; now, if not given.

    Yields
    ------
    RunFolder
        With the `path` to write into; its `final` place is set on leaving the block.

    Raises
    ------
    SluicegateError
        Before anything is computed, if nothing can be written there.
    """
    parent = _parent(out, experiment)
    made = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    try:
        partial, mark = _create(parent)
    except BaseException:
        _remove_empty(made)
        raise
    run = RunFolder(partial)
    try:
        with ended_cleanly():
            yield run
            _flush(partial)
            run.final = _publish(partial, parent, started or datetime.now(UTC))
            with ended_cleanly(run.where):
                _sync(parent)
    finally:
        locks.release(mark)
        if run.final is None:
            shutil.rmtree(partial, ignore_errors=True)
            _remove_empty(made)


class RunFolder:
    """Where to write (`path`), and where it ended up (`final`, None until then)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.final: Path | None = None

    @property
    def where(self) -> str:
        """Where the results are, for whom an interruption keeps from seeing the end."""
        return f"results are in {self.final}"


def _parent(out: Path, experiment: str) -> Path:
    if not _NAME.fullmatch(experiment):
        raise SluicegateError(
            "this cannot name a folder of results",
            "experiment",
            experiment,
            "letters, digits, dot, underscore, plus and minus",
        )
    return out.expanduser().absolute() / experiment


def _create(parent: Path) -> tuple[Path, int | None]:
    """Make the folder to write into, and mark it as in use."""
    try:
        for _ in range(_TRIES):
            parent.mkdir(parents=True, exist_ok=True)
            try:
                return _create_in(parent)
            except FileNotFoundError:  # an interrupted run has just removed the empty parent
                continue
        raise FileNotFoundError(errno.ENOENT, "it is removed again and again")
    except OSError as reason:
        raise SluicegateError(
            f"results cannot be written there ({reason.strerror})",
            "out",
            str(parent),
            hint="out=FOLDER, with a folder that you may write to",
        ) from None


def _create_in(parent: Path) -> tuple[Path, int | None]:
    with locks.alone(parent) as sure:
        _remove_abandoned(parent, sure)
        partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=parent))
        partial.chmod(0o777 & ~_umask())
        return partial, locks.hold(partial)


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders that this run made, innermost first, as far as nobody else used them."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def _umask() -> int:
    present = os.umask(0)
    os.umask(present)
    return present


def _remove_abandoned(parent: Path, sure: bool) -> None:
    """Remove what killed processes left; a folder that somebody is writing stays.

    Folders are made and marked under one lock of their parent. Where there is no such lock, one
    that is fresh may not be marked yet, and stays too.
    """
    for folder in parent.glob(f"{_PARTIAL}*"):
        fresh = not sure and time.time() - folder.stat().st_mtime < _FRESH_SECONDS
        if not fresh and not locks.in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _publish(partial: Path, parent: Path, started: datetime) -> Path:
    """Rename to the time of the start; a second run within the second gets a number."""
    stem = started.astimezone(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    for number in range(1, 1000):
        final = parent / (stem if number == 1 else f"{stem}-{number}")
        if final.exists():
            continue
        try:
            partial.rename(final)
        except OSError:
            if final.exists():  # another process was faster; a full folder is never replaced
                continue
            raise
        return final
    raise SluicegateError(
        "a thousand runs have this very time",
        "out",
        str(parent / stem),
        hint="wait a second, or write to another folder",
    )


def _flush(folder: Path) -> None:
    """Bring everything below `folder` to the disk, before the rename makes it visible."""
    for here, _, names in os.walk(folder):
        for name in names:
            _sync(Path(here, name))
        _sync(Path(here))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
