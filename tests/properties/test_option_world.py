"""Options inside a world: what the engines ask, what expiry pays, what the Greeks say."""

import numpy as np
import pytest
from scipy.stats import norm

from sim.compile import jit
from sim.margin.greek_path import EVERY, greek_columns
from sim.margin.greeks import exposures
from sim.market.black import option_value
from sim.market.options import settle_expired
from sim.reset import finish
from sim.state import codes
from sim.state.state import GREEK_NAMES
from sim.studies.experiment import run_experiment, unscanned
from sim.studies.metrics import describe
from sim.world.assemble import assess_rows
from sim.world.build import Factory
from sim.world.portfolio import grid_margin, standard_margin
from sim.world.portfolio_parts import Deposit, Expiry, Option, Perpetual, Portfolio
from sim.world.schema.run import WorldChoice
from sim.world.start_state import list_legs
from tests.option_worlds import STEP, option_run
from tests.parity.stepper import Stepper

BOOK = {  # (days, strike multiple, call): quantity
    (7.0, 0.9, False): -3.0,
    (7.0, 1.0, True): -2.0,
    (7.0, 1.0, False): 1.0,
    (7.0, 1.1, True): 4.0,
}
SEED = 5


@jit
def settle(world, state):
    settle_expired(world, state)


@pytest.fixture(scope="module")
def factory():
    return Factory(option_run(SEED))


def only(factory, venue, holdings, scope="venue"):
    """A built world whose first account at a venue holds exactly these; all others nothing."""
    built = factory.build(factory.population(0), WorldChoice(scope=scope))
    world, state = built.assembled.world, built.assembled.opening
    row = np.flatnonzero(world.accounts["venue"] == factory.layout.venues.index(venue))[0]
    state.balance[:] = 0.0
    for k, line in enumerate(factory.layout.instruments):
        if line.venue != venue:
            continue
        key = (line.days, line.strike, line.call)
        if line.kind == "option" and line.asset == "BTC" and key in holdings:
            state.balance[k, row] = holdings[key]
        elif (line.kind, line.asset) in holdings:
            state.balance[k, row] = holdings[line.kind, line.asset]
    list_legs(state)
    return world, state, int(row)


def by_hand(factory, venue, stage, holdings):
    """The same holding as a portfolio."""
    world, state = stage
    lines, forwards = [], {}
    for k, line in enumerate(factory.layout.instruments):
        key = (line.days, line.strike, line.call)
        if (line.kind, line.venue, line.asset) == ("option", venue, "BTC") and key in holdings:
            book = state.books[world.options[k]["book"]]
            listing = factory.config.venue[venue].options["BTC"]
            seconds = float(book["seconds"])
            forwards[seconds] = (float(book["forward"]), listing.rate)
            strike, vol = line.strike * 100.0, float(state.options[k]["vol"])
            lines.append(Option(seconds, strike, line.call, vol, holdings[key]))
    return Portfolio(
        spot=100.0,
        cash=holdings.get(("balance", "USDC"), 0.0),
        perpetual=Perpetual(holdings.get(("perpetual", "BTC"), 0.0), 100.0, 1.0, (0.0,)),
        deposits=[Deposit("BTC", holdings.get(("balance", "BTC"), 0.0), 100.0)],
        options=lines,
        expiries=[Expiry(t, f, rate) for t, (f, rate) in forwards.items()],
        underlying="BTC",
    )


HOLDINGS = {
    **BOOK,
    ("balance", "USDC"): 500.0,
    ("balance", "BTC"): 1.5,
    ("perpetual", "BTC"): -2.0,
}


@pytest.mark.parametrize("level", [codes.INITIAL, codes.MAINTENANCE])
def test_the_grid_engine_asks_what_the_portfolio_by_hand_needs(factory, level):
    world, state, row = only(factory, "grid", HOLDINGS)
    equity, required = assess_rows(world, state, level, row + 1)[row]
    hand = by_hand(factory, "grid", (world, state), HOLDINGS)
    margin = grid_margin(factory.config.venue["grid"], hand)
    left = margin.initial if level == codes.INITIAL else margin.maintenance
    # In the world a perpetual is worth its mark, against a quote balance that is left out here.
    assert equity + 2.0 * 100.0 == pytest.approx(margin.equity, rel=1e-12)
    assert equity - required + 2.0 * 100.0 == pytest.approx(left, rel=1e-12)


