"""Results of finished tasks on disk, so that a killed run has lost no more than it was at.

A chunk is one small file that is complete or not there: written under another name, brought to the
disk, renamed. Its own name says what it holds, so no index can disagree with the files.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from threading import get_ident
from zipfile import BadZipFile

import numpy as np

from sim.errors import SluicegateError
from sim.state.state import RESULT
from sim.studies.work import Arm, Span, Task, arms
from sim.world.schema.run import RunConfig

FOLDER = "chunks"
_NAME = re.compile(r"a(\d+)-p(\d+)-(\d+)-(\d+)\.npz")
_DRAFT = ".draft"
_AGAIN = "remove the file and resume: its paths are simulated again"


def write_atomically(path: Path, content: bytes) -> None:
    """Make a file that is complete or not there, whenever the process is killed."""
    draft = path.with_name(f"{path.name}.{get_ident()}{_DRAFT}")
    with draft.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)


class Chunks:
    """Chunks of a run, found again when it is resumed.

    Parameters
    ----------
    folder : Path
        Where they lie; it is made if it is missing.
    config : RunConfig
        Of the run: it numbers the arms.
    """

    def __init__(self, folder: Path, config: RunConfig) -> None:
        self.folder = folder
        self._arms = arms(config)
        self._found: dict[Arm, dict[int, Task]] = {arm: {} for arm in self._arms}
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.iterdir():
            if file.name.endswith(_DRAFT):
                file.unlink(missing_ok=True)
            elif (name := _NAME.fullmatch(file.name)) is not None:
                arm, population, first, count = map(int, name.groups())
                self._note(Task(*self._arms[arm], population, first, count))

    def put(self, task: Task, rows: np.ndarray) -> None:
        """Keep the results of a task, (count,) RESULT; threads may do so side by side."""
        path = self._path(task)
        draft = path.with_name(path.name + _DRAFT)
        with draft.open("wb") as stream:
            np.savez_compressed(stream, rows=rows)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
        self._note(task)

    def missing(self, arm: Arm, span: Span) -> list[Span]:
        """Ranges of paths inside a span that no chunk holds."""
        left, at = [], span[0]
        for task in self._in_order(arm):
            if span[0] <= task.first < span[1]:
                if at < task.first:
                    left.append((at, task.first))
                at = max(at, task.first + task.count)
        return [*left, (at, span[1])] if at < span[1] else left

    @property
    def paths(self) -> int:
        """Paths that the chunks hold, over all arms."""
        return sum(task.count for found in self._found.values() for task in found.values())

    def rows(self, arm: Arm) -> Iterator[tuple[Task, np.ndarray]]:
        """All chunks of an arm in order of path.

        Raises
        ------
        SluicegateError
            If a file was damaged after it had been written.
        """
        for task in self._in_order(arm):
            path = self._path(task)
            try:
                with np.load(path) as held:
                    rows = held["rows"]
            except (OSError, ValueError, KeyError, BadZipFile, zlib.error) as reason:
                raise SluicegateError(
                    f"this part of the results cannot be read ({reason})",
                    value=str(path),
                    hint=_AGAIN,
                ) from None
            if rows.dtype != RESULT or len(rows) != task.count:
                raise SluicegateError(
                    "this part of the results is another run's", value=str(path), hint=_AGAIN
                )
            yield task, rows

    def _in_order(self, arm: Arm) -> list[Task]:
        found = self._found[arm]
        return [found[first] for first in sorted(found)]

    def _note(self, task: Task) -> None:
        self._found[task.arm][task.first] = task

    def _path(self, task: Task) -> Path:
        number = self._arms.index(task.arm)
        return self.folder / f"a{number}-p{task.population}-{task.first}-{task.count}.npz"


def count_paths(folder: Path) -> int:
    """Paths that the chunks in a folder hold, over all arms; nothing is opened."""
    if not folder.is_dir():
        return 0
    names = (_NAME.fullmatch(file.name) for file in folder.iterdir())
    return sum(int(name.group(4)) for name in names if name is not None)
