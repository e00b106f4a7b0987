"""The vectors, the adapters that are there, and the misses that are known."""

import json
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.evidence import shared

HERE = Path(__file__).resolve().parent
VARIABLE = "SLUICEGATE_VECTORS"
DEFAULT = "conformance/vectors.jsonl"  # in the evidence folder beside the repository

Vector = dict[str, Any]
Adapter = Callable[[dict[str, Any]], dict[str, Any]]
Key = tuple[str, str]  # (system, mechanism)


class Adapters(NamedTuple):
    """What the adapter files offer."""

    known: dict[Key, Adapter]
    broken: dict[str, str]  # file that could not be imported, or offers a key twice: why


def load_vectors() -> list[Vector]:
    """Read the vectors, or skip where neither the variable nor the evidence names a file."""
    named = os.environ.get(VARIABLE)
    file = Path(named).expanduser() if named else shared(DEFAULT)
    if not file.is_file():
        raise pytest.UsageError(f"{VARIABLE} names no file: {file}")
    return [json.loads(line) for line in file.read_text().splitlines() if line.strip()]


def adapter_files() -> list[Path]:
    """List the adapter files."""
    return sorted((HERE / "adapters").glob("*.py"))


def load_adapters() -> Adapters:
    """Collect ``ADAPTERS`` of every file; a file that breaks leaves the others working."""
    known: dict[Key, Adapter] = {}
    broken: dict[str, str] = {}
    for file in adapter_files():
        try:
            offered = import_module(f"tests.conformance.adapters.{file.stem}").ADAPTERS
        except Exception as error:
            broken[file.name] = f"{type(error).__name__}: {error}"
            continue
        twice = sorted(known.keys() & offered.keys())
        if twice:
            broken[file.name] = f"offered by another file too: {twice}"
        known |= {key: value for key, value in offered.items() if key not in known}
    return Adapters(known, broken)


def known_misses() -> dict[str, str]:
    """Return the vectors that are known to be missed, with reasons."""
    return yaml.safe_load((HERE / "known_misses.yaml").read_text()) or {}
