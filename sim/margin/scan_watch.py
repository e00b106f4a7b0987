"""How far an account under a scenario grid can fall while prices stay inside a skin.

No scenario is valued for it. A Black-76 value changes by at most one unit per unit of forward (its
delta) and by ``forward x 0.4`` per unit of deviation (its vega, at the normal density's peak); its
book moves by at most a skin (:mod:`sim.margin.book_anchor`), so every scenario value is bounded,
and so is the worst of them, and what equity and the worst together leave of an account's slack.
What only time changes (discounts, basis shares) is bounded over the age at which lists are rebuilt
in any case.
"""

import math
from typing import NamedTuple

from sim.compile import lean
from sim.margin.book_anchor import DEVIATION_WEIGHT, TOKEN_WEIGHT
from sim.margin.books import books_spread
from sim.margin.exposure import hub_row, is_here, moves
from sim.margin.shocks import YEAR
from sim.margin.tail import tail_slope
from sim.margin.trials import OLDEST, PEAK, trial_ageing, trial_reach, value_reach
from sim.market.options import quote
from sim.numerics import exp, log
from sim.state.codes import (
    BALANCE,
    HUB_GRID,
    MAINTENANCE,
    OPTION,
    OWN_GRID,
    SKEW_ABSOLUTE,
    SKEW_LINEAR,
    TAIL_RISK,
)
from sim.state.state import AGED, MOST, NOTIONAL, SHAKEN, State
from sim.state.world import World


class Option(NamedTuple):
    """What bounds of one option rest on."""

    up: float  # largest factor on a book's worth
    off: float  # most by which a factor differs from one
    vega: float  # per unit of deviation and of notional
    strike: float  # per unit of forward
    tilt: float  # most that a skew scenario changes delta


@lean
def option_of(world: World, state: State, venue: int, k: int, skin: float) -> Option:
    """Option k under a venue's grid, for moves of up to ``skin``.

    A skew scenario multiplies the deviation w by at most 1 / (1 - cap). Delta is N(d) or N(d) - 1,
    and d changes with log w by w - d, so delta by at most (0.242 + 0.4 w) per unit of log w.
    """
    grid = world.grids[venue]
    book = state.books[world.options[k].book]
    years = book.seconds / YEAR
    rate = max(0.0, world.options[k].rate)
    up = max(1.0, grid.long_base, grid.short_base)
    up *= exp((rate * max(1.0, grid.short_multiple) + grid.short_added) * years)
    down = grid.long_base * exp(-(rate * grid.long_multiple + grid.long_added) * years)
    root = math.sqrt(years)
    linear = max(grid.linear_base, grid.linear_base + grid.linear_slope * root)
    absolute = max(grid.absolute_base, grid.absolute_base + grid.absolute_slope * root)
    cap = max(0.0, linear, absolute)
    wide = state.options[k].deviation + skin
    tilt = -log(1.0 - cap) * (0.2421 + PEAK * wide) if cap < 1.0 else 1.0
    vega = PEAK * (book.forward / book.spot + 2.0 * skin) / DEVIATION_WEIGHT
    strike = world.options[k].strike / max(book.forward, 1e-300)
    return Option(up, max(up - 1.0, 1.0 - min(1.0, down)), vega, strike, min(1.0, tilt))


@lean
def shaken(one: Option, spot: float, weight: float) -> float:
    """Most that ``value + weight x (scenario - value)`` moves, per unit of skin and of notional.

    ``weight`` is watch level x loss factor x damping. Both values rise (or fall) with the forward,
    by no more than it does, so the difference does not add to the value's own move; the part of
    the scenario that lies apart from it, the deviations, and (by the strike, at a given forward in
    USD) the quote token do.
    """
    apart = abs(spot - 1.0)
    delta = max(weight - 1.0, max(0.0, 1.0 - weight) + weight * one.up) + weight * one.up * apart
    both = abs(1.0 - weight) + weight * one.up * (1.0 + apart)
    return delta + both * (one.vega + max(1.0, one.strike) / TOKEN_WEIGHT)


