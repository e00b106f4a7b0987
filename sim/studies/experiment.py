"""The experiment: every world and twin on the same paths, in chunks over threads.

A chunk is a range of paths of one world and twin. Each path depends on its number alone, so neither
the number of workers nor the size of a chunk changes a bit of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from joblib import Parallel, delayed

from sim import kernel
from sim.interrupts import raise_dropped
from sim.margin.greek_path import greek_columns
from sim.state.state import GENERATIONS, RESULT, State
from sim.state.world import World
from sim.studies.balance import refuse_path, unbalanced
from sim.studies.bearers import bearers
from sim.studies.result import StudyResult
from sim.world.build import Built, Factory
from sim.world.schema.run import RunConfig, WorldChoice

if TYPE_CHECKING:  # tables are imported while the first paths run
    import pandas as pd

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Task:
    """A chunk of paths of one world and twin on one population."""

    world: str
    twin: str
    population: int
    first: int
    count: int


def path_ranges(config: RunConfig) -> Iterator[tuple[int, int, int]]:
    """(population, first path, number of paths) of every chunk.

    Populations own consecutive blocks of paths; one per path when drawn per path.
    """
    count = config.paths if config.population.draw == "per_path" else config.population.count
    edges = np.linspace(0, config.paths, min(count, config.paths) + 1).astype(int)
    for population, (start, stop) in enumerate(pairwise(edges)):
        for first in range(start, stop, config.engine.chunk):
            yield population, first, min(config.engine.chunk, stop - first)


class Experiment:
    """Builds worlds when a population comes up, and runs chunks of paths in them."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.factory = Factory(config)
        self.traded: set[str] = set()  # venues at which a trader of some population holds something

    @property
    def idle(self) -> tuple[str, ...]:
        """Venues of the run at which no trader of the populations built so far holds anything."""
        return tuple(name for name in self.factory.layout.venues if name not in self.traded)

    def build(self, population: int) -> dict[str, Built]:
        """All worlds of the experiment on one population."""
        base = self.factory.population(population)
        self.traded |= base.venues(self.factory.layout)
        worlds = self.config.experiment.worlds
        return {name: self.factory.build(base, choice) for name, choice in worlds.items()}

    def run(self, task: Task, built: Built) -> np.ndarray:
        """Results of a chunk, (count,) RESULT."""
        world, opening = built.twin(self.factory.layout, task.twin), built.assembled.opening
        try:
            desk = built.desks.pop()
        except IndexError:
            desk = desk_for(self.factory, world, opening)
        rows = run_paths(self.factory, world, opening, (task.first, task.count), desk)
        built.desks.append(desk)
        return rows


def desk_for(factory: Factory, world: World, opening: State) -> kernel.Desk:
    """A state to run paths of a world in, whatever its twin, and a workspace."""
    scratch = kernel.scratch_for(world, factory.law, factory.config.steps)
    return kernel.Desk(kernel.copy_state(opening), scratch)


def run_paths(
    factory: Factory,
    world: World,
    opening: State,
    span: tuple[int, int],
    desk: kernel.Desk | None = None,
) -> np.ndarray:
    """Run consecutive paths of a world in this thread.

    Parameters
    ----------
    factory : Factory
        Of the run.
    world : World
        One of its worlds.
    opening : State
        In which its paths begin.
    span : (int, int)
        First path, and how many.
    desk : Desk, optional
        Where paths of this world have been run before, in this thread or another.

    Returns
    -------
    (count,) structured ndarray
        One :data:`sim.state.state.RESULT` per path.
    """
    first, count = span
    config = factory.config
    out = np.zeros(count, dtype=RESULT)
    scene = kernel.Scene(world, factory.law, opening)
    desk = desk or desk_for(factory, world, opening)
    simulate = kernel.compiled(scene, desk)
    simulate(scene, factory.rules, desk, np.uint64(config.seed), first, out)
    if (worst := unbalanced(out)) >= 0:
        path, again = first + worst, out[worst : worst + 1]
        simulate(scene, factory.rules, desk, np.uint64(config.seed), path, again)
        refuse_path(factory.layout, opening, desk.state, path, again[0])
    return out


