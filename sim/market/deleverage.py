"""An owner reduces risk on his own account: perpetuals at the book, loans by selling collateral."""

from sim.compile import lean
from sim.ledger import close_out, hand, pool_cash, post, tokens
from sim.margin.terms import leg_value
from sim.market.trade import buy_with, fill, swap
from sim.state.codes import BALANCE, OPTION, PERPETUAL, TRANSIT
from sim.state.state import State
from sim.state.world import World


@lean
def largest_collateral(world: World, state: State, a: int) -> int:
    """Instrument of the account's most valuable deposit; -1 without any."""
    best = -1
    most = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if world.instruments[k].kind != BALANCE:
            continue
        value = leg_value(state.g, k, state.balance[k, a])
        if value > most:
            best = k
            most = value
    return best


@lean
def repay_from_collateral(world: World, state: State, a: int, k: int, usd: float) -> float:
    """Withdraw collateral, sell it, buy the debt's token, repay; return the USD repaid.

    What is over goes to the wallet.
    """
    cash = world.settings[0].cash_asset
    c = largest_collateral(world, state, a)
    if c < 0 or usd <= 0.0:
        return 0.0
    price = state.g[2, c]
    sold = min(usd / price, tokens(state, c, a), max(0.0, pool_cash(state, c)))
    before = state.outside[TRANSIT, cash]
    asset = world.instruments[c].asset
    post(state, c, a, -sold)
    hand(state, TRANSIT, asset, sold)
    swap(world, state, TRANSIT, asset, -sold)
    target = world.instruments[k].asset
    proceeds = state.outside[TRANSIT, cash] - before
    bought = min(buy_with(world, state, target, proceeds), -tokens(state, k, a))
    swap(world, state, TRANSIT, target, bought)
    hand(state, TRANSIT, target, -bought)
    close_out(state, k, a, bought)
    over = state.outside[TRANSIT, cash] - before
    hand(state, TRANSIT, cash, -over)
    state.wallet[world.accounts[a].owner] += over
    return bought * state.g[2, k]


@lean
def deleverage(world: World, state: State, a: int, share: float) -> None:
    """Close a share of every perpetual and of every loan of account ``a``.

    Over all instruments, since a position closed here can add a leg to the account's list.
    """
    for k in range(len(world.instruments)):
        quantity = state.balance[k, a]
        kind = world.instruments[k].kind
        if kind in (PERPETUAL, OPTION) and quantity != 0.0:
            part = -quantity if share >= 1.0 else -share * quantity
            filled = fill(world, state, k, a, part)
            state.stats[0].deleveraged_notional += abs(filled) * state.g[2, k]
        elif kind == BALANCE and quantity < 0.0:
            usd = -leg_value(state.g, k, quantity) * share
            repaid = repay_from_collateral(world, state, a, k, usd)
            state.stats[0].deleveraged_notional += repaid
