"""Parameters of the kernel are read by the kernel: none is configured to no effect."""

import ast
from pathlib import Path

import pytest

from sim.state import option_rows, rows

ROOT = Path(__file__).resolve().parents[2] / "sim"
STARTS = ("step.py", "reset.py", "kernel.py")  # every function of theirs runs on a path
PARTS = ("liquidation", "margin", "market", "state")
TABLES = ("VENUE_ROW", "AUCTION_ROW", "INSTRUMENT", "ORACLE_ROW", "MARKET_ROW", "ACCOUNT_ROW",
          "LIQUIDATOR_ROW", "TAIL", "GRID", "SETTINGS")  # fmt: skip


def functions() -> tuple[dict[str, list[ast.FunctionDef]], list[ast.FunctionDef]]:
    """Functions that a path may call, by name, and those that it starts from."""
    files = [f for part in PARTS for f in sorted((ROOT / part).glob("*.py"))]
    files += sorted(ROOT.glob("*.py"))
    known: dict[str, list[ast.FunctionDef]] = {}
    starts = []
    for file in files:
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                known.setdefault(node.name, []).append(node)
                starts += [node] if file.name in STARTS and file.parent == ROOT else []
    return known, starts


def read_on_a_path() -> set[str]:
    """Names of attributes and columns that functions read which a path can reach."""
    known, waiting = functions()
    seen: set[str] = set()
    read: set[str] = set()
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Attribute):
                read.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                read.add(node.value)
            elif isinstance(node, ast.Name) and node.id in known and node.id not in seen:
                seen.add(node.id)
                waiting += known[node.id]
    return read


@pytest.mark.parametrize("table", TABLES)
def test_every_parameter_is_read_on_a_path(table: str) -> None:
    unread = set(getattr(option_rows if table == "GRID" else rows, table).names) - read_on_a_path()
    assert not unread
