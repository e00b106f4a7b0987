"""The command as a user calls it: in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SMALL = ("paths=2", "steps=5", "accounts=60", "workers=1")


def command(*words: str) -> list[str]:
    """Return the words that run ``sluicegate`` from this checkout."""
    return [sys.executable, "-m", "sim.cli.main", *map(str, words)]


def environment() -> dict[str, str]:
    """Return the present environment, with this checkout first on the path."""
    return os.environ | {"PYTHONPATH": str(REPOSITORY)}


def shell(*words: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    """Run ``sluicegate`` with these words."""
    return subprocess.run(
        command(*words), cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )


def left_behind(folder: Path) -> list[Path]:
    """List what a run left below its folder of results; empty folders do not count."""
    return [path for path in folder.rglob("*") if path.is_file() or path.name.startswith(".")]
