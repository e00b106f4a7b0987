"""P4 to P6: every leg of an account changes hands at once, in one share.

To the highest bidder of a portfolio auction (Derive), or to the venue's own vault, which gets what
margin is left and no price is paid (Hyperliquid).
"""

from sim.compile import lean
from sim.ledger import HAIR, clear, hand, post, tokens
from sim.liquidation.offer import Offer
from sim.liquidation.terms import on_the_block
from sim.liquidation.waterfall import bear_portfolio
from sim.margin.health import assess
from sim.state.codes import FIRST_INSURANCE, MAINTENANCE
from sim.state.state import State
from sim.state.world import World


@lean
def pay(world: World, state: State, holder: int, to: int, usd: float) -> None:
    """Move settlement tokens between two holders outside the venues."""
    cash = world.settings[0].cash_asset
    amount = usd / state.markets[cash].mark
    hand(state, holder, cash, -amount)
    hand(state, to, cash, amount)


@lean
def move_legs(world: World, state: State, a: int, to: int, share: float) -> None:
    """Give a share of every leg to another ledger row; cash of earlier bidders stays."""
    kept = state.rows[a].reserved
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if share >= 1.0 and kept <= 0.0:
            post(state, k, to, clear(state, k, a))
            continue
        amount = tokens(state, k, a)
        if k == world.accounts[a].cash and amount > 0.0:
            amount = max(0.0, amount - kept)
        post(state, k, a, -share * amount)
        post(state, k, to, share * amount)


@lean
def fund_of(world: World, a: int) -> int:
    """Holder of the insurance fund behind an account; -1 behind the hub's."""
    venue = world.accounts[a].venue
    return FIRST_INSURANCE + venue if venue < len(world.venues) - 1 else -1


@lean
def take_portfolio(
    world: World, state: State, liquidator: int, a: int, offer: Offer, notional: float
) -> float:
    """A bidder takes a share of every leg and pays, or is paid for, it; return the gross USD.

    What a bidder is paid for an insolvent portfolio goes down the waterfall: first out of the fund,
    then by a print of cash (Derive's ``DutchAuction.sol``, ``cash.socializeLoss``).
    """
    block = on_the_block(world, state, a)
    row = world.liquidators[liquidator]
    share = min(1.0, notional / offer.full)
    price = block.account.value - offer.gain * offer.full
    if block.account.value > 0.0:
        price -= block.account.reserved
    usd = share * price if abs(price) > HAIR * offer.full else 0.0
    if usd < 0.0:  # while the account's debts still show who lent
        bear_portfolio(world, state, a, row.row, -usd)
    move_legs(world, state, a, row.row, share)
    if usd >= 0.0:
        amount = usd / state.markets[world.settings[0].cash_asset].mark
        hand(state, row.holder, world.settings[0].cash_asset, -amount)
        post(state, world.accounts[a].cash, a, amount)
        state.rows[a].reserved += amount
    state.stats[0].penalties += share * offer.gain * offer.full
    return min(notional, offer.full)


@lean
def vault_takes(world: World, state: State, a: int) -> float:
    """Let the venue's vault take an account that fell far below maintenance; return gross USD."""
    row = world.venues[world.accounts[a].venue]
    if row.backstop <= 0.0 or row.maker < 0:
        return 0.0
    equity, required = assess(world, state, MAINTENANCE, a)
    if equity < 0.0 or equity >= row.backstop * required:
        return 0.0
    gross = on_the_block(world, state, a).gross
    state.rows[a].reserved = 0.0  # what bidders paid in goes with the rest
    move_legs(world, state, a, row.maker, 1.0)
    state.stats[0].penalties += equity
    return gross


@lean
def charge_start(world: World, state: State, a: int, usd: float) -> None:
    """Fee of an account whose portfolio auction starts, out of its cash, to the insurance fund."""
    fund = fund_of(world, a)
    if usd <= 0.0 or fund < 0:
        return
    cash = world.settings[0].cash_asset
    amount = min(usd / state.markets[cash].mark, max(0.0, tokens(state, world.accounts[a].cash, a)))
    post(state, world.accounts[a].cash, a, -amount)
    hand(state, fund, cash, amount)
    state.stats[0].penalties += amount * state.markets[cash].mark
