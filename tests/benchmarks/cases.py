"""W8 and W24, each calm, stressed and crashing, run by every program."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from sim.market.paths import simulate
from sim.studies.stage import stage_of
from sim.studies.work import Task
from sim.world.build import Built, Factory
from sim.world.schema.run import RunConfig
from tests.benchmarks.programs import Watchful, brute, run_kernel, run_mesa, run_numpy, same
from tests.benchmarks.reference_work import BOOKS, PATHS, STEPS, WORKS, build, near_share, work

MESA_STEPS = 20
CHUNKS = 4  # per thread
LISTS, EVERY, NUMPY, MESA = "watch lists", "brute force", "NumPy", "Mesa"
Figures = dict[str, Any]


def measure(scale: float, full: bool, say: Any) -> list[Figures]:
    """All six cases; ``scale``: how many times fewer paths than the whole work has."""
    paths = max(1, round(PATHS / scale))
    found = []
    for name in WORKS:
        for book in BOOKS:
            found.append(case(name, book, paths, full))
            say(line(found[-1]))
    return found


def case(name: str, book: str, paths: int, full: bool) -> Figures:
    """One world in one book."""
    run = work(name, book)
    factory, built = build(run, name)
    accounts = built.assembled.rows.accounts
    seconds, results = run_kernel(factory, built, paths)
    programs = {LISTS: figures(seconds, paths, STEPS, accounts)}
    calls = float(results["liquidations"].mean())
    programs |= others(run, name, results, (factory, built))
    for program in programs.values():
        program["kernel is faster by"] = program["us per path"] / programs[LISTS]["us per path"]
    return {
        "world": name,
        "book": book,
        "accounts": accounts,
        "markets": len(built.assembled.world.markets),
        "instruments": len(built.assembled.world.instruments),
        "share near liquidation": near_share(factory, built),
        "liquidation calls per path": calls,
        "ns per call, all told": 1e3 * programs[LISTS]["us per path"] / max(calls, 1.0),
        "programs": programs,
        "whole work": whole(run, built, PATHS if full else paths),
    }


def figures(seconds: float, paths: int, steps: int, accounts: int) -> Figures:
    """Cost of a path of 1,440 steps, and the rate, of what ran so many."""
    per_step = seconds / (paths * steps)
    return {
        "paths": paths,
        "steps": steps,
        "us per path": 1e6 * per_step * STEPS,
        "account-steps/s": accounts / per_step,
    }


def others(
    run: RunConfig, name: str, results: np.ndarray, built: tuple[Factory, Built]
) -> dict[str, Figures]:
    """One path of what is slow, and a few steps of what is slower; checked where it can be."""
    accounts = built[1].assembled.rows.accounts
    seconds, found = run_kernel(*build(brute(run), name), 1)
    same("brute force", found, results[:1])
    rows = {EVERY: figures(seconds, 1, STEPS, accounts)}
    prices, _ = simulate(built[0].law, run.seed, 1, STEPS)
    rows[NUMPY] = figures(run_numpy(*built, prices)[0], 1, STEPS, accounts)
    short = build(run.model_copy(update={"steps": MESA_STEPS}), name)
    seconds, found = run_mesa(*short, 1, Watchful, repeats=2)
    same("Mesa", found, run_kernel(*short, 1)[1])
    rows[MESA] = figures(seconds, 1, MESA_STEPS, accounts)
    return rows


def whole(run: RunConfig, built: Built, paths: int) -> Figures:
    """Wall time of the whole work on all processors, from so many of its paths."""
    stage, threads = stage_of(Factory(run), {"w": built}), os.cpu_count() or 1
    chunk = max(1, paths // (CHUNKS * threads))

    def deal(first: int, count: int) -> None:
        stage.run(Task("w", "full", 0, first, count))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(deal, range(threads), [1] * threads))  # loads, and makes room to work in
        start = time.perf_counter()
        starts = range(0, paths, chunk)
        list(pool.map(deal, starts, [min(chunk, paths - first) for first in starts]))
        wall = time.perf_counter() - start
    return {"threads": threads, "paths run": paths, "seconds": wall * PATHS / paths}


def line(found: Figures) -> str:
    """What is printed of a case as soon as it is there."""
    name = f"{found['world']} {found['book']}"
    calls = found["liquidation calls per path"]
    rows = found["programs"]
    costs = "".join(f"{rows[p]['us per path']:14,.0f}" for p in (LISTS, EVERY, NUMPY, MESA))
    rate = rows[LISTS]["account-steps/s"] / 1e6
    return f"{name:14}{calls:10,.0f}{costs}{rate:12,.0f}{found['whole work']['seconds']:12,.1f}"


def heading(scale: float) -> str:
    """The head of the table of cases."""
    names = "".join(f"{p:>14}" for p in (LISTS, EVERY, NUMPY, MESA))
    return (
        f"W8 and W24: {round(PATHS / scale)} paths by watch lists, 1 by brute force and NumPy, "
        f"{MESA_STEPS} of {STEPS} steps by Mesa\n"
        f"{'':14}{'calls':>10}{'us per path of 1,440 steps':>56}{'million':>12}{'10,000':>12}\n"
        f"{'':14}{'a path':>10}{names}{'acct-steps/s':>12}{'paths, s':>12}"
    )


def ratios(found: list[Figures]) -> str:
    """How many times faster watch lists are."""
    lines = [f"{'watch lists are faster':24}" + "".join(f"{p:>14}" for p in (EVERY, NUMPY, MESA))]
    for row in found:
        by = (row["programs"][p]["kernel is faster by"] for p in (EVERY, NUMPY, MESA))
        name = f"{row['world']} {row['book']}"
        near = row["share near liquidation"]
        lines.append(
            f"  {name:22}" + "".join(f"{x:12,.1f} x" for x in by)
            + f"   ({100 * near:.0f} % of accounts within 0.2 to 2 % of liquidation)"
        )  # fmt: skip
    return "\n".join(lines)
