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
HEAD = ("engine", "level", *SCOPES, "its delta alone")
CSV_HEAD = ("book", "engine", "scope", "level", "requirement_usd", "share_of_gross")
CSV_BOOK = ("gross_usd", "net_delta_usd")
_WIDTHS = (24, 11, 16, 16, 16, 16)


def table(
    found: Sequence[Requirement], books: Mapping[str, BookConfig], engines: Mapping[str, Engine]
) -> str:
    """Lay the requirements out: USD, and % of gross notional in brackets."""
    lines = [
        "requirement, USD (% of gross notional), by the margin engine that simulations use",
        "",
    ]
    lines.append(_line(HEAD))
    for name, book in books.items():
        mine = [one for one in found if one.book == name]
        size = f"gross {mine[0].gross:,.0f} USD, net delta {mine[0].delta:,.0f} USD"
        lines += ["", f"{name}: {book.title}; {size}"]
        lines += [line for one in mine for line in _rows(one, engines[one.engine].title)]
    return "\n".join(lines)


def _rows(one: Requirement, title: str) -> list[str]:
    rows = []
    for level in LEVELS:
        cells = [_cell(one, scope, level) for scope in COLUMNS]
        rows.append(_line((title if level == LEVELS[0] else "", level, *cells)))
    return rows


def _line(cells: Sequence[str]) -> str:
    words = [
        f"{cell:<{wide}}" if place < 2 else f"{cell:>{wide}}"
        for place, (cell, wide) in enumerate(zip(cells, _WIDTHS, strict=True))
    ]
    return " ".join(words).rstrip()


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
