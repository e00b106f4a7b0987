"""Signals that end the process, as exceptions, so that what is half done is put away first."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sim.errors import Terminated

_struck: list[BaseException] = []  # signals of the block that runs, dropped or not


def raise_dropped() -> None:
    """End the block that runs if a signal has struck that nobody has heard of."""
    if _struck and threading.current_thread() is threading.main_thread():
        raise _struck[0]


@contextmanager
def ended_cleanly(known: str = "") -> Iterator[None]:
    """Let SIGTERM and SIGINT end the block, wherever they strike (in the main thread only).

    The compiler calls back into Python from code that drops exceptions: a signal that strikes
    there is remembered, what fails because of it counts as the signal, and long work asks
    (`raise_dropped`) now and then.

    Parameters
    ----------
    known : str
        What to say beside the fact, such as where results are that are already complete.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[BaseException] = []

    def stop(signum: int, frame: FrameType | None) -> None:
        kind = KeyboardInterrupt if signum == signal.SIGINT else Terminated
        received.append(kind(known) if known else kind())
        _struck.append(received[-1])
        raise received[-1]

    before = {sign: signal.signal(sign, stop) for sign in (signal.SIGINT, signal.SIGTERM)}
    hook, sys.unraisablehook = sys.unraisablehook, _quiet_about_signals
    try:
        yield
    except Exception:
        if received:
            raise received[0] from None
        raise
    finally:
        _struck.clear()
        sys.unraisablehook = hook
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _quiet_about_signals(dropped: sys.UnraisableHookArgs) -> None:
    """Say nothing of a dropped exception that is one of our signals."""
    if not isinstance(dropped.exc_value, KeyboardInterrupt | Terminated):
        sys.__unraisablehook__(dropped)
