"""What pages say of the code: figures, files, kinds of positions and engines are there."""

import re
from pathlib import Path
from typing import get_args

import pytest

from sim.state.state import RESULT
from sim.world.schema.population import Position
from sim.world.tables.venues import ENGINE

ROOT = Path(__file__).resolve().parents[2]
BY_NAME = {"generation": "generation_g", "greeks": "net_*"}
DERIVED = {"creditor_loss", "gross_*"}
CODE = re.compile(r"`([^`]+)`")


def rows() -> list[tuple[list[str], list[str]]]:
    """Columns, and places where they are written, of each row of the table of section 10."""
    text = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    section = text.split("## 10. What is measured")[1].split("\n## ")[0]
    table = [
        line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| `")
    ]
    return [(CODE.findall(cells[0]), CODE.findall(cells[-1])) for cells in table]


def test_the_table_names_every_figure_once() -> None:
    named = [name for columns, _ in rows() for name in columns]
    wanted = {BY_NAME.get(name, name) for name in RESULT.names or ()} | DERIVED
    assert sorted(named) == sorted(wanted)


def test_what_writes_a_figure_is_there() -> None:
    for columns, places in rows():
        assert places, columns
        for place in places:
            module, function = place.split(".")
            files = list((ROOT / "sim").rglob(f"{module}.py"))
            assert any(f"def {function}(" in f.read_text(encoding="utf-8") for f in files), place


PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/model.md",
    "docs/calibration.md",
    "docs/backtest.md",
    "docs/speed.md",
    "docs/distribution.md",
)
FILE = re.compile(r"`((?:sim|agents|scenarios|conf|docs|tests)/[\w/.]*)`")


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_are_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    missing = [name for name in FILE.findall(text) if not (ROOT / name).exists()]
    assert not missing


def test_the_guide_names_every_kind_of_position_and_engine() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for choice in get_args(get_args(Position)[0]):
        (kind,) = get_args(choice.model_fields["kind"].annotation)
        assert f"`{kind}`" in text
    for code in ENGINE:
        assert f"`{code.upper()}`" in text
