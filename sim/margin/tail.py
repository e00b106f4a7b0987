"""P2, term V in the world: the tail of a book's return as its engine believes it.

Linear legs only: options at such a venue are charged by their books (term O). The rule of early
liquidation asks the same question over the time that a liquidation takes.
"""

import math

from sim.compile import lean
from sim.margin.exposure import exposure, is_here, moves
from sim.margin.sampled import tail_mean, tail_rank
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
def sampled_loss(world: World, state: State, a: int, s: int) -> float:
    """Loss of a book in sample ``s``, its returns scaled to one second's believed deviation."""
    loss = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        n = world.instruments[k].asset
        move = world.samples[s, n] * math.sqrt(state.belief[VARIANCE, n])
        loss -= tail_exposure(world, state, a, k) * move
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
    row = world.tails[world.accounts[a].venue]
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
    return max(0.0, found) * row.scale


@lean
def tail_loss(world: World, state: State, a: int) -> float:
    """What the engine of row ``a`` thinks it could lose, USD."""
    row = world.tails[world.accounts[a].venue]
    if row.method == BY_COVARIANCE:
        return row.multiple * deviation(world, state, a, True)
    return sampled_tail(world, state, a)


@lean
def predicted_loss(world: World, state: State, a: int) -> float:
    """Equity below which insolvency before a liquidation is done is too likely, USD.

    Value moves by less than ``z`` deviations over the delay with the probability that is wanted.
    """
    return world.tails[world.accounts[a].venue].predictive * deviation(world, state, a, False)


@lean
def tail_slope(world: World, state: State, venue: int, k: int) -> float:
    """Most that `tail_loss` rises per USD of exposure to instrument k's asset.

    Both measures are Lipschitz in the exposures: a deviation is a norm, and a quantile or tail mean
    of sampled losses moves by no more than the largest of them does.
    """
    row = world.tails[venue]
    n = world.instruments[k].asset
    unit = math.sqrt(state.belief[VARIANCE, n])
    if row.method == BY_COVARIANCE:
        return row.multiple * unit
    return row.scale * unit * world.unit_move[n]


@lean
def predicted_spread(world: World, state: State, a: int) -> float:
    """Most that `predicted_loss` can rise per unit of skin, USD; zero where nobody predicts."""
    row = world.tails[world.accounts[a].venue]
    if row.predictive <= 0.0:
        return 0.0
    total = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        size = abs(true_exposure(world, state, a, k))
        total += size * math.sqrt(state.belief[VARIANCE, world.instruments[k].asset])
    return total * row.predictive
