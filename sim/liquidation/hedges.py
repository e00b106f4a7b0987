"""Hedges that liquidation or deleveraging breaks, and what the delta left open loses from then on.

An owner's legs on one underlying, over all his accounts, are long L and short S, in units of it
(options at their Black-76 delta). Hedged is ``min(L, S) = (gross - |net|) / 2``. A call that makes
it fall leaves the legs of the other side without cover: newly open is the part of the fall by which
the net has moved to that side, so that a share of everything, sold at once, opens nothing.

What is open is carried at the mark of the moment when it was opened. It is closed when the owner's
net falls below it, whoever trades, and at the horizon. Open and closed at marks, without impact:
what a sale itself cost is not in it. Definitions are ours.
"""

import numpy as np

from sim.compile import lean
from sim.margin.greeks import leg_exposure
from sim.state.state import AFTER, OPEN, PAID, State
from sim.state.world import LONG, SHORT, World

ROUNDING = 1e-9  # of an owner's gross units: a smaller move of his net opens nothing


@lean
def owner_of(world: World, a: int) -> int:
    """Owner of a ledger row; -1 for liquidators, makers and the rest."""
    return world.accounts[a].owner if a < world.settings[0].accounts else -1


@lean
def fill_sides(world: World, state: State, owner: int, sides: np.ndarray) -> None:
    """Write an owner's long and short units by underlying, over all his accounts. (2, N)."""
    sides[:] = 0.0
    count = sides.shape[1]
    for a in range(world.first_account[owner], world.first_account[owner + 1]):
        for i in range(state.rows[a].leg_count):
            k = state.legs[a, i]
            if state.balance[k, a] == 0.0:
                continue
            row = world.instruments[k]
            price = state.feeds[row.venue * count + row.group].published
            units = leg_exposure(world, state, a, k).delta / price
            sides[LONG, row.group] += max(0.0, units)
            sides[SHORT, row.group] += max(0.0, -units)


@lean
def opened(before: np.ndarray, after: np.ndarray, n: int) -> float:
    """Units of underlying n that a call has left without cover; the sign is their side."""
    lost = min(before[LONG, n], before[SHORT, n]) - min(after[LONG, n], after[SHORT, n])
    net = after[LONG, n] - after[SHORT, n]
    moved = net - before[LONG, n] + before[SHORT, n]
    sign = 1.0 if net >= 0.0 else -1.0
    units = min(lost, sign * moved, abs(net))
    return sign * units if units > ROUNDING * (before[LONG, n] + before[SHORT, n]) else 0.0


@lean
def close(state: State, owner: int, n: int, units: float) -> None:
    """Close units of what is open, of its sign, at the present mark."""
    held = state.hedges[OPEN, owner, n]
    paid = state.hedges[PAID, owner, n]
    if units != held:
        paid *= units / held
    loss = paid - units * state.markets[n].mark
    state.stats[0].hedge_loss += loss
    state.stats[0].hedge_loss_positive += max(0.0, loss)
    state.hedges[OPEN, owner, n] = held - units
    state.hedges[PAID, owner, n] -= paid


@lean
def close_beyond(state: State, owner: int, n: int, net: float) -> None:
    """Close what is open beyond an owner's net units."""
    held = state.hedges[OPEN, owner, n]
    left = min(held, max(0.0, net)) if held > 0.0 else max(held, min(0.0, net))
    if left != held:
        close(state, owner, n, held - left)


@lean
def note_sides(world: World, state: State, a: int, slot: int) -> None:
    """Before a call on row ``a``: what its owner holds."""
    owner = owner_of(world, a)
    if owner >= 0:
        fill_sides(world, state, owner, state.sides[slot])


@lean
def note_broken(world: World, state: State, a: int, slot: int) -> None:
    """After a call on row ``a``: close and open what it has closed and opened."""
    owner = owner_of(world, a)
    if owner < 0:
        return
    before, after = state.sides[slot], state.sides[AFTER]
    fill_sides(world, state, owner, after)
    for n in range(after.shape[1]):
        close_beyond(state, owner, n, after[LONG, n] - after[SHORT, n])
        units = opened(before, after, n)
        if units != 0.0:
            usd = units * state.markets[n].mark
            state.hedges[OPEN, owner, n] += units
            state.hedges[PAID, owner, n] += usd
            state.stats[0].hedges_broken += abs(usd)


@lean
def note_closed(world: World, state: State, a: int) -> None:
    """After the owner of account ``a`` has traded himself: what is open may be closed."""
    owner = owner_of(world, a)
    waiting = 0
    for n in range(state.hedges.shape[2]):
        waiting += state.hedges[OPEN, owner, n] != 0.0
    if waiting == 0:
        return
    after = state.sides[AFTER]
    fill_sides(world, state, owner, after)
    for n in range(after.shape[1]):
        close_beyond(state, owner, n, after[LONG, n] - after[SHORT, n])


@lean
def close_all(state: State) -> None:
    """At the horizon."""
    for owner in range(state.hedges.shape[1]):
        for n in range(state.hedges.shape[2]):
            if state.hedges[OPEN, owner, n] != 0.0:
                close(state, owner, n, state.hedges[OPEN, owner, n])
