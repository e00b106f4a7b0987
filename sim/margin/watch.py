"""Watch lists: look only at accounts that some price move could bring to a trigger.

As molecular dynamics keeps neighbour lists, an account whose slack exceeds what a relative move of
``skin`` in every entry of g could cost it cannot reach a trigger until some entry has moved that
far. The list is rebuilt when one has; a touched account is listed at once. Lists nest: owners are
asked from the outer one; breaches are sought in the inner one, whose skin is a fifth as thick. The
outer one is rebuilt without looking at everybody: each account has a radius, the move that it
survives from a base a few skins wide and from where it was looked at last, and only those whose
radii prices have nearly used up are looked at. A touched account has none until then.

The bound: a leg of value v and requirement r loses at most ``skin * (|v| + watch * rate * |v|)``,
with ``rate`` the steepest change of the requirement per unit of the leg. Terms that net (hub
engine) change by at most net rate + basis rate per unit. So the bound is first order and exact in
direction, not an approximation: values and requirements are linear (or piecewise linear) in g.
Options have bounds of their own (:mod:`sim.margin.books`, :mod:`sim.margin.scan_watch`); so has
early liquidation (:mod:`sim.margin.foresight`), and so have charges for large positions, for which
depth counts like a price (:mod:`sim.margin.liquidity`).
"""

import numpy as np

from sim.compile import inlined, lean, merged
from sim.ledger import note_change
from sim.margin.anchor import left_skin, stamp, travelled
from sim.margin.books import NOWHERE, books_spread
from sim.margin.foresight import predicted_reach
from sim.margin.health import (
    assess_here,
    calm_term,
    leg_requirement,
    risk,
    scans,
    terms_of,
)
from sim.margin.liquidity import liquidity_reach
from sim.margin.ratio import bent_spread
from sim.margin.scan_watch import grid_spread, prepare
from sim.margin.terms import Book, Holder, Terms, leg_value
from sim.margin.trials import OLDEST
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
from sim.state.state import ALARM, BREACH, CLOSE, FROM_BASE, LOW, UNTIL, WATCHED, State
from sim.state.world import BASIS, NET, World

OUTER, INNER, BASE = 0, 1, 2  # anchors of the two lists and of the radii
BASE_SKINS = 4.0  # skin of the base over outer skin
INNER_SHARE = 0.2  # inner skin over outer skin
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
def reach(world: World, state: State, a: int, watch: float, skin: float) -> float:
    """Most that ``equity - watch x maintenance`` of account ``a`` can lose inside a skin, USD.

    Of accounts whose engine scans, only what `scanned_reach` leaves out: that grows in proportion
    to the skin.
    """
    row = world.accounts[a]
    engine = world.venues[row.venue].engine
    width = skin + ROUNDING
    most = 0.0
    if not scans(engine):
        book = Book(state.balance, state.legs, state.g)
        who = Holder(a, state.rows[a].leg_count, row.emode)
        most = spread(terms_of(world), book, who, watch, engine == NET_OF_LEGS, width)
        if len(world.surfaces) > 0:
            most += books_spread(world, state, a, watch, NOWHERE, width)
        most *= width
    if world.settings[0].scans != 0:
        most += watch * predicted_reach(world, state, a, width)
    if world.settings[0].liquidity != 0:
        most += watch * liquidity_reach(world, state, a, width)
    return most


@inlined
def scanned_reach(
    world: World, state: State, a: int, watch: float, skin: float
) -> tuple[float, float]:
    """Most that the same can lose as a scanning engine sees it: USD per unit of skin, and once."""
    if not scans(world.venues[world.accounts[a].venue].engine):
        return 0.0, 0.0
    return grid_spread(world, state, a, watch, skin + ROUNDING)


@lean
def radius_of(
    world: World, state: State, a: int, watch: float, health: tuple[float, float]
) -> float:
    """Move that account ``a`` survives before it reaches ``watch`` times maintenance, or once.

    At most the base's skin. ``health`` is equity and maintenance now; a view far above the market
    makes the latter negative, and once is then the nearer. Beyond what may be lost at any move
    (rounding up, time), losses grow at least in proportion to the move, so that what the whole skin
    could cost bounds every part of it. Where nothing is lost at once, that is asked for only once.
    """
    if world.settings[0].watch_all != 0:
        return 0.0
    skin = BASE_SKINS * world.settings[0].skin
    equity, requirement = health
    slack = equity - max(watch * requirement, requirement)
    watch = max(watch, 1.0)
    moved, once = scanned_reach(world, state, a, watch, skin)
    slack -= once
    whole = reach(world, state, a, watch, skin) + moved * (skin + ROUNDING)
    if slack > whole:
        return skin
    if world.settings[0].steady != 0 and whole > 0.0:
        return max(0.0, (skin + ROUNDING) * slack / whole - ROUNDING)
    at_once = reach(world, state, a, watch, ROUNDING) + moved * 2.0 * ROUNDING
    return skin * max(0.0, slack - at_once) / (whole - at_once) if whole > at_once else 0.0


