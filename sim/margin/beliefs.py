"""What margin engines believe about volatility and correlation, filtered from prices.

At fixed times the marks of the reference markets enter exponentially weighted filters; variances
forget faster than correlations, and correlations may be read late. So an engine grants offsets that
have already gone when correlations jump. Between observations beliefs stand still, and an
observation calls for new watch lists: no bound need cover them.
"""

import math

from sim.compile import lean
from sim.margin.procyclical import Tools, calmed
from sim.margin.sampled import believed, update
from sim.numerics import exp, log, power
from sim.state.rows import Row
from sim.state.state import OBSERVED, OPENING_VARIANCE, RISK, SEEN, VARIANCE, State
from sim.state.world import World

ROUNDING = 1e-6  # s
LN_2 = 0.6931471805599453


@lean
def kept(half_life: float, seconds: float) -> float:
    """Weight of the past after some seconds."""
    return exp(-LN_2 * seconds / half_life)


@lean
def response(row: Row, variance: float, normal: float) -> float:
    """Multiple of requirements when variance is not what it was: a power of volatility, bounded.

    The tools against procyclicality act on it: the requirement under long-run volatility is one.
    """
    if row.gain <= 0.0 or normal <= 0.0:
        return 1.0
    raw = power(variance / normal, 0.5 * row.gain) if variance > 0.0 else 0.0
    bounded = min(row.highest, max(row.lowest, raw))
    return calmed(bounded, 1.0, row.stress, Tools(row.floor, row.stress_weight, row.buffer))


@lean
def respond(world: World, state: State) -> None:
    """Let venues that respond to volatility raise or lower their requirements."""
    if state.g.shape[0] <= RISK:
        return
    for k in range(len(world.instruments)):
        row = world.instruments[k]
        variance = state.belief[VARIANCE, row.asset]
        normal = state.belief[OPENING_VARIANCE, row.asset]
        state.g[RISK, k] = response(world.tails[row.venue], variance, normal)


@lean
def conclude(state: State) -> None:
    """Write the covariance that engines act on: newest volatilities, oldest correlations."""
    last = state.covariance.shape[0] - 1
    believed(state.covariance[last], state.correlation)
    for i in range(state.believed.shape[0]):
        for j in range(state.believed.shape[0]):
            scale = math.sqrt(state.belief[VARIANCE, i] * state.belief[VARIANCE, j])
            state.believed[i, j] = scale * state.correlation[i, j]


@lean
def age_correlations(state: State) -> None:
    """Move the remembered covariances on by one observation."""
    for s in range(state.covariance.shape[0] - 1, 0, -1):
        for i in range(state.covariance.shape[1]):
            for j in range(state.covariance.shape[1]):
                state.covariance[s, i, j] = state.covariance[s - 1, i, j]


@lean
def observe_returns(state: State, seconds: float) -> None:
    """Log-returns of the reference markets since the last observation, per root of a second."""
    for n in range(state.belief.shape[1]):
        mark = state.markets[n].mark
        state.belief[OBSERVED, n] = log(mark / state.belief[SEEN, n]) / math.sqrt(seconds)
        state.belief[SEEN, n] = mark


@lean
def learn(world: World, state: State) -> None:
    """Take prices into the filters, when it is time."""
    if len(world.beliefs) == 0:
        return
    row = world.beliefs[0]
    seconds = state.clock[0].now - state.clock[0].learned
    if seconds < row.every - ROUNDING:
        return
    state.clock[0].learned = state.clock[0].now
    observe_returns(state, seconds)
    age_correlations(state)
    decay = (kept(row.half_life, seconds), kept(row.correlation_half_life, seconds))
    update(state.belief[VARIANCE], state.covariance[0], state.belief[OBSERVED], decay)
    conclude(state)
    respond(world, state)


@lean
def forget(world: World, state: State, opening: State) -> None:
    """Beliefs as at the start of every path."""
    if len(world.beliefs) == 0:
        return
    for n in range(state.belief.shape[1]):
        state.belief[VARIANCE, n] = opening.belief[VARIANCE, n]
        state.belief[OPENING_VARIANCE, n] = opening.belief[VARIANCE, n]
        state.belief[SEEN, n] = state.markets[n].mark
    for s in range(state.covariance.shape[0]):
        for i in range(state.covariance.shape[1]):
            for j in range(state.covariance.shape[1]):
                state.covariance[s, i, j] = opening.covariance[0, i, j]
    conclude(state)
    respond(world, state)
