"""The programs that are compared on one world: the kernel, its brute force, NumPy and Mesa."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from agents.laboratory import LaboratoryModel, OwnerAgent
from sim import kernel
from sim.reset import begin
from sim.state import codes
from sim.studies.experiment import run_paths
from sim.world.assemble import assess_rows
from sim.world.build import Built, Factory
from sim.world.schema.run import RunConfig
from tests.benchmarks.numpy_world import NumpyWorld
from tests.parity.lists import with_watch

SMALLEST = 1e-9


class Watchful(OwnerAgent):
    """Works out its own margin at every step, turn or not, as a plain agent would."""

    def wakes(self, step: int) -> bool:
        equity, required = self.margin
        return (step + self.phase) % self.interval == 0 and equity < self.watch * required


def timed(work: Callable[[], object], repeats: int = 1) -> tuple[float, object]:
    """Shortest time of some repeats, and the last result.

    Seconds are the thread's own on the processor: a busy machine does not change the ratios.
    """
    seconds = []
    for _ in range(repeats):
        start = time.thread_time()
        result = work()
        seconds.append(time.thread_time() - start)
    return min(seconds), result


def brute(run: RunConfig) -> RunConfig:
    """The same run, looking at every account at every turn."""
    return with_watch(run, "all", run.engine.skin)


def run_kernel(
    factory: Factory, built: Built, paths: int, repeats: int = 1
) -> tuple[float, np.ndarray]:
    """Time the compiled path loop, price paths included, after one path to load it."""
    world, opening = built.twin(factory.layout, "full"), built.assembled.opening
    run_paths(factory, world, opening, (0, 1))
    return timed(lambda: run_paths(factory, world, opening, (0, paths)), repeats)


def run_mesa(
    factory: Factory, built: Built, paths: int, owner: type, repeats: int = 1
) -> tuple[float, np.ndarray]:
    """Time the laboratory from its first to its last step; making the agents is not counted.

    What it calls is loaded at the first call. The first of two repeats does that.
    """
    LaboratoryModel(factory, built, owner=owner).step()
    costs = []
    for _ in range(repeats):
        results, seconds = [], 0.0
        for path in range(paths):
            model = LaboratoryModel(factory, built, path=path, owner=owner)
            seconds += timed(model.run_model)[0]
            results.append(model.state.stats[0])
        costs.append(seconds)
    return min(costs), np.array(results)


def run_numpy(factory: Factory, built: Built, prices: np.ndarray) -> tuple[float, float]:
    """Time the NumPy world on given prices; its first margin figures must be the kernel's."""
    world, opening = built.twin(factory.layout, "full"), built.assembled.opening
    state = kernel.copy_state(opening)
    begin(world, state, opening, prices[0, 0], 0)
    exact = assess_rows(world, state, codes.MAINTENANCE, built.assembled.rows.accounts)
    first = NumpyWorld(world, opening)
    for mine, theirs in zip(
        first.margin(first.prices(state.markets["mark"])), exact.T, strict=True
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-6)
    liquidated, seconds = 0.0, 0.0
    for path in prices:
        one = NumpyWorld(world, opening)
        seconds += timed(lambda one=one, path=path: [one.step(row) for row in path[1:]])[0]
        liquidated += one.liquidated
    return max(seconds, SMALLEST), liquidated


def same(name: str, one: np.ndarray, other: np.ndarray) -> None:
    """Refuse to print figures of programs that did different things."""
    if one.tobytes() != other.tobytes():
        raise SystemExit(f"{name} and the kernel end with different results: no figures")
