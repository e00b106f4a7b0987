"""P2, term G in the world: an account's worst loss over its engine's grid, plus contingencies.

Scenario values belong to instruments and are shared by all accounts; a column of the shelf is
filled when somebody first needs it after its book has moved.
"""

from sim.compile import lean, merged
from sim.margin.addons import naked_shorts, short_notional
from sim.margin.books import books_requirement
from sim.margin.doubt import doubt_charge, peg_price
from sim.margin.exposure import exposure, hub_row, is_here, moves, shelf_index
from sim.margin.grid import (
    ALL,
    Holding,
    Quoted,
    Shelf,
    Sight,
    shelve,
    with_offset,
    worst_pnl,
)
from sim.margin.portfolio import grid_requirement
from sim.margin.ratio import perpetual_requirement
from sim.margin.tail import tail_loss
from sim.market.options import quote
from sim.state.codes import (
    BALANCE,
    HUB_GRID,
    INITIAL,
    INTEREST_RATIO,
    OPTION,
    PERPETUAL,
    TAIL_RISK,
)
from sim.state.state import LOW_INITIAL, State
from sim.state.world import LONG, SHORT, World


@merged
def shelf_of(world: World, state: State, i: int) -> Shelf:
    """Scenario values under the venues' own grids, or under the hub's."""
    return Shelf(
        state.shelf[i],
        state.shelf_now[i],
        world.options,
        world.instruments,
        state.shelf_factor[i],
        state.shelf_desk,
    )


@lean
def freshen(world: World, state: State, i: int, k: int) -> None:
    """Bring the scenario values of option k up to the present prices."""
    b = world.options[k].book
    if state.shelf_at[i, k] == state.books[b].version:
        return
    state.shelf_at[i, k] = state.books[b].version
    quote(world, state, k)
    venue = hub_row(world) if i == HUB_GRID else world.instruments[k].venue
    scan = world.scan_range[venue, world.instruments[k].group]
    sight = Sight(world.grids[venue], state.lenses[i, b], world.columns, scan)
    token = state.books[b].token if state.options[k].settled == 0 else 0.0
    shelf = shelf_of(world, state, i)
    shelve(sight, shelf, k, quoted(world, state, k), token)
    shelf.now[k] = state.g[0, k]


@lean
def quoted(world: World, state: State, k: int) -> Quoted:
    """Option k as scenarios see it."""
    row = world.options[k]
    option, book = state.options[k], state.books[row.book]
    return Quoted(
        row.sign,
        row.strike,
        book.forward,
        option.vol,
        option.moneyness,
        option.deviation,
        book.discount,
    )


@lean
def rate_here(world: World, state: State, level: int, venue: int, k: int) -> float:
    """Contingency per USD of a leg that the engine scans, the doubt of its feed included."""
    rate = 0.0
    if world.instruments[k].kind == PERPETUAL:
        rate = world.contingency[level, venue].perpetual
    elif world.instruments[k].kind == BALANCE:
        rate = world.haircut[level, venue, k]
    return rate + doubt_charge(world, state, level, venue, k)


@lean
def leg_charge(world: World, state: State, level: int, a: int, k: int) -> float:
    """Contingencies of one leg, USD; of an option, for the doubt of its feed alone."""
    venue = world.accounts[a].venue
    quantity = state.balance[k, a]
    size = abs(quantity)
    row = world.instruments[k]
    if row.kind in (PERPETUAL, OPTION) and is_here(world, venue, k):
        return size * state.g[2, k] * rate_here(world, state, level, venue, k)
    if row.kind == PERPETUAL:
        shared = row.ratio.kind == INTEREST_RATIO and level == INITIAL
        share = state.g[LOW_INITIAL, k] if shared else 0.0
        ratio = world.ratio[level, k]
        return perpetual_requirement(row, level, ratio, quantity, state.g[2, k], share)
    if row.kind != BALANCE:
        return 0.0
    emode = world.accounts[a].emode
    if quantity < 0.0:
        return size * state.g[1, k] * (world.weight[SHORT, level, emode, k] - 1.0)
    if is_here(world, venue, k):
        return size * state.g[0, k] * rate_here(world, state, level, venue, k)
    return size * state.g[0, k] * (1.0 - world.weight[LONG, level, emode, k])