@pytest.mark.parametrize("level", [codes.INITIAL, codes.MAINTENANCE])
def test_books_are_charged_what_the_portfolio_by_hand_needs(factory, level):
    holdings = {**BOOK, ("balance", "USDC"): 500.0}
    world, state, row = only(factory, "plain", holdings)
    equity, required = assess_rows(world, state, level, row + 1)[row]
    venue = factory.config.venue["plain"]
    hand = by_hand(factory, "plain", (world, state), holdings)
    if venue.options["BTC"].rate == 0.0:  # by hand a standard manager does not discount
        margin = standard_margin(venue, {"BTC": hand})
        left = margin.initial if level == codes.INITIAL else margin.maintenance
        assert equity - required == pytest.approx(left, rel=1e-12)
    assert required > 0.0


def test_expiry_pays_and_sums_to_zero(factory):
    built = factory.build(factory.population(0), WorldChoice(scope="venue"))
    world, state = built.assembled.world, built.assembled.opening
    near = np.flatnonzero((world.options["sign"] != 0.0) & (world.options["expiry"] < 1e5))
    held = state.balance[near].copy()
    assert np.abs(held).sum() > 0.0
    cash = [k for k, row in enumerate(factory.layout.instruments) if row.kind != "option"]
    before = state.balance[cash].sum(axis=0)
    price = np.where(world.instruments["asset"][near] == 0, 100.0, 10.0)
    payoff = np.maximum(0.0, world.options["sign"][near] * (price - world.options["strike"][near]))
    state.clock[0]["step"] = 100
    settle(world, state)
    assert np.all(state.balance[near] == 0.0)
    paid = state.balance[cash].sum(axis=0) - before
    clearing = np.zeros(len(paid), dtype=bool)
    clearing[world.venues["clearing"][world.venues["clearing"] >= 0]] = True
    tokens = ~np.isin(world.instruments["asset"][cash], [2])
    assert np.all(state.balance[cash][tokens].sum(axis=1) >= 0.0)
    expected = (held * payoff[:, None]).sum(axis=0)
    np.testing.assert_allclose(paid[~clearing], expected[~clearing], atol=1e-7)
    assert abs(paid.sum()) < 1e-6
    assert np.all(state.g[:2, near] == 0.0)


def test_exposures_are_what_a_bump_gains(factory):
    world, state, row = only(factory, "grid", BOOK)
    delta, gamma, vega, theta = exposures(world, state, row + 1, -1)[row]
    assert exposures(world, state, row + 1, 0)[row][0] == delta
    assert exposures(world, state, row + 1, 1)[row].tolist() == [0.0] * 4

    def worth(bump=0.0, vol=0.0):
        total = 0.0
        for k in np.flatnonzero(state.balance[:, row]):
            now, terms = state.options[k], world.options[k]
            book = state.books[terms["book"]]
            years = float(book["seconds"]) / (365.0 * 86_400.0)
            root, rate = years**0.5, max(0.0, float(terms["rate"]))
            forward = float(book["forward"]) * (1.0 + bump)
            total += state.balance[k, row] * option_value(
                float(terms["sign"]),
                forward,
                float(terms["strike"]),
                (float(now["vol"]) + vol) * root,
                np.exp(-rate * years),
            )
        return total

    h = 1e-4
    assert delta == pytest.approx((worth(h) - worth(-h)) / (2 * h), rel=1e-5)
    bent = (worth(h) - 2 * worth() + worth(-h)) / h**2
    assert gamma == pytest.approx(bent, rel=1e-3)
    assert vega == pytest.approx((worth(vol=h) - worth(vol=-h)) / (2 * h), rel=1e-5)
    assert theta * vega < 0.0


