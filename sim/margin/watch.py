"""Watch lists: look only at accounts that some price move could bring to a trigger.

As molecular dynamics keeps neighbour lists, an account whose slack exceeds what a relative move of
``skin`` in every entry of g could cost it cannot reach a trigger until some entry has moved that
far. The list is rebuilt when one has; a touched account is listed at once. Lists nest: owners are
asked from the outer one; breaches are sought in the inner one, whose skin is a fifth as thick.

The bound: a leg of value v and requirement r loses at most ``skin * (|v| + watch * rate * |v|)``,
with ``rate`` the steepest change of the requirement per unit of the leg. Terms that net (hub
engine) change by at most net rate + basis rate per unit. So the bound is first order and exact in
direction, not an approximation: values and requirements are linear (or piecewise linear) in g.
Options have bounds of their own (:mod:`sim.margin.books`, :mod:`sim.margin.scan_watch`).
"""

import numpy as np

from sim.compile import inlined, lean, merged
from sim.margin.books import NOWHERE, books_spread
from sim.margin.health import (
    assess_here,
    calm_term,
    leg_requirement,
    risk,
    scans,
    terms_of,
)
from sim.margin.ratio import bent_spread
from sim.margin.scan_watch import OLDEST, drivers_left, grid_spread, stamp_drivers
from sim.margin.tail import predicted_spread
from sim.margin.terms import Book, Holder, Terms, leg_value
from sim.margin.weights import liability_weight
from sim.market.oracle import observe_prices
from sim.state.codes import (
    BALANCE,
    FLAT_RATIO,
    MAINTENANCE,
    NET_OF_LEGS,
    OPTION,
    PERPETUAL,
    QUOTE,
)
from sim.state.state import CLOSE, LOW, WATCHED, State
from sim.state.world import BASIS, NET, World

INNER = 0.2  # inner skin over outer skin
ROUNDING = 1e-9  # relative allowance for float rounding in the bound


@merged
def spread(terms: Terms, book: Book, who: Holder, watch: float, netted: bool, skin: float) -> float:
    """Most that the slack of an account can lose per unit of skin, USD."""
    g = book.g
    if not netted and (g.shape[0] > LOW or terms.gains != 0):
        return spread_viewed(terms, book, who, watch, skin)
    total = 0.0
    for i in range(who.legs):
        k = book.legs[who.row, i]
        quantity = book.balance[k, who.row]
        if quantity == 0.0 or terms.instruments[k].kind == OPTION:
            continue
        size = abs(quantity) * max(abs(g[0, k]), abs(g[1, k]))
        if netted:
            size = max(size, abs(quantity) * abs(g[2, k]))
            n = terms.instruments[k].group
            steep = terms.netting[NET, MAINTENANCE, n] + terms.netting[BASIS, MAINTENANCE, n]
            total += size * (1.0 + watch * steep)
        elif terms.instruments[k].kind == PERPETUAL:
            total += size + watch * perpetual_spread(terms, g, k, quantity, skin)
        else:
            term = leg_requirement(terms, g, MAINTENANCE, who.emode, k, quantity)
            total += size + watch * abs(term)
    return total


@inlined
def perpetual_spread(terms: Terms, g: np.ndarray, k: int, quantity: float, skin: float) -> float:
    """Most that the requirement of a perpetual can rise per unit of skin, USD.

    Linear in the price at a given number of contracts, except for brackets and rounding; see
    :func:`bent_spread`.
    """
    row = terms.instruments[k]
    size = abs(quantity)
    notional = size * abs(g[2, k])
    ratio = terms.ratio[MAINTENANCE, k]
    if row.ratio.kind != FLAT_RATIO:
        return bent_spread(row.ratio, MAINTENANCE, ratio, size, notional, skin)
    return notional * liability_weight(ratio, row.size_penalty, size)


@merged
def spread_viewed(terms: Terms, book: Book, who: Holder, watch: float, skin: float) -> float:
    """The same where levels read prices of their own, or gains are discounted.

    What is counted of a leg moves together with its value, which adds a term of second order. Gains
    are discounted at a constant rate at maintenance, so they lose no more than the rate of what
    their legs move.
    """
    g = book.g
    total = 0.0
    for i in range(who.legs):
        k = book.legs[who.row, i]
        quantity = book.balance[k, who.row]
        if quantity == 0.0:
            continue
        row = terms.instruments[k]
        value = leg_value(g, k, quantity)
        change = 0.0
        if row.kind == PERPETUAL:
            change = risk(g, k) * perpetual_spread(terms, g, k, quantity, skin)
        elif row.kind == BALANCE:
            term = calm_term(terms, g, MAINTENANCE, who.emode, k, quantity)
            counted = value - term if quantity >= 0.0 else term - value
            change = risk(g, k) * (abs(term) + abs(counted) * (1.0 + skin))
        if row.kind != BALANCE:
            quote = k if row.kind == QUOTE else row.quote
            change += abs(value) * (1.0 - terms.instruments[quote].gain_weight[MAINTENANCE])
        total += abs(value) + watch * change
    return total


