"""Early liquidation of books with options: by a plain formula, by chance, and the bounds of it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2, norm

from sim.compile import jit
from sim.margin import foresight
from sim.margin.health import assess, in_breach
from sim.margin.scan_watch import prepare
from sim.margin.tail import deviation
from sim.state.codes import GRIDS, MAINTENANCE, OPTION, PERPETUAL
from sim.state.state import VARIANCE
from sim.world.build import Factory
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from sim.world.start_state import list_legs
from tests.bounds import has_left, note, requote
from tests.option_worlds import option_run
from tests.properties.test_option_world import only

YEAR = 365.0 * 86_400.0
PROBABILITY, DELAY, BETA, SPOT = 0.01, 21_600.0, 1.5, 100.0
BTC_SD, ETH_SD = 1e-4, 1.4e-4  # believed, of a second's return
CALL, PUT = (7.0, 1.0, True), (7.0, 1.0, False)
STRADDLE = {CALL: -3.0, PUT: -3.0, ("balance", "USDC"): 300.0}


@jit
def predicted(world, state, a):
    return foresight.predicted_loss(world, state, a)


@jit
def whole_parabola(world, state, a):
    return foresight.foreseen_loss(world, state, a, True)


@jit
def bound(world, state, a, skin):
    prepare(state, skin)
    return foresight.predicted_reach(world, state, a, skin)


@jit
def moves_by(world, state, a):
    return deviation(world, state, a, False)


@jit
def is_called(world, state, a):
    return in_breach(world, state, a)


def early(probability=PROBABILITY, delay=DELAY):
    """A world whose two venues have the rule."""
    config = option_run(5).model_dump(mode="json")
    for venue in config["venue"].values():
        venue["predictive"] = {"probability": probability, "delay": delay}
        for listing in venue["options"].values():
            listing["surface"]["spot_beta"] = BETA
            listing["rate"] = 0.05
    config["beliefs"] = {"every": config["step_seconds"]}
    return Factory(validated(RunConfig, config))


def believe(factory, state, correlation=0.7):
    """Write what engines believe of BTC and ETH; the settlement asset stands still."""
    btc, eth = (factory.layout.assets.index(name) for name in ("BTC", "ETH"))
    sd = np.zeros(len(factory.layout.assets))
    sd[btc], sd[eth] = BTC_SD, ETH_SD
    matrix = np.eye(len(sd))
    matrix[btc, eth] = matrix[eth, btc] = correlation
    state.belief[VARIANCE] = sd**2
    state.believed[:] = sd[:, None] * sd * matrix
    state.shelf_at[:] = -1


def black(sign, forward, strike, sd, discount):
    """Black's formula, from the textbook."""
    d = math.log(forward / strike) / sd + 0.5 * sd
    return discount * sign * (forward * norm.cdf(sign * d) - strike * norm.cdf(sign * (d - sd)))


def gain(world, state, k, move):
    """What one option gains by a relative move of its underlying, USD."""
    row = world.options[k]
    now = state.books[row["book"]]
    years = now["seconds"] / YEAR
    sd, discount = state.options[k]["vol"] * math.sqrt(years), math.exp(-row["rate"] * years)
    start = black(row["sign"], now["forward"], row["strike"], sd, discount)
    there = now["forward"] * (1.0 + move)
    return black(row["sign"], there, row["strike"], sd * math.exp(-BETA * move), discount) - start


def z_of(probability=PROBABILITY, delay=DELAY):
    return norm.ppf(1.0 - probability) * math.sqrt(delay)


