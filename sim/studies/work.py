"""What is left to simulate, cut into tasks that take about the same time.

A task is a range of paths of one world and twin. Each path depends on its number alone, so where
the cuts fall changes no bit of the result: tasks may be cut by the clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

import numpy as np

from sim.world.schema.run import RunConfig

PART = 8  # a task is no shorter than this part of what it should take
SHARES = 2  # tasks that each worker still gets of what is left, so that all end together

Arm = tuple[str, str]  # world and twin
Span = tuple[int, int]  # first path, and the one after the last


@dataclass(frozen=True)
class Task:
    """A range of paths of one world and twin on one population."""

    world: str
    twin: str
    population: int
    first: int
    count: int

    @property
    def arm(self) -> Arm:
        """World and twin."""
        return self.world, self.twin


def arms(config: RunConfig) -> list[Arm]:
    """Every world under every twin, in the order of the configuration."""
    choice = config.experiment
    return [(world, twin) for world in choice.worlds for twin in choice.twins]


def population_spans(config: RunConfig) -> list[Span]:
    """Paths of each population: consecutive blocks; one path each when drawn per path."""
    count = config.paths if config.population.draw == "per_path" else config.population.count
    edges = np.linspace(0, config.paths, min(count, config.paths) + 1).astype(int)
    return [(int(start), int(stop)) for start, stop in pairwise(edges)]


class Pace:
    """How many paths a task should have.

    Parameters
    ----------
    seconds : float
        That a task should take.
    workers : int
        That share the work.
    fixed : int, optional
        Paths of every task, whatever they take.
    """

    def __init__(self, seconds: float, workers: int, fixed: int | None = None) -> None:
        self.seconds, self.workers, self.fixed = seconds, workers, fixed
        self._cost: dict[Arm, float] = {}  # seconds per path, as measured

    def count(self, arm: Arm, left: int) -> int:
        """Paths of the next task of an arm of which so many are left.

        The first tasks have a single path, to learn from. Towards the end tasks become shorter.
        """
        if self.fixed is not None:
            return min(self.fixed, left)
        if not self._cost:
            return 1
        whole = self.seconds / self._cost.get(arm, max(self._cost.values()))
        fair = min(whole, left / (SHARES * self.workers))
        return min(left, math.ceil(max(fair, whole / PART)))

    def note(self, task: Task, seconds: float) -> None:
        """Learn what a task took."""
        cost = max(seconds, 1e-6) / task.count
        self._cost[task.arm] = (self._cost.get(task.arm, cost) + cost) / 2


class Agenda:
    """Tasks of one population, handed out one by one; several threads may take them.

    Parameters
    ----------
    population : int
        Its number.
    left : mapping
        By arm, the ranges of paths that are not simulated yet.
    pace : Pace
        Says where to cut.
    """

    def __init__(self, population: int, left: Mapping[Arm, Sequence[Span]], pace: Pace) -> None:
        self.population, self.pace = population, pace
        self._left = {arm: list(spans) for arm, spans in left.items()}
        self._lock = Lock()

    def __len__(self) -> int:
        """Paths that nobody has taken."""
        return sum(map(_length, self._left.values()))

    def __iter__(self) -> Iterator[Task]:
        """Tasks, until none is left."""
        while (task := self.take()) is not None:
            yield task

    def take(self) -> Task | None:
        """Cut the next task, from the arm that is furthest behind."""
        with self._lock:
            arm = max(self._left, key=lambda one: _length(self._left[one]))
            spans = self._left[arm]
            if not spans:
                return None
            first, stop = spans.pop(0)
            count = min(stop - first, self.pace.count(arm, _length(spans) + stop - first))
            if first + count < stop:
                spans.insert(0, (first + count, stop))
            return Task(*arm, self.population, first, count)

    def put_back(self, task: Task) -> None:
        """Take back a task that nobody finished."""
        with self._lock:
            self._left[task.arm].insert(0, (task.first, task.first + task.count))


def _length(spans: Sequence[Span]) -> int:
    return sum(stop - first for first, stop in spans)
