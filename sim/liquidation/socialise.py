"""P7, the last layer: who bears a debt that no fund paid.

Depositors, through the value of their shares (marginfi ``bankrupt_bank``, Drift on spot deposits,
Derive's print of cash); everybody with a position, by open interest (Drift's funding index; its
loans of other tokens fall on depositors); the liquidity providers on the other side of every trade
(GMX, Synthetix); or nobody, and the hole stays on the books (Aave's ``deficit``).
"""

import math

from sim.compile import lean
from sim.ledger import post, set_shares
from sim.state.codes import BY_DEPOSITORS, BY_OPEN_INTEREST, BY_PROVIDERS, PERPETUAL
from sim.state.state import State
from sim.state.world import World

DUST = 1e-6  # USD of contracts: less is what rounding leaves of a book that all have left
NOTHING = 1e-12  # share of its deposits below which a pool has lost everything, but for rounding


@lean
def index_loss(index: float, loss: float, deposits: float) -> float:
    """Fall of a deposit index that spreads a loss over all deposits.

    Parameters
    ----------
    index : float
        Tokens per share.
    loss, deposits : float
        Tokens.
    """
    return index * loss / deposits


@lean
def interest_charge(loss: float, long: float, short: float, unit: float) -> float:
    """Loss per contract when both sides of the open interest bear it.

    Parameters
    ----------
    loss : float
        Quote tokens.
    long, short : float
        Contracts held, either sign.
    unit : float
        The charge is rounded up to a multiple of it; 0 leaves it as it is
        (drift-labs/protocol-v2, ``math/liquidation.rs``).
    """
    charge = loss / (abs(long) + abs(short))
    return math.ceil(charge / unit) * unit if unit > 0.0 else charge


@lean
def charged_sides(long_index: float, short_index: float, charge: float) -> tuple[float, float]:
    """Funding indices of both sides after a charge per contract: each side pays it."""
    return long_index + charge, short_index - charge


@lean
def lost_by_side(charge: float, contracts: float) -> float:
    """What holders of contracts pay at a charge per contract, quote tokens."""
    return charge * abs(contracts)


@lean
def remaining(before: float, gone: float) -> float:
    """What is left of a loss after a layer paid, or of an index after its fall."""
    return before - gone


@lean
def wipe_out(state: State, k: int) -> None:
    """Depositors lose everything: their shares go, since a share worth nothing has no price."""
    for row in range(state.balance.shape[1]):
        if state.balance[k, row] > 0.0:
            set_shares(state, k, row, 0.0)
    state.pools[k].deposits = 0.0


@lean
def from_depositors(state: State, k: int, a: int, owed: float) -> float:
    """Give a row tokens at the expense of a pool's depositors; return what they bore."""
    deposits = state.pools[k].deposits * state.pools[k].deposit_index
    borne = min(owed, deposits)
    if borne <= 0.0:
        return 0.0
    if 1.0 - borne / deposits > NOTHING:
        index = state.pools[k].deposit_index
        fall = index_loss(index, borne, deposits)
        state.pools[k].deposit_index = remaining(index, fall)
    else:
        wipe_out(state, k)
    post(state, k, a, borne)  # last: who is left with a deposit of it bears nothing of this loss
    return borne


@lean
def open_interest(world: World, state: State, cash: int) -> float:
    """USD of the contracts held long and short that settle in a balance."""
    total = 0.0
    for k in range(len(world.instruments)):
        if world.instruments[k].kind == PERPETUAL and world.instruments[k].cash == cash:
            total += (state.pools[k].deposits + state.pools[k].loans) * state.g[2, k]
    return total


@lean
def from_open_interest(world: World, state: State, k: int, a: int, owed: float) -> float:
    """Forgive a debt at the expense of all positions that settle in its token, by notional.

    Charged to the quote balances, as funding is; the venue's clearing account turns it into cash.
    """
    clearing = world.venues[world.instruments[k].venue].clearing
    total = open_interest(world, state, k)
    if clearing < 0 or total <= DUST:
        return 0.0
    charge = interest_charge(owed, total, 0.0, 0.0)
    for j in range(len(world.instruments)):
        leg = world.instruments[j]
        if leg.kind != PERPETUAL or leg.cash != k:
            continue
        for b in range(state.balance.shape[1]):
            if state.balance[j, b] != 0.0:
                paid = lost_by_side(charge, state.balance[j, b] * state.g[2, j])
                post(state, leg.quote, b, -paid)
                post(state, leg.quote, clearing, paid)
    post(state, k, clearing, -owed)
    post(state, k, a, owed)
    return owed


@lean
def from_providers(world: World, state: State, k: int, a: int, owed: float) -> float:
    """Forgive a debt in settlement tokens at the expense of the venue's liquidity providers."""
    maker = world.venues[world.instruments[k].venue].maker
    if maker < 0 or k != world.instruments[k].cash:
        return 0.0
    held = state.balance[k, maker] * state.pools[k].deposit_index
    borne = min(owed, held)
    if borne <= 0.0:
        return 0.0
    post(state, k, maker, -borne)
    post(state, k, a, borne)
    return borne


@lean
def socialise(world: World, state: State, k: int, a: int, owed: float) -> float:
    """Spread a debt of row ``a`` by the rule of its venue; return the tokens others bore."""
    kind = world.venues[world.instruments[k].venue].socialise
    borne = 0.0
    if kind == BY_DEPOSITORS:
        borne = from_depositors(state, k, a, owed)
    elif kind == BY_OPEN_INTEREST:
        borne = from_open_interest(world, state, k, a, owed)
        if borne <= 0.0:  # a loan of another token, or nobody holds contracts
            borne = from_depositors(state, k, a, owed)
    elif kind == BY_PROVIDERS:
        borne = from_providers(world, state, k, a, owed)
    state.stats[0].socialised_loss += borne * state.g[2, k]
    return borne
