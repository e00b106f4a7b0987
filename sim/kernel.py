"""The factory: one compiled loop over paths, each generated up front and stepped through."""

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

import numba as nb
import numpy as np

from sim.compile import by_reference, compiled_for, jit
from sim.margin.reopen import UNKNOWN, Opened, note_opening, reopen, unknown
from sim.margin.watch import open_lists
from sim.market.course import Course, fill_course
from sim.market.paths import fill_path
from sim.reset import finish, liquidator_wealth, restore, trader_wealth
from sim.rules import LIQUIDATOR_RULES, TRADER_RULES, Rules
from sim.state.law import PathLaw
from sim.state.state import RESULT, State
from sim.state.world import World
from sim.step import step


class Scratch(NamedTuple):
    """Workspace of one worker."""

    prices: np.ndarray  # (T+1, N) USD, the exogenous path
    regimes: np.ndarray  # (T+1,)
    course: np.ndarray  # (J, N) USD, the prices of one step at its blocks
    opened: Opened  # what earlier paths have found at the start


def scratch_for(world: World, law: PathLaw, steps: int) -> Scratch:
    """Workspace for paths of so many steps."""
    assets, blocks = len(law.price), int(world.settings[0]["rounds"])
    return Scratch(
        prices=np.empty((steps + 1, assets)),
        regimes=np.empty(steps + 1, dtype=np.int64),
        course=np.empty((blocks, assets)),
        opened=unknown(world.depth_factor.shape[0], int(world.settings[0]["accounts"])),
    )


class Scene(NamedTuple):
    """What a chunk reads and never writes."""

    world: World
    law: PathLaw
    opening: State


class Desk(NamedTuple):
    """What a chunk writes: one per thread."""

    state: State
    scratch: Scratch


@jit
def run_path(scene: Scene, rules: Rules, desk: Desk, key: tuple[np.uint64, int]) -> None:
    """Step a generated path from its start to its horizon; ``key`` is its seed and number."""
    world, state = by_reference(scene.world), by_reference(desk.state)
    opening = by_reference(scene.opening)
    scratch = desk.scratch
    regime, opened = scratch.regimes[0], scratch.opened
    new = opened.counts[regime, 0] == UNKNOWN
    restore(world, state, opening, (scratch.prices[0], regime), new)
    if new:
        open_lists(world, state)
        note_opening(state, opened)
        opened.wealth[regime, 0] = trader_wealth(world, state)
        opened.wealth[regime, 1] = liquidator_wealth(world, state)
    else:
        reopen(world, state, opened)
    for t in range(scratch.prices.shape[0] - 1):
        every = fill_course(scene.law, key, t + 1, scratch.prices, scratch.regimes, scratch.course)
        step(world, state, rules, Course(scratch.course, scratch.regimes[t], every))
    finish(world, state, opening, opened.wealth[regime])


def run_chunk(
    scene: Scene, rules: Rules, desk: Desk, seed: np.uint64, first: int, out: np.ndarray
) -> None:
    """Simulate paths [first, first + len(out)); write one result each."""
    for i in range(out.shape[0]):
        fill_path(scene.law, seed, first + i, desk.scratch.prices, desk.scratch.regimes)
        run_path(scene, rules, desk, (seed, first + i))
        out[i] = desk.state.stats[0]


def copy_state(state: State) -> State:
    """A worker's own copy of a state, array by array."""
    return State(*(np.copy(array) for array in state))


_lock = Lock()
_entry: dict[object, Callable[..., None]] = {}


def compiled(scene: Scene, desk: Desk) -> Callable[..., None]:
    """The chunk loop, compiled once for all worlds.

    The signature is spelt out, so that rules arrive as function values: another set of rules,
    venues or engines has the same signature and compiles nothing.
    """
    rules = nb.types.NamedTuple((TRADER_RULES, LIQUIDATOR_RULES), Rules)
    out = nb.from_dtype(RESULT)[::1]
    signature = nb.void(nb.typeof(scene), rules, nb.typeof(desk), nb.uint64, nb.int64, out)
    with _lock:
        if signature not in _entry:
            _entry[signature] = compiled_for(signature, run_chunk)
        return _entry[signature]