@merged
def holding_of(world: World, state: State, a: int, n: int) -> Holding:
    """Legs of row ``a`` on underlying n (or ALL) that its engine scans."""
    venue = world.accounts[a].venue
    delta = 0.0
    scanned = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        quantity = state.balance[k, a]
        group = world.instruments[k].group
        if quantity == 0.0 or n not in (ALL, group) or not is_here(world, venue, k):
            continue
        if moves(world, venue, k, quantity):
            part = exposure(world, state, venue, k, quantity)
            delta += part
            scanned += part * world.scan_range[venue, group]
    place = ALL if venue == hub_row(world) else venue
    count = state.rows[a].leg_count
    return Holding(state.legs[a], count, state.balance[:, a], n, place, delta, scanned)


@merged
def is_scanned(world: World, state: State, a: int, k: int) -> bool:
    """Whether scenarios change what row ``a`` has of instrument k, as its engine sees it."""
    venue = world.accounts[a].venue
    quantity = state.balance[k, a]
    if quantity == 0.0 or not is_here(world, venue, k):
        return False
    return world.instruments[k].kind == OPTION or moves(world, venue, k, quantity)


@merged
def opens_underlying(world: World, state: State, a: int, i: int) -> bool:
    """Whether leg ``i`` of row ``a`` is the first scanned one on its underlying."""
    if not is_scanned(world, state, a, state.legs[a, i]):
        return False
    n = world.instruments[state.legs[a, i]].group
    for j in range(i):
        k = state.legs[a, j]
        if world.instruments[k].group == n and is_scanned(world, state, a, k):
            return False
    return True


@lean
def grid_loss(world: World, state: State, a: int) -> float:
    """Worst result of row ``a`` over its engine's grid, at most zero, USD."""
    venue = world.accounts[a].venue
    grid = world.grids[venue]
    i = shelf_index(world, venue)
    for j in range(state.rows[a].leg_count):
        k = state.legs[a, j]
        if world.instruments[k].kind == OPTION and is_here(world, venue, k):
            freshen(world, state, i, k)
    shelf = shelf_of(world, state, i)
    alone = 0.0
    for j in range(state.rows[a].leg_count):
        if opens_underlying(world, state, a, j):
            n = world.instruments[state.legs[a, j]].group
            alone += worst_pnl(grid, world.columns, shelf, holding_of(world, state, a, n))
    if grid.offset <= 0.0:
        return alone
    together = worst_pnl(grid, world.columns, shelf, holding_of(world, state, a, ALL))
    return with_offset(grid, alone, together)


@lean
def worst_result(world: World, state: State, a: int) -> float:
    """What row ``a`` could lose as its engine sees it, at most zero, USD."""
    if world.venues[world.accounts[a].venue].engine == TAIL_RISK:
        return -tail_loss(world, state, a)
    return grid_loss(world, state, a)


@lean
def elsewhere(world: World, state: State, level: int, a: int) -> float:
    """Requirement of the option books that the engine of row ``a`` does not scan, USD."""
    venue = world.accounts[a].venue
    if venue == hub_row(world):
        return 0.0
    return books_requirement(world, state, level, a, venue)


@lean
def scanned(world: World, state: State, level: int, a: int) -> tuple[float, float]:
    """Equity and requirement of row ``a`` under a scenario grid or by the tail of its book, USD.

    Legs at other venues than the engine's own are charged one by one, as there.
    """
    venue = world.accounts[a].venue
    terms = world.contingency[level, venue]
    equity = 0.0
    added = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        quantity = state.balance[k, a]
        if quantity != 0.0:
            equity += quantity * (state.g[0, k] if quantity >= 0.0 else state.g[1, k])
            added += leg_charge(world, state, level, a, k)
    i = shelf_index(world, venue)
    shelf = shelf_of(world, state, i)
    holding = holding_of(world, state, a, ALL)
    notional = state.g[2]
    added += terms.short_option * naked_shorts(shelf, holding, notional)
    need = grid_requirement(
        terms, worst_result(world, state, a), added, peg_price(world, state, venue)
    )
    grid = world.grids[venue]
    need = max(need, grid.short_minimum * short_notional(shelf, holding, notional))
    return equity, need + elsewhere(world, state, level, a)