@lean
def skewed(one: Option, spot: float, weight: float) -> float:
    """The same of ``value - weight x |scenario - value|``, where only volatility is tilted."""
    apart = abs(spot - 1.0)
    gap = one.off + one.tilt if apart == 0.0 else one.up
    both = 1.0 + weight * (1.0 + one.up * (1.0 + apart))
    delta = 1.0 + weight * (gap + one.up * apart)
    return delta + both * (one.vega + max(1.0, one.strike) / TOKEN_WEIGHT)


@lean
def option_reach(
    world: World, state: State, venue: int, k: int, skin: float, watch: float
) -> float:
    """Most that one unit of option k moves an account's slack, USD, and per unit of skin."""
    grid = world.grids[venue]
    one = option_of(world, state, venue, k, skin)
    scan = world.scan_range[venue, world.instruments[k].group]
    weight = watch * world.contingency[MAINTENANCE, venue].loss_factor
    worst = 1.0
    for s in range(grid.count):
        row = world.scenarios[grid.first + s]
        spot = row.spot + row.move * scan
        if row.vol in (SKEW_LINEAR, SKEW_ABSOLUTE):
            worst = max(worst, skewed(one, spot, weight * row.damping))
        else:
            worst = max(worst, shaken(one, spot, weight * row.damping))
    seconds = state.books[world.options[k].book].seconds
    share = grid.basis_added + grid.basis_per_year * seconds / YEAR
    worst = max(worst, shaken(one, grid.basis_up, weight * share))
    return state.g[NOTIONAL, k] * max(worst, shaken(one, grid.basis_down, weight * share))


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
        highest = state.clock[0].watch_most
        state.reaches[i, SHAKEN, k] = option_reach(world, state, venue, k, skin, 1.0)
        state.reaches[i, MOST, k] = option_reach(world, state, venue, k, skin, highest)
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
    i = HUB_GRID if venue == hub_row(world) else OWN_GRID
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
def leg_reach(world: World, state: State, a: int, k: int, skin: float) -> tuple[float, float]:
    """Most that one leg changes equity, and the requirement, inside a skin, USD.

    Options under a grid aside, whose part in either goes together (`option_leg`).
    """
    venue = world.accounts[a].venue
    i = HUB_GRID if venue == hub_row(world) else OWN_GRID
    note_reach(world, state, i, k)
    terms = world.contingency[MAINTENANCE, venue]
    tail = world.venues[venue].engine == TAIL_RISK
    size = abs(state.balance[k, a])
    if world.instruments[k].kind == OPTION:
        if not is_here(world, venue, k):
            return 0.0, 0.0
        worst = state.reaches[i, SHAKEN, k] * skin + state.reaches[i, AGED, k]
        value = size * value_reach(world, state, k, skin) * skin
        return value, terms.loss_factor * size * worst
    value = size * max(abs(state.g[0, k]), abs(state.g[1, k]), abs(state.g[2, k])) * skin
    need = 0.0
    if moves(world, venue, k, state.balance[k, a]) and is_here(world, venue, k):
        swing = tail_slope(world, state, venue, k) if tail else state.reaches[i, SHAKEN, k]
        need = terms.loss_factor * value * swing
    return value, need + value * steepest_charge(world, a, k)


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
def grid_spread(world: World, state: State, a: int, watch: float, skin: float) -> float:
    """Most that the slack of row ``a`` can lose inside a skin, USD."""
    venue = world.accounts[a].venue
    total = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if state.balance[k, a] == 0.0:
            continue
        gridded = world.venues[venue].engine != TAIL_RISK and is_here(world, venue, k)
        if gridded and world.instruments[k].kind == OPTION:
            moved, aged = option_leg(world, state, a, k, watch)
            total += moved * skin + aged
        else:
            equity, need = leg_reach(world, state, a, k, skin)
            total += equity + watch * need
    if venue != hub_row(world):
        total += books_spread(world, state, a, watch, venue, skin) * skin
    return total
