"""P6 and competition: who answers an offer, and with how much."""

from sim.compile import lean
from sim.liquidation.offer import PORTFOLIO, Offer
from sim.liquidation.portfolio import Bid, bidder_margin
from sim.liquidation.sale import on_book, sell
from sim.liquidation.takeover import pay
from sim.liquidation.terms import on_the_block
from sim.liquidation.transfer import take
from sim.margin.health import assess, risk
from sim.margin.terms import leg_value
from sim.market.contract import gain_of
from sim.market.impact import quote_log
from sim.rules import LiquidatorAction, LiquidatorView, Rules
from sim.state.codes import BALANCE, CASH_ONLY, FLASH, INITIAL, MARKET, OPTION, QUOTE, UNCONSTRAINED
from sim.state.state import GENERATIONS, State
from sim.state.world import World


@lean
def bidding_power(world: World, state: State, a: int, offer: Offer, cash: float) -> float:
    """USD of a portfolio that cash pays for, the requirement that comes with it included."""
    block = on_the_block(world, state, a)
    row = world.auctions[world.accounts[a].venue]
    price = max(0.0, block.account.value - block.account.reserved - offer.gain * offer.full)
    whole = bidder_margin(row, block.account, Bid(1.0, price, 0.0))
    return offer.full * cash / whole if whole > 0.0 else offer.full


@lean
def capital(world: World, state: State, liquidator: int, a: int, offer: Offer) -> float:
    """USD of the offer that a liquidator's own means allow under the venue's taker constraint."""
    row = world.liquidators[liquidator]
    rule = world.venues[world.instruments[offer.leg].venue].taker
    if rule == UNCONSTRAINED or (rule == FLASH and offer.collateral >= 0):
        return offer.full
    cash = world.settings[0].cash_asset
    held = state.outside[row.holder, cash] * state.markets[cash].mark
    if offer.collateral == PORTFOLIO:
        return bidding_power(world, state, a, offer, held)
    if offer.collateral >= 0 or rule == CASH_ONLY:
        return held / (1.0 + offer.fee + offer.protocol)
    equity, initial = assess(world, state, INITIAL, row.row)
    ratio = world.ratio[INITIAL, offer.leg] * risk(state.g, offer.leg)
    return (equity - initial) / ratio if ratio > 0.0 else offer.full


@lean
def slippage_of_all(world: World, state: State, a: int, offer: Offer) -> float:
    """Log-price cost of closing the share of a portfolio that is on offer, per USD of it."""
    share = offer.notional / offer.full
    cost = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        leg = world.instruments[k]
        if leg.kind == QUOTE or leg.asset == world.settings[0].cash_asset:
            continue
        size = leg_value(state.g, k, state.balance[k, a])
        if leg.kind != BALANCE:
            size = state.balance[k, a] * state.g[2, k]
        cost += abs(size) * abs(quote_log(world, state, leg.market, -share * size))
    return cost / offer.full


@lean
def slippage(world: World, state: State, a: int, offer: Offer) -> float:
    """Log-price cost of selling what the offer yields and buying what it needs, all at once."""
    leg = world.instruments[offer.leg]
    if offer.collateral == PORTFOLIO:
        return slippage_of_all(world, state, a, offer)
    if leg.kind == OPTION:
        return 0.0  # changes hands at its value, as in `fill`
    if offer.collateral < 0:
        sold = -offer.notional if state.balance[offer.leg, a] >= 0.0 else offer.notional
        return abs(quote_log(world, state, leg.market, sold))
    seized = world.instruments[offer.collateral]
    cost = abs(quote_log(world, state, leg.market, offer.notional))
    return cost + abs(quote_log(world, state, seized.market, -offer.notional))


@lean
def lead(world: World, state: State, k: int) -> float:
    """Market price of instrument k over the price at which the venue hands it over."""
    row = world.instruments[k]
    if row.kind == OPTION:
        return 1.0
    return state.markets[row.market].mark / state.feeds[row.oracle].published


@lean
def true_gain(world: World, state: State, a: int, offer: Offer) -> float:
    """Gain per USD taken at the markets' prices, before impact; the venue's may be late."""
    if offer.collateral == PORTFOLIO:
        return offer.gain
    if offer.collateral < 0:
        basis = gain_of(world.instruments[offer.leg], lead(world, state, offer.leg))
        return offer.gain + (basis if state.balance[offer.leg, a] >= 0.0 else -basis)
    bought = lead(world, state, offer.collateral) / lead(world, state, offer.leg)
    return (1.0 + offer.gain) * bought - 1.0


@lean
def ready(world: World, state: State, liquidator: int, a: int) -> bool:
    """Whether a liquidator's transaction can have landed since the account's breach."""
    waited = state.clock[0].now - state.rows[a].breach
    return waited >= world.liquidators[liquidator].latency


@lean
def offer_view(world: World, state: State, liquidator: int, a: int, offer: Offer) -> LiquidatorView:
    """The offer as a liquidator sees it, with what its own capacity and means allow."""
    means = max(0.0, capital(world, state, liquidator, a, offer))
    room = state.capacity[liquidator]
    cost = world.liquidators[liquidator].cost
    gain = true_gain(world, state, a, offer)
    paid = slippage(world, state, a, offer)
    return LiquidatorView(offer.notional, gain, paid, cost, room, means)


@lean
def affordable(view: LiquidatorView, action: LiquidatorAction) -> float:
    """USD that a decision comes to within the offer, capacity and means."""
    return min(action.notional, view.notional, view.capacity, view.capital)


@lean
def spend(world: World, state: State, liquidator: int, usd: float) -> None:
    """Pay the cost of a call (gas, infrastructure) to the outside market."""
    pay(world, state, world.liquidators[liquidator].holder, MARKET, usd)


@lean
def settle(
    world: World, state: State, liquidator: int, a: int, offer: Offer, notional: float
) -> float:
    """Carry out a liquidator's decision and charge it for the call; return the USD taken."""
    taken = take(world, state, liquidator, a, offer, notional)
    state.capacity[liquidator] -= taken
    if taken > 0.0:
        for g in range(GENERATIONS):
            state.carried[liquidator, g] += taken * state.breaches[a, g]
        spend(world, state, liquidator, world.liquidators[liquidator].cost)
    return taken


@lean
def answer(world: World, state: State, rules: Rules, a: int, offer: Offer) -> float:
    """Let liquidators compete for one call; return the USD taken.

    Whoever's latency has passed may answer. Among those the turn rotates from account to account
    and from step to step, not inside a step, so that none is always first.
    """
    if on_book(world, offer):
        return sell(world, state, a, offer)
    count = len(world.liquidators)
    turn = a + state.clock[0].step
    for i in range(count):
        liquidator = (turn + i) % count
        if not ready(world, state, liquidator, a):
            continue
        view = offer_view(world, state, liquidator, a, offer)
        rule = rules.liquidators[world.liquidators[liquidator].rule]
        notional = affordable(view, rule(view, world.strategy[liquidator]))
        if notional <= 0.0:
            continue
        taken = settle(world, state, liquidator, a, offer, notional)
        if taken > 0.0:
            return taken
    return 0.0
