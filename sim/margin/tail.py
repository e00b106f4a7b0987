"""P2, term V in the world: the tail of a book's return as its engine believes it.

Under samples every option is valued again in each (filtered historical simulation with full
revaluation). Under a covariance a book is the parabola through its values now and at the measure's
multiple of a deviation up and down, and the requirement its largest loss over the ellipsoid of that
radius: exact where a book is linear, and where it has nothing but negative curvature in one
underlying.
"""

import math

from sim.compile import lean
from sim.margin.curvature import Curved, largest_loss
from sim.margin.exposure import exposure, is_here, moves, shelf_index
from sim.margin.sampled import tail_mean, tail_rank
from sim.margin.trials import FALL, RISE, VOL_FALL, VOL_RISE, try_option, unit_move
from sim.state.codes import BY_COVARIANCE, OPTION
from sim.state.state import VARIANCE, State
from sim.state.world import World


@lean
def tail_exposure(world: World, state: State, a: int, k: int) -> float:
    """USD that a leg of row ``a`` gains per unit of relative move of its asset, as V sees it."""
    venue = world.accounts[a].venue
    quantity = state.balance[k, a]
    if quantity == 0.0 or not is_here(world, venue, k) or not moves(world, venue, k, quantity):
        return 0.0
    return exposure(world, state, venue, k, quantity)


@lean
def true_exposure(world: World, state: State, a: int, k: int) -> float:
    """The same of any leg but options."""
    if world.instruments[k].kind == OPTION:
        return 0.0
    return exposure(world, state, world.accounts[a].venue, k, state.balance[k, a])


@lean
def deviation(world: World, state: State, a: int, engine: bool) -> float:
    """Standard deviation of an account's value over one second, USD: as V sees it, or of all."""
    variance = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        one = tail_exposure(world, state, a, k) if engine else true_exposure(world, state, a, k)
        if one == 0.0:
            continue
        n = world.instruments[k].asset
        variance += one * one * state.believed[n, n]
        for j in range(i):
            h = state.legs[a, j]
            other = (
                tail_exposure(world, state, a, h) if engine else true_exposure(world, state, a, h)
            )
            variance += 2.0 * one * other * state.believed[n, world.instruments[h].asset]
    return math.sqrt(max(0.0, variance))


@lean
def is_tried(world: World, state: State, a: int, k: int) -> bool:
    """Whether instrument k is an option that the engine of row ``a`` values in its trials."""
    if world.instruments[k].kind != OPTION or state.balance[k, a] == 0.0:
        return False
    return is_here(world, world.accounts[a].venue, k)


@lean
def gather(world: World, state: State, a: int) -> None:
    """Write the linear exposures of row ``a`` by asset, and bring its options up to date."""
    state.curved[:] = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if is_tried(world, state, a, k):
            try_option(world, state, world.accounts[a].venue, k)
        else:
            n = world.instruments[k].asset
            state.curved[0, n] += tail_exposure(world, state, a, k)


@lean
def sampled_loss(world: World, state: State, a: int, s: int) -> float:
    """Loss of a gathered book in sample ``s``, USD; its exposures are per unit of a sample."""
    loss = 0.0
    for n in range(state.curved.shape[1]):
        loss -= state.curved[0, n] * world.samples[s, n]
    if len(world.surfaces) == 0:
        return loss
    shelf = shelf_index(world, world.accounts[a].venue)
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if is_tried(world, state, a, k):
            loss -= state.balance[k, a] * state.shelf[shelf, k, s]
    return loss


@lean
def keep_worst(state: State, count: int, loss: float) -> None:
    """Put a loss into its place among the ``count`` largest so far, which ascend."""
    if loss <= state.worst[0]:
        return
    i = 1
    while i < count and state.worst[i] < loss:
        state.worst[i - 1] = state.worst[i]
        i += 1
    state.worst[i - 1] = loss


