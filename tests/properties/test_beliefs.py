"""What engines believe, and what they ask for because of it: by hand, and on paths."""

import math

import numpy as np
import pytest
from scipy import stats

from sim.errors import SluicegateError
from sim.margin.beliefs import learn
from sim.margin.foresight import predicted_loss, predicted_reach
from sim.margin.health import assess
from sim.margin.scan_watch import leg_reach
from sim.state.codes import INITIAL, MAINTENANCE
from sim.state.state import SEEN, VARIANCE
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.worlds import Bench, fall_to, market, perpetual_venue, run_dict

PRICES = {"BTC": 100.0, "ETH": 50.0}
DAY = 86_400.0


def contracts(cash, **held):
    """Cash, and perpetuals entered at the present price."""
    holding = {("balance", "USDC"): cash, ("quote", "USDC"): 0.0}
    for name, quantity in held.items():
        holding["perpetual", name] = quantity
        holding["quote", "USDC"] -= quantity * PRICES[name]
    return holding


def bench(holdings, venue=None, prices=PRICES, volatility=0.8, correlation=0.0, **changes):
    """One venue with a perpetual on each asset, margined as `venue` says."""
    place = perpetual_venue("BTC", 0.05)
    place["perpetuals"] = dict.fromkeys(prices, place["perpetuals"]["BTC"])
    place |= venue or {}
    world = market(prices, volatility=volatility, correlation=correlation)
    world["drift"] = changes.pop("drift", {})
    config = run_dict(world, {"venue": place}, **changes)
    config["beliefs"] = changes.pop("beliefs", {"every": config["step_seconds"]})
    return Bench(config, holdings)


def tail(**changes):
    """A venue under term V, without contingencies."""
    return {
        "engine": "tail_risk",
        "tail": {"measure": "es", "level": 0.99, "horizon": DAY} | changes,
    }


def required(b, level=MAINTENANCE, a=0):
    return assess(b.world, b.opening, level, a)[1]


def believe(b, variance, correlation):
    """Write beliefs into the opening state: 1/s, in the order BTC, ETH, USDC."""
    spread = np.sqrt(np.append(variance, 0.0))
    matrix = np.eye(3)
    matrix[0, 1] = matrix[1, 0] = correlation
    b.opening.belief[VARIANCE] = spread**2
    b.opening.believed[:] = spread[:, None] * spread * matrix


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.9])
def test_expected_shortfall_of_two_legs(correlation):
    b = bench([contracts(1e5, BTC=10.0, ETH=-30.0)], tail())
    believe(b, np.array([1e-8, 4e-8]), correlation)
    long, short = 1000.0 * 1e-4, 1500.0 * 2e-4
    sd = math.sqrt(long**2 + short**2 - 2.0 * correlation * long * short) * math.sqrt(DAY)
    multiplier = stats.norm.pdf(stats.norm.ppf(0.99)) / 0.01
    assert required(b) == pytest.approx(multiplier * sd, rel=1e-12)


def test_value_at_risk_with_students_t_and_contingencies():
    more = {
        "contingency": {
            "loss_factor": {"initial": 1.5, "maintenance": 1.0},
            "perpetual": {"maintenance": 0.01, "initial_extra": 0.02},
        }
    }
    b = bench([contracts(1e5, BTC=-10.0)], tail(measure="var", freedom=4.0) | more)
    believe(b, np.array([1e-8, 1e-8]), 0.0)
    quantile = stats.t.ppf(0.99, 4.0) / math.sqrt(2.0)
    loss = quantile * 1000.0 * 1e-4 * math.sqrt(DAY)
    assert required(b) == pytest.approx(loss + 10.0, rel=1e-12)
    assert required(b, INITIAL) == pytest.approx(1.5 * loss + 30.0, rel=1e-12)