@inlined
def near(world: World, state: State, a: int, watch: float, skin: float) -> bool:
    """Whether account ``a`` could reach ``watch`` times maintenance, or maintenance, inside a skin.

    A view far above the market makes requirements negative: maintenance is then the nearer one.
    """
    row = world.accounts[a]
    equity, requirement = assess_here(world, state, MAINTENANCE, a)
    terms = terms_of(world)
    book = Book(state.balance, state.legs, state.g)
    who = Holder(a, state.rows[a].leg_count, row.emode)
    engine = world.venues[row.venue].engine
    width = skin + ROUNDING
    if scans(engine):
        reach = grid_spread(world, state, a, watch, width)
    else:
        most = spread(terms, book, who, watch, engine == NET_OF_LEGS, width)
        if len(world.surfaces) > 0:
            most += books_spread(world, state, a, watch, NOWHERE)
        reach = most * width
    if world.settings[0].scans != 0:
        reach += watch * predicted_spread(world, state, a) * width
    nearer = max(watch * requirement, requirement)
    return equity - nearer <= reach or world.settings[0].watch_all != 0


@lean
def rebuild(world: World, state: State) -> None:
    """List every account that is near, at the present g, and the close ones of these."""
    count = 0
    for a in range(world.settings[0].accounts):
        watch = max(world.accounts[a].watch, 1.0)
        listed = near(world, state, a, watch, world.settings[0].skin)
        state.rows[a].listed = listed
        if listed:
            state.lists[WATCHED, count] = a
            count += 1
        else:
            state.rows[a].close = 0
    state.clock[0].watched = count
    state.clock[0].listed_at = state.clock[0].now
    stamp(state, 0)
    rebuild_close(world, state)


@lean
def rebuild_close(world: World, state: State) -> None:
    """List the watched accounts that are close to maintenance."""
    count = 0
    for i in range(state.clock[0].watched):
        a = state.lists[WATCHED, i]
        close = near(world, state, a, 1.0, INNER * world.settings[0].skin)
        state.rows[a].close = close
        if close:
            state.lists[CLOSE, count] = a
            count += 1
    state.clock[0].close = count
    stamp(state, 1)


@lean
def stamp(state: State, which: int) -> None:
    """Note the g that a list was built at."""
    for i in range(state.built_at.shape[1]):
        for k in range(state.g.shape[1]):
            state.built_at[which, i, k] = state.g[i, k]
    stamp_drivers(state, which)


@lean
def left_skin(world: World, state: State, which: int, skin: float) -> bool:
    """Whether some entry of g that maintenance reads has moved by more than ``skin`` since.

    Relative to itself; for an option relative to its notional, with all that its scenarios see.
    Rows of g that only opening reads are never looked at from a list.
    """
    g = state.g
    for i in range(state.built_at.shape[1]):
        for k in range(g.shape[1]):
            built = state.built_at[which, i, k]
            own = world.instruments[k].kind != OPTION or i == 2
            if own and abs(g[i, k] - built) > skin * abs(built):
                return True
    return len(world.surfaces) > 0 and drivers_left(world, state, which, skin)


@lean
def too_old(world: World, state: State) -> bool:
    """Whether time alone calls for new lists: option books change with it, and beliefs do."""
    if state.clock[0].learned > state.clock[0].listed_at:
        return True
    return len(world.surfaces) > 0 and state.clock[0].now - state.clock[0].listed_at > OLDEST


@lean
def refresh_list(world: World, state: State) -> None:
    """Rebuild the lists whose skins prices have left."""
    if left_skin(world, state, 0, world.settings[0].skin) or too_old(world, state):
        rebuild(world, state)
    elif left_skin(world, state, 1, INNER * world.settings[0].skin):
        rebuild_close(world, state)


@lean
def look(world: World, state: State) -> None:
    """Publish prices to the margin engine, and keep the watch list in step with them."""
    observe_prices(world, state)
    refresh_list(world, state)
