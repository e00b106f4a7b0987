"""Bounds of option books under a grid: inside a skin, slack falls by no more than they say."""

import numpy as np
import pytest
from scipy import stats

from sim.margin.book_anchor import TOKEN_WEIGHT
from sim.margin.health import assess
from sim.margin.option_reach import (
    Option,
    Region,
    factors,
    shaken,
    skewed,
    steepest,
    swing,
    tilted,
)
from sim.market.black import option_value
from sim.state.codes import MAINTENANCE, OPTION
from sim.state.option_rows import GRID
from sim.world.build import Factory
from tests.bounds import has_left, note, reach, requote
from tests.option_worlds import option_run
from tests.properties.test_option_world import only

HIGHEST = 2.0
SKINS = (0.002, 0.02, 0.06)


def hold_some(state, row, options, rng):
    """Three options, the first sold; the anchor watches all that are listed."""
    state.balance[:, row] = 0.0
    held = rng.choice(options, 3, replace=False)
    state.balance[held, row] = rng.standard_normal(3) * rng.integers(0, 2, 3)
    state.balance[held[0], row] = -2.0
    state.rows["leg_count"][row] = 3
    state.legs[row, :3] = np.sort(held)
    state.pools["deposits"][options] = 1.0


def slack(world, state, row, watch):
    equity, need = assess(world, state, MAINTENANCE, row)
    return equity - max(watch * need, need)