def by_hand(world, state, a, linear=0.0, asset=0, probability=PROBABILITY):
    """Largest loss of the parabola of a row's options on an asset, and of legs worth `linear`."""
    m = z_of(probability) * (BTC_SD, ETH_SD)[asset]
    up, down = linear * m, -linear * m
    for k in np.flatnonzero(state.balance[:, a]):
        if world.instruments["kind"][k] == OPTION and world.instruments["asset"][k] == asset:
            up += state.balance[k, a] * gain(world, state, k, m)
            down += state.balance[k, a] * gain(world, state, k, -m)
    slope, bend = 0.5 * (up - down), 0.5 * (up + down)
    if bend < 0.0:
        bend *= chi2.ppf(1.0 - probability, 1) / norm.ppf(1.0 - probability) ** 2
    u = np.linspace(-1.0, 1.0, 400_001)
    return float(np.max(-slope * u - bend * u * u))


@pytest.fixture(scope="module")
def factory():
    return early()


def held(factory, holdings, venue="grid"):
    """World, state and row of an account that holds exactly this, under the beliefs above."""
    world, state, row = only(factory, venue, holdings)
    believe(factory, state)
    return world, state, row


def test_a_short_straddle(factory):
    world, state, row = held(factory, STRADDLE)
    found = predicted(world, state, row)
    assert found == pytest.approx(by_hand(world, state, row), rel=1e-8)


def test_a_short_straddle_is_called_where_its_deltas_see_nothing(factory):
    world, state, row = held(factory, STRADDLE)
    m = z_of() * BTC_SD
    ahead = sum(-3.0 * gain(world, state, k, m) for k in np.flatnonzero(state.balance[:, row])
                if world.instruments["kind"][k] == OPTION)  # fmt: skip
    behind = sum(-3.0 * gain(world, state, k, -m) for k in np.flatnonzero(state.balance[:, row])
                 if world.instruments["kind"][k] == OPTION)  # fmt: skip
    slope = (ahead - behind) / (2.0 * m)
    flat = STRADDLE | {("perpetual", "BTC"): -slope / SPOT}
    world, state, row = held(factory, flat)
    assert predicted(world, state, row) == pytest.approx(
        by_hand(world, state, row, -slope), rel=1e-8
    )
    # Gamma of a pair at the money is 2 phi(0) / (S sd); 69 % over seven days are an sd of 0.096,
    # the move is 0.0342, and curvature counts 6.635 / 2.326^2 times
    assert predicted(world, state, row) == pytest.approx(
        1.226 * 3.0 * 100.0 * 0.3989 / 0.0961 * 0.0342**2, rel=0.1
    )
    bare = {("perpetual", "BTC"): 0.0}
    assert predicted(*held(factory, bare)) == 0.0


def test_a_covered_call(factory):
    cover = {("perpetual", "BTC"): 2.0}
    world, state, row = held(factory, cover | {(7.0, 1.1, True): -2.0})
    found = predicted(world, state, row)
    assert found == pytest.approx(by_hand(world, state, row, 200.0), rel=1e-8)
    alone = predicted(*held(factory, cover))
    assert alone == pytest.approx(z_of() * 200.0 * BTC_SD, rel=1e-12)
    assert 0.5 * alone < found < 0.95 * alone


def test_a_long_call(factory):
    world, state, row = held(factory, {CALL: 2.0})
    k = int(np.flatnonzero(state.balance[:, row])[0])
    found, worth = predicted(world, state, row), 2.0 * state.g[0, k]
    assert found == pytest.approx(by_hand(world, state, row), rel=1e-8)
    delta = by_hand_of_delta(world, state, k)
    assert 0.5 * delta < found < delta < worth


def by_hand_of_delta(world, state, k):
    """What two of an option lose by its delta alone, volatility following."""
    slope = (gain(world, state, k, 1e-6) - gain(world, state, k, -1e-6)) / 2e-6
    return 2.0 * slope * z_of() * BTC_SD


def near_expiry(factory, holdings, seconds):
    """The same so many seconds before the first expiry of BTC's options at `grid`."""
    world, state, row = held(factory, holdings)
    options = np.flatnonzero((world.instruments["kind"] == OPTION) & (state.balance[:, row] != 0.0))
    state.clock["now"] = world.options["expiry"][options].min() - seconds
    requote(world, state)
    believe(factory, state)
    return world, state, row


