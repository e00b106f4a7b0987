"""Margin ratios that scale: continuous brackets, and a bound that watch lists can rest on."""

from random import Random

import pytest

from sim.errors import SluicegateError
from sim.margin.ratio import bent_spread, perpetual_requirement
from sim.state.codes import INITIAL, MAINTENANCE
from sim.world.schema.explain import validated
from sim.world.schema.venue import VenueConfig
from sim.world.tables.instruments import instrument_row
from sim.world.tables.ratios import small_ratios
from tests.parity.kinds import random_ratio


def venue(perpetual, **more):
    cash = {"asset_weight": {"initial": 1.0, "maintenance": 1.0}}
    data = {"provenance": {"source": "made up"}, "assets": {"USDC": cash}, **more}
    return validated(VenueConfig, {**data, "perpetuals": {"BTC": perpetual}}, where="venue.x")


def requirement(perpetual, level, quantity, price):
    config = venue(perpetual)
    ratio = small_ratios(config.perpetuals["BTC"].margin_ratio)[level]
    row = instrument_row(config, "perpetual", "BTC")
    return perpetual_requirement(row, level, ratio, quantity, price, 0.0)


def test_brackets_meet_at_their_edges():
    tiers = [{"above": 0, "max_leverage": 40}, {"above": 1e6, "max_leverage": 20}]
    perpetual = {"margin_ratio": {"tiers": tiers}}
    for level in (INITIAL, MAINTENANCE):
        below = requirement(perpetual, level, 1e6 - 1e-3, 1.0)
        above = requirement(perpetual, level, 1e6 + 1e-3, 1.0)
        assert above - below == pytest.approx(0.0, abs=1e-3)
    assert requirement(perpetual, INITIAL, -2e6, 1.0) == pytest.approx(25_000 + 50_000)
    assert requirement(perpetual, MAINTENANCE, 2e6, 1.0) == pytest.approx(12_500 + 25_000)


@pytest.mark.parametrize("seed", range(40))
def test_no_move_within_the_skin_costs_more_than_the_bound(seed):
    r = Random(seed)
    price = r.uniform(5.0, 500.0)
    plain = {"initial": 0.1, "maintenance": 0.05}
    config = venue({"margin_ratio": random_ratio(r, plain, price), "skew_scale": 2e4 / price})
    ratio = small_ratios(config.perpetuals["BTC"].margin_ratio)[MAINTENANCE]
    row = instrument_row(config, "perpetual", "BTC")
    for _ in range(50):
        size, skin = r.uniform(0.01, 1e5) / price, r.choice([0.002, 0.02, 0.3])
        move = r.uniform(-skin, skin)
        before = perpetual_requirement(row, MAINTENANCE, ratio, size, price, 0.0)
        after = perpetual_requirement(row, MAINTENANCE, ratio, -size, price * (1 + move), 0.0)
        bound = bent_spread(row["ratio"], MAINTENANCE, ratio, size, size * price, skin) * skin
        assert after - before <= bound * (1.0 + 1e-12)


FLAT = {"initial": 0.1, "maintenance": 0.05}
CROSSING = [{"above": 0, "max_leverage": 20}, {"above": 5, "max_leverage": 10}] * 2
SAFER = [{"above": 0, "max_leverage": 10}, {"above": 5, "max_leverage": 20}]


@pytest.mark.parametrize(
    ("perpetual", "more", "words"),
    [
        ({"margin_ratio": {"tiers": CROSSING}}, {}, "tiers cross"),
        ({"margin_ratio": {"tiers": SAFER}}, {}, "larger must not be safer"),
        ({"margin_ratio": {"tiers": CROSSING[1:2]}}, {}, "the first starts at 0"),
        ({"margin_ratio": {**FLAT, "tiers": CROSSING[:2]}}, {}, "or tiers, or skew"),
        ({"margin_ratio": {"initial": 0.1}}, {}, "initial and maintenance"),
        ({"margin_ratio": FLAT, "pricing": {"kind": "skew"}}, {}, "skew_scale"),
        ({"margin_ratio": FLAT}, {"funding": {"kind": "velocity"}}, "skew_scale"),
        ({"margin_ratio": FLAT}, {"oracle": {"deviation": 0.01}}, "heartbeat"),
        ({"margin_ratio": FLAT}, {"oracle": {"delay": 60, "max_age": 30}}, "too old"),
        ({"margin_ratio": FLAT}, {"gains": {"initial": 1.0, "maintenance": 0.9}}, "gains"),
        (
            {"margin_ratio": FLAT, "pricing": {"kind": "convex", "factor_better": 1.0}},
            {},
            "round trip would earn money",
        ),
    ],
)
def test_bad_input_is_refused_with_its_reason(perpetual, more, words):
    with pytest.raises(SluicegateError, match=words):
        venue(perpetual, **more)
