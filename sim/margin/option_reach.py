"""How far one option's value and scenario values can go while prices stay inside a skin.

No scenario is valued for it. Inside the skin a forward, a deviation and a quote token lie between
two ends each, so that log-moneyness and deviation lie in a rectangle; over it delta and vega are
largest at a corner or on an edge (`steepest`). An option far out of the money in a scenario, or far
in it, thus moves as little there as it does in truth.
"""

import math
from typing import NamedTuple

from sim.compile import lean
from sim.margin.book_anchor import TOKEN_WEIGHT
from sim.margin.exposure import shelf_index
from sim.margin.shocks import (
    YEAR,
    basis_factor,
    long_factor,
    shocked_forward,
    shocked_volatility,
    short_factor,
)
from sim.margin.trials import PEAK
from sim.market.black import normal_cdf, normal_density
from sim.numerics import log
from sim.state.codes import MAINTENANCE, SKEW_ABSOLUTE, SKEW_LINEAR
from sim.state.rows import Row
from sim.state.state import NOTIONAL, State
from sim.state.world import World

SMALLEST = 1e-9  # deviation, forward relative to the strike, and price taken for zero
STEEPEST = 0.24197072451914337  # slope of the normal density, at one


class Swing(NamedTuple):
    """Most that a value moves, per unit of skin and of notional."""

    delta: float  # with the forward
    other: float  # with the deviation, and through the strike with the quote token


class Region(NamedTuple):
    """Where one option may be found; forward and strike per unit of notional."""

    sign: float  # +1 call, -1 put
    forward: float
    strike: float
    skin: float  # how far prices may go


class Option(NamedTuple):
    """What bounds of one option rest on."""

    region: Region
    now: Swing  # of its value, outside of scenarios
    most: float  # largest factor on a book's worth
    off: float  # most by which a factor differs from one
    tilt: float  # most that a skew scenario changes delta


@lean
def steepest(
    sign: float, low: float, high: float, least: float, most: float
) -> tuple[float, float]:
    """Largest size of delta, and largest normal density at d1, of an option.

    ``x``, the logarithm of forward over strike, lies in [low, high] and the deviation ``w`` in
    [least, most]. ``d1 = x/w + w/2`` rises with x; in w it is convex for x > 0, least at
    ``sqrt(2x)``, and rises throughout otherwise.
    """
    turn = min(most, max(least, math.sqrt(2.0 * max(0.0, low))))
    first = low / turn + 0.5 * turn
    last = max(high / least + 0.5 * least, high / most + 0.5 * most)
    delta = normal_cdf(last) if sign > 0.0 else normal_cdf(-first)
    return delta, normal_density(max(first, -last, 0.0))


@lean
def swing(region: Region, spot: float, free: float, deviation: float) -> Swing:
    """What an option's value can move in a scenario that sees it at that deviation.

    The forward in the scenario moves by at most ``max(1, spot)`` times what the forward does,
    whatever share of the settlement average is known. In USD the strike moves with the quote token.

    Parameters
    ----------
    region : Region
        Where the option may be found.
    spot : float
        Factor on the spot in the scenario.
    free : float
        Share of the settlement average that is not known yet, in [0, 1].
    deviation : float
        Volatility in the scenario times the root of the time to expiry.
    """
    stretch = max(1.0, spot)
    move, token = stretch * region.skin, region.skin / TOKEN_WEIGHT
    forward = shocked_forward(region.forward, free, max(0.0, spot))
    low = log(max(SMALLEST, (forward - move) / (region.strike * (1.0 + token))))
    high = log(max(SMALLEST, (forward + move) / (region.strike * (1.0 - token))))
    least = max(SMALLEST, deviation - region.skin)
    most = max(SMALLEST, deviation + region.skin)
    delta, density = steepest(region.sign, low, high, least, most)
    other = (forward + move) * density + max(1.0, region.strike) / TOKEN_WEIGHT
    return Swing(stretch * delta, other)


@lean
def shaken(one: Option, then: Swing, weight: float) -> float:
    """Most that ``value + weight x (scenario - value)`` moves, per unit of skin and of notional.

    ``weight`` is watch level x loss factor x damping. Both values rise (or fall) with the forward,
    so that below a weight of one their parts add up, and above it they work against each other;
    what deviations and the quote token do always adds up.
    """
    now, seen = one.now, weight * one.most
    left = max(0.0, 1.0 - weight) * now.delta + seen * then.delta
    delta = max((weight - 1.0) * now.delta, left)
    return delta + abs(1.0 - weight) * now.other + seen * then.other


@lean
def skewed(one: Option, then: Swing, weight: float, stays: bool) -> float:
    """The same of ``value - weight x |scenario - value|``.

    Two deltas of one sign differ by at most the larger; if the forward stays where it is, by what
    the tilt of volatility does to them.
    """
    now = one.now
    gap = max(one.most * then.delta, now.delta)
    if stays:
        gap = min(gap, one.off * then.delta + one.tilt)
    other = now.other + weight * (now.other + one.most * then.other)
    return now.delta + weight * gap + other


