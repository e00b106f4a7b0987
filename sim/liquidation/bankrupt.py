"""Closing a bankrupt account's contracts against the winners of its venue: auto-deleveraging.

Only what the account lost at that venue is asked of its winners: under unified scope they do not
pay for loans elsewhere.
"""

from typing import NamedTuple

from sim.compile import lean
from sim.ledger import clear, close_out, next_leg, post, settle_flat
from sim.liquidation.adl import PROFIT, SHARE, WEIGHT, allocate, weight_of
from sim.liquidation.funds import available, draw_all
from sim.liquidation.hedges import note_broken, note_sides, owner_of
from sim.margin.health import assess
from sim.margin.terms import leg_value
from sim.state.codes import BALANCE, MAINTENANCE, NO_ADL, PERPETUAL, QUOTE
from sim.state.state import CALLED, OTHER, State
from sim.state.world import World

DUST = 1e-6  # USD: less is what rounding leaves, and neither a hole nor a payment


class Hole(NamedTuple):
    """A bankrupt account's contracts of one instrument, and its loss on them that nobody paid."""

    row: int
    leg: int
    contracts: float  # signed
    deficit: float  # USD, > 0


@lean
def standing_at(world: World, state: State, v: int, b: int) -> tuple[float, float]:
    """Open profit of row ``b`` on a venue's perpetuals, and their notional, USD."""
    profit = notional = 0.0
    for i in range(state.rows[b].leg_count):
        k = state.legs[b, i]
        row = world.instruments[k]
        if row.venue != v:
            continue
        if row.kind in (PERPETUAL, QUOTE):
            profit += leg_value(state.g, k, state.balance[k, b])
        if row.kind == PERPETUAL:
            notional += abs(state.balance[k, b]) * state.g[2, k]
    return profit, notional


@lean
def worth_at(world: World, state: State, v: int, a: int) -> float:
    """Equity of row ``a`` in a venue's instruments alone, USD."""
    total = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if world.instruments[k].venue == v:
            total += leg_value(state.g, k, state.balance[k, a])
    return total


@lean
def note_claim(world: World, state: State, hole: Hole, b: int) -> None:
    """Enter what row ``b`` could give towards a hole, and its rank."""
    state.claims[PROFIT, b] = 0.0
    state.claims[WEIGHT, b] = 0.0
    held = state.balance[hole.leg, b]
    if held * hole.contracts >= 0.0 or b == hole.row:
        return
    v = world.instruments[hole.leg].venue
    profit, notional = standing_at(world, state, v, b)
    here = abs(held) * state.g[2, hole.leg]
    mine = profit * here / notional
    equity, _ = assess(world, state, MAINTENANCE, b)
    if mine <= 0.0 or equity <= 0.0:
        return
    most = hole.deficit * abs(held / hole.contracts)
    if world.venues[v].adl_capped:
        most = min(most, mine)
    state.claims[PROFIT, b] = most
    state.claims[WEIGHT, b] = weight_of(world.venues[v].adl, mine, notional / equity)


@lean
def close_against(world: World, state: State, hole: Hole, b: int, share: float) -> None:
    """Close contracts of both rows at the bankruptcy price; the winner loses ``share`` USD."""
    apart = owner_of(world, hole.row) != owner_of(world, b)
    note_sides(world, state, hole.row, CALLED)
    note_sides(world, state, b, OTHER)
    row = world.instruments[hole.leg]
    part = hole.contracts * share / hole.deficit
    token = state.g[2, row.cash]
    price = (state.g[0, hole.leg] + hole.deficit / hole.contracts) / token
    close_out(state, hole.leg, hole.row, -part)
    close_out(state, hole.leg, b, part)
    post(state, row.quote, hole.row, part * price)
    post(state, row.quote, b, -part * price)
    settle_flat(world, state, b, hole.leg)
    settle_flat(world, state, hole.row, hole.leg)
    state.stats[0].adl_notional += abs(part) * state.g[2, hole.leg]
    state.stats[0].adl_loss += share
    note_broken(world, state, hole.row, CALLED)
    if apart:
        note_broken(world, state, b, OTHER)


@lean
def close_leg(world: World, state: State, hole: Hole) -> None:
    """Share one hole among the holders of the other side and close against each of them."""
    for b in range(state.claims.shape[1]):
        note_claim(world, state, hole, b)
    v = world.instruments[hole.leg].venue
    allocate(world.venues[v].adl, state.claims, hole.deficit)
    for b in range(state.claims.shape[1]):
        if state.claims[SHARE, b] > 0.0:
            close_against(world, state, hole, b, state.claims[SHARE, b])


@lean
def notional_at(world: World, state: State, v: int, a: int) -> float:
    """USD of contracts that row ``a`` holds at a venue."""
    _, notional = standing_at(world, state, v, a)
    return notional


@lean
def drop_hairs(world: World, state: State, v: int, a: int) -> None:
    """Give what rounding leaves of a row's balances at a venue to the clearing account.

    The bankruptcy price leaves nothing, but for rounding: a hair of debt is not to be written off,
    nor to close a gate.
    """
    clearing = world.venues[v].clearing
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        row = world.instruments[k]
        value = leg_value(state.g, k, state.balance[k, a])
        if row.kind == BALANCE and row.venue == v and abs(value) <= DUST:
            post(state, k, clearing, clear(state, k, a))


@lean
def deleverage_at(world: World, state: State, v: int, a: int, hole: float) -> bool:
    """Close the contracts of a bankrupt row at one venue; True if somebody paid for it.

    Where nobody does, liquidators may still take over what is left.
    """
    notional = notional_at(world, state, v, a)
    if notional <= 0.0 or available(world, state, v) >= hole:
        return False
    paid = draw_all(world, state, v, a)
    hole -= paid
    before = state.stats[0].adl_loss
    i = 0
    while i < state.rows[a].leg_count:
        k = state.legs[a, i]
        row = world.instruments[k]
        held = state.balance[k, a]
        if row.kind == PERPETUAL and row.venue == v and held != 0.0:
            share = hole * abs(held) * state.g[2, k] / notional
            close_leg(world, state, Hole(a, k, held, share))
        i = next_leg(state, a, i, k)
    drop_hairs(world, state, v, a)
    paid += state.stats[0].adl_loss - before
    state.stats[0].bad_debt += paid
    return paid > DUST


@lean
def deleverage_winners(world: World, state: State, a: int) -> bool:
    """Auto-deleverage a row whose equity is below zero, at the venues that do so."""
    equity, _ = assess(world, state, MAINTENANCE, a)
    changed = False
    for v in range(len(world.venues) - 1):
        if equity < 0.0 and world.venues[v].adl != NO_ADL:
            hole = min(-equity, -worth_at(world, state, v, a))
            if hole > DUST and deleverage_at(world, state, v, a, hole):
                equity, _ = assess(world, state, MAINTENANCE, a)
                changed = True
    return changed
