"""Watch lists: look only at accounts that some price move could bring to a trigger.

As molecular dynamics keeps neighbour lists, an account whose slack exceeds what a relative move of
``skin`` in every entry of g could cost it cannot reach a trigger until some entry has moved that
far. The list is rebuilt when one has; a touched account is listed at once.

The bound: a leg of value v and requirement r loses at most ``skin * (|v| + watch * rate * |v|)``,
with ``rate`` the steepest change of the requirement per unit of the leg. Terms that net (hub
engine) change by at most net rate + basis rate per unit. So the bound is first order and exact in
direction, not an approximation: values and requirements are linear (or piecewise linear) in g.
"""

import numpy as np

from sim.compile import inlined, lean
from sim.margin.health import Book, Holder, Terms, assess, leg_requirement
from sim.market.oracle import observe_prices
from sim.state.codes import MAINTENANCE, NET_OF_LEGS
from sim.state.state import WATCHED, State
from sim.state.world import BASIS, NET, World

ROUNDING = 1e-9  # relative allowance for float rounding in the bound


@lean
def spread(terms: Terms, book: Book, who: Holder, watch: float, netted: bool) -> float:
    """Most that the slack of an account can lose per unit of skin, USD."""
    g = book.g
    total = 0.0
    for i in range(who.legs):
        k = book.legs[who.row, i]
        quantity = book.balance[k, who.row]
        if quantity == 0.0:
            continue
        size = abs(quantity) * max(abs(g[0, k]), abs(g[1, k]))
        if netted:
            size = max(size, abs(quantity) * abs(g[2, k]))
            n = terms.instruments[k].group
            steepest = terms.netting[NET, MAINTENANCE, n] + terms.netting[BASIS, MAINTENANCE, n]
            total += size * (1.0 + watch * steepest)
        else:
            term = leg_requirement(terms, g, MAINTENANCE, who.emode, k, quantity)
            total += size + watch * abs(term)
    return total


@inlined
def near(world: World, state: State, a: int) -> bool:
    """Whether account ``a`` could reach its watch level, or maintenance, inside the skin."""
    row = world.accounts[a]
    equity, requirement = assess(world, state, MAINTENANCE, a)
    watch = max(row.watch, 1.0)
    terms = Terms(world.instruments, world.weight, world.ratio, world.netting)
    book = Book(state.balance, state.legs, state.g)
    who = Holder(a, state.rows[a].leg_count, row.emode)
    netted = world.venues[row.venue].engine == NET_OF_LEGS
    reach = spread(terms, book, who, watch, netted) * (world.settings[0].skin + ROUNDING)
    return equity - watch * requirement <= reach or world.settings[0].watch_all != 0


@lean
def rebuild(world: World, state: State) -> None:
    """List every account that is near, at the present g."""
    count = 0
    for a in range(world.settings[0].accounts):
        listed = near(world, state, a)
        state.rows[a].listed = listed
        if listed:
            state.lists[WATCHED, count] = a
            count += 1
        else:
            state.rows[a].breach = -1.0  # nobody looks at it again until it is listed
    state.clock[0].watched = count
    for i in range(state.g.shape[0]):
        for k in range(state.g.shape[1]):
            state.built_at[i, k] = state.g[i, k]


@lean
def left_skin(g: np.ndarray, built_at: np.ndarray, skin: float) -> bool:
    """Whether some entry of g has moved by more than ``skin`` since the list was built."""
    for i in range(g.shape[0]):
        for k in range(g.shape[1]):
            if abs(g[i, k] - built_at[i, k]) > skin * abs(built_at[i, k]):
                return True
    return False


@lean
def refresh_list(world: World, state: State) -> None:
    """Rebuild the watch list if prices have left its skin."""
    if left_skin(state.g, state.built_at, world.settings[0].skin):
        rebuild(world, state)


@lean
def look(world: World, state: State) -> None:
    """Publish prices to the margin engine, and keep the watch list in step with them."""
    observe_prices(world, state)
    refresh_list(world, state)
