"""P7, the first layers: what a venue has set aside. Insurance, then the backstop pool.

Funds are kept in the settlement asset. What they owe in another token, they buy; what they are
paid in one, they sell.
"""

from sim.compile import lean
from sim.ledger import hand, post
from sim.market.trade import buy_with, swap
from sim.state.codes import FIRST_INSURANCE, PERPETUAL
from sim.state.state import State
from sim.state.world import World

INSURANCE, BACKSTOP = 0, 1  # layers, in the order in which they pay


@lean
def drawn(loss: float, held: float, limit: float) -> float:
    """What a fund pays of a loss: no more than it holds, nor than its limit per event."""
    return max(0.0, min(loss, held, limit))


@lean
def holder_of(world: World, v: int, layer: int) -> int:
    """Row of ``State.outside`` that holds a layer's tokens: one per venue and layer."""
    return FIRST_INSURANCE + layer * (len(world.venues) - 1) + v


@lean
def limit_of(world: World, state: State, v: int, layer: int) -> float:
    """Settlement tokens that a layer may pay in one event."""
    cash = world.settings[0].cash_asset
    if layer == INSURANCE:
        return world.venues[v].insurance_cap / state.markets[cash].mark
    return float("inf")


@lean
def purse(world: World, state: State, v: int, layer: int) -> float:
    """Settlement tokens that a layer can pay now."""
    held = state.outside[holder_of(world, v, layer), world.settings[0].cash_asset]
    return drawn(float("inf"), held, limit_of(world, state, v, layer))


@lean
def available(world: World, state: State, v: int) -> float:
    """USD that the funds of a perpetual venue can pay now, at the venue's price of cash."""
    total = purse(world, state, v, INSURANCE) + purse(world, state, v, BACKSTOP)
    return total * state.g[2, world.venues[v].cash]


@lean
def note(state: State, layer: int, usd: float) -> None:
    """Statistics of a payment."""
    if layer == INSURANCE:
        state.stats[0].insurance_used += usd
    else:
        state.stats[0].backstop_used += usd


@lean
def note_spent(world: World, state: State, layer: int, k: int, tokens: float, spent: float) -> None:
    """Book what a fund spent on tokens of balance k: what it sold for them, impact included.

    Where nothing is bought, tokens count at the price at which they were owed.
    """
    cash = world.settings[0].cash_asset
    if world.instruments[k].asset == cash:
        note(state, layer, tokens * state.g[2, k])
    else:
        note(state, layer, spent * state.markets[cash].mark)


@lean
def repay(world: World, state: State, layer: int, k: int, a: int, owed: float) -> float:
    """Let a layer buy tokens and repay a debt with them; return the tokens it covered."""
    row = world.instruments[k]
    fund = holder_of(world, row.venue, layer)
    cash = world.settings[0].cash_asset
    means = purse(world, state, row.venue, layer)
    covered = min(owed, buy_with(world, state, row.asset, means))
    if covered <= 0.0:
        return 0.0
    before = state.outside[fund, cash]
    put_aside(world, state, fund, row.asset, -covered)
    post(state, k, a, covered)
    note_spent(world, state, layer, k, covered, before - state.outside[fund, cash])
    return covered


@lean
def put_aside(world: World, state: State, holder: int, asset: int, tokens: float) -> None:
    """Pay tokens of an asset into a fund (+), or out of it (-), which trades them for its own."""
    swap(world, state, holder, asset, -tokens)
    hand(state, holder, asset, tokens)


@lean
def settled_in(world: World, state: State, v: int, a: int) -> int:
    """Balance in which the first contract of row ``a`` at a venue settles; else the venue's own."""
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        row = world.instruments[k]
        if row.kind == PERPETUAL and row.venue == v and state.balance[k, a] != 0.0:
            return row.cash
    return world.venues[v].cash


@lean
def draw_all(world: World, state: State, v: int, a: int) -> float:
    """Pay all that the funds may into what a row's contracts settle in there; return USD."""
    k = settled_in(world, state, v, a)
    asset = world.instruments[k].asset
    cash = world.settings[0].cash_asset
    paid = 0.0
    for layer in range(2):
        tokens = buy_with(world, state, asset, purse(world, state, v, layer))
        if tokens > 0.0 and world.venues[v].clearing >= 0:
            fund = holder_of(world, v, layer)
            before = state.outside[fund, cash]
            put_aside(world, state, fund, asset, -tokens)
            post(state, k, a, tokens)
            note_spent(world, state, layer, k, tokens, before - state.outside[fund, cash])
            paid += tokens * state.g[2, k]
    return paid
