"""Files and functions stay short enough to be read."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = sorted(
    file
    for package in ("sim", "agents", "scenarios")
    for file in (REPOSITORY / package).rglob("*.py")
)
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 80
MOST_ARGUMENTS = 6


def functions(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(file.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_file_is_short(file):
    assert len(file.read_text().splitlines()) <= MOST_LINES_OF_A_FILE


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_functions_are_short(file):
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in functions(file)
        if node.end_lineno - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    }
    assert not long


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_module_says_what_it_is(file):
    assert ast.get_docstring(ast.parse(file.read_text()))
