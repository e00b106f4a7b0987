"""Markets: where things are sold, and what selling does to the price.

Flow is measured in units of depth (USD that move the price by 1 %). A unit of fresh flow moves
the log-price by ``IMPACT_UNIT``: a share linearly and for good, the rest along a concave curve of
the *decayed* cumulative flow, so that slicing an order gains nothing. A linear permanent part
excludes price manipulation (Huberman and Stanzl 2004); concave transient impact that decays is the
usual empirical finding (Bouchaud, Farmer and Lillo 2009).

A market with a parent (a perpetual over spot, a staked asset over its underlying) quotes a basis
to it: its own flow is transient only, and arbitrageurs carry it to the parent at a bounded speed.
"""

import numpy as np

from sim.compile import lean
from sim.market.descent import add_children, inherit, mix_in
from sim.numerics import exp, power
from sim.state.codes import FULL_FEEDBACK, NO_IMPACT
from sim.state.state import State
from sim.state.world import World

IMPACT_UNIT = 0.01


@lean
def transient_log(flow: float, share: float, exponent: float) -> float:
    """Log-price displacement of a decayed cumulative flow, odd and concave."""
    size = IMPACT_UNIT * share * power(abs(flow), exponent)
    return size if flow >= 0.0 else -size


@lean
def mean_transient_log(start: float, end: float, share: float, exponent: float) -> float:
    """Average of :func:`transient_log` between two flows: what an order pays, by integration."""
    if start == end:
        return transient_log(start, share, exponent)
    primitive_end = power(abs(end), exponent) * abs(end)
    primitive_start = power(abs(start), exponent) * abs(start)
    scale = IMPACT_UNIT * share / (exponent + 1.0)
    return scale * (primitive_end - primitive_start) / (end - start)


@lean
def permanent_share(world: World, m: int) -> float:
    """Only reference markets carry information for good; a basis does not."""
    return world.markets[m].permanent if world.markets[m].parent < 0 else 0.0


@lean
def own_log(world: World, state: State, m: int) -> float:
    """Log displacement that market m adds to its parent's."""
    row = world.markets[m]
    share = permanent_share(world, m)
    lasting = IMPACT_UNIT * share * state.markets[m].permanent
    return lasting + transient_log(state.markets[m].transient, 1.0 - share, row.exponent)


@lean
def remark(world: World, state: State) -> None:
    """Recompute displacements and marks; parents come before children."""
    for m in range(len(world.markets)):
        row = world.markets[m]
        market = state.markets[m]
        if market.stirred != 0:
            market.own = own_log(world, state, m)
            market.stirred = 0
        shift = market.own
        if row.parent >= 0:
            shift += state.markets[row.parent].displacement
        if shift != market.displacement:
            market.displacement = shift
            market.factor = exp(shift)
            size = abs(market.factor - 1.0)
            state.stats[0].max_displacement = max(state.stats[0].max_displacement, size)
        market.mark = state.fundamental[row.asset] * market.factor


@lean
def depth_now(world: World, state: State, m: int) -> float:
    """USD of flow that moves market m by 1 % at present."""
    return world.markets[m].depth * state.markets[m].depth_factor


@lean
def mean_log(world: World, m: int, start: float, flow: float) -> float:
    """Average log-price move that a flow pays on market m, from a decayed flow ``start``.

    Both flows are signed and in units of depth.
    """
    row = world.markets[m]
    share = permanent_share(world, m)
    paid = mean_transient_log(start, start + flow, 1.0 - share, row.exponent)
    here = transient_log(start, 1.0 - share, row.exponent)
    return paid - here + 0.5 * IMPACT_UNIT * share * flow


@lean
def quote_log(world: World, state: State, m: int, usd: float) -> float:
    """Average log-price move that an order of ``usd`` (signed, + buys) would pay."""
    if world.settings[0].feedback == NO_IMPACT:
        return 0.0
    flow = usd / depth_now(world, state, m)
    return mean_log(world, m, state.markets[m].transient, flow)


@lean
def standing(world: World, state: State, m: int) -> float:
    """Net flow that still displaces market m, in units of depth."""
    share = permanent_share(world, m)
    market = state.markets[m]
    return share * market.permanent + (1.0 - share) * market.transient


@lean
def push(world: World, state: State, m: int, flow: float, descent: np.ndarray) -> None:
    """Flow of a descent reaches market m; only reference markets remember it for good.

    What comes against standing flow cancels it, whatever its descent, and counts beyond it.
    """
    before = standing(world, state, m)
    if before * flow >= 0.0:
        mix_in(state.descent[m], abs(before), descent, abs(flow))
    elif abs(flow) > abs(before):
        inherit(descent, state.descent[m])
    state.markets[m].transient += flow
    state.markets[m].stirred = 1
    if world.markets[m].parent < 0:
        state.markets[m].permanent += flow


@lean
def add_behind(world: World, state: State, m: int, weight: float) -> None:
    """Add ``weight`` of what follows from the displacement of market m to ``state.mixture``.

    Its parents' displacements are part of it, each by its size.
    """
    size = abs(own_log(world, state, m))
    parent = world.markets[m].parent
    while parent >= 0:
        size += abs(own_log(world, state, parent))
        parent = world.markets[parent].parent
    while m >= 0 and size > 0.0:
        part = weight * abs(own_log(world, state, m)) / size
        add_children(state.descent[m], part, state.mixture)
        m = world.markets[m].parent


@lean
def execute(world: World, state: State, m: int, quantity: float) -> float:
    """Trade ``quantity`` (+ buys) on market m; return the average price paid, USD.

    The price is the then-current, displaced one and the order's own impact is in it. Under full
    feedback the displacement stays for everyone to see.
    """
    usd = quantity * state.markets[m].mark
    price = state.markets[m].mark * exp(quote_log(world, state, m, usd))
    if world.settings[0].feedback == FULL_FEEDBACK:
        push(world, state, m, usd / depth_now(world, state, m), state.cause)
        remark(world, state)
    return price


@lean
def arbitrage(world: World, state: State, m: int, elapsed: float) -> None:
    """Carry part of a child's flow to its parent, at most as fast as arbitrageurs can."""
    row = world.markets[m]
    wanted = state.markets[m].transient * (1.0 - exp(-row.arbitrage * elapsed))
    limit = row.arbitrage_cap * elapsed / depth_now(world, state, m)
    carried = min(max(wanted, -limit), limit)
    state.markets[m].transient -= carried
    state.markets[m].stirred = 1
    usd = carried * depth_now(world, state, m)
    flow = usd / depth_now(world, state, row.parent)
    push(world, state, row.parent, flow, state.descent[m])


@lean
def relax_markets(world: World, state: State, elapsed: float) -> None:
    """Displacements decay, depth follows its regime, arbitrage closes gaps."""
    regime = state.clock[0].regime
    for m in range(len(world.markets)):
        row = world.markets[m]
        target = world.depth_factor[regime, m]
        gap = state.markets[m].depth_factor - target
        if gap != 0.0:
            keep = exp(-row.depth_recovery * elapsed)
            state.markets[m].depth_factor = target + gap * keep
        if state.markets[m].transient != 0.0:
            if row.parent >= 0:
                arbitrage(world, state, m, elapsed)
            state.markets[m].transient *= exp(-row.decay * elapsed)
            state.markets[m].stirred = 1


@lean
def relax_now(world: World, state: State) -> None:
    """Let the time since the last call act on every market, then re-mark."""
    relax_markets(world, state, state.clock[0].now - state.clock[0].relaxed)
    state.clock[0].relaxed = state.clock[0].now
    remark(world, state)
