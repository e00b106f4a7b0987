"""Options in the world: what they are worth now, and what they pay at expiry.

The volatility level of an underlying is drawn to its regime's and jumps with spot, step by step;
values follow the prices that the venue publishes. What scenario values depend on is kept beside
them, so that watch lists can tell when a scenario's result may have changed.
"""

from typing import NamedTuple

import numpy as np

from sim.compile import lean
from sim.ledger import post, settle_flat
from sim.margin.shocks import (
    YEAR,
    Contract,
    VolShocks,
    deviation_at,
    discount_at,
    free_share,
    shocked_volatility,
    vol_shocks,
)
from sim.market.black import option_value
from sim.market.surface import SurfaceTerms, Term, at_term, next_level, strike_volatility
from sim.numerics import exp, log
from sim.state.codes import (
    AS_QUOTED,
    FIRST_DEVIATION,
    FORWARD,
    FREE,
    GRIDS,
    HUB_GRID,
    OWN_GRID,
    TAIL_RISK,
    TOKEN,
)
from sim.state.state import (
    DEVIATION_QUOTED,
    DISCOUNT_QUOTED,
    FORWARD_QUOTED,
    SIGN_QUOTED,
    STRIKE_QUOTED,
    VALUE_QUOTED,
    State,
)
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
def contract_of(world: World, state: State, k: int) -> Contract:
    """Option k as the market sees it now."""
    row = world.options[k]
    now = state.options[k]
    return Contract(row.sign, row.strike, now.forward, now.vol, now.seconds, row.rate)


class Page(NamedTuple):
    """What all options of one book (venue, underlying, expiry) have in common now."""

    spot: float  # quote
    token: float  # USD per unit of quote
    forward: float  # quote
    discount: float  # present value of one unit of quote at expiry
    seconds: float  # to expiry
    level: float  # of volatility at the surface's reference term
    term: Term


class Glass(NamedTuple):
    """How one engine looks at a book: under a grid, by its own deviation alone, or not at all."""

    engine: int
    grid: bool
    free: float  # share of the settlement average that is not known yet
    root: float  # of the time to expiry, as scenarios see it, sqrt(years)
    shocks: VolShocks


@lean
def terms_of_surface(world: World, u: int) -> SurfaceTerms:
    """Shape of one volatility surface."""
    row = world.surfaces[u]
    return SurfaceTerms(row.skew, row.smile, row.slope, row.reference)


@lean
def page_of(world: World, state: State, k: int) -> Page:
    """The book of option k at the published price."""
    row = world.options[k]
    spot = state.feeds[world.instruments[k].oracle].published
    seconds = max(0.0, row.expiry - state.clock[0].now)
    years = seconds / YEAR
    forward = spot * exp(row.rate * years)
    level = state.levels[0, row.surface]
    term = at_term(terms_of_surface(world, row.surface), level, years)
    discount = discount_at(row.rate, 0.0, seconds)
    return Page(spot, token_price(world, state, k), forward, discount, seconds, level, term)


@lean
def glass_of(world: World, venue: int, seconds: float) -> Glass:
    """How the engine in a row of the venue table looks at a book of that time to expiry."""
    grid = world.grids[venue]
    free = free_share(grid, seconds)
    root = deviation_at(1.0, grid.lookahead, seconds)
    engine = world.venues[venue].engine
    return Glass(engine, grid.count > 0, free, root, vol_shocks(grid, seconds))


@lean
def quote_option(world: World, state: State, k: int, page: Page) -> float:
    """Write what option k is valued with; return log(strike / forward)."""
    row = world.options[k]
    moneyness = log(row.strike / page.forward)
    vol = strike_volatility(terms_of_surface(world, row.surface), page.term, moneyness)
    state.options[k].forward = page.forward
    state.options[k].seconds = page.seconds
    state.options[k].vol = vol
    quotes = state.quotes
    quotes[SIGN_QUOTED, k] = row.sign
    quotes[FORWARD_QUOTED, k] = page.forward
    quotes[STRIKE_QUOTED, k] = row.strike
    quotes[DEVIATION_QUOTED, k] = deviation_at(vol, 0.0, page.seconds)
    quotes[DISCOUNT_QUOTED, k] = page.discount
    state.g[2, k] = page.spot * page.token
    return moneyness


@lean
def note_shocked(state: State, i: int, k: int, glass: Glass, moneyness: float) -> None:
    """Write the free part of option k's forward, and its deviation under every rule of a grid."""
    state.drivers[i, FREE, k] = state.drivers[i, FORWARD, k] * glass.free
    for d in range(FIRST_DEVIATION, AS_QUOTED):
        vol = shocked_volatility(glass.shocks, d - FIRST_DEVIATION, state.options[k].vol, moneyness)
        state.drivers[i, d, k] = vol * glass.root


@lean
def note_drivers(state: State, i: int, k: int, page: Page, glass: Glass, moneyness: float) -> None:
    """Write what an engine's scenario values of option k depend on."""
    state.drivers[i, TOKEN, k] = page.token
    state.drivers[i, FORWARD, k] = page.forward * page.token
    if glass.engine == TAIL_RISK:
        state.drivers[i, FIRST_DEVIATION, k] = state.quotes[DEVIATION_QUOTED, k]
    elif glass.grid:
        note_shocked(state, i, k, glass, moneyness)
    if i == OWN_GRID and state.shelf.shape[0] > GRIDS:
        state.drivers[i, AS_QUOTED, k] = state.quotes[DEVIATION_QUOTED, k]


@lean
def quote_all(world: World, state: State) -> None:
    """Quote every option, book by book; options of one book stand next to each other."""
    hub = len(world.grids) - 1
    book = -1
    page = page_of(world, state, 0)
    own = glass_of(world, hub, 1.0)
    everywhere = own
    for k in range(len(world.options)):
        row = world.options[k]
        if row.sign == 0.0 or state.options[k].settled != 0:
            continue
        if row.book != book:
            book = row.book
            page = page_of(world, state, k)
            own = glass_of(world, world.instruments[k].venue, page.seconds)
            everywhere = glass_of(world, hub, page.seconds)
        moneyness = quote_option(world, state, k, page)
        note_drivers(state, OWN_GRID, k, page, own, moneyness)
        note_drivers(state, HUB_GRID, k, page, everywhere, moneyness)


@lean
def value_quoted(quotes: np.ndarray) -> None:
    """Value everything that is quoted: a loop without branches, so that it vectorises."""
    sign, forward, strike = quotes[SIGN_QUOTED], quotes[FORWARD_QUOTED], quotes[STRIKE_QUOTED]
    deviation, discount = quotes[DEVIATION_QUOTED], quotes[DISCOUNT_QUOTED]
    value = quotes[VALUE_QUOTED]
    for k in range(quotes.shape[1]):
        value[k] = option_value(sign[k], forward[k], strike[k], deviation[k], discount[k])


@lean
def refresh_options(world: World, state: State) -> None:
    """Value every option, and note what its scenario values depend on."""
    quote_all(world, state)
    value_quoted(state.quotes)
    for k in range(len(world.options)):
        if world.options[k].sign != 0.0 and state.options[k].settled == 0:
            value = state.quotes[VALUE_QUOTED, k] * state.drivers[OWN_GRID, TOKEN, k]
            state.g[0, k] = value
            state.g[1, k] = value


@lean
def retire(state: State, k: int) -> None:
    """An expired option is worth nothing, to nobody."""
    state.options[k].settled = 1
    state.quotes[SIGN_QUOTED, k] = 0.0
    state.g[0, k] = 0.0
    state.g[1, k] = 0.0
    state.clock[0].version += 1


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
        retire(state, k)
