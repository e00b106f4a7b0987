"""How far a run has come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def progress_bar(total: int) -> Iterator[Callable[[int], None]]:
    """Show paths done, rate and time left on stderr; yields a function to be told of new ones.

    Where stderr is no terminal (a log file), a line now and then is enough.
    """
    seconds = 0.2 if sys.stderr.isatty() else 15.0
    bar = tqdm(
        total=total,
        unit=" paths",
        desc="simulating",
        mininterval=seconds,
        maxinterval=seconds,
        smoothing=0.1,
        dynamic_ncols=True,
    )

    def advance(paths: int) -> None:
        bar.update(paths)

    with bar:
        yield advance
