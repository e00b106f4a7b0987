"""The background book: leverage of the rest of the market, by distance from the start price.

When a mark first reaches a new low (high), the notional triggered on the way is sold (bought) at
market. Lambda = (notional triggered by a 1 % move) / (flow that moves it 1 % at normal depth). With
linear impact the loop alone multiplies a move by 1 / (1 - Lambda) for as long as nothing
decays; concave impact multiplies small moves more and large ones less, and thinner depth raises
the ratio, for the book does not shrink with depth.
"""

from sim.compile import lean
from sim.market.descent import book, clear, nobodys, write_shares
from sim.market.impact import add_behind, execute
from sim.numerics import log
from sim.state.codes import FULL_FEEDBACK
from sim.state.state import GENERATIONS, State
from sim.state.world import World


@lean
def cumulative(world: World, side: int, m: int, distance: float) -> float:
    """USD triggered between the start price and a log-distance, linear within a level."""
    last = world.background.shape[2] - 1
    position = min(distance / world.settings[0].level_width, float(last))
    level = min(int(position), last - 1)
    low = world.background[side, m, level]
    high = world.background[side, m, level + 1]
    return low + (high - low) * (position - level)


@lean
def is_news(world: World, state: State, m: int) -> bool:
    """Whether market m stands, or would without our flow, where it has not been before.

    Prices are compared rather than logarithms: most rounds end here.
    """
    market = state.markets[m]
    alone = state.fundamental[world.markets[m].asset]
    new = not (market.lowest <= market.mark <= market.highest)
    return new or not (market.lowest_alone <= alone <= market.highest_alone)


@lean
def note_extremes(world: World, state: State, m: int) -> None:
    """Remember between which prices market m has been, with our flow and without."""
    market = state.markets[m]
    alone = state.fundamental[world.markets[m].asset]
    market.lowest = min(market.lowest, market.mark)
    market.highest = max(market.highest, market.mark)
    market.lowest_alone = min(market.lowest_alone, alone)
    market.highest_alone = max(market.highest_alone, alone)


@lean
def advance(state: State, m: int) -> tuple[int, float, float]:
    """Side on which market m stands, how far the book had fired there, and how far it is now."""
    market = state.markets[m]
    move = log(market.mark / market.opening)
    if move < 0.0:
        reached = market.fell
        market.fell = max(reached, -move)
        return 0, reached, -move
    reached = market.rose
    market.rose = max(reached, move)
    return 1, reached, move


@lean
def reach_alone(state: State, m: int) -> None:
    """Note how far market m would have come by now without our flow."""
    market = state.markets[m]
    move = log(market.mark / market.opening) - market.displacement
    market.fell_alone = max(market.fell_alone, -move)
    market.rose_alone = max(market.rose_alone, move)


@lean
def trace(world: World, state: State, m: int, side: int, distance: float) -> None:
    """Write the descent of what market m triggers now.

    Of all that has been triggered up to here, the way that the price would have gone without our
    flow is of generation 0, and the rest follows from the displacement; less what was called for
    before.
    """
    market = state.markets[m]
    alone = min(market.fell_alone if side == 0 else market.rose_alone, distance)
    due = cumulative(world, side, m, alone)
    clear(state.mixture)
    add_behind(world, state, m, cumulative(world, side, m, distance) - due)
    state.mixture[0] += due
    for g in range(GENERATIONS):
        state.mixture[g] = max(0.0, state.mixture[g] - state.demanded[side, m, g])
    write_shares(state.mixture, state.cause)


@lean
def fire(world: World, state: State, m: int) -> float:
    """Trade what the present mark of market m triggers for the first time; return USD traded."""
    if not is_news(world, state, m):
        return 0.0
    note_extremes(world, state, m)
    reach_alone(state, m)
    side, reached, distance = advance(state, m)
    if distance <= reached:
        return 0.0
    usd = cumulative(world, side, m, distance) - cumulative(world, side, m, reached)
    if usd <= 0.0:
        return 0.0
    trace(world, state, m, side, distance)
    for g in range(GENERATIONS):
        state.demanded[side, m, g] += usd * state.cause[g]
    book(state, usd, state.cause)
    quantity = usd / state.markets[m].mark
    execute(world, state, m, -quantity if side == 0 else quantity)
    nobodys(state.cause)
    return usd


@lean
def fire_all(world: World, state: State) -> float:
    """One round of the background book over all markets; without feedback it has no say."""
    if world.settings[0].feedback != FULL_FEEDBACK:
        return 0.0
    traded = 0.0
    for m in range(len(world.markets)):
        traded += fire(world, state, m)
    state.stats[0].background_notional += traded
    return traded
