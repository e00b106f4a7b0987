"""Everything that paths of one population are run on, computed once and carried to where they run.

Set-up floats (factorisations, sizes, balances) may differ in their last bits between machines, so
no worker computes any: a stage holds whole worlds, is known by a hash of all its arrays, and is
taken apart into bytes for other processes. Only behaviour rules travel by name: they are programs.
"""

from __future__ import annotations

import hashlib
import pickle
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np

from sim import cache, kernel
from sim.errors import SluicegateError
from sim.rules import Rules
from sim.state.law import PathLaw
from sim.state.state import RESULT, State
from sim.state.world import World
from sim.studies.balance import refuse_path, unbalanced
from sim.studies.work import Arm, Task
from sim.world.build import Built, Factory
from sim.world.layout import Layout
from sim.world.rules import load_rules
from sim.world.schema.run import RunConfig
from sim.world.targets import allow, allowed

Results = tuple[np.ndarray, float]  # (count,) RESULT, and the seconds that they took


class Ground(Protocol):
    """What all worlds of a run stand on; a `Factory` is one."""

    @property
    def config(self) -> RunConfig:
        """The run."""

    @property
    def layout(self) -> Layout:
        """Names to numbers."""

    @property
    def law(self) -> PathLaw:
        """Law of the exogenous prices."""

    @property
    def rules(self) -> Rules:
        """Compiled behaviour rules."""


def desk_for(ground: Ground, world: World, opening: State) -> kernel.Desk:
    """A state to run paths of a world in, whatever its twin, and a workspace."""
    scratch = kernel.scratch_for(world, ground.law, ground.config.steps)
    return kernel.Desk(kernel.copy_state(opening), scratch)


def run_paths(
    ground: Ground,
    world: World,
    opening: State,
    span: tuple[int, int],
    desk: kernel.Desk | None = None,
) -> np.ndarray:
    """Run consecutive paths of a world in this thread.

    Parameters
    ----------
    ground : Ground
        Of the run, such as its `Factory`.
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
    config = ground.config
    out = np.zeros(count, dtype=RESULT)
    scene = kernel.Scene(world, ground.law, opening)
    desk = desk or desk_for(ground, world, opening)
    simulate = kernel.compiled(scene, desk)
    simulate(scene, ground.rules, desk, np.uint64(config.seed), first, out)
    if (worst := unbalanced(out)) >= 0:
        path, again = first + worst, out[worst : worst + 1]
        simulate(scene, ground.rules, desk, np.uint64(config.seed), path, again)
        refuse_path(ground.layout, opening, desk.state, path, again[0])
    return out


@dataclass(frozen=True)
class Stage:
    """All worlds of a run on one population, under all twins."""

    config: RunConfig
    layout: Layout
    law: PathLaw
    rules: Rules
    worlds: Mapping[Arm, World]
    openings: Mapping[str, State]
    desks: Mapping[str, deque[kernel.Desk]] = field(compare=False)
    """Where paths of a world have been run, by no thread at present."""

    def run(self, task: Task) -> Results:
        """Results of a task, and how long it took; compiling does not count."""
        world, opening = self.worlds[task.arm], self.openings[task.world]
        desk = self._desk(task)
        kernel.compiled(kernel.Scene(world, self.law, opening), desk)
        started = time.perf_counter()
        rows = run_paths(self, world, opening, (task.first, task.count), desk)
        self.desks[task.world].append(desk)
        return rows, time.perf_counter() - started

    def _desk(self, task: Task) -> kernel.Desk:
        try:
            return self.desks[task.world].pop()
        except IndexError:
            return desk_for(self, self.worlds[task.arm], self.openings[task.world])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every array: equal stages give equal paths."""
        total = hashlib.sha256()
        _absorb(total, "law", self.law)
        for arm, world in self.worlds.items():
            settings = f"{arm}/settings"  # all that the twins of a world differ in
            _absorb(total, "/".join(arm), {settings: world.settings})
        for name, opening in self.openings.items():
            first = next(arm for arm in self.worlds if arm[0] == name)
            _absorb(total, name, self.worlds[first])
            _absorb(total, f"{name}/opening", opening)
        return total.hexdigest()

    @cached_property
    def parcel(self) -> Parcel:
        """The same for another process."""
        parts = (self.config, self.layout, self.law, dict(self.worlds), dict(self.openings))
        return Parcel(self.digest, cache.sources(), allowed(), pickle.dumps(parts))


def stage_of(factory: Factory, built: Mapping[str, Built]) -> Stage:
    """Put the worlds of a population together."""
    layout, choice = factory.layout, factory.config.experiment
    worlds: dict[Arm, World] = {
        (name, twin): one.twin(layout, twin) for name, one in built.items() for twin in choice.twins
    }
    openings = {name: one.assembled.opening for name, one in built.items()}
    desks = {name: one.desks for name, one in built.items()}
    return Stage(factory.config, layout, factory.law, factory.rules, worlds, openings, desks)


def _absorb(total: hashlib._Hash, name: str, arrays: object) -> None:
    """Add names, types, shapes and contents of all arrays of a tuple or mapping."""
    fields = arrays if isinstance(arrays, Mapping) else arrays._asdict()  # type: ignore[attr-defined]
    for key, value in fields.items():
        if isinstance(value, tuple) and hasattr(value, "_asdict"):
            _absorb(total, f"{name}/{key}", value)
            continue
        array = np.ascontiguousarray(value)
        total.update(f"{name}/{key} {array.dtype.descr} {array.shape}\0".encode())
        total.update(array.view(np.uint8).data if array.size else b"")


@dataclass(frozen=True)
class Parcel:
    """A stage in bytes.

    Attributes
    ----------
    digest : str
        Of the stage; a worker that has unpacked it does not do so again.
    sources : str
        Hash of the program that made it; another one would give other paths.
    folders : tuple of Path
        Where rules of the user's own lie, on every machine.
    content : bytes
        The stage without its rules.
    """

    digest: str
    sources: str
    folders: tuple[Path, ...]
    content: bytes

    def unpack(self) -> Stage:
        """Make a stage of it, in the process of a worker.

        Raises
        ------
        SluicegateError
            If this process runs another state of the program.
        """
        if cache.sources() != self.sources:
            raise SluicegateError(
                "a worker runs another state of the program",
                where="compute.scheduler",
                value=cache.sources(),
                allowed=self.sources,
                hint="bring every machine to the same commit, and start its workers again",
            )
        allow(self.folders)
        config, layout, law, worlds, openings = pickle.loads(self.content)  # noqa: S301
        desks: dict[str, deque[kernel.Desk]] = {name: deque() for name in openings}
        return Stage(config, layout, law, load_rules(config).rules, worlds, openings, desks)


_known: dict[str, Stage] = {}
_lock = Lock()
_KEPT = 2  # populations follow each other: tasks of the last one may still be under way


def run_parcel(parcel: Parcel, task: Task) -> Results:
    """Run a task in the process of a worker."""
    with _lock:
        if parcel.digest not in _known:
            for old in _oldest(_known):
                del _known[old]
            _known[parcel.digest] = parcel.unpack()
        stage = _known[parcel.digest]
    return stage.run(task)


def _oldest(known: Iterable[str]) -> list[str]:
    names = list(known)
    return names[: max(0, len(names) - _KEPT + 1)]
