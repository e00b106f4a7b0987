"""Bounds of option books under a grid: inside a skin, slack falls by no more than they say."""

import numpy as np
import pytest

from sim.margin.health import assess
from sim.state.codes import MAINTENANCE, OPTION
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
    assert tightest > 0.25  # a bound of a quarter would be caught