@pytest.mark.parametrize("measure", ["var", "es"])
def test_samples_against_sorting_them(measure):
    spec = tail(method="samples", measure=measure, level=0.95, samples=130)
    b = bench([contracts(1e5, BTC=10.0, ETH=-30.0)], spec, correlation=0.7)
    believe(b, np.array([1e-8, 4e-8]), 0.7)
    samples = b.world.samples
    assert samples.shape == (130, 3)
    assert np.mean(samples[:, :2] ** 2, axis=0) == pytest.approx([1.0, 1.0])
    assert np.corrcoef(samples[:, 0], samples[:, 1])[0, 1] > 0.5
    loss = np.sort(-(1000.0 * 1e-4 * samples[:, 0] - 1500.0 * 2e-4 * samples[:, 1]))
    tail_size = 0.05 * 130  # 6.5: six whole losses and half of the seventh
    expected = loss[-7] if measure == "var" else (loss[-6:].sum() + 0.5 * loss[-7]) / tail_size
    assert required(b) == pytest.approx(expected * math.sqrt(DAY), rel=1e-9)


def test_filters_against_their_definition():
    beliefs = {"every": 120.0, "half_life": 600.0, "correlation_half_life": 3600.0}
    b = bench([contracts(1e5)], tail(), beliefs=beliefs | {"correlation_lag": 2}, steps=8)
    b.run()
    marks = b.scratch.prices[:, :2]
    variance = np.diag(b.opening.covariance[0])[:2].copy()
    covariance = b.opening.covariance[0][:2, :2].copy()
    history = [covariance.copy()] * 3
    for t in range(2, 9, 2):
        r = np.log(marks[t] / marks[t - 2]) / math.sqrt(120.0)
        keep, slow = 0.5 ** (120.0 / 600.0), 0.5 ** (120.0 / 3600.0)
        variance = keep * variance + (1.0 - keep) * r**2
        covariance = slow * covariance + (1.0 - slow) * np.outer(r, r)
        history.append(covariance.copy())
    assert b.state.belief[VARIANCE, :2] == pytest.approx(variance, rel=1e-9)
    late = history[-3]
    correlation = late[0, 1] / math.sqrt(late[0, 0] * late[1, 1])
    expected = correlation * math.sqrt(variance[0] * variance[1])
    assert b.state.believed[0, 1] == pytest.approx(expected, rel=1e-9)


def test_opening_beliefs_are_the_markets_long_run():
    b = bench([contracts(1e5)], tail(), volatility=0.8, correlation=0.6)
    per_second = 0.64 / (365.0 * DAY)
    four = 4.0 * math.sqrt(2.0 / 4096)
    assert b.opening.belief[VARIANCE, :2] == pytest.approx([per_second] * 2, rel=four)
    correlation = b.opening.believed[0, 1] / per_second
    assert correlation == pytest.approx(0.6, abs=4.0 / math.sqrt(4096))


def test_offsets_fail_when_correlation_breaks():
    """A spread book needs more once the filter has seen that its legs move apart."""
    b = bench([contracts(1e5, BTC=10.0, ETH=-20.0)], tail(), correlation=0.99, steps=1)
    before = required(b)
    state = b.state
    b.run()
    rng = np.random.default_rng(3)
    asked = [before]
    for _ in range(60):
        move = 0.01 * rng.standard_normal(2)  # independent, as large as before
        for n in range(2):
            state.markets["mark"][n] *= math.exp(move[n])
        state.clock["now"] += b.world.beliefs["every"]
        learn(b.world, state)
        asked.append(assess(b.world, state, MAINTENANCE, 0)[1])
    own = [assess(b.world, state, MAINTENANCE, 0)[1], before]
    assert own[0] > 5.0 * own[1]
    assert asked[1] < asked[60]


