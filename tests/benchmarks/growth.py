"""How the cost of a path grows with accounts, steps, assets and liquidations, and that of paths.

All on W8, calm, by one thread, one figure changed at a time; liquidations by the depth of a crash.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.cases import EVERY, LISTS
from tests.benchmarks.programs import brute, run_kernel
from tests.benchmarks.reference_work import build, work

Points = list[dict[str, float]]
ACCOUNTS = (500, 1_500, 5_000, 15_000, 50_000)
STEPS = (180, 360, 720, 1_440, 2_880)
ASSETS = (1, 2, 4, 8, 16)
PATHS = (1, 4, 16, 64)
FALLS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5)
BRUTE_ACCOUNTS = 5_000  # no more by brute force
REPEATS = 3


def measure(paths: int, say: Any) -> dict[str, Any]:
    """Cost, microseconds, at each point of each series."""
    found: dict[str, Any] = {
        "accounts": [point(n, paths, accounts=n) for n in ACCOUNTS],
        "steps": [point(n, paths, steps=n) for n in STEPS],
        "assets": [point(n, paths, marks=n) for n in ASSETS],
        "paths": batches(),
        "liquidations": [fallen(fall, paths) for fall in FALLS],
    }
    found["exponents"] = {
        name: exponent(found[name]) for name in ("accounts", "steps", "assets", "paths")
    }
    found["liquidation"] = marginal(found["liquidations"])
    say(text(found))
    return found


def point(at: float, paths: int, **keys: Any) -> dict[str, float]:
    """Cost of a path of calm W8 with one figure changed, by lists and, up to a size, by force."""
    run = work("W8", "calm", **keys)
    seconds, results = run_kernel(*build(run, "W8"), paths, REPEATS)
    row = {"at": float(at), LISTS: 1e6 * seconds / paths}
    row["calls"] = float(results["liquidations"].mean())
    if run.accounts <= BRUTE_ACCOUNTS:
        row[EVERY] = 1e6 * run_kernel(*build(brute(run), "W8"), 1)[0]
    return row


def batches() -> Points:
    """Cost of several paths of calm W8 in one call."""
    factory, built = build(work("W8", "calm"), "W8")
    return [{"at": float(n), LISTS: 1e6 * run_kernel(factory, built, n, REPEATS)[0]} for n in PATHS]


def fallen(fall: float, paths: int) -> dict[str, float]:
    """Cost of a path on which all prices fall by a share, against the calls on it."""
    seconds, results = run_kernel(*build(work("W8", "crash", fall=fall), "W8"), paths)
    calls = float(results["liquidations"].mean())
    return {"at": calls, LISTS: 1e6 * seconds / paths, "fall": fall, "calls": calls}


def exponent(points: Points) -> float:
    """Slope of the cost by lists on logarithmic axes, by least squares."""
    x, y = (np.log([row[key] for row in points]) for key in ("at", LISTS))
    return float(np.polyfit(x, y, 1)[0])


def marginal(points: Points) -> dict[str, float]:
    """Cost of one more liquidation call, ns, and of a path without any, us, by least squares."""
    slope, floor = np.polyfit([row["at"] for row in points], [row[LISTS] for row in points], 1)
    return {"ns per call": 1e3 * float(slope), "us per path without": float(floor)}


def text(found: dict[str, Any]) -> str:
    """Lines for the console."""
    lines = ["\ngrowth on W8, us by watch lists (by brute force), one thread"]
    for name in ("accounts", "steps", "assets", "paths", "liquidations"):
        for row in found[name]:
            forced = f"  ({row[EVERY]:,.0f})" if EVERY in row else ""
            lines.append(f"  {name:14}{row['at']:12,.0f}{row[LISTS]:14,.0f}{forced}")
    powers = ", ".join(f"{name}^{power:.2f}" for name, power in found["exponents"].items())
    once = found["liquidation"]
    lines.append(f"  cost grows as {powers}")
    lines.append(
        f"  a liquidation call costs {once['ns per call']:,.0f} ns, a falling path without any "
        f"{once['us per path without']:,.0f} us (least squares)"
    )
    return "\n".join(lines)
