"""Bad option parameters end with a message that names the YAML and the key."""

import pytest

from sim.errors import SluicegateError
from tests.conformance.configured import configured

SURFACE = {"level": {"calm": 0.6}}
CASES = {
    "no zero move": (
        {"grid.scenarios": [{"spot": 1.1}, {"spot": 0.9, "vol": "up"}]},
        ["venue.derive.grid.scenarios", "leaves the price where it is", "spot: 1"],
    ),
    "a move without a scan range": (
        {"grid.scenarios": [{"spot": 1.0}, {"move": 1.0}]},
        ["venue.derive.grid.scenarios[1].move", "scan range", "spot"],
    ),
    "negative volatility": (
        {"options.ETH.surface": {"level": {"calm": -0.6}}},
        ["venue.derive.options.ETH.surface.level.calm: out of range", "-0.6", "greater than 0"],
    ),
    "no volatility": (
        {"options.ETH.surface": {"level": {"calm": 0}}},
        ["venue.derive.options.ETH.surface.level.calm: out of range", "greater than 0"],
    ),
    "negative minimum volatility": (
        {"grid.volatility.minimum": -0.1},
        ["venue.derive.grid.volatility.minimum: out of range", "at least 0"],
    ),
    "expiry in the past": (
        {"options.ETH.expiries": [7, -1]},
        ["venue.derive.options.ETH.expiries", "when the run starts, or before", "got:     -1"],
    ),
    "expiry now": ({"options.ETH.expiries": [0]}, ["expiries", "when the run starts", "above 0"]),
    "expiry twice": ({"options.ETH.expiries": [7, 7.0]}, ["expiries", "names repeat"]),
    "no strikes": ({"options.ETH.strikes": []}, ["strikes", "at least 1"]),
    "unknown rule": (
        {"grid.scenarios": [{"spot": 1.0, "vol": "sideways"}]},
        ["venue.derive.grid.scenarios.0.vol", "not one of the choices", "'absolute'"],
    ),
    "unknown engine": (
        {"engine": "magic"},
        ["venue.derive.engine: not one of the choices", "'scenario_grid'"],
    ),
    "a grid engine without a grid": (
        {"grid": None},
        ["venue.derive", "engine: scenario_grid needs a grid"],
    ),
    "options that nothing margins": (
        {"engine": "sum_of_legs", "option_margin": None},
        ["venue.derive", "what option books need", "option_margin"],
    ),
    "unpaired maintenance above initial": (
        {"option_margin.unpaired": {"initial": 1.0, "maintenance": 1.2}},
        ["venue.derive.option_margin.unpaired", "maintenance 1.2 exceeds initial 1.0"],
    ),
    "a falling price below zero": (
        {"grid.scenarios": [{"spot": 1.0}, {"spot": -0.5}]},
        ["venue.derive.grid.scenarios.1.spot", "greater than 0"],
    ),
    "a negative multiple of impact": (
        {"contingency.liquidity.multiple.maintenance": -1},
        ["venue.derive.contingency.liquidity.multiple.maintenance: out of range", "at least 0"],
    ),
    "a multiple beyond sense": (
        {"contingency.liquidity.multiple.initial_extra": 100},
        ["venue.derive.contingency.liquidity.multiple.initial_extra: out of range", "at most 20"],
    ),
    "a multiple without levels": (
        {"contingency.liquidity.multiple": 2},
        ["venue.derive.contingency.liquidity.multiple: wrong type", "keys with values"],
    ),
    "a free part of nothing": (
        {"contingency.liquidity.free": 1e6},
        ["venue.derive.contingency.liquidity.multiple: no multiple is given", "whatever free says"],
    ),
    "a free part of a multiple without levels": (
        {"contingency.liquidity": {"multiple": {}, "free": 1e6}},
        ["venue.derive.contingency.liquidity.multiple: no multiple is given", "whatever free says"],
    ),
    "a negative free part": (
        {"contingency.liquidity": {"multiple": {"maintenance": 1}, "free": -5}},
        ["venue.derive.contingency.liquidity.free: out of range", "got:     -5", "at least 0"],
    ),
    "a depth that nobody sees": (
        {"contingency.liquidity.depth": "deep"},
        ["contingency.liquidity.depth: not one of the choices", "'current' or 'normal'"],
    ),
    "a pile of nothing": (
        {"contingency.liquidity.per": "asset"},
        ["contingency.liquidity.per: not one of the choices", "'market' or 'underlying'"],
    ),
    "a mistyped key": (
        {"grid.basis.upp": 1.1},
        ["venue.derive.grid.basis.upp: unknown key", "did you mean 'up'?"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused(case):
    overrides, parts = CASES[case]
    with pytest.raises(SluicegateError) as caught:
        configured("derive", overrides)
    for part in parts:
        assert part in str(caught.value)