def days_of_first(factory):
    return factory.config.venue["grid"].options["BTC"].expiries[0]


@pytest.mark.parametrize("seconds", [60.0, 1200.0])
def test_an_option_bought_loses_no_more_than_it_is_worth(factory, seconds):
    """Where the parabola turns below what was paid: an account of options bought is not called."""
    days = days_of_first(factory)
    world, state, row = near_expiry(factory, {(days, 1.0, True): 2.0}, seconds)
    k = int(np.flatnonzero(state.balance[:, row])[0])
    worth = 2.0 * state.g[0, k]
    assert whole_parabola(world, state, row) > 1.01 * worth > 0.0
    assert predicted(world, state, row) == pytest.approx(worth, rel=1e-12)


def test_an_option_bought_caps_what_its_hedge_loses(factory):
    """A contract sold against a call: the call gains what the contract loses, even at the end."""
    days = days_of_first(factory)
    sold = {("perpetual", "BTC"): -2.0}
    world, state, row = near_expiry(factory, sold | {(days, 1.0, True): 2.0}, 60.0)
    alone = predicted(*near_expiry(factory, sold | {(days, 1.0, True): 0.0, CALL: 1e-12}, 60.0)[:3])
    assert predicted(world, state, row) < 0.3 * alone


def test_an_option_bought_lowers_what_one_sold_needs(factory):
    spread = {(7.0, 1.0, True): -1.0, (7.0, 1.1, True): 1.0}
    naked = {(7.0, 1.0, True): -1.0}
    assert predicted(*held(factory, spread)) < 0.75 * predicted(*held(factory, naked))


def test_options_at_all_venues_where_an_account_has_legs_count(factory):
    world, state, row = held(factory, {CALL: -1.0})
    here = predicted(world, state, row)
    k = int(np.flatnonzero(state.balance[:, row])[0])
    layout = factory.layout
    line = layout.instruments[k]
    twin = layout.instruments.index(replace(line, venue="plain"))
    state.balance[twin, row] = -1.0
    list_legs(state)
    assert predicted(world, state, row) == pytest.approx(by_hand(world, state, row), rel=1e-8)
    assert predicted(world, state, row) > 1.8 * here


def test_two_underlyings_against_points_of_the_ellipse(factory):
    """BTC sold, ETH bought and sold: the loss over angles and radii, by Cholesky."""
    world, state, row = held(factory, {CALL: -2.0, (7.0, 0.9, False): 1.0})
    line = [
        k
        for k in np.flatnonzero(world.instruments["kind"] == OPTION)
        if world.instruments["asset"][k] == 1 and world.instruments["venue"][k] == 0
    ]
    state.balance[line[3], row], state.balance[line[8], row] = -30.0, 20.0
    list_legs(state)
    moves = z_of() * np.array([BTC_SD, ETH_SD])
    up, down = np.zeros(2), np.zeros(2)
    for k in np.flatnonzero(state.balance[:, row]):
        n = world.instruments["asset"][k]
        up[n] += state.balance[k, row] * gain(world, state, k, moves[n])
        down[n] += state.balance[k, row] * gain(world, state, k, -moves[n])
    slope, bend = 0.5 * (up - down), 0.5 * (up + down)
    bend[bend < 0.0] *= chi2.ppf(0.99, 1) / norm.ppf(0.99) ** 2
    angle, radius = np.meshgrid(np.linspace(0.0, 2.0 * math.pi, 3001), np.linspace(0.0, 1.0, 101))
    root = np.linalg.cholesky([[1.0, 0.7], [0.7, 1.0]])
    u = np.tensordot(root, [radius * np.cos(angle), radius * np.sin(angle)], 1)
    losses = -np.tensordot(slope, u, 1) - np.tensordot(bend, u * u, 1)
    assert predicted(world, state, row) == pytest.approx(float(losses.max()), rel=1e-4)


