"""How far a run has come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm


@contextmanager
def progress_bar(total: int, wait: bool = False) -> Iterator[Callable[[int], None]]:
    """Show paths done, rate and time left on stderr; yields a function to be told of new ones.

    With `wait`, the clock starts when the first paths are done: what was spent on compiling then
    does not spoil the rate. Where stderr is no terminal (a log file), a line now and then is
    enough.
    """
    bars: list[Any] = []

    def advance(paths: int) -> None:
        if bars:
            bars[0].update(paths)
        else:
            bars.append(_bar(total, done=paths))

    if not wait:
        bars.append(_bar(total, done=0))
    try:
        yield advance
    finally:
        for bar in bars:
            bar.close()


def _bar(total: int, done: int) -> Any:
    seconds = 0.2 if sys.stderr.isatty() else 15.0
    return tqdm(
        total=total,
        initial=done,
        unit=" paths",
        desc="simulating",
        mininterval=seconds,
        maxinterval=seconds,
        smoothing=0.1,
        dynamic_ncols=True,
    )
