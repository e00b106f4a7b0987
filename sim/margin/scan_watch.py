"""How far an account under a scenario grid can fall while prices stay inside a skin.

No scenario is valued for it. A book of options moves by at most a skin
(:mod:`sim.margin.book_anchor`), which bounds every scenario value (:mod:`sim.margin.option_reach`),
so the worst of them, and what equity and the worst together leave of an account's slack.
What only time changes (discounts, basis shares) is bounded over the age at which lists are rebuilt
in any case.
"""

from typing import NamedTuple

from sim.compile import lean
from sim.margin.books import books_spread
from sim.margin.exposure import hub_row, is_here, moves, shelf_index
from sim.margin.option_reach import option_reach
from sim.margin.shocks import YEAR
from sim.margin.tail import tail_slope
from sim.margin.trials import OLDEST, trial_ageing, trial_reach, value_reach
from sim.market.options import quote
from sim.state.codes import (
    BALANCE,
    HUB_GRID,
    MAINTENANCE,
    OPTION,
    TAIL_RISK,
)
from sim.state.state import AGED, MOST, NOTIONAL, SHAKEN, State
from sim.state.world import World


class Reach(NamedTuple):
    """Most that one leg changes inside a skin."""

    equity: float  # USD per unit of skin
    need: float  # the same of the requirement
    aged: float  # USD, requirement, by time alone


@lean
def widest(world: World, state: State, venue: int, k: int) -> float:
    """Most that the worst result can change per USD of instrument k's value.

    The largest damped relative move of its underlying.
    """
    grid = world.grids[venue]
    scan = world.scan_range[venue, world.instruments[k].group]
    most = 0.0
    for s in range(grid.count):
        row = world.scenarios[grid.first + s]
        most = max(most, abs(row.spot - 1.0 + row.move * scan) * row.damping)
    return most


@lean
def ageing(world: World, state: State, venue: int, k: int) -> float:
    """Most that time alone changes a scenario's result per unit of option k, USD."""
    grid = world.grids[venue]
    row = world.options[k]
    rates = abs(row.rate) * (2.0 + grid.long_multiple + grid.short_multiple)
    rates += grid.long_added + grid.short_added + grid.basis_per_year
    notional = state.g[2, k]
    top = notional * (2.0 + widest(world, state, venue, k))
    top += notional * row.strike / max(state.books[row.book].forward, 1e-300) * 2.0
    return top * rates * 2.0 * OLDEST / YEAR


@lean
def prepare(state: State, skin: float) -> None:
    """Bounds that accounts share are worked out anew from here on, for moves of up to ``skin``."""
    state.clock[0].prepared += 1
    state.clock[0].reach = skin


@lean
def note_reach(world: World, state: State, i: int, k: int) -> None:
    """Write what `leg_reach` reads of an instrument and grid, once per list: for all accounts."""
    if state.reached[i, k] == state.clock[0].prepared:
        return
    state.reached[i, k] = state.clock[0].prepared
    skin = state.clock[0].reach
    option = world.instruments[k].kind == OPTION
    venue = hub_row(world) if i == HUB_GRID else world.instruments[k].venue
    if option:
        quote(world, state, k)
    if world.venues[venue].engine == TAIL_RISK:
        if option:
            state.reaches[i, SHAKEN, k] = trial_reach(world, state, venue, k, skin)
            state.reaches[i, AGED, k] = trial_ageing(world, state, venue, k)
    elif world.grids[venue].count > 0 and option:
        once, most = option_reach(world, state, venue, k, skin)
        state.reaches[i, SHAKEN, k] = once
        state.reaches[i, MOST, k] = most
        state.reaches[i, AGED, k] = ageing(world, state, venue, k)
    elif world.grids[venue].count > 0:
        state.reaches[i, SHAKEN, k] = widest(world, state, venue, k)


@lean
def option_leg(world: World, state: State, a: int, k: int, watch: float) -> tuple[float, float]:
    """Most that one option leg under a grid moves slack: USD per unit of skin, and by age.

    What it is per unit of option is convex in the watch level, so that between one and the highest
    of all it lies below the chord.
    """
    venue = world.accounts[a].venue
    i = shelf_index(world, venue)
    note_reach(world, state, i, k)
    terms = world.contingency[MAINTENANCE, venue]
    size = abs(state.balance[k, a])
    least, most = state.reaches[i, SHAKEN, k], state.reaches[i, MOST, k]
    highest = state.clock[0].watch_most
    share = (watch - 1.0) / (highest - 1.0) if highest > 1.0 else 0.0
    short = max(terms.short_option, world.grids[venue].short_minimum)
    moved = size * (least + share * (most - least) + watch * short * state.g[NOTIONAL, k])
    return moved, watch * terms.loss_factor * size * state.reaches[i, AGED, k]


@lean
def leg_reach(world: World, state: State, a: int, k: int, skin: float) -> Reach:
    """Most that one leg changes equity, and the requirement, inside a skin.

    Options under a grid aside, whose part in either goes together (`option_leg`).
    """
    venue = world.accounts[a].venue
    i = shelf_index(world, venue)
    note_reach(world, state, i, k)
    terms = world.contingency[MAINTENANCE, venue]
    tail = world.venues[venue].engine == TAIL_RISK
    size = abs(state.balance[k, a])
    if world.instruments[k].kind == OPTION:
        if not is_here(world, venue, k):
            return Reach(0.0, 0.0, 0.0)
        counted = terms.loss_factor * size
        value = size * value_reach(world, state, k, skin)
        return Reach(
            value, counted * state.reaches[i, SHAKEN, k], counted * state.reaches[i, AGED, k]
        )
    value = size * max(abs(state.g[0, k]), abs(state.g[1, k]), abs(state.g[2, k]))
    need = 0.0
    if moves(world, venue, k, state.balance[k, a]) and is_here(world, venue, k):
        swing = tail_slope(world, state, venue, k) if tail else state.reaches[i, SHAKEN, k]
        need = terms.loss_factor * value * swing
    return Reach(value, need + value * steepest_charge(world, a, k), 0.0)


@lean
def steepest_charge(world: World, a: int, k: int) -> float:
    """Largest share of its value that a leg that is no option is charged."""
    row = world.accounts[a]
    terms = world.contingency[MAINTENANCE, row.venue]
    if world.instruments[k].kind != BALANCE:
        return max(terms.perpetual, 1.0)
    heavy = world.weight[1, MAINTENANCE, row.emode, k]
    return max(1.0, heavy - 1.0, world.haircut[MAINTENANCE, row.venue, k])


@lean
def grid_spread(
    world: World, state: State, a: int, watch: float, skin: float
) -> tuple[float, float]:
    """Most that the slack of row ``a`` can lose inside a skin: USD per unit of it, and by age."""
    venue = world.accounts[a].venue
    gridded = world.venues[venue].engine != TAIL_RISK
    moved = 0.0
    aged = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if state.balance[k, a] == 0.0:
            continue
        if gridded and world.instruments[k].kind == OPTION and is_here(world, venue, k):
            shaken, older = option_leg(world, state, a, k, watch)
            moved += shaken
            aged += older
        else:
            one = leg_reach(world, state, a, k, skin)
            moved += one.equity + watch * one.need
            aged += watch * one.aged
    if venue != hub_row(world):
        moved += books_spread(world, state, a, watch, venue, skin)
    return moved, aged
