"""One step of the world with the books checked after every phase, compiled once for all worlds."""

from collections.abc import Callable

import numba as nb
import numpy as np

from sim import step as phases
from sim.compile import compiled_for
from sim.conservation import imbalance
from sim.market.course import Course
from sim.rules import LIQUIDATOR_RULES, TRADER_RULES, Rules
from sim.state.state import State
from sim.state.world import World
from sim.step import accrue, act, deliver, liquidate, margin, move, observe, record, relax

PHASES = ("move", "relax", "observe", "deliver", "act", "margin", "liquidate", "accrue", "record")


def _checked_step(
    world: World,
    state: State,
    opening: State,
    rules: Rules,
    course: Course,
    found: np.ndarray,
) -> None:
    move(world, state, course)
    found[0] = imbalance(world, state, opening)
    relax(world, state)
    found[1] = imbalance(world, state, opening)
    observe(world, state)
    found[2] = imbalance(world, state, opening)
    deliver(world, state)
    found[3] = imbalance(world, state, opening)
    act(world, state, rules)
    found[4] = imbalance(world, state, opening)
    margin(world, state)
    found[5] = imbalance(world, state, opening)
    liquidate(world, state, rules, course)
    found[6] = imbalance(world, state, opening)
    accrue(world, state)
    found[7] = imbalance(world, state, opening)
    record(world, state)
    found[8] = imbalance(world, state, opening)


_compiled: dict[object, Callable[..., None]] = {}


def checked_step(
    world: World,
    state: State,
    opening: State,
    rules: Rules,
    course: Course,
) -> np.ndarray:
    """Play one step; return the largest imbalance after each phase, (9,)."""
    rule_types = nb.types.NamedTuple((TRADER_RULES, LIQUIDATOR_RULES), Rules)
    floats = nb.float64[::1]
    types = (nb.typeof(world), nb.typeof(state), nb.typeof(opening))
    signature = nb.void(*types, rule_types, nb.typeof(course), floats)
    if signature not in _compiled:
        _compiled[signature] = compiled_for(signature, _checked_step)
    found = np.zeros(len(PHASES))
    _compiled[signature](world, state, opening, rules, course, found)
    return found


def same_phases() -> bool:
    """Whether the step of the kernel names the nine phases that are checked here, in this order."""
    called = [n for n in phases.step.py_func.__code__.co_names if n in PHASES]
    return tuple(called) == PHASES