@pytest.mark.parametrize(
    ("tools", "first", "factor", "multiple"),
    [
        ({}, 1.0, 4.0, 2.0),
        ({}, 1.0, 100.0, 3.0),
        ({}, 1.0, 0.01, 0.5),
        ({"floor": 0.8}, 1.0, 0.25, 0.8),
        ({"floor": 0.8}, 1.0, 4.0, 2.0),
        ({"stress_weight": 0.25, "stress": 2.6}, 1.4, 0.25, 1.025),  # 0.75 x 0.5 + 0.25 x 2.6
        ({"buffer": 0.25}, 1.25, 0.25, 0.625),  # 1.25 x 0.5
        ({"buffer": 0.25}, 1.25, 1.44, 1.25),  # 1.2 has not yet used the buffer up
        ({"buffer": 0.25}, 1.25, 4.0, 2.0),
        # 0.75 x 0.5 + 0.25 x 1.2 = 0.675, floored at 0.8, with 25 % on top
        ({"stress_weight": 0.25, "stress": 1.2, "floor": 0.8, "buffer": 0.25}, 1.25, 0.25, 1.0),
    ],
)
def test_requirements_respond_to_volatility(tools, first, factor, multiple):
    spec = {"volatility": {"gain": 1.0, "lowest": 0.5, "highest": 3.0, **tools}}
    b = bench([contracts(1e5, BTC=10.0)], spec, steps=1)
    assert required(b) == pytest.approx(first * 0.05 * 1000.0)
    b.run()
    state, every = b.state, b.world.beliefs["every"][0]
    variance = b.opening.belief[VARIANCE, 0] * factor
    state.belief[VARIANCE, 0] = variance
    state.belief[SEEN] = state.markets["mark"][:3]
    state.belief[SEEN, 0] *= math.exp(-math.sqrt(variance * every))  # leaves it where it is
    state.clock["now"] = state.clock["learned"] + every
    learn(b.world, state)
    k = b.factory.layout.instrument("perpetual", "venue", "BTC")
    plain = 0.05 * 10.0 * state.g[2, k]
    assert assess(b.world, state, MAINTENANCE, 0)[1] == pytest.approx(multiple * plain, rel=1e-9)


def test_early_liquidation_by_the_probability_of_insolvency():
    spec = {"predictive": {"probability": 0.01, "delay": 3600.0}}
    b = bench([contracts(60.0, BTC=10.0)], spec)
    believe(b, np.array([1e-6, 1e-6]), 0.0)
    z = stats.norm.ppf(0.99)
    assert predicted_loss(b.world, b.opening, 0) == pytest.approx(z * 1000.0 * 1e-3 * 60.0)
    equity, need = assess(b.world, b.opening, MAINTENANCE, 0)
    assert equity > 0.05 * 1000.0  # maintenance alone is met
    assert need == pytest.approx(z * 60.0)


@pytest.mark.parametrize("predictive", [False, True])
def test_a_predictive_venue_calls_earlier(predictive):
    spec = {"predictive": {"probability": 0.01, "delay": 28_800.0}} if predictive else {}
    b = bench([contracts(75.0, BTC=10.0)], spec, volatility=1.5)  # predicts a loss of about 105
    assert (b.run()[0]["liquidations"] > 0.0) == predictive


def falling(per_step, steps, cash, seconds=None):
    """A long of 10 BTC while the price falls by so many percent of its start each step."""
    spec = {"halt": {"move": 0.04, "window": 3600.0, "seconds": seconds}} if seconds else {}
    drift = {"BTC": fall_to(100.0, 100.0 - per_step, 60.0)}
    holding = [contracts(cash, BTC=10.0)]
    b = bench(holding, spec, volatility=1e-12, drift=drift, steps=steps)
    return b.run()[0]


def test_a_move_beyond_the_limit_halts_and_a_smaller_one_does_not():
    assert falling(5.0, 1, 80.0)["liquidations"] > 0.0
    assert falling(5.0, 1, 80.0, seconds=30.0)["liquidations"] == 0.0
    assert falling(3.9, 1, 80.0, seconds=30.0)["liquidations"] > 0.0


