"""P5: a perpetual closed by an order on its venue's book, within a limit (dYdX v4, Hyperliquid).

Nobody has to take anything over; the order trades at the displaced price like any other, and the
insurance fund settles the difference to the bankruptcy price. The limit is the oracle's affair;
bankruptcy is where equity ends, and equity counts contracts at their mark.
"""

from sim.compile import lean
from sim.ledger import post
from sim.liquidation.book import Closing, Standing, fund_delta, limit_price
from sim.liquidation.funds import INSURANCE, put_aside, repay
from sim.liquidation.offer import Offer
from sim.margin.health import assess, terms_of, viewed_term
from sim.market.contract import contract_price, underlying_of
from sim.market.impact import quote_log
from sim.market.skew import priced
from sim.market.trade import exchange, maker_room
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
    skew = -state.balance[k, world.venues[row.venue].maker]
    traded = mark * exp(quote_log(world, state, row.market, usd))
    return contract_price(row, priced(row.pricing, traded, skew, quantity))


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
def required(world: World, state: State, a: int, k: int, contracts: float) -> float:
    """Maintenance requirement of contracts by themselves, USD."""
    emode = world.accounts[a].emode
    return viewed_term(terms_of(world), state.g, MAINTENANCE, emode, k, contracts)


@lean
def at_oracle(world: World, state: State, a: int, k: int) -> Closing:
    """The position as the limit sees it."""
    held = state.balance[k, a]
    row = world.instruments[k]
    ratio = required(world, state, a, k, held) / (abs(held) * state.g[2, k])
    return Closing(held, contract_price(row, state.feeds[row.oracle].published), ratio)


@lean
def at_mark(world: World, state: State, a: int, k: int, delta: float) -> Closing:
    """The position as equity counts it; the ratio is that of the requirement ``delta`` frees."""
    held = state.balance[k, a]
    token = state.g[2, world.instruments[k].cash]
    price = state.g[0, k] / token + state.pools[k].funding
    freed = required(world, state, a, k, held) - required(world, state, a, k, held + delta)
    return Closing(held, price, freed / token / abs(delta * price))


@lean
def standing(world: World, state: State, a: int, k: int) -> Standing:
    """The account that holds the position, in its quote tokens."""
    equity, requirement = assess(world, state, MAINTENANCE, a)
    token = state.g[2, world.instruments[k].cash]
    return Standing(equity / token, requirement / token)


@lean
def settle_with_fund(world: World, state: State, a: int, k: int, delta: float) -> None:
    """Pay the insurance fund (+), or let it pay what it can (-), in tokens at the venue.

    What it pays is a hole that it fills before anybody sees it: bad debt, as in the waterfall.
    """
    venue = world.instruments[k].venue
    cash = world.instruments[k].cash
    if delta < 0.0:
        paid = repay(world, state, INSURANCE, cash, a, -delta)
        state.stats[0].bad_debt += paid * state.g[2, cash]
        return
    post(state, cash, a, -delta)
    put_aside(world, state, FIRST_INSURANCE + venue, world.instruments[cash].asset, delta)
    state.stats[0].penalties += delta * state.g[2, cash]


@lean
def sell(world: World, state: State, a: int, offer: Offer) -> float:
    """Close what is on offer on the book; return the USD that were."""
    k = offer.leg
    leg = at_oracle(world, state, a, k)
    sign = 1.0 if leg.held >= 0.0 else -1.0
    wanted = -leg.held if offer.notional >= offer.full else -sign * offer.notional / state.g[2, k]
    row = world.venues[world.instruments[k].venue]
    account = standing(world, state, a, k)
    wanted *= maker_room(world, state, k, wanted)
    wanted = within_limit(world, state, k, wanted, limit_price(row, account, leg))
    if wanted == 0.0:
        return 0.0
    counted = at_mark(world, state, a, k, wanted)
    brought = -wanted * exchange(world, state, k, a, wanted)
    settle_with_fund(world, state, a, k, fund_delta(row, account, counted, wanted, brought))
    return abs(wanted) * state.g[2, k]
