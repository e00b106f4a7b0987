"""P2, term V: what an option gains in each of the moves that an engine tries.

Under samples an option is valued again in every one of them (full revaluation); under a covariance
at the two moves of its underlying, and of its volatility, that lie ``multiple`` deviations away
(Basel Committee, MAR21.5, takes curvature from such a pair too). Moves are relative, as those of
linear legs are. Volatility follows the underlying as the surface says (``spot_beta``) and moves by
itself besides. Gains are per unit of option and shared by all accounts; they are written when
somebody first needs them after prices or beliefs have moved.
"""

import math

from sim.compile import lean
from sim.margin.book_anchor import TOKEN_WEIGHT
from sim.margin.exposure import shelf_index
from sim.margin.shocks import YEAR, Contract
from sim.market.black import option_value
from sim.market.options import contract_of, forward_usd, token_price
from sim.numerics import exp
from sim.state.codes import BY_COVARIANCE
from sim.state.state import NOTIONAL, VARIANCE, State
from sim.state.world import World

# Rows of the shelf under a covariance
RISE, FALL, VOL_RISE, VOL_FALL = 0, 1, 2, 3
TRIALS = 4
OLDEST = 4.0 * 3600.0  # s after which lists that hold option books are rebuilt
PEAK = 0.39894228040143276  # of the normal density


@lean
def unit_move(world: World, state: State, venue: int, n: int) -> float:
    """Relative move of asset n that stands for one deviation, or for one unit of a sample."""
    row = world.tails[venue]
    horizon = row.multiple if row.method == BY_COVARIANCE else row.scale
    return horizon * math.sqrt(state.belief[VARIANCE, n])


@lean
def unit_vol(world: World, venue: int) -> float:
    """The same of the log-volatility that moves by itself."""
    row = world.tails[venue]
    horizon = row.multiple if row.method == BY_COVARIANCE else row.scale
    return horizon * row.vol_of_vol


@lean
def tried(world: World, state: State, venue: int, n: int, s: int) -> tuple[float, float]:
    """Relative move of asset n, and own move of its log-volatility, in trial ``s``."""
    move = unit_move(world, state, venue, n)
    own = unit_vol(world, venue)
    if world.tails[venue].method != BY_COVARIANCE:
        return move * world.samples[s, n], own * world.vol_samples[s, n]
    if s == RISE:
        return move, 0.0
    if s == FALL:
        return -move, 0.0
    return 0.0, own if s == VOL_RISE else -own


@lean
def moved_value(option: Contract, move: float, shock: float) -> float:
    """Black-76 value after a relative move of the forward and a shock of log-volatility, quote."""
    years = option.seconds / YEAR
    deviation = option.volatility * math.sqrt(years) * exp(shock)
    forward = option.forward * max(0.0, 1.0 + move)
    discount = exp(-max(0.0, option.rate) * years)
    return option_value(option.sign, forward, option.strike, deviation, discount)


@lean
def option_gain(
    world: World, state: State, k: int, option: Contract, move: float, own: float
) -> float:
    """What option k gains by a relative move and an own one of its log-volatility, USD per unit."""
    beta = world.surfaces[world.options[k].surface].beta
    worth = moved_value(option, move, own - beta * move)
    return worth * token_price(world, state, k) - state.g[0, k]


@lean
def try_option(world: World, state: State, venue: int, k: int) -> None:
    """Bring the gains of option k up to the present prices and beliefs, USD per unit."""
    i = shelf_index(world, venue)
    if state.shelf_at[i, k] == state.books[world.options[k].book].version:
        return
    state.shelf_at[i, k] = state.books[world.options[k].book].version
    count = TRIALS
    if world.tails[venue].method != BY_COVARIANCE:
        count = world.samples.shape[0]
    if state.options[k].settled != 0:
        for s in range(count):
            state.shelf[i, k, s] = 0.0
        return
    option = contract_of(world, state, k)
    for s in range(count):
        move, own = tried(world, state, venue, world.instruments[k].asset, s)
        state.shelf[i, k, s] = option_gain(world, state, k, option, move, own)


@lean
def farthest(world: World, state: State, venue: int, k: int) -> tuple[float, float]:
    """Largest relative move of option k's underlying, and multiple of its volatility."""
    n = world.instruments[k].asset
    move = unit_move(world, state, venue, n)
    own = unit_vol(world, venue)
    if world.tails[venue].method != BY_COVARIANCE:
        move *= world.unit_move[n]
        own *= world.unit_vol[n]
    return move, swell(world, k, move, own)


@lean
def swell(world: World, k: int, move: float, own: float) -> float:
    """Largest multiple of option k's volatility for moves of so much and own ones of so much."""
    return exp(abs(world.surfaces[world.options[k].surface].beta) * move + own)


@lean
def per_gain(world: World, venue: int) -> float:
    """Most that a tail rises per USD by which the gain in any trial falls."""
    row = world.tails[venue]
    if row.method != BY_COVARIANCE:
        return 1.0
    return row.curvature + (1.0 if row.vol_of_vol > 0.0 else 0.0)


@lean
def strike_usd(world: World, state: State, k: int) -> float:
    """Strike of option k at the present price of its quote, USD."""
    return world.options[k].strike * token_price(world, state, k)


@lean
def value_reach(world: World, state: State, k: int, skin: float) -> float:
    """Most that the value of one unit of option k moves, USD, and per unit of skin.

    By the forward's move (delta), ``0.4 forward`` per unit of deviation (vega), and the strike's
    move with the quote.
    """
    notional = state.g[NOTIONAL, k]
    vega = PEAK * (forward_usd(world, state, k) + 2.0 * skin * notional)
    return notional + vega + strike_usd(world, state, k) / TOKEN_WEIGHT


@lean
def gain_reach(
    world: World, state: State, k: int, farthest_move: tuple[float, float], skin: float
) -> float:
    """Most that the gain of option k in a trial changes, USD per unit, and per unit of skin.

    The forward moves by a skin of notional, the deviation by a skin, the quote by a skin of itself.
    A gain is the value in a trial less the value now; both move the same way with each of these, so
    that it moves by no more than the larger: by the forward's move (delta), ``0.4 forward`` per
    unit of deviation (vega), and the strike's move, times the multiples of the trial.
    """
    move, multiple = farthest_move
    notional = state.g[NOTIONAL, k]
    forward = forward_usd(world, state, k)
    vega = PEAK * (forward + 2.0 * skin * notional) * (1.0 + move) * multiple
    delta = (1.0 + move) * notional
    strike = strike_usd(world, state, k) * (1.0 + skin) / TOKEN_WEIGHT
    return delta + vega + strike


@lean
def gain_ageing(world: World, state: State, k: int, move: float) -> float:
    """Most that time alone changes that gain, USD per unit: by its discount."""
    top = state.g[NOTIONAL, k] * (2.0 + 2.0 * move)
    top += 2.0 * strike_usd(world, state, k)
    return top * abs(world.options[k].rate) * OLDEST / YEAR


@lean
def trial_reach(world: World, state: State, venue: int, k: int, skin: float) -> float:
    """Most that a tail rises per unit of option k, USD, and per unit of skin."""
    reach = gain_reach(world, state, k, farthest(world, state, venue, k), skin)
    return per_gain(world, venue) * reach


@lean
def trial_ageing(world: World, state: State, venue: int, k: int) -> float:
    """Most that time alone raises a tail per unit of option k, USD."""
    move, _ = farthest(world, state, venue, k)
    return per_gain(world, venue) * gain_ageing(world, state, k, move)
