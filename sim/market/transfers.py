"""Collateral on the way: what an owner sends to an account arrives late."""

from sim.compile import lean
from sim.ledger import hand, pool_cash, post, tokens
from sim.margin.health import assess
from sim.state.codes import INITIAL, TRANSIT
from sim.state.state import TRANSFERS, State
from sim.state.world import World


@lean
def spare(world: World, state: State, b: int) -> float:
    """Settlement tokens that account ``b`` can send away and still meet initial margin, USD."""
    cash = world.accounts[b].cash
    if state.gates[world.instruments[cash].venue] > state.clock[0].now:
        return 0.0
    equity, initial = assess(world, state, INITIAL, b)
    price = state.g[2, cash]
    held = min(tokens(state, cash, b), pool_cash(state, cash)) * price
    return max(0.0, min(held, equity - initial))


@lean
def spare_elsewhere(world: World, state: State, a: int) -> float:
    """Free collateral in the owner's other accounts, USD."""
    owner = world.accounts[a].owner
    total = 0.0
    for b in range(world.first_account[owner], world.first_account[owner + 1]):
        if b != a:
            total += spare(world, state, b)
    return total


@lean
def send(world: World, state: State, a: int, usd: float) -> None:
    """Send settlement tokens to account ``a``: from the wallet, then from sibling accounts."""
    cash = world.settings[0].cash_asset
    price = state.markets[cash].mark
    owner = world.accounts[a].owner
    wanted = usd / price
    sent = min(wanted, state.wallet[owner])
    state.wallet[owner] -= sent
    for b in range(world.first_account[owner], world.first_account[owner + 1]):
        part = min(wanted - sent, spare(world, state, b) / price) if b != a else 0.0
        if part > 0.0:
            post(state, world.accounts[b].cash, b, -part)
            sent += part
    if sent <= 0.0:
        return
    hand(state, TRANSIT, cash, sent)
    if state.rows[a].arriving == 0.0:
        state.lists[TRANSFERS, state.clock[0].arriving] = a
        state.clock[0].arriving += 1
    state.rows[a].arriving += sent
    state.rows[a].due = state.clock[0].now + world.accounts[a].delay
    state.stats[0].topped_up += sent * price


@lean
def deliver_due(world: World, state: State) -> None:
    """Credit every transfer whose delay has passed."""
    waiting = 0
    for i in range(state.clock[0].arriving):
        a = state.lists[TRANSFERS, i]
        if state.rows[a].due > state.clock[0].now:
            state.lists[TRANSFERS, waiting] = a
            waiting += 1
            continue
        hand(state, TRANSIT, world.settings[0].cash_asset, -state.rows[a].arriving)
        post(state, world.accounts[a].cash, a, state.rows[a].arriving)
        state.rows[a].arriving = 0.0
    state.clock[0].arriving = waiting
