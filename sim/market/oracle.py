"""P1: what the margin engine is told: a market's price, published late, as each level views it."""

import math

from sim.compile import lean
from sim.margin.ratio import interest_share
from sim.margin.weights import pool_scaled
from sim.market.contract import contract_price, contract_usd
from sim.market.halt import check_moves
from sim.market.option_books import refresh_books
from sim.market.sources import combine, combined, extremes
from sim.market.view import (
    Prices,
    distrusted,
    ema_after,
    level_prices,
    publishes,
    twap_after,
)
from sim.state.codes import BALANCE, INITIAL, MAINTENANCE, OPTION, PERPETUAL, ZERO_ASSET
from sim.state.state import HIGH, HIGH_INITIAL, LOW, LOW_INITIAL, NOTIONAL, State
from sim.state.world import World

SETTLED = 1e-4  # relative difference of published price and mark that calls for no further round
ROUNDING = 1e-9  # blocks
NEVER = math.inf  # s


@lean
def remember(state: State) -> None:
    """Append the present marks, and what our flow did to them, to the ring that feeds read."""
    head = (state.clock[0].head + 1) % state.history.shape[0]
    state.clock[0].head = head
    state.history[head, 0] = state.clock[0].now
    for m in range(len(state.markets)):
        state.history[head, 1 + m] = state.markets[m].mark
        state.history[head, 1 + len(state.markets) + m] = state.markets[m].displacement


@lean
def publish(world: World, state: State) -> None:
    """Each feed shows the newest price that is old enough, or what its sources make of theirs.

    Backwards, because sources stand after all that is made of them.
    """
    for o in range(len(world.oracles) - 1, -1, -1):
        row = world.oracles[o]
        before = state.feeds[o].published
        if row.sources > 0:
            combine(world, state, o)
        else:
            sample(world, state, o)
        if row.part_of >= 0:
            continue
        if row.deviation > 0.0:
            hold(world, state, o)
        state.feeds[o].changed = row.sources > 0 or state.feeds[o].published != before
        if state.g.shape[0] > LOW:
            average(world, state, o)


@lean
def sample(world: World, state: State, o: int) -> None:
    """A feed moves on to the newest price of its market that is at least its delay old."""
    row = world.oracles[o]
    size = state.history.shape[0]
    head = state.clock[0].head
    cutoff = state.clock[0].now - row.delay
    at = state.feeds[o].at
    while at != head and state.history[(at + 1) % size, 0] <= cutoff:
        at = (at + 1) % size
    state.feeds[o].at = at
    state.feeds[o].published = state.history[at, 1 + row.market]
    state.feeds[o].displaced = state.history[at, 1 + len(state.markets) + row.market]


@lean
def sampled_at(world: World, state: State, o: int) -> float:
    """Time at which the market last quoted what feed ``o`` has sampled, s.

    Markets quote all the time: between two samples of ours a price stood still, so the newest one
    that is old enough is as old as the feed's delay, however many blocks were passed over. With
    several sources the delay of the latest one counts.
    """
    return max(0.0, state.clock[0].now - world.oracles[o].delay)


@lean
def hold(world: World, state: State, o: int) -> None:
    """Keep the standing price unless the new one is worth publishing."""
    row = world.oracles[o]
    feed = state.feeds[o]
    age = state.clock[0].now - feed.updated
    if publishes(row, feed.standing, feed.published, age):
        feed.standing = feed.published
        feed.standing_displaced = feed.displaced
        feed.updated = sampled_at(world, state, o)
    feed.published = feed.standing
    feed.displaced = feed.standing_displaced


@lean
def average(world: World, state: State, o: int) -> None:
    """Let averages that are read follow the published price, and judge whether to trust it."""
    row = world.oracles[o]
    feed = state.feeds[o]
    now = state.clock[0].now
    seconds = now - feed.averaged
    feed.averaged = now
    before = (feed.ema, feed.twap, feed.width, feed.distrusted)
    if row.reads_ema != 0:
        feed.ema = ema_after(feed.ema, feed.published, seconds, row.ema_time)
    if row.reads_twap != 0:
        feed.twap = twap_after(feed.twap, feed.published, seconds, row.twap_time)
    feed.width = row.confidence / state.markets[row.market].depth_factor
    updated = feed.updated if row.deviation > 0.0 else sampled_at(world, state, o)
    prices = Prices(feed.published, feed.ema, feed.twap, feed.published, feed.published)
    feed.distrusted = distrusted(row, prices, feed.width, now - updated)
    if before != (feed.ema, feed.twap, feed.width, feed.distrusted):
        feed.changed = 1