@pytest.mark.parametrize("probability", [0.01, 0.1])
def test_insolvency_within_the_delay_has_the_probability_that_is_stated(probability):
    """Straddle and strangle sold, delta taken out: valued again in returns over the delay."""
    factory = early(probability, delay=3600.0)
    flat = {CALL: -3.0, PUT: -3.0}
    world, state, row = held(factory, flat)
    ks = np.flatnonzero(state.balance[:, row])
    slope = sum(-3.0 * (gain(world, state, k, 1e-5) - gain(world, state, k, -1e-5)) for k in ks)
    world, state, row = held(factory, flat | {("perpetual", "BTC"): -slope / 2e-5 / SPOT})
    asked = predicted(world, state, row)
    returns = BTC_SD * 60.0 * norm.ppf((np.arange(4000) + 0.5) / 4000.0)
    gains = [sum(-3.0 * gain(world, state, k, r) for k in ks) for r in returns]
    ruined = np.mean(-np.array(gains) + slope / 2e-5 * returns > asked)
    assert 0.8 * probability < ruined < 1.2 * probability


def test_an_account_is_called_for_its_options(factory):
    """What the venue's own engine lets stand, the rule calls."""
    longer = early(delay=40.0 * DELAY)
    cash = STRADDLE | {("balance", "USDC"): 75.0}
    calls = []
    for one in (factory, longer):
        world, state, row = held(one, cash, "plain")
        equity, need = assess(world, state, MAINTENANCE, row)
        assert equity > 0.0
        calls.append(is_called(world, state, row))
        assert calls[-1] == (equity <= need)
        assert need >= predicted(world, state, row)
    assert calls == [False, True]


@pytest.mark.parametrize("venue", ["grid", "plain"])
def test_books_without_options_need_what_they_did_to_the_bit(factory, venue):
    rng = np.random.default_rng(8)
    world, state, row = held(factory, {}, venue)
    for _ in range(50):
        linear = np.flatnonzero(world.instruments["kind"] != OPTION)
        state.balance[:, row] = 0.0
        state.balance[linear, row] = rng.standard_normal(len(linear)) * rng.integers(0, 2)
        list_legs(state)
        z = world.tails["predictive"][world.accounts["venue"][row]]
        assert predicted(world, state, row) == z * moves_by(world, state, row)


def shelves(factory):
    return only(factory, "grid", {})[1].shelf.shape[0]


def test_the_shelf_has_a_row_for_the_rule_where_options_are_listed(factory):
    assert shelves(Factory(option_run(5))) == GRIDS
    assert shelves(factory) == GRIDS + 1  # both venues look ahead as far
    bare = factory.config.model_dump(mode="json")
    for venue in bare["venue"].values():
        venue |= {"options": {}, "engine": "sum_of_legs", "grid": None}
    bare["hub"] |= {"engine": "net_of_legs", "grid": None}
    bare["archetype"] = {"perp": bare["archetype"]["perp"]}
    assert shelves(Factory(validated(RunConfig, bare))) == GRIDS


def test_venues_look_ahead_as_far_as_each_says():
    config = early().config.model_dump(mode="json")
    config["venue"]["plain"]["predictive"]["delay"] = 4.0 * DELAY
    factory = Factory(validated(RunConfig, config))
    asked = {}
    for venue in ("grid", "plain"):
        world, state, row = held(factory, {CALL: -1.0, PUT: -1.0}, venue)
        assert state.shelf.shape[0] == GRIDS + 2
        asked[venue] = predicted(world, state, row)
    assert 2.0 < asked["plain"] / asked["grid"] < 4.5  # a straddle's risk grows with the delay


def hold_some(world, state, row, rng):
    """Three options, the first sold, and a contract."""
    options = np.flatnonzero(world.instruments["kind"] == OPTION)
    state.balance[:, row] = 0.0
    some = rng.choice(options, 3, replace=False)
    state.balance[some, row] = rng.standard_normal(3) * rng.integers(0, 2, 3)
    state.balance[some[0], row] = -2.0
    state.balance[np.argmax(world.instruments["kind"] == PERPETUAL), row] = rng.normal()
    list_legs(state)
    state.pools["deposits"][options] = 1.0  # anchors watch what is held


