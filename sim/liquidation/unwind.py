"""What liquidators took and still hold, sold at the speed their strategy allows.

A venue lets collateral go only as far as initial margin stays covered, for a liquidator as for
anybody: loans in cash that came with a portfolio are therefore repaid before its deposits leave.
"""

from sim.compile import lean
from sim.ledger import hand, next_leg, pool_cash, post, tokens
from sim.margin.health import assess
from sim.market.contract import contract_usd
from sim.market.descent import nobodys, write_shares
from sim.market.trade import fill, swap
from sim.state.codes import BALANCE, INITIAL, OPTION, PERPETUAL
from sim.state.state import State
from sim.state.world import World

ROUNDING = 1e-12  # share of its deposits that a pool without cash may seem to hold


@lean
def slice_of(quantity: float, price: float, budget: float) -> float:
    """Signed part of an inventory that ``budget`` USD of trading disposes of."""
    limit = budget / price
    return -max(-limit, min(limit, quantity))


@lean
def unwind_tokens(world: World, state: State, liquidator: int, elapsed: float) -> bool:
    """Sell seized tokens; return whether any were sold."""
    row = world.liquidators[liquidator]
    budget = row.unwind * elapsed
    traded = False
    for n in range(state.outside.shape[1]):
        quantity = state.outside[row.holder, n]
        if n == world.settings[0].cash_asset or quantity == 0.0:
            continue
        part = slice_of(quantity, state.markets[n].mark, budget)
        swap(world, state, row.holder, n, part)
        traded = True
    return traded


@lean
def unwind_contracts(world: World, state: State, liquidator: int, elapsed: float) -> bool:
    """Close contracts taken over, against the market maker; return whether any were closed."""
    row = world.liquidators[liquidator]
    budget = row.unwind * elapsed
    traded = False
    i = 0
    while i < state.rows[row.row].leg_count:
        k = state.legs[row.row, i]
        leg = world.instruments[k]
        quantity = state.balance[k, row.row]
        if leg.kind in (PERPETUAL, OPTION) and quantity != 0.0:
            price = contract_usd(leg, state.markets[leg.market].mark)
            part = slice_of(quantity, price, budget)
            if fill(world, state, k, row.row, part) != 0.0:
                traded = True
        i = next_leg(state, row.row, i, k)
    return traded


@lean
def repay_cash(world: World, state: State, liquidator: int) -> bool:
    """Repay loans of cash out of cash outside, which costs no impact; whether any was repaid."""
    row = world.liquidators[liquidator]
    cash = world.settings[0].cash_asset
    repaid = False
    for i in range(state.rows[row.row].leg_count):
        k = state.legs[row.row, i]
        leg = world.instruments[k]
        if leg.kind != BALANCE or leg.asset != cash:
            continue
        part = min(-tokens(state, k, row.row), state.outside[row.holder, cash])
        if part > 0.0:
            hand(state, row.holder, cash, -part)
            post(state, k, row.row, part)
            repaid = True
    return repaid


@lean
def payable(world: World, state: State, a: int, k: int) -> float:
    """Tokens of a deposit that row ``a`` may take out: its pool's cash, and initial margin."""
    held = pool_cash(state, k)
    if held <= ROUNDING * state.pools[k].deposits:
        return 0.0
    equity, initial = assess(world, state, INITIAL, a)
    return min(held, max(0.0, equity - initial) / state.markets[world.instruments[k].asset].mark)


@lean
def unwind_balances(world: World, state: State, liquidator: int, elapsed: float) -> bool:
    """Withdraw deposits and repay loans that came with a portfolio; return whether any moved."""
    row = world.liquidators[liquidator]
    budget = row.unwind * elapsed
    moved = repay_cash(world, state, liquidator)
    for i in range(state.rows[row.row].leg_count):
        k = state.legs[row.row, i]
        leg = world.instruments[k]
        amount = tokens(state, k, row.row)
        if leg.kind != BALANCE or leg.asset == world.settings[0].cash_asset or amount == 0.0:
            continue
        part = -slice_of(amount, state.markets[leg.asset].mark, budget)
        if part > 0.0:
            part = min(part, payable(world, state, row.row, k))
        else:
            swap(world, state, row.holder, leg.asset, -part)
        if part == 0.0:
            continue
        post(state, k, row.row, -part)
        hand(state, row.holder, leg.asset, part)
        moved = True
    return moved


@lean
def unwind_all(world: World, state: State, elapsed: float) -> bool:
    """One round of selling by every liquidator; return whether anything was traded."""
    traded = False
    for liquidator in range(len(world.liquidators)):
        write_shares(state.carried[liquidator], state.cause)
        if unwind_balances(world, state, liquidator, elapsed):
            traded = True
        if unwind_tokens(world, state, liquidator, elapsed):
            traded = True
        if unwind_contracts(world, state, liquidator, elapsed):
            traded = True
    nobodys(state.cause)
    return traded