@lean
def sampled_tail(world: World, state: State, a: int) -> float:
    """Value at risk or expected shortfall over the samples, USD."""
    venue = world.accounts[a].venue
    row = world.tails[venue]
    gather(world, state, a)
    for n in range(state.curved.shape[1]):
        state.curved[0, n] *= unit_move(world, state, venue, n)
    samples = world.samples.shape[0]
    first = tail_rank(samples, row.level)
    count = samples - first
    for i in range(count):
        state.worst[i] = -1e300
    for s in range(samples):
        keep_worst(state, count, sampled_loss(world, state, a, s))
    found = state.worst[0]
    if row.expected:
        found = tail_mean(state.worst, count, (1.0 - row.level) * samples)
    return max(0.0, found)


@lean
def add_parabola(
    state: State, n: int, held: float, move: float, gains: tuple[float, float]
) -> None:
    """Add to asset n so many units of what gains so much where it rises, or falls, by ``move``."""
    if move > 0.0:
        rise, fall = gains
        state.curved[0, n] += held * (rise - fall) / (2.0 * move)
        state.curved[1, n] += held * (rise + fall) / (move * move)


@lean
def weigh_curvature(state: State, multiple: float) -> None:
    """Count negative curvature so many times.

    That makes a book that has nothing else need the measure of a squared return, not the square of
    a return's.
    """
    for n in range(state.curved.shape[1]):
        if state.curved[1, n] < 0.0:
            state.curved[1, n] *= multiple


@lean
def add_curves(world: World, state: State, a: int) -> None:
    """Add options to a gathered book: slope, curvature and volatility from their trials."""
    venue = world.accounts[a].venue
    shelf = shelf_index(world, venue)
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if not is_tried(world, state, a, k):
            continue
        n = world.instruments[k].asset
        held = state.balance[k, a]
        gain, fall = state.shelf[shelf, k, RISE], state.shelf[shelf, k, FALL]
        add_parabola(state, n, held, unit_move(world, state, venue, n), (gain, fall))
        swing = state.shelf[shelf, k, VOL_RISE] - state.shelf[shelf, k, VOL_FALL]
        state.curved[2, n] += held * swing / (2.0 * world.tails[venue].multiple)
    weigh_curvature(state, world.tails[venue].curvature)


@lean
def gathered_loss(state: State, radius: float) -> float:
    """Largest loss of a gathered book over an ellipsoid of so many deviations, USD."""
    book = Curved(
        state.curved[0],
        state.curved[1],
        state.curved[2],
        state.curve_order,
        state.curve_work[0],
        state.curve_work[1],
        state.curved[3],
    )
    return largest_loss(book, state.believed, radius)


@lean
def curved_loss(world: World, state: State, a: int) -> float:
    """Largest loss of a book with options over its engine's ellipsoid, USD."""
    gather(world, state, a)
    add_curves(world, state, a)
    return gathered_loss(state, world.tails[world.accounts[a].venue].multiple)


@lean
def options_tried(world: World, state: State, a: int) -> int:
    """How many options row ``a`` holds that its engine values in its trials."""
    count = 0
    for i in range(state.rows[a].leg_count):
        count += 1 if is_tried(world, state, a, state.legs[a, i]) else 0
    return count


@lean
def tail_loss(world: World, state: State, a: int) -> float:
    """What the engine of row ``a`` thinks it could lose, USD."""
    row = world.tails[world.accounts[a].venue]
    if row.method == BY_COVARIANCE:
        if len(world.surfaces) > 0 and options_tried(world, state, a) > 0:
            return curved_loss(world, state, a)
        return row.multiple * deviation(world, state, a, True)
    return sampled_tail(world, state, a)


@lean
def tail_slope(world: World, state: State, venue: int, k: int) -> float:
    """Most that `tail_loss` rises per USD of exposure to instrument k's asset.

    All measures are Lipschitz in the exposures: a deviation is a norm, a quantile or tail mean of
    sampled losses moves by no more than the largest of them does, and a largest loss by no more
    than the loss at any point of the ellipsoid.
    """
    row = world.tails[venue]
    n = world.instruments[k].asset
    unit = math.sqrt(state.belief[VARIANCE, n])
    if row.method == BY_COVARIANCE:
        return row.multiple * unit
    return row.scale * unit * world.unit_move[n]
