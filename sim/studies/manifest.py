"""What is needed to run the same thing again, and to trust that it was the same thing."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from sim._version import __version__
from sim.cache import machine, repository

LIBRARIES = (
    "numpy",
    "numba",
    "llvmlite",
    "scipy",
    "pandas",
    "pyarrow",
    "pydantic",
    "hydra-core",
    "omegaconf",
    "matplotlib",
    "jinja2",
)


def begin_manifest(
    command: Iterable[str], config: Mapping[str, Any], data: Iterable[Path] = ()
) -> dict[str, Any]:
    """Describe a run that is about to start.

    Parameters
    ----------
    command : iterable of str
        The words of the command line.
    config : mapping
        The resolved configuration; its hash is taken over its JSON with sorted keys.
    data : iterable of Path
        Files that the run reads.
    """
    return {
        "command": list(command),
        "sluicegate": __version__,
        "commit": git_state(repository()),
        "seed": config.get("seed"),
        "config_sha256": config_hash(config),
        "data_sha256": {str(file): file_hash(file) for file in data},
        "versions": library_versions(),
        "machine": machine_facts(),
        "started_utc": _utc(),
    }


def end_manifest(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Add when the run ended and how long it took (seconds of wall time)."""
    ended = datetime.now(UTC)
    started = datetime.fromisoformat(manifest["started_utc"])
    return {
        **manifest,
        "ended_utc": ended.isoformat(timespec="milliseconds"),
        "wall_seconds": round((ended - started).total_seconds(), 3),
    }


def config_hash(config: Mapping[str, Any]) -> str:
    """Hash a configuration independently of the order of its keys."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def git_state(folder: Path) -> dict[str, Any]:
    """Return the commit of a working tree and whether it differs; nulls outside git."""
    commit = _git(folder, "rev-parse", "HEAD")
    status = _git(folder, "status", "--porcelain")
    return {"hash": commit or None, "dirty": None if status is None else bool(status)}


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that results may depend on."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def machine_facts() -> dict[str, Any]:
    """Describe the processor and the system, without naming host or user."""
    return {
        "cpu": _cpu_name(),
        "llvm_cpu": machine()[-1],
        "cores": _cores(),
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "implementation": sys.implementation.name,
    }


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def _cpu_name() -> str:
    table = Path("/proc/cpuinfo")
    if table.is_file():
        for line in table.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), *words],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _utc() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