@jit
def bound_of_linear_legs(world, state, a, skin):
    """What the bound was when the rule saw no options: planted, it must be caught."""
    prepare(state, skin)
    state.reached[GRIDS:] = state.clock[0].prepared
    state.reaches[GRIDS:] = 0.0
    return foresight.predicted_reach(world, state, a, skin)


def grown_and_allowed(venue, probability, delay, most):
    """What predictions of random books grew by inside a skin, and what a bound allowed, USD.

    Prices, volatility, the quote and time move.
    """
    factory = early(probability, delay)
    rng = np.random.default_rng(4)
    world, state, row = held(factory, {}, venue)
    stable = factory.layout.assets.index("USDC")
    is_quote = world.markets["asset"][world.oracles["market"]] == stable
    published, levels = state.feeds["published"].copy(), state.levels.copy()
    found = []
    for trial in range(400):
        skin = (0.002, 0.02, 0.2)[trial % 3]
        hold_some(world, state, row, rng)
        state.feeds["published"], state.levels[:] = published * np.exp(rng.normal(0.0, 0.1)), levels
        state.clock["now"] = rng.uniform(0.0, 0.1 * 86_400.0)
        requote(world, state)
        note(world, state)
        before, allowed = predicted(world, state, row), most(world, state, row, skin)
        quote = rng.choice([-0.15, 0.0, 0.15]) * skin
        move = np.where(is_quote, quote, rng.choice([-0.8, 0.0, 0.8]) * skin - quote)
        state.feeds["published"] *= np.exp(move)
        state.levels[0] *= np.exp(rng.uniform(-3.0, 3.0) * skin)
        state.clock["now"] += rng.uniform(0.0, 600.0)
        requote(world, state)
        if not has_left(world, state, skin):
            found.append((predicted(world, state, row) - before, allowed))
    assert len(found) > 60
    return np.array(found).T


@pytest.mark.parametrize(("probability", "delay"), [(0.01, DELAY), (0.2, 20.0 * DELAY)])
@pytest.mark.parametrize("venue", ["grid", "plain"])
def test_bounds_hold_and_are_no_idle_ones(venue, probability, delay):
    grown, allowed = grown_and_allowed(venue, probability, delay, bound)
    assert np.all(grown <= allowed)
    assert np.any(grown > 0.1 * allowed)  # a bound of a tenth would be caught


def test_a_bound_without_options_is_caught():
    grown, allowed = grown_and_allowed("grid", 0.01, DELAY, bound_of_linear_legs)
    assert np.mean(grown > allowed) > 0.1


@pytest.mark.parametrize("venue", ["grid", "plain"])
def test_volatility_that_leaves_values_where_they_are_calls_for_new_lists(venue):
    """Predictions and scenarios see what an option is worth far from here."""
    config = option_run(5).model_dump(mode="json")
    config["beliefs"] = {"every": config["step_seconds"]}
    config["hub"] |= {"engine": "net_of_legs", "grid": None}  # its grid would see volatility too
    config["venue"]["plain"]["predictive"] = {"probability": 0.01, "delay": DELAY}
    factory = Factory(validated(RunConfig, config))
    world, state, row = only(factory, venue, {CALL: 1.0})
    k = int(np.flatnonzero(state.balance[:, row])[0])
    requote(world, state)
    note(world, state)
    value, sd = state.g[0, k], state.options["vol"][k] * math.sqrt(7.0 / 365.0)
    state.levels[0] *= 1.3
    requote(world, state)
    assert abs(state.options["vol"][k] * math.sqrt(7.0 / 365.0) - sd) > 0.02
    assert abs(state.g[0, k] - value) < 0.02 * SPOT
    assert has_left(world, state, 0.02)