@lean
def blocks_until_news(world: World, state: State) -> int:
    """Blocks until a feed shows a price that differs from its market's; 0 if none will.

    A difference of ``SETTLED`` or less is no news: markets that relax move that little at any time.
    What is made of sources has news when one of them has.
    """
    soonest = 0
    for o in range(len(world.oracles)):
        row = world.oracles[o]
        goal = combined(world, state, o) if row.sources > 0 else state.markets[row.market].mark
        if abs(state.feeds[o].published - goal) <= SETTLED * goal:
            continue
        due = news_due(world, state, o)
        if due == NEVER:
            continue
        wait = due - state.clock[0].now
        blocks = max(1, math.ceil(wait / world.settings[0].block - ROUNDING))
        soonest = blocks if soonest == 0 else min(soonest, blocks)
    return soonest


@lean
def news_due(world: World, state: State, o: int) -> float:
    """Time at which feed ``o`` shows another price if no more is traded, s; ``NEVER`` if not."""
    row = world.oracles[o]
    at = state.feeds[o].at
    if row.sources == 0 and at != state.clock[0].head:
        return state.history[(at + 1) % state.history.shape[0], 0] + row.delay
    if row.deviation > 0.0:
        return state.feeds[o].updated + row.heartbeat
    return NEVER


@lean
def refresh_views(world: World, state: State, every: bool) -> None:
    """Rewrite the rows of g that hold what each level makes of the published prices.

    Without ``every`` those of feeds that have just been published: nothing else moves a view but
    what a pool holds, where weights scale with that.
    """
    for k in range(len(world.instruments)):
        row = world.instruments[k]
        if row.kind == BALANCE:
            if every or state.feeds[row.oracle].changed != 0 or row.scale_start != 0.0:
                refresh_balance(world, state, k)
        elif row.kind == PERPETUAL:
            open_interest = state.pools[k].deposits * state.g[NOTIONAL, k]
            band = interest_share(row.ratio.lower, row.ratio.upper, open_interest)
            state.g[LOW_INITIAL, k] = band


@lean
def refresh_balance(world: World, state: State, k: int) -> None:
    """Views of a deposit: low and high price over the published one, and what scales weights."""
    row = world.instruments[k]
    feed = state.feeds[row.oracle]
    oracle = world.oracles[row.oracle]
    sides = extremes(world, state, row.oracle)
    prices = Prices(feed.published, feed.ema, feed.twap, sides.low, sides.high)
    kept = level_prices(oracle, MAINTENANCE, prices, feed.width)
    opened = level_prices(oracle, INITIAL, prices, feed.width)
    tokens = state.pools[k].deposits * state.pools[k].deposit_index
    scale = pool_scaled(1.0, row.scale_start, tokens, feed.published)
    if feed.distrusted and oracle.distrust == ZERO_ASSET:
        scale = 0.0
    state.g[LOW, k] = kept.low / feed.published
    state.g[HIGH, k] = kept.high / feed.published
    state.g[LOW_INITIAL, k] = scale * opened.low / feed.published
    state.g[HIGH_INITIAL, k] = opened.high / feed.published


@lean
def refresh_g(world: World, state: State) -> None:
    """Rewrite the vector that health reads, from published prices and pool indices."""
    refresh(world, state, True)


@lean
def refresh(world: World, state: State, every: bool) -> None:
    """The same; without ``every``, after `publish`, what that can have changed.

    Of options only what all of a book have in common; the rest when it is read.

    Perpetuals value at the venue's own mark, requirements and balances at the oracle's price. An
    inverse contract's notional is 1 USD whatever the price.
    """
    for k in range(len(world.instruments)):
        row = world.instruments[k]
        if row.kind == BALANCE:
            price = state.feeds[row.oracle].published
            state.g[0, k] = price * state.pools[k].deposit_index
            state.g[1, k] = price * state.pools[k].borrow_index
            state.g[2, k] = price
        elif row.kind == PERPETUAL:
            token = state.feeds[world.instruments[row.cash].oracle].published
            mark = contract_price(row, state.markets[row.market].mark)
            value = (mark - state.pools[k].funding) * token
            state.g[0, k] = value
            state.g[1, k] = value
            unit = token if row.inverse == 0 else 1.0
            state.g[2, k] = contract_usd(row, state.feeds[row.oracle].published) * unit
        elif row.kind != OPTION:
            token = state.feeds[world.instruments[row.cash].oracle].published
            state.g[0, k] = token
            state.g[1, k] = token
            state.g[2, k] = token
    if state.g.shape[0] > LOW:
        refresh_views(world, state, every)
    for m in range(len(state.thinness)):
        state.thinness[m] = 1.0 / state.markets[m].depth_factor
    refresh_books(world, state)


@lean
def observe_prices(world: World, state: State) -> None:
    """Sample, delay, publish; then let breakers and the margin engine see it."""
    remember(state)
    publish(world, state)
    check_moves(world, state)
    refresh(world, state, False)