@pytest.mark.parametrize(
    ("steps", "seconds", "stood"),
    [
        (1, None, 0.0),
        (1, 30.0, 30.0),  # shorter than a step
        (3, 150.0, 150.0),  # it opens within the last step
        (2, 1e6, 120.0),  # from the first step's price to the end of the second
    ],
)
def test_hours_that_a_venue_stands_still_are_counted_to_the_second(steps, seconds, stood):
    result = falling(5.0, steps, 80.0, seconds=seconds)
    assert result["halted_hours"] * 3600.0 == pytest.approx(stood, abs=1e-9)


def test_a_halted_venue_calls_once_it_has_opened():
    assert falling(2.5, 2, 90.0)["liquidations"] > 0.0
    halted = falling(2.5, 2, 90.0, seconds=50.0)
    assert halted["liquidations"] == 0.0
    assert halted["under_margin_hours"] > 0.0
    assert falling(2.5, 3, 90.0, seconds=50.0)["liquidations"] > 0.0
    assert falling(2.5, 3, 90.0, seconds=150.0)["liquidations"] == 0.0


@pytest.mark.parametrize("method", ["covariance", "samples"])
def test_bounds_hold_and_one_leg_reaches_them(method):
    """A price that leaves the skin's edge costs a single leg exactly what the bounds allow."""
    skin = 0.02
    spec = tail(method=method, level=0.99, samples=100)
    b = bench([contracts(1e5, BTC=-10.0)], spec)
    believe(b, np.array([1e-8, 1e-8]), 0.0)
    state = b.opening
    k = b.factory.layout.instrument("perpetual", "venue", "BTC")
    bound = leg_reach(b.world, state, 0, k, skin)
    (equity, need), out = assess(b.world, state, MAINTENANCE, 0), 1.0 + skin
    state.g[:3, k] *= out
    after, asked = assess(b.world, state, MAINTENANCE, 0)
    assert equity - after == pytest.approx(bound.equity * skin, rel=1e-9)
    grown = asked - need
    assert 0.0 < grown <= bound.need * skin * (1.0 + 1e-12)
    if method == "covariance":
        assert grown == pytest.approx((bound.need - 10.0 * 100.0) * skin, rel=1e-9)


def test_the_bound_of_a_prediction_is_reached_by_one_leg():
    spec = {"predictive": {"probability": 0.1, "delay": 3600.0}}
    b = bench([contracts(1e5, BTC=-10.0)], spec)
    believe(b, np.array([1e-6, 1e-8]), 0.0)
    state, skin = b.opening, 0.02
    k = b.factory.layout.instrument("perpetual", "venue", "BTC")
    bound = predicted_reach(b.world, state, 0, skin)
    before = predicted_loss(b.world, state, 0)
    state.g[:3, k] *= 1.0 + skin
    assert predicted_loss(b.world, state, 0) - before == pytest.approx(bound, rel=1e-9)
    assert bound > 0.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"engine": "tail_risk"}, "needs a tail"),
        (tail(method="samples", level=0.999, samples=100), "no sample lies in the tail"),
        (tail(method="samples", freedom=4.0), "tails of their own"),
        (tail(level=1.0), "level"),
        ({"predictive": {"probability": 0.6, "delay": 60.0}}, "probability"),
        ({"halt": {"move": 0.0, "window": 60.0, "seconds": 60.0}}, "move"),
        ({"volatility": {"gain": 1.0, "highest": 0.5}}, "highest"),
        ({"volatility": {"floor": 0.5}}, "procyclicality"),
        ({"volatility": {"gain": 1.0, "stress_weight": 0.25}}, "asked for then"),
    ],
)
def test_bad_input_is_refused_with_its_reason(change, words):
    place = perpetual_venue("BTC", 0.05) | change
    with pytest.raises(SluicegateError, match=words):
        validated(RunConfig, run_dict(market({"BTC": 100.0}), {"venue": place}))


def test_engines_look_once_per_step_at_most():
    config = run_dict(market({"BTC": 100.0}), {"venue": perpetual_venue("BTC", 0.05)})
    with pytest.raises(SluicegateError, match="once per step"):
        validated(RunConfig, config | {"beliefs": {"every": 10.0}})
