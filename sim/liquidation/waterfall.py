"""P7: an account with nothing left to take and something left to pay.

Insurance first, then the backstop pool, then whoever the venue lets bear it; what even they cannot
bear stays with the deficit account, visible. Auto-deleveraging comes earlier, while there are still
contracts to close (:mod:`sim.liquidation.bankrupt`).
"""

from sim.compile import lean
from sim.ledger import post, tokens
from sim.liquidation.bonus import total_debt
from sim.liquidation.funds import BACKSTOP, INSURANCE, repay
from sim.liquidation.socialise import socialise
from sim.margin.terms import leg_value
from sim.state.codes import BALANCE, OPTION, PERPETUAL
from sim.state.state import State
from sim.state.world import World

ROUNDING = 1e-12  # of a debt: what seizing all of the collateral may leave of it


@lean
def exhausted(world: World, state: State, a: int) -> bool:
    """No contracts, no collateral worth a call, and a debt that it does not cover.

    A small account that nobody cares to liquidate is no loss while it can pay (marginfi asks for
    ``liabs > assets`` as well as for assets below its threshold).
    """
    dust = world.venues[world.accounts[a].venue].dust
    collateral = owed = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        quantity = state.balance[k, a]
        kind = world.instruments[k].kind
        if kind in (PERPETUAL, OPTION) and quantity != 0.0:
            return False
        if kind == BALANCE:
            value = leg_value(state.g, k, quantity)
            collateral += max(0.0, value)
            owed += max(0.0, -value)
    return owed > collateral and collateral <= max(dust, ROUNDING * owed)


@lean
def close_gate(world: World, state: State, v: int) -> None:
    """After a loss that no fund paid a venue may let nothing out for a while."""
    if world.venues[v].gate > 0.0:
        state.gates[v] = state.clock[0].now + world.venues[v].gate


@lean
def bear(world: World, state: State, k: int, a: int, owed: float) -> None:
    """Send ``owed`` tokens that row ``a`` is to get of instrument k down the venue's waterfall."""
    state.stats[0].bad_debt += owed * state.g[2, k]
    owed -= repay(world, state, INSURANCE, k, a, owed)
    owed -= repay(world, state, BACKSTOP, k, a, owed)
    if owed > 0.0:
        close_gate(world, state, world.instruments[k].venue)
        owed -= socialise(world, state, k, a, owed)
    if owed > 0.0:
        post(state, k, a, owed)
        post(state, k, world.settings[0].deficit, -owed)
        state.stats[0].deficit_left += owed * state.g[2, k]


@lean
def write_off(world: World, state: State, a: int) -> None:
    """Send every debt of an exhausted account down the waterfall."""
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if world.instruments[k].kind == BALANCE and state.balance[k, a] < 0.0:
            bear(world, state, k, a, -tokens(state, k, a))


@lean
def bear_portfolio(world: World, state: State, a: int, to: int, usd: float) -> None:
    """Pay row ``to`` for assuming the insolvent row ``a``: its lenders' venues do, by their loans.

    Where it owes nothing but to contracts, the venue that keeps its cash does.
    """
    owed = total_debt(world, state, a)
    if owed <= 0.0:
        k = world.accounts[a].cash
        bear(world, state, k, to, usd / state.g[2, k])
        return
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if world.instruments[k].kind == BALANCE:
            debt = max(0.0, -leg_value(state.g, k, state.balance[k, a]))
            if debt > 0.0:
                bear(world, state, k, to, usd * debt / owed / state.g[2, k])
