"""P5: a perpetual closed by an order on its venue's book, within a limit (dYdX v4, Hyperliquid).

Nobody has to take anything over; the order trades at the displaced price like any other, and the
insurance fund settles the difference to the bankruptcy price.
"""

from sim.compile import lean
from sim.ledger import post
from sim.liquidation.book import Closing, Standing, fund_delta, limit_price
from sim.liquidation.funds import put_aside
from sim.liquidation.offer import Offer
from sim.margin.health import assess, risk
from sim.margin.weights import liability_weight
from sim.market.contract import contract_price, underlying_of
from sim.market.impact import quote_log
from sim.market.trade import buy_with, fill, maker_room
from sim.numerics import exp
from sim.state.codes import BOOK, FIRST_INSURANCE, MAINTENANCE, PERPETUAL
from sim.state.state import State
from sim.state.world import World

HALVINGS = 24  # of the share of an order that the limit lets through


@lean
def on_book(world: World, offer: Offer) -> bool:
    """Whether the venue sells what is on offer on its own book."""
    if offer.leg < 0 or offer.collateral != -1:
        return False
    if world.instruments[offer.leg].kind != PERPETUAL:
        return False  # options have no book: they change hands at their value
    return world.venues[world.instruments[offer.leg].venue].perp_price == BOOK


@lean
def average_price(world: World, state: State, k: int, quantity: float) -> float:
    """Price that an order of ``quantity`` contracts (+ buys) would pay, quote tokens."""
    row = world.instruments[k]
    mark = state.markets[row.market].mark
    usd = underlying_of(row, quantity, mark) * mark
    return contract_price(row, mark * exp(quote_log(world, state, row.market, usd)))


@lean
def within_limit(world: World, state: State, k: int, quantity: float, limit: float) -> float:
    """Largest part of an order whose average price is no worse than the limit."""
    good = 0.0
    bad = 1.0
    sign = 1.0 if quantity >= 0.0 else -1.0
    if sign * average_price(world, state, k, quantity) <= sign * limit:
        return quantity
    for _ in range(HALVINGS):
        middle = 0.5 * (good + bad)
        if sign * average_price(world, state, k, middle * quantity) <= sign * limit:
            good = middle
        else:
            bad = middle
    return good * quantity


@lean
def closing_of(world: World, state: State, a: int, k: int) -> Closing:
    """Return the position as the order sees it; its price is the oracle's."""
    held = state.balance[k, a]
    row = world.instruments[k]
    ratio = liability_weight(world.ratio[MAINTENANCE, k], row.size_penalty, abs(held))
    ratio *= risk(state.g, k)
    return Closing(held, contract_price(row, state.feeds[row.oracle].published), ratio)


@lean
def settle_with_fund(world: World, state: State, a: int, k: int, delta: float) -> None:
    """Pay the insurance fund (+), or let it pay what it has (-), in tokens at the venue.

    What it pays is a hole that it fills before anybody sees it: bad debt, as in the waterfall.
    """
    venue = world.instruments[k].venue
    fund = FIRST_INSURANCE + venue
    cash = world.instruments[k].cash
    asset = world.instruments[cash].asset
    if delta < 0.0:
        held = max(0.0, state.outside[fund, world.settings[0].cash_asset])
        delta = -min(-delta, buy_with(world, state, asset, held))
        state.stats[0].bad_debt -= delta * state.markets[asset].mark
        state.stats[0].insurance_used -= delta * state.markets[asset].mark
    else:
        state.stats[0].penalties += delta * state.markets[asset].mark
    post(state, cash, a, -delta)
    put_aside(world, state, fund, asset, delta)


@lean
def sell(world: World, state: State, a: int, offer: Offer) -> float:
    """Close what is on offer on the book; return the USD that were."""
    k = offer.leg
    leg = closing_of(world, state, a, k)
    sign = 1.0 if leg.held >= 0.0 else -1.0
    wanted = -leg.held if offer.notional >= offer.full else -sign * offer.notional / state.g[2, k]
    row = world.venues[world.instruments[k].venue]
    account = Standing(*assess(world, state, MAINTENANCE, a))
    wanted *= maker_room(world, state, k, wanted)
    wanted = within_limit(world, state, k, wanted, limit_price(row, account, leg))
    if wanted == 0.0:
        return 0.0
    price = average_price(world, state, k, wanted)
    filled = fill(world, state, k, a, wanted)
    delta = fund_delta(row, account, leg, filled, -filled * price)
    settle_with_fund(world, state, a, k, delta)
    return abs(filled) * state.g[2, k]
