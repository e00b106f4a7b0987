"""Greeks of all accounts together, along the path: mean, peak and end, where options are listed.

*Net* adds accounts up: what traders as a whole hold against makers, with its sign. *Gross* adds up
the absolute values of single accounts, so it falls where a wider scope puts legs that offset each
other into one account; under ``hub`` it is what the hub's accounts expose it to. Looked at every
:data:`EVERY` seconds and at the horizon. Each option is valued once per look, not per holder.
"""

import numpy as np

from sim.compile import lean
from sim.margin.greeks import linear_delta, option_exposure
from sim.state.codes import OPTION
from sim.state.state import GREEK_FIGURES, GREEK_NAMES, State
from sim.state.world import World

EVERY = 3600.0  # s between two looks
ROUNDING = 1e-9  # of a look
GREEKS = len(GREEK_NAMES)
MEAN, PEAK, END = range(len(GREEK_FIGURES))
NET, GROSS = 0, 1


@lean
def place(side: int, figure: int, greek: int) -> int:
    """Where ``RESULT.greeks`` keeps a figure."""
    return (side * len(GREEK_FIGURES) + figure) * GREEKS + greek


@lean
def looks_until(world: World, step: int) -> int:
    """Looks that are due up to the end of a step."""
    return int(step * world.settings[0].step / EVERY + ROUNDING)


@lean
def value_options(world: World, state: State) -> None:
    """Greeks of one contract of every option, for all of its holders."""
    for k in range(len(world.instruments)):
        if world.instruments[k].kind == OPTION:
            one = option_exposure(world, state, k)
            state.greeks[0, k] = one.delta
            state.greeks[1, k] = one.gamma
            state.greeks[2, k] = one.vega
            state.greeks[3, k] = one.theta


@lean
def greeks_of(world: World, state: State, a: int) -> tuple[float, float, float, float]:
    """Greeks of row ``a``, in the order of their names, USD."""
    delta = gamma = vega = theta = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if world.instruments[k].kind == OPTION:
            quantity = state.balance[k, a]
            delta += quantity * state.greeks[0, k]
            gamma += quantity * state.greeks[1, k]
            vega += quantity * state.greeks[2, k]
            theta += quantity * state.greeks[3, k]
        else:
            delta += linear_delta(world, state, a, k)
    return delta, gamma, vega, theta


@lean
def look_at_all(world: World, state: State) -> None:
    """One look: all accounts, then the running sum and the largest value."""
    value_options(world, state)
    found = state.stats[0].greeks
    for greek in range(GREEKS):
        found[place(NET, END, greek)] = 0.0
        found[place(GROSS, END, greek)] = 0.0
    for a in range(world.settings[0].accounts):
        greeks = greeks_of(world, state, a)
        for greek in range(GREEKS):
            found[place(NET, END, greek)] += greeks[greek]
            found[place(GROSS, END, greek)] += abs(greeks[greek])
    for greek in range(GREEKS):
        for side in range(2):
            now = found[place(side, END, greek)]
            found[place(side, MEAN, greek)] += now
            peak = found[place(side, PEAK, greek)]
            found[place(side, PEAK, greek)] = max(peak, abs(now))


@lean
def note_greeks(world: World, state: State) -> None:
    """At the end of a step: look, if it is time and there are options."""
    if len(world.surfaces) == 0:
        return
    step = state.clock[0].step
    if looks_until(world, step) > looks_until(world, step - 1):
        look_at_all(world, state)


@lean
def close_greeks(world: World, state: State) -> None:
    """At the horizon: the last look, and sums become means."""
    if len(world.surfaces) == 0:
        return
    look_at_all(world, state)
    count = looks_until(world, state.clock[0].step) + 1
    found = state.stats[0].greeks
    for side in range(2):
        for greek in range(GREEKS):
            found[place(side, MEAN, greek)] /= count


def greek_columns(greeks: np.ndarray) -> dict[str, np.ndarray]:
    """Columns by name of ``RESULT.greeks`` of many paths, (paths, 24)."""
    names = [
        f"{side}_{greek}_{figure}"
        for side in ("net", "gross")
        for figure in GREEK_FIGURES
        for greek in GREEK_NAMES
    ]
    return {name: greeks[:, i] for i, name in enumerate(names)}
