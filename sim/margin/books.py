"""P2, term O in the world: what an account's option books need where requirements add up."""

from sim.compile import lean
from sim.margin.option_terms import OptionBook, book_margin
from sim.margin.trials import value_reach
from sim.market.options import forward_usd, token_price
from sim.state.codes import MAINTENANCE
from sim.state.state import NOTIONAL, State
from sim.state.world import World

NOWHERE = -1  # no venue: all books count


@lean
def book_requirement(
    world: World, state: State, level: int, a: int, span: tuple[int, int]
) -> float:
    """Requirement of the book whose legs are [first, last), USD: worth less margin value."""
    first = state.legs[a, span[0]]
    spot = state.g[NOTIONAL, first]
    forward = forward_usd(world, state, first)
    unit = token_price(world, state, first)
    book = OptionBook(
        state.legs[a],
        span[0],
        span[1],
        state.balance[:, a],
        world.options,
        state.g[0],
        unit,
    )
    terms = world.option_margin[level, world.instruments[first].venue]
    margin, worth, _ = book_margin(terms, book, spot, forward)
    return worth - margin


@lean
def books_requirement(world: World, state: State, level: int, a: int, skip: int) -> float:
    """Requirement of all option books of row ``a`` but those at venue ``skip``, USD.

    Legs are ascending and a book's options adjacent, so that one pass finds the books.
    """
    total = 0.0
    i = 0
    count = state.rows[a].leg_count
    while i < count:
        k = state.legs[a, i]
        book = world.options[k].book
        last = i + 1
        while last < count and world.options[state.legs[a, last]].book == book and book >= 0:
            last += 1
        venue = world.instruments[k].venue
        if book >= 0 and venue != skip and state.options[k].settled == 0:
            total += book_requirement(world, state, level, a, (i, last))
        i = last
    return total


@lean
def books_spread(world: World, state: State, a: int, watch: float, skip: int, skin: float) -> float:
    """Most that the slack of the same books can lose inside a skin, USD per unit of it."""
    total = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        venue = world.instruments[k].venue
        if world.options[k].sign == 0.0 or venue == skip:
            continue
        size = abs(state.balance[k, a]) * value_reach(world, state, k, skin)
        total += size * (1.0 + watch * world.option_margin[MAINTENANCE, venue].steepest)
    return total
