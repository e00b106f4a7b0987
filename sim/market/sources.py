"""P1: a feed made of several sources, each a market with a delay of its own.

Sources are rows of the table of feeds, after all venues' feeds: they move along the price ring like
any other feed, and what they show is combined before anything else is done to the price.
"""

from sim.compile import lean
from sim.market.view import Sides, median, weighted_median
from sim.numerics import exp, log
from sim.state.codes import WEIGHTED_MEDIAN
from sim.state.state import State
from sim.state.world import World


@lean
def combined(world: World, state: State, o: int) -> float:
    """Price that the sources of feed ``o`` make, USD."""
    row = world.oracles[o]
    last = row.first + row.sources
    prices = state.feeds["published"][row.first : last]
    if row.combine == WEIGHTED_MEDIAN:
        return weighted_median(prices, world.oracles["weight"][row.first : last])
    return median(prices)


@lean
def combine(world: World, state: State, o: int) -> None:
    """Feed ``o`` shows what its sources make, and would have made of prices without our flow."""
    row = world.oracles[o]
    sources = range(row.first, row.first + row.sources)
    state.feeds[o].published = combined(world, state, o)
    state.feeds[o].displaced = 0.0
    displaced = False
    for i in sources:
        state.feeds[i].shown = state.feeds[i].published
        state.feeds[i].published *= exp(-state.feeds[i].displaced)
        displaced = displaced or state.feeds[i].displaced != 0.0
    if displaced:
        state.feeds[o].displaced = log(state.feeds[o].published / combined(world, state, o))
    for i in sources:
        state.feeds[i].published = state.feeds[i].shown


@lean
def extremes(world: World, state: State, o: int) -> Sides:
    """The lowest and the highest source of feed ``o``; its own price if it has no sources, USD."""
    row = world.oracles[o]
    if row.sources == 0:
        return Sides(state.feeds[o].published, state.feeds[o].published)
    lowest = state.feeds[row.first].published
    highest = lowest
    for i in range(row.first + 1, row.first + row.sources):
        lowest = min(lowest, state.feeds[i].published)
        highest = max(highest, state.feeds[i].published)
    return Sides(lowest, highest)