@lean
def survey(world: World, state: State, a: int) -> float:
    """Note how far account ``a`` is from its owner's alarm and from a breach; return the nearer."""
    health = assess_here(world, state, MAINTENANCE, a)
    radius = radius_of(world, state, a, world.accounts[a].watch, health)
    state.radius[ALARM, a] = radius
    state.radius[BREACH, a] = radius  # no nearer than the alarm; told apart only on the list
    if radius < world.settings[0].skin:
        state.radius[BREACH, a] = radius_of(world, state, a, 1.0, health)
    state.radius[UNTIL, a] = state.clock[0].travel + radius
    return radius


@lean
def survey_all(world: World, state: State) -> None:
    """Look at every account."""
    for a in range(world.settings[0].accounts):
        survey(world, state, a)
    state.clock[0].surveyed = state.clock[0].now


@lean
def rebase(world: World, state: State) -> None:
    """Note of every account how far prices may go from here before it must be looked at.

    Of what it survived where it was looked at last, the way since is gone.
    """
    growth = growth_of(world)
    for a in range(world.settings[0].accounts):
        left = state.radius[UNTIL, a] - state.clock[0].travel
        state.radius[FROM_BASE, a] = max(0.0, left / growth)
    stamp(world, state, BASE)


@lean
def growth_of(world: World) -> float:
    """Most by which prices exceed those that a radius, not used up, is measured in."""
    return 1.0 + BASE_SKINS * world.settings[0].skin


@lean
def open_lists(world: World, state: State) -> None:
    """Radii and lists of a path that begins."""
    state.clock[0].watch_most = 1.0
    for a in range(world.settings[0].accounts):
        state.clock[0].watch_most = max(state.clock[0].watch_most, world.accounts[a].watch)
    prepare(state, BASE_SKINS * world.settings[0].skin)
    survey_all(world, state)
    rebase(world, state)
    stamp(world, state, OUTER)
    rebuild(world, state)


@lean
def renew_radii(world: World, state: State) -> float:
    """Bring radii from the base up to date; return how far from it the new skin reaches."""
    skin = world.settings[0].skin
    state.clock[0].travel += travelled(world, state, OUTER) * growth_of(world)
    if too_old(world, state):
        survey_all(world, state)
        rebase(world, state)
    moved = travelled(world, state, BASE)
    if moved + skin * (1.0 + moved) > BASE_SKINS * skin:
        rebase(world, state)
        moved = 0.0
    return moved + skin * (1.0 + moved)


@lean
def rebuild(world: World, state: State) -> None:
    """List every account that is near, at the present g, and the close ones of these.

    Looked at are those whose radius may be used up by the time prices leave the new skin, both from
    the base and along the way since the account was looked at last.
    """
    prepare(state, BASE_SKINS * world.settings[0].skin)
    skin = world.settings[0].skin
    far = renew_radii(world, state)
    until = state.clock[0].travel + skin * growth_of(world)
    for i in range(state.clock[0].watched):
        state.rows[state.lists[WATCHED, i]].listed = 0
    count = 0
    for a in range(world.settings[0].accounts):
        if state.radius[FROM_BASE, a] > far or state.radius[UNTIL, a] > until:
            continue
        if survey(world, state, a) < skin:
            state.rows[a].listed = 1
            note_change(state, a)
            state.lists[WATCHED, count] = a
            count += 1
    state.clock[0].watched = count
    stamp(world, state, OUTER)
    rebuild_close(world, state)


@lean
def rebuild_close(world: World, state: State) -> None:
    """List the watched accounts that are close to maintenance."""
    for i in range(state.clock[0].close):
        state.rows[state.lists[CLOSE, i]].close = 0
    inner = INNER_SHARE * world.settings[0].skin
    moved = travelled(world, state, OUTER)
    far = moved + inner * (1.0 + moved)
    count = 0
    for i in range(state.clock[0].watched):
        a = state.lists[WATCHED, i]
        if state.radius[BREACH, a] > far:
            continue
        health = assess_here(world, state, MAINTENANCE, a)
        if radius_of(world, state, a, 1.0, health) < inner:
            state.rows[a].close = 1
            state.lists[CLOSE, count] = a
            count += 1
    state.clock[0].close = count
    stamp(world, state, INNER)


@lean
def too_old(world: World, state: State) -> bool:
    """Whether time alone calls for new radii: option books change with it, and beliefs do."""
    if state.clock[0].learned > state.clock[0].surveyed:
        return True
    return len(world.surfaces) > 0 and state.clock[0].now - state.clock[0].surveyed > OLDEST


@lean
def refresh_list(world: World, state: State) -> None:
    """Rebuild the lists whose skins prices have left."""
    skin = world.settings[0].skin
    if left_skin(world, state, OUTER, skin) or too_old(world, state):
        rebuild(world, state)
    elif left_skin(world, state, INNER, INNER_SHARE * skin):
        prepare(state, BASE_SKINS * world.settings[0].skin)
        rebuild_close(world, state)


@lean
def look(world: World, state: State) -> None:
    """Publish prices to the margin engine, and keep the watch list in step with them."""
    observe_prices(world, state)
    refresh_list(world, state)
