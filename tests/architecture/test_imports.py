"""The import contract holds, and notices when it does not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("sim", "agents", "scenarios")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contract of the packages in `folder`, whatever is installed."""
    program = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); "
        "from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(cache_dir=None, no_cache=True))"
    )
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the packages and their contract."""
    for package in PACKAGES:
        shutil.copytree(
            REPOSITORY / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


def test_contract_holds():
    done = lint(REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("sim/state/planted.py", "import pandas", "only numpy and numba"),
        ("sim/planted.py", "import scipy.stats", "only numpy and numba"),
        ("sim/market/planted.py", "from sim.world import compose", "imports point one way"),
        ("sim/state/planted.py", "import sim.cli.main", "imports point one way"),
        ("sim/world/planted.py", "import agents", "sim imports neither"),
        ("agents/planted.py", "import scenarios", "do not know each other"),
        ("scenarios/planted.py", "import agents", "do not know each other"),
    ],
)
def test_planted_import_breaks_it(copy, file, line, broken):
    (copy / file).write_text(f'"""Planted."""\n\n{line}\n')
    done = lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    report = [row for row in done.stdout.splitlines() if broken in row and "BROKEN" in row]
    assert report, done.stdout
