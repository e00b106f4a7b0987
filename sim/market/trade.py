"""Trades: spot against the outside market, perpetuals against a venue's finite market maker."""

from sim.compile import lean
from sim.ledger import hand, post, settle_flat
from sim.margin.health import assess, risk, terms_of, viewed_term
from sim.market.contract import contract_price, underlying_of
from sim.market.halt import halted
from sim.market.impact import execute, quote_log
from sim.market.options import quote, token_price
from sim.market.skew import priced
from sim.numerics import exp
from sim.state.codes import FLAT_RATIO, INITIAL, MARKET, OPTION
from sim.state.state import State
from sim.state.world import World


@lean
def swap(world: World, state: State, holder: int, asset: int, quantity: float) -> None:
    """Buy (+) or sell (-) tokens of an asset for settlement tokens at the executed price.

    Market n is the reference market of asset n. The counterparty is the outside market, which
    holds spot only.
    """
    cash = world.settings[0].cash_asset
    if asset == cash or quantity == 0.0:
        return
    price = execute(world, state, asset, quantity)
    paid = quantity * price / state.markets[cash].mark
    hand(state, holder, asset, quantity)
    hand(state, MARKET, asset, -quantity)
    hand(state, holder, cash, -paid)
    hand(state, MARKET, cash, paid)


@lean
def buy_with(world: World, state: State, asset: int, cash_tokens: float) -> float:
    """Tokens of an asset that an amount of settlement tokens pays for, impact included."""
    cash = world.settings[0].cash_asset
    if asset == cash:
        return cash_tokens
    usd = cash_tokens * state.markets[cash].mark
    price = state.markets[asset].mark * exp(quote_log(world, state, asset, usd))
    return usd / price


@lean
def maker_room(world: World, state: State, k: int, quantity: float) -> float:
    """Share of an order that the market maker can take and still meet initial margin.

    Orders that shrink the maker's own position are always welcome.
    """
    row = world.instruments[k]
    maker = world.venues[row.venue].maker
    held = state.balance[k, maker]
    growth = abs(held - quantity) - abs(held)
    if growth <= 0.0:
        return 1.0
    equity, initial = assess(world, state, INITIAL, maker)
    need = growth * state.g[2, k] * world.ratio[INITIAL, k] * risk(state.g, k)
    if row.ratio.kind != FLAT_RATIO:
        terms = terms_of(world)
        after = viewed_term(terms, state.g, INITIAL, 0, k, held - quantity)
        need = after - viewed_term(terms, state.g, INITIAL, 0, k, held)
    if need <= 0.0:
        return 1.0
    return min(1.0, max(0.0, equity - initial) / need)


@lean
def fill(world: World, state: State, k: int, a: int, quantity: float) -> float:
    """Trade contracts of perpetual or option k for row ``a``; return what was filled.

    No more than the market maker can margin; a halted venue fills nothing.
    """
    if halted(state, world.instruments[k].venue):
        return 0.0
    quantity *= maker_room(world, state, k, quantity)
    if quantity != 0.0:
        exchange(world, state, k, a, quantity)
    return quantity


@lean
def exchange(world: World, state: State, k: int, a: int, quantity: float) -> float:
    """Trade contracts for row ``a``; return the price of one in quote tokens, before funding.

    The other side is the venue's market maker, a finite account: derivatives stay net zero. A
    contract is worth its mark less all funding so far, so it changes hands at the price less that:
    who closes has paid his funding, who opens owes none. Options change hands at their value on
    the surface, without impact: the maker hedges elsewhere.
    """
    row = world.instruments[k]
    maker = world.venues[row.venue].maker
    paid = 0.0
    if row.kind == OPTION:
        quote(world, state, k)
        price = state.g[0, k] / token_price(world, state, k)
    else:
        skew = -state.balance[k, maker]
        units = underlying_of(row, quantity, state.markets[row.market].mark)
        traded = priced(row.pricing, execute(world, state, row.market, units), skew, quantity)
        price = contract_price(row, traded)
        paid = state.pools[k].funding
    post(state, k, a, quantity)
    post(state, k, maker, -quantity)
    post(state, row.quote, a, -quantity * (price - paid))
    post(state, row.quote, maker, quantity * (price - paid))
    settle_flat(world, state, a, k)
    return price
