"""P7: an account with nothing left to take and something left to pay.

Insurance first, then the depositors of the pool that lent, through its share value (marginfi
``bankrupt_bank``, Drift ``resolve_perp_bankruptcy`` on spot deposits); what even they cannot bear
stays with the deficit account, visible.
"""

from sim.compile import lean
from sim.ledger import hand, post, set_shares, tokens
from sim.margin.health import leg_value
from sim.market.trade import buy_with, swap
from sim.state.codes import (
    BALANCE,
    FIRST_INSURANCE,
    OPTION,
    PERPETUAL,
)
from sim.state.state import State
from sim.state.world import World

NOTHING = 1e-12  # share of its deposits below which a pool has lost everything, but for rounding


@lean
def exhausted(world: World, state: State, a: int) -> bool:
    """No contracts, no collateral worth a call, and still a debt."""
    dust = world.venues[world.accounts[a].venue].dust
    collateral = 0.0
    owes = False
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        quantity = state.balance[k, a]
        kind = world.instruments[k].kind
        if kind in (PERPETUAL, OPTION) and quantity != 0.0:
            return False
        if kind == BALANCE:
            owes = owes or quantity < 0.0
            collateral += max(0.0, leg_value(state.g, k, quantity))
    return owes and collateral <= dust


@lean
def insure(world: World, state: State, k: int, a: int, owed: float) -> float:
    """Let the venue's insurance fund buy and repay; return the tokens it covered."""
    row = world.instruments[k]
    fund = FIRST_INSURANCE + row.venue
    cash = world.settings[0].cash_asset
    held = state.outside[fund, cash]
    covered = min(owed, buy_with(world, state, row.asset, max(0.0, held)))
    if covered <= 0.0:
        return 0.0
    swap(world, state, fund, row.asset, covered)
    hand(state, fund, row.asset, -covered)
    post(state, k, a, covered)
    spent = held - state.outside[fund, cash]
    state.stats[0].insurance_used += spent * state.markets[cash].mark
    return covered


@lean
def wipe_out(state: State, k: int) -> None:
    """Depositors lose everything: their shares go, since a share worth nothing has no price."""
    for row in range(state.balance.shape[1]):
        if state.balance[k, row] > 0.0:
            set_shares(state, k, row, 0.0)
    state.pools[k].deposits = 0.0


@lean
def socialise(world: World, state: State, k: int, a: int, owed: float) -> float:
    """Forgive a debt at the expense of its pool's depositors; return the tokens they bore."""
    deposits = state.pools[k].deposits * state.pools[k].deposit_index
    borne = min(owed, deposits)
    if borne <= 0.0:
        return 0.0
    post(state, k, a, borne)
    left = 1.0 - borne / deposits
    if left > NOTHING:
        state.pools[k].deposit_index *= left
    else:
        wipe_out(state, k)
    state.stats[0].socialised_loss += borne * state.g[2, k]
    return borne


@lean
def write_off(world: World, state: State, a: int) -> None:
    """Send every debt of an exhausted account down the waterfall."""
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if world.instruments[k].kind != BALANCE or state.balance[k, a] >= 0.0:
            continue
        owed = -tokens(state, k, a)
        state.stats[0].bad_debt += owed * state.g[2, k]
        owed -= insure(world, state, k, a, owed)
        owed -= socialise(world, state, k, a, owed)
        if owed > 0.0:
            post(state, k, a, owed)
            post(state, k, world.settings[0].deficit, -owed)