def plain_greeks(stepper, ended=False):
    """Greeks of every account, in USD, by the formulas as textbooks print them. (accounts, 4).

    At the horizon all is valued at the markets' prices, else as venues have published them.
    """
    world, state = stepper.world, stepper.state
    found = np.zeros((int(world.settings[0]["accounts"]), 4))
    price = state.feeds["published"].copy()
    if ended:
        price = state.markets["mark"][world.oracles["market"]]
    for a, k in zip(*np.nonzero(state.balance[:, : len(found)].T), strict=True):
        quantity, row, pool = state.balance[k, a], world.instruments[k], state.pools[k]
        if row["kind"] == codes.OPTION:
            token = price[world.instruments[row["cash"]]["oracle"]]
            found[a] += quantity * token * plain_option(world, state, k)
        elif row["kind"] == codes.PERPETUAL:
            token = price[world.instruments[row["cash"]]["oracle"]]
            found[a, 0] += quantity * token * price[row["oracle"]]
        elif row["asset"] != world.settings[0]["cash_asset"]:
            index = pool["deposit_index"] if quantity > 0.0 else pool["borrow_index"]
            found[a, 0] += quantity * index * price[row["oracle"]]
    return found


def plain_option(world, state, k):
    """Black-76 Greeks of one option, per relative move, in quote."""
    terms = world.options[k]
    if state.options[k]["settled"]:
        return np.zeros(4)
    book = state.books[terms["book"]]
    t, rate, f = book["seconds"] / (365.0 * 86_400.0), terms["rate"], book["forward"]
    sigma, sign, strike = state.options[k]["vol"], terms["sign"], terms["strike"]
    d1 = (np.log(f / strike) + 0.5 * sigma**2 * t) / (sigma * np.sqrt(t))
    d2, discount = d1 - sigma * np.sqrt(t), np.exp(-rate * t)
    value = discount * sign * (f * norm.cdf(sign * d1) - strike * norm.cdf(sign * d2))
    delta = discount * sign * norm.cdf(sign * d1) * f
    gamma = discount * norm.pdf(d1) * f / (sigma * np.sqrt(t))
    vega = discount * f * norm.pdf(d1) * np.sqrt(t)
    theta = rate * value - discount * f * norm.pdf(d1) * sigma / (2.0 * np.sqrt(t))
    return np.array([delta, gamma, vega, theta])


@pytest.mark.parametrize("scope", ["venue", "hub"])
def test_greeks_along_the_path_are_those_of_a_plain_sum(factory, scope):
    """Every hour and at the horizon; one option expires on the way."""
    choice = WorldChoice(scope=scope)
    stepper = Stepper(factory, factory.build(factory.population(0), choice))
    looks = []
    for t in range(1, factory.config.steps + 1):
        stepper._step(stepper.world, stepper.state, stepper.rules, stepper.journey.course(t))
        if t * STEP % EVERY == 0.0:
            looks.append(plain_greeks(stepper))
    finish(stepper.world, stepper.state, stepper.opening, stepper.wealth)
    looks.append(plain_greeks(stepper, ended=True))
    assert len(looks) == 9
    assert any(stepper.state.options["settled"] != 0)
    sides = {"net": [x.sum(axis=0) for x in looks], "gross": [abs(x).sum(axis=0) for x in looks]}
    columns = greek_columns(stepper.state.stats["greeks"])
    for side, values in sides.items():
        size = np.abs(sides["gross"]).max(axis=0)
        for i, greek in enumerate(GREEK_NAMES):
            one = np.array(values)[:, i]
            expected = {"mean": one.mean(), "peak": abs(one).max(), "end": one[-1]}
            for figure, value in expected.items():
                mine = columns[f"{side}_{greek}_{figure}"][0]
                assert mine == pytest.approx(value, abs=1e-9 * size[i]), (side, greek, figure)
            assert size[i] > 0.0


def test_greeks_are_columns_where_options_are_listed(factory):
    result = run_experiment(factory.config, lambda _: None)
    greeks = [name for name in result.per_path if name.startswith(("net_", "gross_"))]
    assert len(greeks) == 24
    assert (result.per_path["gross_gamma_peak"] > 0.0).all()
    assert describe("net_gamma_end").unit == "USD of delta per 100 % move"


def test_unified_worlds_say_whose_engines_they_leave_aside():
    config = option_run(1)
    scanned = tuple(n for n, v in config.venue.items() if v.engine != "sum_of_legs")
    assert scanned
    worlds = {"one": WorldChoice(scope="venue"), "all": WorldChoice(scope="hub")}
    experiment = config.experiment.model_copy(update={"worlds": worlds})
    assert unscanned(config.model_copy(update={"experiment": experiment})) == ()
    worlds = worlds | {"sum": WorldChoice(scope="unified")}
    experiment = config.experiment.model_copy(update={"worlds": worlds})
    assert unscanned(config.model_copy(update={"experiment": experiment})) == scanned
