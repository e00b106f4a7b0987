"""The harness itself: it compares strictly, and adapters cannot compute unnoticed."""

import pytest

from tests.conformance.compare import compare
from tests.conformance.syntax import computations
from tests.conformance.table import Case, lines, rows
from tests.conformance.vectors import adapter_files, known_misses, load_adapters

MOST_KNOWN_MISSES = 4  # below 2 % of the 247 vectors that came with the harness
UNITS = "from tests.conformance.units import E6, WAD, TEN\n"


def outcome(expected, answer, inputs=None, tolerance=(0, 0)):
    vector = {
        "inputs": inputs or {},
        "expected": {"x": expected},
        "tolerance": dict(zip(("abs", "rel"), tolerance, strict=True)),
    }
    return compare(vector, {"x": answer})


@pytest.mark.parametrize(
    ("expected", "answer", "tolerance", "passes"),
    [
        (10, 11, (0, 0), True),  # one unit of the last place
        (10, 12, (0, 0), False),
        (10, 8.9, (0, 0), False),
        (2**60, 2.0**60 + 4 * 256, (0, 0), True),  # 4 ulp
        (2**60, 2.0**60 + 5 * 256, (0, 0), False),
        (1.5, 1.5 + 1e-13, (0, 0), True),
        (1.5, 1.5 + 1e-11, (0, 0), False),
        (100.0, 100.9, (0.5, 0.005), True),  # absolute and relative add up
        (100.0, 101.1, (0.5, 0.005), False),
        (1, 1.4, (0.5, 0), True),
        (True, True, (1, 0), True),
        (True, False, (1, 0), False),
        (True, 1, (1, 0), False),
        (1, True, (0, 0), False),
        (None, None, (0, 0), True),
        (None, float("nan"), (0, 0), False),
        (1.0, None, (0, 0), False),
        (1.0, float("nan"), (1, 0), False),
        ([1.0, [2.0, 3.0]], (1.0, (2.0, 3.0)), (0, 0), True),
        ([1.0, [2.0, 3.0]], [1.0, [2.0, 3.1]], (0, 0), False),
        ([1.0, 2.0], [1.0], (1, 0), False),
        ([1.0], 1.0, (1, 0), False),
    ],
)
def test_comparison(expected, answer, tolerance, passes):
    assert (outcome(expected, answer, tolerance=tolerance).misses == ()) is passes


def test_a_unit_is_allowed_only_among_whole_numbers():
    assert not outcome(0, 1, {"price": 100, "list": [{"n": 3}]}).misses
    assert outcome(0, 1, {"price": 100, "list": [{"fee": 0.01}]}).misses


def test_what_needed_its_tolerance_is_not_exact():
    assert outcome(10, 10).exact
    assert not outcome(10, 11).exact
    assert not outcome(1.0, 1.1, tolerance=(0.5, 0)).exact


def test_a_missing_output_is_a_miss():
    vector = {"inputs": {}, "expected": {"x": 1}, "tolerance": {"abs": 0, "rel": 0}}
    assert "not in the answer" in compare(vector, {"y": 1}).misses[0]


@pytest.mark.parametrize(
    "line",
    [
        "import math",
        "import numpy as np",
        "from tests.conformance.compare import compare",
        "y = x + E6",
        "y = x - z",
        "y = x * z",
        "y = E6 / x",
        "y = x ** E6",
        "y = x * 2",
        "y = x | z",
        "def g(x=5): return x",
        "y = -x",
        "x *= z",
        "E6 = 5",
        "y = 5",
        "y = f(x, scale=3.0)",
        "y = x.get('a', 5)",
        "y = min(x, z)",
        "y = sum(x)",
        "y = int(x)",
        "y = 'a' if x > z else 'b'",
        "y = x if x == z else z",
        "while x: pass",
    ],
)
def test_computing_is_noticed(line):
    assert computations(UNITS + line)


@pytest.mark.parametrize(
    "line",
    [
        "from sim.margin.weights import size_ratio",
        "y = x * E6",
        "y = E6 * x / WAD",
        "y = x / TEN[z]",
        "y = x['list'][0][-1]",
        "y = x[1:]",
        "y = x.get('a', 0)",
        "y = [f(a, b) for a, b in zip(x, z)]",
        "y = 'long' if x['kind'] == 'asset' else 'short'",
        "y = x['a'] if 'a' in x else None",
        "y = {'liquidatable': not f(x)}",
        "def g(x: dict | None = None) -> dict | None: return x",
    ],
)
def test_mapping_is_allowed(line):
    assert computations(UNITS + line) == []


@pytest.mark.parametrize("file", adapter_files(), ids=lambda file: file.stem)
def test_adapters_compute_nothing(file):
    assert computations(file.read_text()) == []


def test_every_adapter_file_can_be_read():
    assert load_adapters().broken == {}


def test_known_misses_are_a_handful_with_reasons():
    known = known_misses()
    assert len(known) <= MOST_KNOWN_MISSES
    assert all(isinstance(reason, str) and len(reason) > 20 for reason in known.values())


def test_the_table_counts_and_says_why():
    cases = [
        Case("drift", "size", "a", 3, True, ""),
        Case("drift", "size", "b", 3, False, "x: expected 1, got 2"),
        Case("maker", "price", "c", 3, False, ""),
    ]
    assert rows(cases) == [
        ("drift", "size", 2, 1, 1, 1, "b: x: expected 1, got 2"),
        ("maker", "price", 1, 1, 0, 0, ""),
    ]
    text = "\n".join(lines(cases))
    assert "passed 2 of 3 (66.7%)" in text
    assert "missed b: x: expected 1, got 2" in text
