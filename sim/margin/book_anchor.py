"""How far option books have moved since a list was built, without valuing an option.

A value depends on forward, deviation (volatility x root of time) and the price of the quote, a
scenario value on the same as its grid sees them. Deviations of all strikes of a book are bounded
together: the level moves them in proportion, the smile by its steepest slope times the change of
moneyness, which is that of the forward's logarithm. Time and level change once a step; what they
have changed since the anchor is worked out then (`survey_book`), and within the step forward and
quote are all that is looked at.

Moves are measured in skins: USD relative to the notional at the anchor, deviations as they are,
prices of the quote `TOKEN_WEIGHT` times. A book of which nobody holds an option moves nobody's
health, however far it goes.
"""

from sim.compile import lean
from sim.margin.exposure import hub_row
from sim.market.option_books import terms_of_surface
from sim.market.surface import FARTHEST, HIGHEST, LOWEST
from sim.numerics import log
from sim.state.codes import GRIDS, HUB_GRID
from sim.state.state import State
from sim.state.world import World

TOKEN_WEIGHT = 10.0  # moves of a quote token that fill a skin are this many times smaller


@lean
def is_held(world: World, state: State, b: int) -> bool:
    """Whether somebody holds an option of book ``b``."""
    for k in range(world.books[b].first, world.books[b].last):
        if state.pools[k].deposits != 0.0 or state.pools[k].loans != 0.0:
            return True
    return False


@lean
def stamp_book(world: World, state: State, which: int, b: int) -> None:
    """Drop an anchor at the present state of book ``b``."""
    state.books_at[which, b] = state.books[b]
    for i in range(GRIDS):
        state.lenses_at[which, i, b] = state.lenses[i, b]
    state.ways[which, b].held = is_held(world, state, b)
    state.ways[which, b].far = farthest_strike(world, state, b)
    survey_book(world, state, which, b)


@lean
def farthest_strike(world: World, state: State, b: int) -> float:
    """Largest distance of a strike of book ``b`` from the money, in units of its smile."""
    book = state.books[b]
    low = abs(log(world.books[b].lowest / book.forward))
    high = abs(log(world.books[b].highest / book.forward))
    return min(FARTHEST, max(low, high) / book.width)


@lean
def survey_books(world: World, state: State) -> None:
    """What time and volatility level have changed since each anchor."""
    for which in range(state.ways.shape[0]):
        for b in range(len(world.books)):
            if state.ways[which, b].held != 0:
                survey_book(world, state, which, b)


@lean
def survey_book(world: World, state: State, which: int, b: int) -> None:
    """The same of one book and anchor.

    A volatility is the level times a smile, clamped. The change of the level counts where strikes
    lay at the anchor; ``x``, at which the smile is read, is clamped log-moneyness over the width,
    so that a change of width alone moves it by at most ``FARTHEST`` times the relative change.
    """
    book, then, way = state.books[b], state.books_at[which, b], state.ways[which, b]
    terms = terms_of_surface(world, world.books[b].surface)
    top = 1.0 + abs(terms.skew) * way.far + abs(terms.smile) * way.far * way.far
    steep = (abs(terms.skew) + 2.0 * abs(terms.smile) * FARTHEST) * book.level
    wider = FARTHEST * abs(then.width / book.width - 1.0)
    still = abs(book.level - then.level) * top + steep * wider
    slope = steep / book.width
    highest = min(HIGHEST, max(LOWEST, then.level * top))
    way.still = still * book.root + highest * abs(book.root - then.root)
    way.slope = slope * book.root
    way.aside = (
        abs(book.discount / max(then.discount, 1e-300) - 1.0)
        * then.token
        * max(then.forward, world.books[b].highest)
    )
    for i in range(GRIDS):
        venue = hub_row(world) if i == HUB_GRID else world.books[b].venue
        if world.grids[venue].count > 0:
            look_through(state, which, b, i, (still, slope, highest))


@lean
def look_through(
    state: State, which: int, b: int, i: int, change: tuple[float, float, float]
) -> None:
    """Widen the way of book ``b`` to what a grid makes of it.

    ``change`` holds what moves a volatility at an unchanged forward and per unit of its relative
    change, and the highest volatility there was. Rules multiply volatilities; a tilt is a cap times
    clamped moneyness over a width, which jumps at the money where the width is zero.
    """
    lens, then, way = state.lenses[i, b], state.lenses_at[which, i, b], state.ways[which, b]
    still, slope, highest = change
    shorter = abs(lens.root - then.root)
    most, before = max(1.0, lens.up, lens.down), max(1.0, then.up, then.down)
    moved = highest * max(abs(lens.up - then.up), abs(lens.down - then.down))
    scaled = max(lens.minimum, highest * before) * shorter
    way.still = max(way.still, (still * most + moved) * lens.root + scaled)
    way.slope = max(way.slope, slope * most * lens.root)
    cap = max(abs(lens.linear), abs(lens.absolute))
    was = max(abs(then.linear), abs(then.absolute))
    bent = max(abs(lens.linear - then.linear), abs(lens.absolute - then.absolute))
    turn = 0.0
    if lens.width > 0.0:
        bent += cap * abs(then.width / lens.width - 1.0)
        turn = cap / lens.width
    elif cap > 0.0:
        bent += 2.0 * cap
    tilted = (still * (1.0 + cap) + highest * bent) * lens.root + highest * (1.0 + was) * shorter
    way.still = max(way.still, tilted)
    way.slope = max(way.slope, (slope * (1.0 + cap) + highest * turn) * lens.root)
    book = state.books_at[which, b]
    way.aside = max(way.aside, abs(lens.free - then.free) * book.forward * book.token)


@lean
def book_travelled(world: World, state: State, which: int, b: int) -> float:
    """Smallest skin that book ``b`` has not left since an anchor."""
    book, then, way = state.books[b], state.books_at[which, b], state.ways[which, b]
    if way.held == 0:
        return 0.0
    forward = book.forward * book.token
    before = then.forward * then.token
    log_move = abs(book.forward - then.forward) / min(book.forward, then.forward)
    deviation = way.still + way.slope * log_move
    moved = (abs(forward - before) + way.aside) / (then.spot * then.token)
    return max(moved, deviation, TOKEN_WEIGHT * abs(book.token / then.token - 1.0))
