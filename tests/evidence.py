"""The evidence beside the repository: targets, data, conformance vectors.

It is not part of the project, so a test that needs it skips where it is absent.
"""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1].parent / "shared"


def shared(path: str) -> Path:
    """Return a file of the evidence folder, or skip the test (or the whole module)."""
    file = FOLDER / path
    if not file.exists():
        pytest.skip(f"no evidence file {file}", allow_module_level=True)
    return file


def target(name: str, source: str = "targets/vv_dev.json") -> dict[str, Any]:
    """Return one published target: its parameters and expected values with tolerances."""
    targets = json.loads(shared(source).read_text())["targets"]
    return next(entry for entry in targets if entry["id"] == name)


def check_target(entry: dict[str, Any], key: str, value: float) -> None:
    """Fail unless a value lies within the target's own tolerance, and say by how much it misses."""
    wanted = entry["expected"][key]
    scale = abs(wanted["value"]) if wanted["tol_type"] == "rel" else 1.0
    miss, allowed = abs(value - wanted["value"]), wanted["tol"] * scale
    assert miss <= allowed, (
        f"{entry['id']} {key}: got {value:.9g}, expected {wanted['value']:.9g}, "
        f"off by {miss:.3g}, allowed {allowed:.3g}"
    )
