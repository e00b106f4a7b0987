"""The table of what books need, by scope and engine, as text and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.errors import SluicegateError
from sim.world.requirements import DELTA, SCOPES, Engine, Requirement
from sim.world.schema.book import BookConfig

LEVELS = ("initial", "maintenance")
COLUMNS = (*SCOPES, DELTA)
Cells = tuple[str, ...]
HEAD = ("engine", "level", *SCOPES, "its delta alone")
CSV_HEAD = ("book", "engine", "scope", "level", "requirement_usd", "share_of_gross")
CSV_BOOK = ("gross_usd", "net_delta_usd")


def table(
    found: Sequence[Requirement], books: Mapping[str, BookConfig], engines: Mapping[str, Engine]
) -> str:
    """Lay the requirements out: USD, and % of gross notional in brackets."""
    rows = {name: _rows([one for one in found if one.book == name], engines) for name in books}
    every = [HEAD, *(row for book in rows.values() for row in book)]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    lines = [
        "requirement, USD (% of gross notional), by the margin engine that simulations use",
        "",
        _line(HEAD, widths),
    ]
    for name, book in books.items():
        first = next(one for one in found if one.book == name)
        size = f"gross {first.gross:,.0f} USD, net delta {first.delta:,.0f} USD"
        lines += ["", f"{name}: {book.title}; {size}"]
        lines += [_line(row, widths) for row in rows[name]]
    return "\n".join(lines)


def _rows(mine: Sequence[Requirement], engines: Mapping[str, Engine]) -> list[Cells]:
    """Rows of one book: both levels of each engine, which is named once."""
    return [
        (
            engines[one.engine].title if level == LEVELS[0] else "",
            level,
            *(_cell(one, scope, level) for scope in COLUMNS),
        )
        for one in mine
        for level in LEVELS
    ]


def _line(cells: Cells, widths: Sequence[int]) -> str:
    words = [
        f"{cell:<{wide}}" if place < 2 else f"{cell:>{wide}}"
        for place, (cell, wide) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(words).rstrip()


def _cell(one: Requirement, scope: str, level: str) -> str:
    if scope not in one.need:
        return "no perpetual"
    usd = getattr(one.need[scope], level)
    usd = 0.0 if abs(usd) < 0.5 else usd
    return f"{usd:,.0f} ({usd / one.gross:.1%})" if one.gross > 0.0 else f"{usd:,.0f}"


def write_csv(found: Sequence[Requirement], file: Path) -> None:
    """Write one row per book, engine, scope and level.

    Raises
    ------
    SluicegateError
        If the file cannot be written.
    """
    try:
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow((*CSV_HEAD, *CSV_BOOK))
            writer.writerows(_csv_rows(found))
    except OSError as error:
        raise SluicegateError(
            f"the table cannot be written: {error.strerror}",
            where="--csv",
            value=str(file),
            hint="name a file in a folder that exists and can be written to",
        ) from None


def _csv_rows(found: Sequence[Requirement]) -> list[tuple[object, ...]]:
    return [
        (one.book, one.engine, scope, level, usd, _share(usd, one.gross), one.gross, one.delta)
        for one in found
        for scope in one.need
        for level, usd in zip(LEVELS, one.need[scope], strict=True)
    ]


def _share(usd: float, gross: float) -> float | str:
    return usd / gross if gross > 0.0 else ""
