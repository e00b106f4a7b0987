"""Two files of figures of the benchmark beside each other.

    make bench-compare OLD=before.json NEW=after.json

prints every cost and rate that both hold, and new over old. Costs that grew, and rates that fell,
by more than a tenth are marked. Figures of different machines can be looked at, not compared: a
line says so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WORSE = 1.1  # noise of a busy machine aside
COSTS = ("us per path", "ns per", "seconds", "us per path without", "watch lists", "brute force")
RATES = ("account-steps/s", "rate")
MACHINE = ("cpu", "cores")


def figures(found: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    """Every number of a file, by where it stands."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from figures(value, (*place, str(key)))
    elif isinstance(found, list):
        for number, value in enumerate(found):
            yield from figures(value, (*place, name(value, number)))
    elif isinstance(found, int | float) and not isinstance(found, bool):
        yield place, float(found)


def name(row: Any, number: int) -> str:
    """What tells a row of a list from the others."""
    if isinstance(row, dict):
        for keys in (("world", "book"), ("what",), ("fall",), ("at",)):
            if all(key in row for key in keys):
                return " ".join(str(row[key]) for key in keys)
    return str(number)


def better_when(place: tuple[str, ...]) -> int:
    """-1 for a cost, 1 for a rate, 0 for what is neither."""
    if "manifest" in place or place[-1] in ("paths", "steps", "at", "fall", "calls"):
        return 0
    if place[-1] in RATES:
        return 1
    timed = place[-1].startswith(COSTS) or "ns per" in place[-1] or "seconds" in place
    return -1 if timed else 0


def compared(old: Any, new: Any) -> list[str]:
    """Lines of the table, in the order of the newer file."""
    before, lines = dict(figures(old)), []
    for place, value in figures(new):
        sign = better_when(place)
        if sign == 0 or place not in before or not before[place] > 0.0:
            continue
        ratio = value / before[place]
        worse = (ratio if sign < 0 else 1.0 / ratio if ratio > 0.0 else float("inf")) > WORSE
        mark = "  worse" if worse else ""
        label = ", ".join(place)
        lines.append(f"{label:76}{before[place]:16,.6g}{value:16,.6g}{ratio:9.2f}{mark}")
    return lines


def machine(found: Any) -> Any:
    """What a file says of its machine."""
    return found.get("manifest", {}).get("machine")


def main(words: list[str]) -> int:
    """Print the table."""
    if len(words) != 2:
        print("usage: make bench-compare OLD=before.json NEW=after.json", file=sys.stderr)
        return 2
    old, new = (json.loads(Path(word).read_text()) for word in words)
    if machine(old) != machine(new):
        print("the machines differ: look, do not compare\n")
    if old.get("scale") != new.get("scale"):
        print("the scales differ: small costs may differ for that alone\n")
    print(f"{'':76}{'old':>16}{'new':>16}{'new/old':>9}")
    print("\n".join(compared(old, new)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
