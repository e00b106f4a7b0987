"""Options in the world: what they are worth now, and what they pay at expiry.

The volatility level of an underlying is drawn to its regime's and jumps with spot, step by step;
values follow the prices that the venue publishes. An option is quoted when somebody reads it after
its book has moved: who reads ``g`` of an option calls `quote`, `quote_legs` or `quote_all` before.
"""

from sim.compile import lean
from sim.ledger import post, settle_flat
from sim.margin.shocks import Contract
from sim.market.black import option_value
from sim.market.option_books import terms_of_surface
from sim.market.surface import Term, next_level, strike_volatility
from sim.numerics import log
from sim.state.state import NOTIONAL, State
from sim.state.world import World


@lean
def move_volatility(world: World, state: State) -> None:
    """One step of every volatility level, after the fundamental prices have moved."""
    regime = state.clock[0].regime
    for u in range(len(world.surfaces)):
        row = world.surfaces[u]
        price = state.fundamental[row.asset]
        shock = -row.beta * log(price / state.levels[1, u])
        target = world.surface_level[regime, u]
        state.levels[0, u] = next_level(state.levels[0, u], target, row.keep, shock)
        state.levels[1, u] = price


@lean
def token_price(world: World, state: State, k: int) -> float:
    """USD per unit of the quote in which instrument k settles."""
    return state.feeds[world.instruments[world.instruments[k].cash].oracle].published


@lean
def forward_usd(world: World, state: State, k: int) -> float:
    """Forward of option k, USD."""
    book = state.books[world.options[k].book]
    return book.forward * book.token


@lean
def quote(world: World, state: State, k: int) -> None:
    """Value option k at its book's prices, unless that has been done."""
    book = state.books[world.options[k].book]
    option = state.options[k]
    if option.version == book.version or option.settled != 0:
        return
    row = world.options[k]
    option.version = book.version
    option.moneyness = log(row.strike / book.forward)
    term = Term(book.width, book.level)
    option.vol = strike_volatility(terms_of_surface(world, row.surface), term, option.moneyness)
    option.deviation = option.vol * book.root
    value = option_value(row.sign, book.forward, row.strike, option.deviation, book.discount)
    state.g[0, k] = value * book.token
    state.g[1, k] = value * book.token
    state.g[NOTIONAL, k] = book.spot * book.token


@lean
def quote_legs(world: World, state: State, a: int) -> None:
    """Value all options of ledger row ``a``."""
    if len(world.books) == 0:
        return
    for i in range(state.rows[a].leg_count):
        if world.options[state.legs[a, i]].sign != 0.0:
            quote(world, state, state.legs[a, i])


@lean
def quote_all(world: World, state: State) -> None:
    """Value every option: what is about to trade may read any of them."""
    for b in range(len(world.books)):
        for k in range(world.books[b].first, world.books[b].last):
            quote(world, state, k)


@lean
def contract_of(world: World, state: State, k: int) -> Contract:
    """Option k as the market sees it now."""
    quote(world, state, k)
    row = world.options[k]
    book = state.books[row.book]
    return Contract(
        row.sign, row.strike, book.forward, state.options[k].vol, book.seconds, row.rate
    )


@lean
def retire(world: World, state: State, k: int) -> None:
    """An expired option is worth nothing, to nobody."""
    state.options[k].settled = 1
    state.books[world.options[k].book].settled = 1
    state.g[0, k] = 0.0
    state.g[1, k] = 0.0
    for i in range(state.shelf_at.shape[0]):
        state.shelf_at[i, k] = -1


@lean
def settle_expired(world: World, state: State) -> None:
    """Pay out options that expire within this step, in quote, at the published price.

    Every holder is paid what the writers pay: contracts sum to zero, so payments do.
    """
    until = (state.clock[0].step + 1) * world.settings[0].step
    for k in range(len(world.options)):
        row = world.options[k]
        if row.sign == 0.0 or state.options[k].settled != 0 or row.expiry > until:
            continue
        price = state.feeds[world.instruments[k].oracle].published
        payoff = max(0.0, row.sign * (price - row.strike))
        for a in range(state.balance.shape[1]):
            held = state.balance[k, a]
            if held != 0.0:
                post(state, world.instruments[k].quote, a, held * payoff)
                post(state, k, a, -held)
                settle_flat(world, state, a, k)
        retire(world, state, k)