def run_experiment(config: RunConfig, progress: Progress) -> StudyResult:
    """Run an experiment.

    Parameters
    ----------
    config : RunConfig
        The validated run.
    progress : callable
        Called with the number of paths (one path of one world and twin) just finished.

    Returns
    -------
    StudyResult
        Per-path figures and the facts of each world.
    """
    experiment = Experiment(config)
    frames: list[pd.DataFrame] = []
    facts: list[dict[str, dict[str, float]]] = []
    for population, ranges in _by_population(config):
        built = experiment.build(population)
        facts.append({name: b.facts for name, b in built.items()})
        frames += _run_population(experiment, population, ranges, built, progress)
    import pandas as pd

    per_path = pd.concat(frames, ignore_index=True)
    order = {name: i for i, name in enumerate(config.experiment.worlds)}
    twins = {name: i for i, name in enumerate(config.experiment.twins)}
    rank = [per_path["world"].map(order), per_path["twin"].map(twins), per_path["path"]]
    per_path = per_path.iloc[np.lexsort(rank[::-1])].reset_index(drop=True)
    worlds = _worlds_frame(config, facts)
    shrunk = experiment.factory.fitter.shrunk
    return StudyResult(
        per_path, worlds, config.experiment.baseline, experiment.idle, shrunk, unscanned(config)
    )


def unscanned(config: RunConfig) -> tuple[str, ...]:
    """Venues whose own engine sees a book as a whole, if some world adds their legs up."""
    if all(choice.scope != "unified" for choice in config.experiment.worlds.values()):
        return ()
    return tuple(name for name, venue in config.venue.items() if venue.engine != "sum_of_legs")


def _by_population(config: RunConfig) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    ranges: dict[int, list[tuple[int, int]]] = {}
    for population, first, count in path_ranges(config):
        ranges.setdefault(population, []).append((first, count))
    yield from ranges.items()


def _run_population(
    experiment: Experiment,
    population: int,
    ranges: list[tuple[int, int]],
    built: dict[str, Built],
    progress: Progress,
) -> list[pd.DataFrame]:
    config = experiment.config
    tasks = [
        Task(name, twin, population, first, count)
        for first, count in ranges
        for name in config.experiment.worlds
        for twin in config.experiment.twins
    ]
    workers = Parallel(n_jobs=config.workers, backend="threading", return_as="generator")
    results = workers(delayed(experiment.run)(task, built[task.world]) for task in tasks)
    frames = []
    for task, rows in zip(tasks, results, strict=True):
        raise_dropped()
        frame = _frame(task, config.experiment.worlds[task.world], rows)
        if experiment.factory.layout.surfaces:
            frame = frame.assign(**greek_columns(rows["greeks"]))
        frames.append(frame)
        progress(task.count)
    return frames


def _frame(task: Task, choice: WorldChoice, rows: np.ndarray) -> pd.DataFrame:
    """Results of a chunk with their keys and names."""
    import pandas as pd

    frame: dict[str, object] = {
        "world": task.world,
        "scope": choice.scope,
        "arm": "re-levered" if choice.relever > 0.0 else "same legs",
        "twin": task.twin,
        "path": np.arange(task.first, task.first + task.count),
        "population": task.population,
    }
    frame["creditor_loss"] = rows["bad_debt"] + rows["horizon_shortfall"]
    for name in RESULT.names or ():
        if name not in ("generation", "greeks", "imbalance"):
            frame[name] = rows[name]
    for g in range(GENERATIONS):
        frame[f"generation_{g}"] = rows["generation"][:, g]
    return pd.DataFrame(frame)


def _worlds_frame(config: RunConfig, facts: list[dict[str, dict[str, float]]]) -> pd.DataFrame:
    """Facts of each world, averaged over populations."""
    import pandas as pd

    rows = []
    for name, choice in config.experiment.worlds.items():
        mean = pd.DataFrame([f[name] for f in facts]).mean()
        rows.append(
            {
                "world": name,
                "scope": choice.scope,
                "arm": "re-levered" if choice.relever > 0.0 else "same legs",
                "relever": choice.relever,
                "selection": choice.selection or "as configured",
                "loss_bearer": bearers(config, choice.scope),
                **mean.to_dict(),
            }
        )
    return pd.DataFrame(rows)
