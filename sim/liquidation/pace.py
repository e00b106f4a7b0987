"""What a liquidation remembers between calls, and when time alone can change its terms."""

import math

from sim.compile import lean
from sim.liquidation.kick import by_auction, must_start, start
from sim.liquidation.offer import PORTFOLIO, Offer
from sim.liquidation.portfolio import start_fee
from sim.liquidation.size import in_window
from sim.liquidation.suspend import doubted
from sim.liquidation.takeover import charge_start, pay
from sim.liquidation.terms import on_the_block, shortage
from sim.state.codes import DUTCH, PROTOCOL, WHOLE_PORTFOLIO
from sim.state.state import FLAGGED, State
from sim.state.world import World


@lean
def begin_portfolio(world: World, state: State, a: int) -> bool:
    """Start a portfolio's auction, or the ramp once it is insolvent; whether one was started."""
    account = on_the_block(world, state, a).account
    insolvent = 1 if account.value <= 0.0 else 0
    if state.rows[a].auction >= 0.0 and state.rows[a].auction_debt == insolvent:
        return False
    if not insolvent and state.rows[a].auction < 0.0:
        fee = start_fee(world.auctions[world.accounts[a].venue], account)
        charge_start(world, state, a, fee)
    state.rows[a].auction = state.clock[0].now
    state.rows[a].auction_debt = insolvent
    return True


@lean
def begin_auction(world: World, state: State, a: int, offer: Offer) -> bool:
    """Start or restart the auction that an offer needs; whether one was started."""
    if offer.collateral == PORTFOLIO:
        return begin_portfolio(world, state, a)
    if not by_auction(world, offer) or not must_start(world, state, a, offer):
        return False
    reward = start(world, state, a, offer)
    count = len(world.liquidators)
    if count > 0:  # where nobody liquidates, it starts by itself and nobody is paid
        pay(world, state, PROTOCOL, world.liquidators[a % count].holder, reward)
    return True


@lean
def note_shortage(world: World, state: State, a: int) -> None:
    """Before a call: what the account misses."""
    if world.venues[world.accounts[a].venue].throttle_duration > 0.0:
        state.rows[a].missing = shortage(world, state, a)


@lean
def note_progress(world: World, state: State, a: int, offer: Offer, taken: float) -> None:
    """After a call: shortage removed, windows, and when the last partial call was."""
    if world.venues[world.accounts[a].venue].throttle_duration > 0.0:
        left = shortage(world, state, a)
        state.rows[a].freed += max(0.0, state.rows[a].missing - left)
    in_window(world, state, offer, taken)
    if taken < offer.full:
        state.rows[a].partial = state.clock[0].now


@lean
def moves_with_time(world: World, state: State, a: int) -> bool:
    """Whether waiting alone can change what is offered of an account."""
    row = world.venues[world.accounts[a].venue]
    if row.throttle_duration > 0.0 or row.cooldown > 0.0 or row.selection == WHOLE_PORTFOLIO:
        return True
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        terms = world.venues[world.instruments[k].venue]
        if state.balance[k, a] == 0.0:
            continue
        if terms.fee_growth > 0.0 or terms.window > 0.0 or terms.bonus == DUTCH:
            return True
    return math.isfinite(row.hole) or doubted(world, state, a)


@lean
def terms_move(world: World, state: State) -> bool:
    """Whether time alone changes the terms of some account below maintenance."""
    for i in range(state.clock[0].flagged):
        if moves_with_time(world, state, state.lists[FLAGGED, i]):
            return True
    return False
