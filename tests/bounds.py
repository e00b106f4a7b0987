"""The bounds of the watch lists, as tests call them."""

from sim.compile import jit
from sim.margin.anchor import left_skin, stamp
from sim.margin.book_anchor import survey_books
from sim.margin.scan_watch import grid_spread, prepare
from sim.market.option_books import turn_books
from sim.market.options import quote_all
from sim.market.oracle import refresh_g


@jit
def requote(world, state):
    """Tell the margin engine today's prices and values."""
    turn_books(world, state)
    survey_books(world, state)
    refresh_g(world, state)
    quote_all(world, state)


@jit
def note(world, state):
    """Remember where the innermost list is built."""
    stamp(world, state, 0)


@jit
def has_left(world, state, skin):
    """Whether prices have left the skin since."""
    return left_skin(world, state, 0, skin)


@jit
def reach(world, state, a, watch, skin):
    """By how much the slack of row ``a`` can fall while they have not, USD."""
    prepare(state, skin)
    moved, aged = grid_spread(world, state, a, watch, skin)
    return moved * skin + aged
