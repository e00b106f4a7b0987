"""P3: early liquidation, where insolvency before a liquidation is done is too likely.

An account needs what its whole book could lose, at every venue where it has legs, while returns
stay within ``z`` deviations of what engines believe, over the time that a liquidation takes. Books
without options move by ``z`` deviations of their value. One with options is the parabola through
its values now and with each underlying ``z`` deviations up and down, volatility following as the
surface says, and needs its largest loss over the ellipsoid of that radius, as under term V by
covariance (:mod:`sim.margin.tail`): negative curvature counts as much more as the quantile of a
squared return exceeds the square of a return's, so that a short straddle without delta is called
with the probability that is stated.

Near expiry the parabola of an option bought can fall below what was paid for it, since it turns
between the moves that were looked at. So a book never needs more than what its other legs do, and
the present value of its options bought, which is all that these can lose.
"""

import math

from sim.compile import lean
from sim.margin.tail import (
    add_parabola,
    deviation,
    gathered_loss,
    true_exposure,
    weigh_curvature,
)
from sim.margin.trials import FALL, RISE, gain_ageing, gain_reach, option_gain, swell
from sim.market.options import contract_of, quote
from sim.state.codes import OPTION
from sim.state.state import AGED, SHAKEN, VARIANCE, State
from sim.state.world import World


@lean
def predicted_move(world: World, state: State, venue: int, n: int) -> float:
    """Relative move of asset n that the rule of a venue looks ahead to."""
    return world.tails[venue].predictive * math.sqrt(state.belief[VARIANCE, n])


@lean
def foresee(world: World, state: State, venue: int, k: int) -> None:
    """Bring what option k gains in those moves up to date, USD per unit."""
    i = world.tails[venue].predictive_shelf
    if state.shelf_at[i, k] == state.books[world.options[k].book].version:
        return
    state.shelf_at[i, k] = state.books[world.options[k].book].version
    state.shelf[i, k, RISE] = 0.0
    state.shelf[i, k, FALL] = 0.0
    if state.options[k].settled == 0:
        option = contract_of(world, state, k)
        move = predicted_move(world, state, venue, world.instruments[k].asset)
        state.shelf[i, k, RISE] = option_gain(world, state, k, option, move, 0.0)
        state.shelf[i, k, FALL] = option_gain(world, state, k, option, -move, 0.0)


@lean
def holds_options(world: World, state: State, a: int) -> bool:
    """Whether row ``a`` has an option, at any venue."""
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if world.instruments[k].kind == OPTION and state.balance[k, a] != 0.0:
            return True
    return False


@lean
def foreseen_loss(world: World, state: State, a: int, bought: bool) -> float:
    """Largest loss of row ``a`` within the moves, with its options bought or without them, USD."""
    venue = world.accounts[a].venue
    row = world.tails[venue]
    state.curved[:] = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        n = world.instruments[k].asset
        held = state.balance[k, a]
        if world.instruments[k].kind != OPTION:
            state.curved[0, n] += true_exposure(world, state, a, k)
        elif held < 0.0 or (bought and held > 0.0):
            foresee(world, state, venue, k)
            shelf = state.shelf[row.predictive_shelf, k]
            gains = shelf[RISE], shelf[FALL]
            add_parabola(state, n, held, predicted_move(world, state, venue, n), gains)
    weigh_curvature(state, row.predictive_curvature)
    return gathered_loss(state, row.predictive)


@lean
def paid_for(world: World, state: State, a: int) -> float:
    """Present value of the options that row ``a`` holds long, USD."""
    total = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if world.instruments[k].kind == OPTION:
            total += max(0.0, state.balance[k, a]) * state.g[0, k]
    return total


@lean
def predicted_loss(world: World, state: State, a: int) -> float:
    """Equity below which insolvency before a liquidation is done is too likely, USD.

    Value moves by less than ``z`` deviations over the delay with the probability that is wanted.
    """
    if len(world.surfaces) == 0 or not holds_options(world, state, a):
        return world.tails[world.accounts[a].venue].predictive * deviation(world, state, a, False)
    whole = foreseen_loss(world, state, a, True)
    paid = paid_for(world, state, a)
    if paid == 0.0 or whole <= paid:
        return whole
    return min(whole, paid + foreseen_loss(world, state, a, False))


@lean
def note_prediction(world: World, state: State, venue: int, k: int) -> None:
    """Write what `predicted_reach` reads of an option and horizon, once per list."""
    i = world.tails[venue].predictive_shelf
    if state.reached[i, k] == state.clock[0].prepared:
        return
    state.reached[i, k] = state.clock[0].prepared
    quote(world, state, k)
    move = predicted_move(world, state, venue, world.instruments[k].asset)
    farthest = move, swell(world, k, move, 0.0)
    state.reaches[i, SHAKEN, k] = gain_reach(world, state, k, farthest, state.clock[0].reach)
    state.reaches[i, AGED, k] = gain_ageing(world, state, k, move)


@lean
def predicted_reach(world: World, state: State, a: int, skin: float) -> float:
    """Most that `predicted_loss` can rise inside a skin, USD; zero where nobody predicts.

    A largest loss rises by no more than the loss at any point of the ellipsoid does. There every
    return is at most its ``z`` deviations, so a linear leg costs at most these on what its
    exposure grew by. Of an option let u in [-1, 1] be the return in units of its move: it gains
    ``u/2 + u^2/2`` times what it does in the rise, ``u^2/2 - u/2`` times what it does in the fall,
    together at most ``e max(|u|, u^2)`` more where both changed by at most e. Counting negative
    curvature c times makes it ``e max(|u|, c u^2)``, at most c e; whichever side of zero the sum
    of curvatures is on, since it counts by a function of slope c at most. How far a gain goes says
    `gain_reach`, and `gain_ageing` for time. What caps the loss is a largest loss too, and the
    value of options bought, which moves by no more than `value_reach`: `gain_reach` is more.
    """
    row = world.tails[world.accounts[a].venue]
    if row.predictive <= 0.0:
        return 0.0
    total = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if world.instruments[k].kind == OPTION:
            j = row.predictive_shelf
            note_prediction(world, state, world.accounts[a].venue, k)
            most = state.reaches[j, SHAKEN, k] * skin + state.reaches[j, AGED, k]
            total += abs(state.balance[k, a]) * row.predictive_curvature * most
        else:
            unit = math.sqrt(state.belief[VARIANCE, world.instruments[k].asset])
            total += abs(true_exposure(world, state, a, k)) * unit * row.predictive * skin
    return total
