"""A run folder is complete or it is not there.

Everything is written into a hidden folder beside the final place (the same file system, so that
the last step is one rename): what is to be shown into its folder ``results``, what a run needs to
go on beside it. If something stops the run, the hidden folder stays as long as it can be resumed
(:mod:`sim.studies.unfinished`); otherwise it is removed, by the next run if the process was killed.
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
from sim.studies import unfinished

RESULTS = "results"
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
    with _going(RunFolder(partial), mark, made, started) as run:
        yield run


@contextmanager
def continue_run(partial: Path) -> Iterator[RunFolder]:
    """Open what an unfinished run has left, to go on where it stopped.

    Raises
    ------
    SluicegateError
        If a living process is at it.
    """
    with locks.alone(partial.parent):
        if locks.in_use(partial):
            raise SluicegateError(
                "this run is still going on",
                value=str(partial),
                hint="wait for it, or stop it first",
            )
        mark = locks.hold(partial)
    with _going(RunFolder(partial), mark, [], None) as run:
        yield run


@contextmanager
def _going(
    run: RunFolder, mark: int | None, made: list[Path], started: datetime | None
) -> Iterator[RunFolder]:
    """Publish what the block has written, or put it away."""
    try:
        with ended_cleanly():
            shutil.rmtree(run.path, ignore_errors=True)  # what it was writing when it stopped
            run.path.mkdir()
            yield run
            _flush(run.path)
            run.final = _publish(run.path, run.base.parent, started or datetime.now(UTC))
            with ended_cleanly(run.where):
                _sync(run.base.parent)
    except BaseException as reason:
        if run.final is None and unfinished.stays(run.base, reason):
            run.kept = True
            raise unfinished.explained(reason, run.base) from None
        raise
    finally:
        if not run.kept:
            unfinished.forget(run.base)  # first, so that nobody goes on with a finished run
            shutil.rmtree(run.base, ignore_errors=True)
        locks.release(mark)
        if run.final is None and not run.kept:
            _remove_empty(made)


class RunFolder:
    """A run that is being written.

    Attributes
    ----------
    base : Path
        The hidden folder.
    path : Path
        Where to write what is to be shown.
    final : Path or None
        Where that has ended up.
    kept : bool
        Whether the hidden folder stays, to be resumed.
    """

    def __init__(self, base: Path) -> None:
        self.base, self.path = base, base / RESULTS
        self.final: Path | None = None
        self.kept = False

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
        partial = Path(tempfile.mkdtemp(prefix=unfinished.PARTIAL, dir=parent))
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

    So does one that can be resumed.

    Folders are made and marked under one lock of their parent. Where there is no such lock, one
    that is fresh may not be marked yet, and stays too.
    """
    for folder in unfinished.partials(parent):
        fresh = not sure and time.time() - folder.stat().st_mtime < _FRESH_SECONDS
        if not fresh and not unfinished.resumable(folder) and not locks.in_use(folder):
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
