"""Is anything made out of nothing: per token over everyone, per derivative over finite accounts.

A token's total is what all ledger rows hold and owe of it, at their pools' indices, plus what is
held outside the venues and in wallets. Contracts and quote balances sum to zero over the ledger
rows; the outside market has no row there, so it can hold neither. Differences are stated relative
to gross flow, with the opening holdings counted as the first flow: rounding grows with both.
"""

import numpy as np

from sim.compile import lean
from sim.state.codes import BALANCE
from sim.state.state import State
from sim.state.world import World


@lean
def shares(held: np.ndarray) -> tuple[float, float]:
    """Net and gross sum of a row of balances, in two strands each to keep the processor busy."""
    net = other_net = gross = other_gross = 0.0
    for a in range(1, held.shape[0], 2):
        net += held[a - 1]
        other_net += held[a]
        gross += abs(held[a - 1])
        other_gross += abs(held[a])
    if held.shape[0] % 2 == 1:
        net += held[held.shape[0] - 1]
        gross += abs(held[held.shape[0] - 1])
    return net + other_net, gross + other_gross


@lean
def instrument_total(state: State, k: int) -> tuple[float, float]:
    """Net and gross amount of instrument k over all ledger rows."""
    net, gross = shares(state.balance[k])
    owned = 0.5 * (gross + net) * state.pools[k].deposit_index
    owed = 0.5 * (gross - net) * state.pools[k].borrow_index
    return owned - owed, owned + owed


@lean
def token_total(world: World, state: State, n: int) -> tuple[float, float]:
    """Net and gross amount of asset n over ledger rows, outside holders and wallets."""
    net = 0.0
    gross = 0.0
    for k in range(len(world.instruments)):
        if world.instruments[k].kind == BALANCE and world.instruments[k].asset == n:
            held, size = instrument_total(state, k)
            net += held
            gross += size
    for h in range(state.outside.shape[0]):
        net += state.outside[h, n]
        gross += abs(state.outside[h, n])
    if n == world.settings[0].cash_asset:
        for t in range(len(state.wallet)):
            net += state.wallet[t]
            gross += abs(state.wallet[t])
    return net, gross


@lean
def token_flow(world: World, state: State, n: int) -> float:
    """Gross flow of asset n since the start of the path, inside and outside the venues."""
    flow = state.gross[state.balance.shape[0] + n]
    for k in range(len(world.instruments)):
        if world.instruments[k].kind == BALANCE and world.instruments[k].asset == n:
            flow += state.gross[k]
    return flow


@lean
def relative(difference: float, scale: float) -> float:
    """Size of a difference on a scale; infinite if it is not a number or nothing has moved."""
    if difference == 0.0:
        return 0.0
    size = abs(difference) / scale
    return size if size >= 0.0 else float("inf")


@lean
def imbalance(world: World, state: State, opening: State) -> float:
    """Largest relative amount of anything that has appeared or vanished since the opening.

    Parameters
    ----------
    world : World
        Parameters; only the instrument table and the settlement asset are read.
    state, opening : State
        The state now and at the start of the path.

    Returns
    -------
    float
        Zero but for rounding (about 1e-15 per entry) when every event was a double entry.
    """
    worst = 0.0
    for n in range(state.outside.shape[1]):
        now, _ = token_total(world, state, n)
        then, held = token_total(world, opening, n)
        worst = max(worst, relative(now - then, held + token_flow(world, state, n)))
    for k in range(len(world.instruments)):
        if world.instruments[k].kind != BALANCE:
            net, _ = instrument_total(state, k)
            _, held = instrument_total(opening, k)
            worst = max(worst, relative(net, held + state.gross[k]))
    return worst
