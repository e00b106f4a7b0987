"""Folders that a living process is using: marked by an advisory lock that dies with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # not a POSIX system: nothing is ever known to be in use
    fcntl = None  # type: ignore[assignment]


def hold(folder: Path) -> int | None:
    """Mark `folder` as in use until the returned descriptor is closed or the process ends.

    Several processes may hold the same folder. Returns None where locks are not available.
    """
    if fcntl is None:
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def release(descriptor: int | None) -> None:
    """Undo `hold`."""
    if descriptor is not None:
        os.close(descriptor)


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Wait until nobody else is in this block for `folder`; yields whether that is sure."""
    descriptor = None
    try:
        if fcntl is not None:
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        release(descriptor)
        descriptor = None
    try:
        yield descriptor is not None
    finally:
        release(descriptor)


def in_use(folder: Path) -> bool:
    """Say whether any living process holds `folder`; where that cannot be known, say yes."""
    if fcntl is None:
        return True
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
