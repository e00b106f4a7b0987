"""Option books: what all options of one venue, underlying and expiry have in common.

Time to expiry and the volatility level are read once a step (`turn_books`); prices, whenever the
venue publishes others (`refresh_books`). A book's version tells which of its options have to be
quoted anew; that is done when somebody reads them (:mod:`sim.market.options`).
"""

import math

from sim.compile import lean
from sim.margin.lens import focus, weigh
from sim.margin.shocks import YEAR, discount_at
from sim.market.surface import SurfaceTerms, at_term
from sim.numerics import exp
from sim.state.codes import HUB_GRID, OWN_GRID
from sim.state.state import State
from sim.state.world import World


@lean
def terms_of_surface(world: World, u: int) -> SurfaceTerms:
    """Shape of one volatility surface."""
    row = world.surfaces[u]
    return SurfaceTerms(row.skew, row.smile, row.slope, row.reference)


@lean
def turn_books(world: World, state: State) -> None:
    """A new step: less time to expiry, and another level of volatility."""
    for b in range(len(world.books)):
        if state.books[b].settled == 0:
            turn_book(world, state, b)


@lean
def turn_book(world: World, state: State, b: int) -> None:
    """What time and the volatility level change of book ``b``."""
    row = world.books[b]
    book = state.books[b]
    seconds = max(0.0, row.expiry - state.clock[0].now)
    years = seconds / YEAR
    book.seconds = seconds
    book.carry = exp(row.rate * years)
    book.discount = discount_at(row.rate, 0.0, seconds)
    book.root = math.sqrt(years)
    term = at_term(terms_of_surface(world, row.surface), state.levels[0, row.surface], years)
    book.width = term.width
    book.level = term.level
    book.forward = book.spot * book.carry
    book.version += 1
    look_at(world, state, OWN_GRID, row.venue, b)
    look_at(world, state, HUB_GRID, len(world.grids) - 1, b)


@lean
def look_at(world: World, state: State, i: int, venue: int, b: int) -> None:
    """Write how the grid in a row of the venue table looks at book ``b``."""
    grid = world.grids[venue]
    if grid.count == 0:
        return
    seconds, rate = state.books[b].seconds, world.books[b].rate
    focus(state.lenses[i, b], grid, rate, seconds)
    weigh(state.shelf_factor[i, :, b], grid, rate, seconds)


@lean
def refresh_books(world: World, state: State) -> None:
    """Read the published prices of underlyings and quotes."""
    for b in range(len(world.books)):
        row = world.books[b]
        book = state.books[b]
        spot = state.feeds[row.feed].published
        token = state.feeds[row.token_feed].published
        if book.settled != 0 or (spot == book.spot and token == book.token):
            continue
        book.spot = spot
        book.token = token
        book.forward = spot * book.carry
        book.version += 1
