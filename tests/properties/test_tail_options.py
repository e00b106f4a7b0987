"""Options under term V: the largest loss of a parabola, trials, groupings and bounds."""

import math

import numpy as np
import pytest
from scipy import stats

from sim.compile import jit
from sim.margin.curvature import Curved, largest_loss
from sim.margin.health import assess
from sim.margin.scan_watch import leg_reach, prepare
from sim.market.black import option_value
from sim.state.codes import MAINTENANCE, OPTION
from sim.state.state import VARIANCE
from sim.world.build import Factory
from sim.world.multipliers import es_multiplier, squared_es, squared_var, var_multiplier
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.bounds import has_left, note, reach, requote
from tests.option_worlds import option_run
from tests.properties.test_option_world import only

YEAR = 365.0 * 86_400.0
HORIZON = 86_400.0


@jit
def need_reach(world, state, a, k, skin):
    prepare(state, skin)
    leg = leg_reach(world, state, a, k, skin)
    return leg.need * skin + leg.aged


@jit
def largest(book, covariance, radius):
    return largest_loss(book, covariance, radius)


def curved(delta, gamma, other=None):
    n = len(delta)
    other = np.zeros(n) if other is None else other
    scratch = np.zeros(n, dtype=np.int64), np.zeros((n, n)), np.zeros((n, n)), np.zeros(n)
    return Curved(np.array(delta), np.array(gamma), np.array(other), *scratch)


def random_book(rng, n):
    root = rng.standard_normal((n, n)) * 0.03
    gamma = rng.standard_normal(n) * 100.0 * rng.integers(0, 2, n)
    return rng.standard_normal(n) * 10.0, gamma, root @ root.T


def tried_out(rng, delta, gamma, covariance, radius):
    """Largest loss of many points of the ellipsoid, pulled uphill from the best of them."""
    root = np.linalg.cholesky(covariance + 1e-18 * np.eye(len(delta)))
    b, form = root.T @ delta * radius, 0.5 * radius**2 * root.T @ np.diag(gamma) @ root
    u = rng.standard_normal((4000, len(delta)))
    u /= np.linalg.norm(u, axis=1)[:, None]
    u *= np.append(np.ones(2000), rng.uniform(size=2000))[:, None]
    step = 0.1 / (np.abs(np.linalg.eigvalsh(form)).max() + np.linalg.norm(b))
    for _ in range(300):
        u -= step * (b + 2.0 * u @ form)
        u /= np.maximum(1.0, np.linalg.norm(u, axis=1))[:, None]
    return float(np.max(-(u @ b) - np.einsum("si,ij,sj->s", u, form, u)))


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_largest_loss_against_points_of_the_ellipsoid(n):
    rng = np.random.default_rng(n)
    for _ in range(15):
        delta, gamma, covariance = random_book(rng, n)
        found = largest(curved(delta, gamma), covariance, 2.3)
        assert found == pytest.approx(tried_out(rng, delta, gamma, covariance, 2.3), rel=1e-3)


def test_largest_loss_in_closed_form():
    one = np.array([[0.04]])  # deviation 0.2, radius 2: moves of up to 0.4
    for delta, gamma, loss in [
        (3.0, 0.0, 1.2),
        (0.0, -5.0, 0.5 * 5.0 * 0.16),
        (-2.0, -5.0, 0.8 + 0.4),
        (1.0, 50.0, 1.0 / 100.0),  # turns inside: delta^2 / (2 gamma)
        (10.0, 5.0, 4.0 - 0.4),
        (0.0, 5.0, 0.0),
    ]:
        assert largest(curved([delta], [gamma]), one, 2.0) == pytest.approx(loss, abs=1e-9)
    assert largest(curved([3.0], [0.0], [0.8]), one, 2.0) == pytest.approx(math.hypot(1.2, 1.6))
    together = np.array([[0.04, 0.02], [0.02, 0.01]])  # perfectly correlated: singular
    assert largest(curved([3.0, -6.0], [0.0, 0.0]), together, 2.0) == pytest.approx(0.0, abs=1e-6)
    assert largest(curved([3.0, 2.0], [0.0, 0.0]), together, 2.0) == pytest.approx(1.6)
    gamma = -0.5 * 4.0 * (5.0 * 0.04 + 8.0 * 0.01)
    assert largest(curved([0.0, 0.0], [-5.0, -8.0]), together, 2.0) == pytest.approx(-gamma)


