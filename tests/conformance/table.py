"""The table of passed and missed vectors, printed when the tests end and kept in ``results/``.

These are pytest's hooks, taken into ``tests/conftest.py`` so that they also run in the process
that gathers what the workers of pytest-xdist report.
"""

import csv
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).resolve().parents[2] / "results" / "conformance.csv"
COLUMNS = ("system", "mechanism", "vectors", "passed", "exactly", "missed", "reasons")


class Case(NamedTuple):
    """One vector that was tried."""

    system: str
    mechanism: str
    id: str
    total: int  # vectors in the file
    exact: bool
    reason: str  # why it was missed; empty: passed


_CASES: dict[str, Case] = {}  # by test


def pytest_runtest_logreport(report: Any) -> None:
    """Note the outcome of one vector."""
    known = dict(report.user_properties)
    if report.when == "call" and "conformance" in known:
        system, mechanism, name, total = known["conformance"]
        case = Case(system, mechanism, name, total, known.get("exact", False), _reason(report))
        _CASES[report.nodeid] = case


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table; write it when all vectors of the file were tried."""
    cases = list(_CASES.values())
    if not cases:
        return
    terminalreporter.section("conformance")
    for line in lines(cases):
        terminalreporter.write_line(line)
    if len(cases) == cases[0].total:
        write(FILE, cases)
        terminalreporter.write_line(f"written to {FILE}")


def rows(cases: list[Case]) -> list[tuple[Any, ...]]:
    """Count by system and mechanism."""
    table = []
    for system, mechanism in sorted({(case.system, case.mechanism) for case in cases}):
        mine = [case for case in cases if (case.system, case.mechanism) == (system, mechanism)]
        reasons = "; ".join(f"{case.id}: {case.reason}" for case in mine if case.reason)
        count = Counter(bool(case.reason) for case in mine)
        exactly = sum(case.exact for case in mine)
        table.append((system, mechanism, len(mine), count[False], exactly, count[True], reasons))
    return table


def lines(cases: list[Case]) -> list[str]:
    """Lay the table out, the misses with their reasons beneath."""
    table = rows(cases)
    wide = max(len(row[1]) for row in table)
    shown = [f"{'system':<13} {'mechanism':<{wide}} passed  exactly  missed"]
    for system, mechanism, count, passed, exactly, missed, _ in table:
        share = f"{passed}/{count}"
        shown.append(f"{system:<13} {mechanism:<{wide}} {share:>6}  {exactly:>7}  {missed:>6}")
    passed, exactly = sum(row[3] for row in table), sum(row[4] for row in table)
    shown.append(
        f"passed {passed} of {len(cases)} ({passed / len(cases):.1%}); {exactly} of them to twelve "
        "digits, the others at their tolerance or at one unit of the last place"
    )
    return shown + [f"missed {case.id}: {case.reason}" for case in cases if case.reason]


def write(file: Path, cases: list[Case]) -> None:
    """Write the table as CSV."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([COLUMNS, *rows(cases)])


def _reason(report: Any) -> str:
    if report.passed:
        return ""
    if hasattr(report, "wasxfail"):
        return f"known: {report.wasxfail.removeprefix('reason: ')}"
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    return text.split("\n", 1)[0].removeprefix("AssertionError: ")[:300]