@lean
def option_of(world: World, state: State, venue: int, k: int, skin: float) -> Option:
    """Option k under a venue's grid, for moves of up to ``skin``."""
    grid, row = world.grids[venue], world.options[k]
    book = state.books[row.book]
    least, most = factors(grid, row.rate, book.seconds)
    spot = max(book.spot, SMALLEST)
    region = Region(row.sign, book.forward / spot, row.strike / spot, skin)
    deviation = state.options[k].deviation
    now = swing(region, 1.0, 1.0, deviation)
    tilt = tilted(grid, math.sqrt(book.seconds / YEAR), deviation + skin)
    return Option(region, now, most, max(most - 1.0, 1.0 - least), tilt)


@lean
def factors(grid: Row, rate: float, seconds: float) -> tuple[float, float]:
    """Least and largest factor on a book's worth, one included, from now until expiry.

    Each of them falls or rises throughout.
    """
    long_now, long_then = long_factor(grid, rate, seconds), long_factor(grid, rate, 0.0)
    short_now, short_then = short_factor(grid, rate, seconds), short_factor(grid, rate, 0.0)
    least = min(1.0, long_now, long_then, short_now, short_then)
    return least, max(1.0, long_now, long_then, short_now, short_then)


@lean
def tilted(grid: Row, root: float, wide: float) -> float:
    """Most that a skew scenario changes the delta of an option whose deviation is below ``wide``.

    It multiplies the deviation w by at most 1 / (1 - cap). Delta is N(d) or N(d) - 1, and d changes
    with log w by w - d, so delta by at most (0.242 + 0.4 w) per unit of log w. Where scenarios are
    valued later than now, deviations differ by more than the tilt; where a cap is negative (long
    expiries of Derive's grid), it holds nothing back.
    """
    linear, absolute = grid.linear_slope * root, grid.absolute_slope * root
    cap = max(grid.linear_base, grid.absolute_base)
    cap = max(cap, grid.linear_base + linear, grid.absolute_base + absolute)
    lowest = min(grid.linear_base, grid.absolute_base)
    lowest = min(lowest, grid.linear_base + linear, grid.absolute_base + absolute)
    if cap >= 1.0 or lowest < 0.0 or grid.lookahead > 0.0:
        return 1.0
    return min(1.0, -log(1.0 - cap) * (STEEPEST + PEAK * wide))


@lean
def moved_in(one: Option, row: Row, spot: float, then: Swing, weight: float) -> float:
    """Most that a leg moves slack in one scenario."""
    if row.vol in (SKEW_LINEAR, SKEW_ABSOLUTE):
        return skewed(one, then, weight * row.damping, spot == 1.0)
    return shaken(one, then, weight * row.damping)


@lean
def basis_moved(world: World, state: State, venue: int, k: int, one: Option) -> tuple[Swing, float]:
    """The larger swing under the two basis moves, and the share of their loss that is charged."""
    grid, book = world.grids[venue], world.options[k].book
    lens = state.lenses[shelf_index(world, venue), book]
    deviation = state.options[k].deviation
    up = swing(one.region, grid.basis_up, lens.free, deviation)
    down = swing(one.region, grid.basis_down, lens.free, deviation)
    most = Swing(max(up.delta, down.delta), max(up.other, down.other))
    return most, basis_factor(grid, state.books[book].seconds)


@lean
def option_reach(
    world: World, state: State, venue: int, k: int, skin: float
) -> tuple[float, float]:
    """Most that one unit of option k moves an account's slack, USD, and per unit of skin.

    At a watch level of one, and at the highest of all owners, for moves of up to ``skin``.
    """
    grid, option = world.grids[venue], state.options[k]
    lens = state.lenses[shelf_index(world, venue), world.options[k].book]
    one = option_of(world, state, venue, k, skin)
    scan = world.scan_range[venue, world.instruments[k].group]
    weight = world.contingency[MAINTENANCE, venue].loss_factor
    highest = state.clock[0].watch_most * weight
    then, share = basis_moved(world, state, venue, k, one)
    alone = one.now.delta + one.now.other
    least = max(alone, shaken(one, then, weight * share))
    most = max(alone, shaken(one, then, highest * share))
    for s in range(grid.count):
        row = world.scenarios[grid.first + s]
        spot = row.spot + row.move * scan
        deviation = shocked_volatility(lens, row.vol, option.vol, option.moneyness) * lens.root
        then = swing(one.region, spot, lens.free, deviation)
        least = max(least, moved_in(one, row, spot, then, weight))
        most = max(most, moved_in(one, row, spot, then, highest))
    return state.g[NOTIONAL, k] * least, state.g[NOTIONAL, k] * most