def test_no_sum_of_books_needs_more_than_they_do():
    rng = np.random.default_rng(9)
    for _ in range(300):
        n = int(rng.integers(1, 5))
        (d1, g1, covariance), (d2, g2, _) = random_book(rng, n), random_book(rng, n)
        both = largest(curved(d1 + d2, g1 + g2), covariance, 2.0)
        parts = [largest(curved(d, g), covariance, 2.0) for d, g in ((d1, g1), (d2, g2))]
        assert both <= sum(parts) * (1.0 + 1e-9)


@pytest.mark.parametrize("freedom", [None, 4.0])
def test_what_a_squared_return_needs(freedom):
    law = (
        stats.norm() if freedom is None else stats.t(freedom, scale=math.sqrt(1.0 - 2.0 / freedom))
    )
    level = 0.95
    edge = law.ppf(0.5 + 0.5 * level)
    assert squared_var(level, freedom) == pytest.approx(edge**2)
    mean = law.expect(lambda x: x * x, lb=edge) * 2.0 / (1.0 - level)
    assert squared_es(level, freedom) == pytest.approx(mean, rel=1e-6)
    assert squared_var(level, freedom) > var_multiplier(level, freedom) ** 2
    assert squared_es(level, freedom) > es_multiplier(level, freedom) ** 2


def tailed(**tail):
    """A run whose venue `grid` and hub measure tails."""
    config = option_run(5).model_dump(mode="json")
    spec = {"measure": "var", "level": 0.95, "horizon": HORIZON} | tail
    for place in (config["venue"]["grid"], config["hub"]):
        place |= {"engine": "tail_risk", "tail": spec, "grid": None, "contingency": {}}
        surface = config["venue"]["grid"]["options"]["BTC"]["surface"]
    surface["spot_beta"] = 1.5
    config["beliefs"] = {"every": config["step_seconds"]}
    return Factory(validated(RunConfig, config))


METHODS = {
    "normal": {},
    "t": {"measure": "es", "freedom": 4.0, "vol_of_vol": 1.0},
    "samples": {"method": "samples", "samples": 200},
    "es": {"method": "samples", "samples": 130, "measure": "es", "vol_of_vol": 1.0},
}


@pytest.fixture(scope="module", params=METHODS)
def factory(request):
    return tailed(**METHODS[request.param])


def need(factory, holdings, scope="venue"):
    world, state, row = only(factory, "grid", holdings, scope)
    state.shelf_at[:] = -1
    return assess(world, state, MAINTENANCE, row)[1]


def changes(factory, holdings, moves):
    """What a book of BTC gains by moves, relative and of volatility, by Black's formula."""
    world, state, _ = only(factory, "grid", holdings)
    total = np.zeros(len(moves))
    for k, line in enumerate(factory.layout.instruments):
        key = (line.days, line.strike, line.call)
        if (line.kind, line.venue, line.asset) != ("option", "grid", "BTC") or key not in holdings:
            continue
        row = world.options[k]
        book, w = state.books[row["book"]], state.options[k]["deviation"]
        discount = math.exp(-row["rate"] * book["seconds"] / YEAR)
        start = option_value(row["sign"], book["forward"], row["strike"], w, discount)
        for s, (move, own) in enumerate(moves):
            there = w * math.exp(own - 1.5 * move)
            forward = book["forward"] * (1.0 + move)
            end = option_value(row["sign"], forward, row["strike"], there, discount)
            total[s] += holdings[key] * (end - start)
    delta = holdings.get(("perpetual", "BTC"), 0.0) * 100.0
    return total + delta * np.array([move for move, _ in moves])


STRADDLE = {(7.0, 1.0, True): -3.0, (7.0, 1.0, False): -3.0, ("perpetual", "BTC"): 0.5}


