"""Double entry: the only functions that change who holds what.

Balances are held in shares of their pool (tokens = shares x index), so that interest touches no
account. Amounts passed here are tokens, contracts or quote tokens. Two calls with opposite amounts
make an event; nothing else writes the ledger.
"""

import numpy as np

from sim.compile import lean
from sim.state.state import CLOSE, WATCHED, State
from sim.state.world import World

HAIR = 1e-12  # of a position or an order: less is what rounding leaves of it


@lean
def insert(ids: np.ndarray, count: int, a: int) -> None:
    """Insert ``a`` into the first ``count`` ids, which ascend."""
    at = count
    while at > 0 and ids[at - 1] > a:
        ids[at] = ids[at - 1]
        at -= 1
    ids[at] = a


@lean
def list_account(state: State, a: int) -> None:
    """Put account ``a`` on the watch list and among the close ones."""
    if not state.rows[a].listed:
        insert(state.lists[WATCHED], state.clock[0].watched, a)
        state.rows[a].listed = 1
        state.clock[0].watched += 1
    if not state.rows[a].close:
        insert(state.lists[CLOSE], state.clock[0].close, a)
        state.rows[a].close = 1
        state.clock[0].close += 1


@lean
def note_change(state: State, a: int) -> None:
    """Remember that row ``a`` may differ from the opening, to put it back for the next path."""
    if not state.rows[a].changed:
        state.rows[a].changed = 1
        state.changed[state.clock[0].changed] = a
        state.clock[0].changed += 1


@lean
def touch(state: State, a: int, k: int) -> None:
    """Announce a change of row ``a``: it holds instrument k, and must be looked at again."""
    note_change(state, a)
    count = state.rows[a].leg_count
    at = 0
    while at < count and state.legs[a, at] < k:
        at += 1
    if at == count or state.legs[a, at] != k:
        for i in range(count, at, -1):
            state.legs[a, i] = state.legs[a, i - 1]
        state.legs[a, at] = k
        state.rows[a].leg_count = count + 1
    if a < state.lists.shape[1]:
        state.radius[:, a] = 0.0
        list_account(state, a)


@lean
def next_leg(state: State, a: int, i: int, k: int) -> int:
    """Place after instrument k's, which stood at ``i``: an event may have listed legs before it."""
    while state.legs[a, i] != k:
        i += 1
    return i + 1


@lean
def tokens(state: State, k: int, a: int) -> float:
    """Tokens (or contracts) of instrument k that row ``a`` holds; negative when it owes."""
    shares = state.balance[k, a]
    if shares >= 0.0:
        return shares * state.pools[k].deposit_index
    return shares * state.pools[k].borrow_index


@lean
def set_shares(state: State, k: int, a: int, shares: float) -> None:
    """Write a balance and keep the pool's totals of deposits and loans."""
    before = state.balance[k, a]
    state.pools[k].deposits += max(shares, 0.0) - max(before, 0.0)
    state.pools[k].loans += max(-shares, 0.0) - max(-before, 0.0)
    state.balance[k, a] = shares
    touch(state, a, k)


@lean
def post(state: State, k: int, a: int, amount: float) -> None:
    """Add ``amount`` tokens of instrument k to row ``a``; crossing zero changes the index."""
    if amount == 0.0:
        return
    total = tokens(state, k, a) + amount
    index = state.pools[k].deposit_index if total >= 0.0 else state.pools[k].borrow_index
    set_shares(state, k, a, total / index)
    state.gross[k] += abs(amount)


@lean
def clear(state: State, k: int, a: int) -> float:
    """Take the whole balance of instrument k out of row ``a``; return the tokens it was."""
    amount = tokens(state, k, a)
    if amount != 0.0:
        set_shares(state, k, a, 0.0)
        state.gross[k] += abs(amount)
    return amount


@lean
def close_out(state: State, k: int, a: int, amount: float) -> None:
    """Add to a row's position or pay back a loan; what rounding would leave of it is none.

    A hair of a contract would keep its owner from settling, and a debt from being written off; a
    hair of a loan would be offered to liquidators before what the account really owes.
    """
    held = tokens(state, k, a)
    if abs(held + amount) <= HAIR * abs(held):
        clear(state, k, a)
    else:
        post(state, k, a, amount)


@lean
def hand(state: State, holder: int, asset: int, amount: float) -> None:
    """Add tokens to a holder outside the venues."""
    state.outside[holder, asset] += amount
    state.gross[state.balance.shape[0] + asset] += abs(amount)


@lean
def pool_cash(state: State, k: int) -> float:
    """Tokens that a pool can pay out now: deposits less loans."""
    deposits = state.pools[k].deposits * state.pools[k].deposit_index
    return deposits - state.pools[k].loans * state.pools[k].borrow_index


@lean
def settle_flat(world: World, state: State, a: int, k: int) -> None:
    """Turn the quote balance of a closed perpetual position into cash at its venue.

    The venue's clearing account takes the other side of both entries, so the quote instrument
    still sums to zero and the cash pool still holds what it held.
    """
    quote = world.instruments[k].quote
    for i in range(state.rows[a].leg_count):
        j = state.legs[a, i]
        if world.instruments[j].quote == quote and state.balance[j, a] != 0.0:
            return
    clearing = world.venues[world.instruments[k].venue].clearing
    amount = clear(state, quote, a)
    post(state, quote, clearing, amount)
    post(state, world.instruments[k].cash, a, amount)
    post(state, world.instruments[k].cash, clearing, -amount)