@pytest.mark.parametrize("seed", [5, 6, 7])
@pytest.mark.parametrize("scope", ["venue", "hub"])
def test_slack_falls_by_no_more_than_its_bound(seed, scope):
    rng = np.random.default_rng(seed)
    factory = Factory(option_run(seed))
    world, state, row = only(factory, "grid", {}, scope)
    options = np.flatnonzero(world.instruments["kind"] == OPTION)
    options = options[world.instruments["venue"][options] == 0]
    stable = factory.layout.assets.index("USDC")
    is_quote = world.markets["asset"][world.oracles["market"]] == stable
    published, levels = state.feeds["published"].copy(), state.levels.copy()
    state.clock["watch_most"] = HIGHEST
    seen, tightest = 0, 0.0
    for trial in range(600):
        skin, watch = SKINS[trial % 3], (1.0, 1.4, HIGHEST)[trial // 3 % 3]
        hold_some(state, row, options, rng)
        state.feeds["published"], state.levels[:] = published * np.exp(rng.normal(0.0, 0.1)), levels
        state.clock["now"] = rng.uniform(0.0, 0.4 * 86_400.0)
        requote(world, state)
        note(world, state)
        before, bound = slack(world, state, row, watch), reach(world, state, row, watch, skin)
        quote = rng.choice([-0.15, 0.0, 0.15]) * skin
        move = np.where(is_quote, quote, rng.choice([-0.8, 0.0, 0.8]) * skin - quote)
        state.feeds["published"] *= np.exp(move)
        state.levels[0] *= np.exp(rng.uniform(-3.0, 3.0) * skin)
        requote(world, state)
        if has_left(world, state, skin):
            continue
        seen += 1
        lost = before - slack(world, state, row, watch)
        assert lost <= bound, (trial, skin, watch)
        tightest = max(tightest, lost / bound)
    assert seen > 100
    assert tightest > 0.5  # a bound of half would be caught


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_delta_and_vega_are_largest_where_it_is_said(sign):
    """Against points of the rectangle, and met by one of them."""
    rng = np.random.default_rng(3)
    for _ in range(300):
        low, high = np.sort(rng.normal(0.0, 0.3, 2))
        least, most = np.sort(rng.uniform(0.01, 0.6, 2))
        x, w = np.meshgrid(np.linspace(low, high, 41), np.linspace(least, most, 161))
        d1 = x / w + 0.5 * w
        delta, density = steepest(sign, low, high, least, most)
        deltas, densities = stats.norm.cdf(sign * d1), stats.norm.pdf(d1)
        assert deltas.max() <= delta * (1.0 + 1e-12) + 1e-14
        assert densities.max() <= density * (1.0 + 1e-12) + 1e-300
        assert delta == pytest.approx(deltas.max(), rel=0.01, abs=1e-12)
        assert density == pytest.approx(densities.max(), rel=0.05, abs=1e-12)


def swung(call, spot, strike=1.2, deviation=0.08, skin=0.01):
    """What a week's option away from the money can move in a scenario, by delta and otherwise."""
    return swing(Region(1.0 if call else -1.0, 1.0, strike, skin), spot, 1.0, deviation)


def test_an_option_moves_in_a_scenario_as_far_as_its_delta_there():
    """By hand: forward and strike a skin apart from where they are, deviation at either end."""
    token = 0.01 / TOKEN_WEIGHT
    least, most = 1.2 * (1.0 - token), 1.2 * (1.0 + token)
    out, into = np.log(1.01 / least), np.log(1.3 * 1.01 / least)
    down = np.log(1.3 * 0.99 / most)
    assert swung(True, 1.0).delta == pytest.approx(stats.norm.cdf(out / 0.09 + 0.045))
    assert swung(True, 1.3).delta == pytest.approx(1.3 * stats.norm.cdf(into / 0.07 + 0.035))
    assert swung(False, 1.3).delta == pytest.approx(1.3 * stats.norm.cdf(-down / 0.09 - 0.045))
    assert swung(False, 1.0).delta > 0.97
    assert swung(True, 1.0).other < 0.3
    assert swung(True, 1.2).other > 0.5


def test_values_in_a_scenario_move_by_no_more_than_their_swing():
    """Forward, deviation and quote token each anywhere inside the skin; and by volatility alone."""
    rng = np.random.default_rng(9)
    tightest = 0.0
    for trial in range(2000):
        sign, skin, free = rng.choice([-1.0, 1.0]), (0.001, 0.02, 0.06)[trial % 3], rng.uniform()
        spot, strike, deviation = rng.uniform((0.3, 0.7, 0.0), (2.0, 1.4, 0.3))
        most = swing(Region(sign, 1.0, strike, skin), spot, free, deviation)
        ahead, volatility, quote = skin * rng.uniform(-1.0, 1.0, 3)
        quote = 1.0 + quote / TOKEN_WEIGHT
        then = max(0.0, deviation + volatility)
        forward = 1.0 - free + free * spot
        now = option_value(sign, forward, strike, deviation, 1.0)
        moved = option_value(sign, forward * (1.0 + ahead), strike * quote, then, 1.0) - now
        assert abs(moved) <= skin * (most.delta + most.other) + 1e-15
        alone = option_value(sign, forward, strike, then, 1.0) - now
        vega = most.other - max(1.0, strike) / TOKEN_WEIGHT
        assert abs(alone) <= abs(volatility) * vega + 1e-14
        if vega > 1e-6:
            tightest = max(tightest, abs(alone) / (abs(volatility) * vega))
    assert tightest > 0.9


def moved(option, forward, strike, deviation):
    return option_value(option.sign, forward, strike, deviation, 1.0)


@pytest.mark.parametrize("rule", ["shaken", "skewed"])
def test_slack_moves_by_no_more_than_said_in_each_scenario(rule):
    """Value and scenario value both move; whatever their factor, the weight and the book's sign."""
    rng = np.random.default_rng(31)
    grid, tightest = np.zeros(1, dtype=GRID), 0.0
    for trial in range(4000):
        skin, stays = (0.001, 0.02, 0.06)[trial % 3], trial % 2 == 0
        sign, free, cap = rng.choice([-1.0, 1.0]), rng.uniform(), rng.uniform(0.0, 0.6)
        strike, deviation, factor, weight = rng.uniform((0.5, 0.01, 0.0, 0.0), (1.6, 0.4, 1.5, 3.0))
        region = Region(sign, 1.0, strike, skin)
        spot = 1.0 if stays else rng.uniform(0.0, 2.0)
        seen = deviation * (1.0 + rng.uniform(-cap, cap))
        grid["linear_base"] = cap
        tilt = tilted(grid[0], 0.2, max(deviation, seen) + skin)
        now, then = swing(region, 1.0, 1.0, deviation), swing(region, spot, free, seen)
        most, least = max(1.0, factor), min(1.0, factor)
        one = Option(region, now, most, max(most - 1.0, 1.0 - least), tilt)
        ahead, quote = (
            1.0 + skin * rng.uniform(-1.0, 1.0),
            1.0 + skin / TOKEN_WEIGHT * rng.uniform(-1, 1),
        )
        change = skin * rng.uniform(-1.0, 1.0)
        stretched = 1.0 - free + free * spot
        value = moved(region, ahead, strike * quote, max(0.0, deviation + change))
        value -= moved(region, 1.0, strike, deviation)
        shocked = moved(region, stretched * ahead, strike * quote, max(0.0, seen + change))
        shocked = factor * (shocked - moved(region, stretched, strike, seen))
        if rule == "shaken":
            lost, bound = abs(value + weight * (shocked - value)), shaken(one, then, weight)
        else:
            lost = abs(value) + weight * abs(shocked - value)
            bound = skewed(one, then, weight, stays)
        assert lost <= skin * bound * (1.0 + 1e-9) + 1e-14, trial
        tightest = max(tightest, lost / (skin * bound))
    assert tightest > 0.8


def test_factors_of_a_book_hold_until_expiry():
    """A discount on what was sold counts as much as one on what was bought."""
    grid = np.zeros(1, dtype=GRID)
    grid["long_base"], grid["short_base"] = 0.9, 0.5
    grid["long_multiple"], grid["short_added"] = 1.0, 0.2
    least, most = factors(grid[0], 0.1, 365.0 * 86_400.0)
    assert least == pytest.approx(0.5)
    assert most == pytest.approx(1.0)
    grid["short_base"] = 1.04
    least, most = factors(grid[0], 0.1, 365.0 * 86_400.0)
    assert least == pytest.approx(0.9 * np.exp(-0.1))
    assert most == pytest.approx(np.exp(0.1))  # never above the undiscounted worth


def test_a_cap_that_holds_nothing_back_bounds_no_tilt():
    grid = np.zeros(1, dtype=GRID)
    grid["linear_base"], grid["linear_slope"] = 0.15, -0.05
    assert 0.0 < tilted(grid[0], 1.0, 0.1) < 0.1
    assert tilted(grid[0], 3.5, 0.1) == 1.0
    grid["lookahead"] = 1.0
    assert tilted(grid[0], 1.0, 0.1) == 1.0