def test_requirements_by_hand(factory):
    """One underlying: the parabola by hand, or the samples sorted."""
    world, state, _ = only(factory, "grid", STRADDLE)
    row, sd = world.tails[0], math.sqrt(state.belief[VARIANCE, 0])
    found = need(factory, STRADDLE)
    if len(world.samples):
        own = row["vol_of_vol"] * row["scale"] * world.vol_samples[:, 0]
        moves = list(zip(world.samples[:, 0] * sd * row["scale"], own, strict=True))
        losses = np.sort(-changes(factory, STRADDLE, moves))
        tail = 0.05 * len(losses)
        whole = math.floor(tail + 1e-9)
        expected = losses[-whole - 1] if whole < tail - 1e-9 else losses[-whole]
        if row["expected"]:
            expected = (losses[-whole:].sum() + (tail - whole) * losses[-whole - 1]) / tail
        else:
            expected = losses[math.ceil(0.95 * len(losses) - 1e-9) - 1]
        assert found == pytest.approx(expected, rel=1e-9)
        return
    m, own = row["multiple"] * sd, row["multiple"] * row["vol_of_vol"]
    up, down, swell, sink = changes(factory, STRADDLE, [(m, 0), (-m, 0), (0, own), (0, -own)])
    slope, bend, vega = 0.5 * (up - down), 0.5 * (up + down), 0.5 * (swell - sink)
    assert bend < 0.0
    bend *= row["curvature"]
    x = np.linspace(-1.0, 1.0, 200_001)
    expected = np.max(-slope * x - bend * x * x + abs(vega) * np.sqrt(1.0 - x * x))
    assert found == pytest.approx(expected, rel=1e-6)


def test_short_gamma_without_delta_needs_more_than_its_delta_says(factory):
    delta = changes(factory, STRADDLE, [(1e-6, 0.0), (-1e-6, 0.0)])
    hedge = -(delta[0] - delta[1]) / 2e-6 / 100.0
    flat = STRADDLE | {("perpetual", "BTC"): 0.5 + hedge}
    assert abs(need(factory, {("perpetual", "BTC"): 0.0})) == 0.0
    assert need(factory, flat) > 0.01 * 300.0
    bought = {key: -held for key, held in flat.items()}
    assert need(factory, bought) < 0.5 * need(factory, flat)


def test_a_covered_call_needs_at_most_the_sum_of_its_legs(factory):
    cover, call = {("perpetual", "BTC"): 2.0}, {(7.0, 1.1, True): -2.0}
    parts = need(factory, cover), need(factory, call)
    assert need(factory, cover | call) < 1.2 * parts[0] < 0.9 * sum(parts)


@pytest.mark.parametrize("scope", ["venue", "hub"])
def test_bounds_hold_and_are_no_idle_ones(factory, scope):
    """Prices, volatility and the quote move inside a skin; slack falls by at most the bound."""
    rng = np.random.default_rng(4)
    tightest = 0.0
    world, state, row = only(factory, "grid", STRADDLE, scope)
    options = np.flatnonzero(world.instruments["kind"] == OPTION)
    options = options[world.instruments["venue"][options] == 0]
    stable = factory.layout.assets.index("USDC")
    is_quote = world.markets["asset"][world.oracles["market"]] == stable
    published, levels = state.feeds["published"].copy(), state.levels.copy()
    for trial in range(150):
        skin = (0.002, 0.02, 0.2)[trial % 3]
        state.balance[:, row] = 0.0
        held = rng.choice(options, 3, replace=False)
        state.balance[held, row] = rng.standard_normal(3) * rng.integers(0, 2, 3)
        state.balance[held[0], row] = -2.0
        state.rows["leg_count"][row] = 3
        state.legs[row, :3] = np.sort(held)
        state.feeds["published"], state.levels[:] = published, levels
        state.clock["now"] = rng.uniform(0.0, 0.1 * 86_400.0)
        requote(world, state)
        note(world, state)
        before = assess(world, state, MAINTENANCE, row)
        bound = reach(world, state, row, 1.0, skin)
        needs = sum(need_reach(world, state, row, k, skin) for k in held)
        quote = rng.choice([-0.8, 0.0, 0.8]) * skin
        move = np.where(is_quote, quote, rng.choice([-0.8, 0.0, 0.8]) * skin - quote)
        state.feeds["published"] *= np.exp(move)
        state.levels[0] *= np.exp(rng.uniform(-1.0, 1.0) * skin)
        requote(world, state)
        if has_left(world, state, skin):
            continue
        after = assess(world, state, MAINTENANCE, row)
        lost = before[0] - before[1] - (after[0] - after[1])
        assert lost <= bound
        assert after[1] - before[1] <= needs
        tightest = max(tightest, (after[1] - before[1]) / needs)
    assert tightest > 0.1  # a bound of a tenth would be caught
