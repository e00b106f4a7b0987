"""A pool that lent more than it holds, and loses all of it: everybody else goes on."""

from random import Random

import numpy as np

from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from sim.world.start_state import list_legs
from tests.parity import worlds
from tests.parity.export import describe
from tests.parity.stepping import Pair
from tests.parity.worlds import Config
from tests.reference.world import World

CLOSEST = 1e-9
STEP = 60.0
PER_STEP = (365.0 * 86_400.0 / STEP) ** 0.5


def crashing_market() -> Config:
    return {
        "assets": {
            "BTC": {"kind": "risky", "price": 100.0},
            "USDC": {
                "kind": "stable",
                "price": 1.0,
                "peg": {"reversion_per_day": 1.0, "volatility": [0.0], "jump_rate": [0.0]},
            },
        },
        "regimes": {"names": ["crash"], "generator_per_day": [[0.0]]},
        "volatility": {"BTC": [0.01 * PER_STEP]},
        "correlation": {"crash": [[1.0]]},
        "jumps": {"own": {"BTC": {"rate": [0.1 * PER_STEP**2], "mean": -0.8, "sd": 0.3}}},
    }


def lender() -> Config:
    listing = {
        "asset_weight": {"initial": 0.8, "maintenance": 0.9},
        "interest": {"at_kink": 0.1},
    }
    return {
        "provenance": worlds.PROVENANCE,
        "assets": {"BTC": listing, "USDC": listing},
        "liquidation": {"selection": "largest_relief", "size": "close_factor", "taker": "flash"},
    }


def kind(collateral: str, debt: str, high: float, **habits: float) -> Config:
    position = {
        "kind": "loan",
        "venues": {"a": 1},
        "collateral": {collateral: 1},
        "debt": {debt: 1},
        "leverage": {"low": 0.5, "high": high},
        "proceeds": "collateral",
    }
    behaviour = {
        "rule": worlds.OWNER,
        "watch": {"low": 1.1, "high": 1.6},
        "interval": {"low": STEP, "high": STEP},
        "delay": 0.0,
        **habits,
    }
    return {
        "provenance": worlds.PROVENANCE,
        "share": 1.0,
        "wallet": 1.0,
        "positions": [position],
        "behaviour": behaviour,
    }


def run(seed: int) -> RunConfig:
    base = worlds.random_config(Random(1))
    liquidity = {"provenance": worlds.PROVENANCE, "spot": {}, "depth_factor": {"crash": 1.0}}
    passive = {"top_up": 0.0, "deleverage": 0.0}
    changes = {
        "steps": 20, "step_seconds": STEP, "block_seconds": 30.0, "accounts": 20, "seed": seed,
        "market": crashing_market(), "liquidity": liquidity, "venue": {"a": lender()},
        "hub": {"provenance": worlds.PROVENANCE, "netting": {}},
        "archetype": {
            "longs": kind("BTC", "USDC", 2.9, **passive),
            "shorts": kind("USDC", "BTC", 2.9, top_up=1.0, deleverage=0.0),
        },
        "experiment": {"worlds": {"w": {"scope": "venue"}}, "baseline": "w", "twins": ["none"]},
    }  # fmt: skip
    return validated(RunConfig, {**base, **changes})


def test_everybody_else_goes_on():
    wiped = 0
    for seed in range(6):
        pair = Pair(run(seed))
        opening = pair.built.assembled.opening
        k = pair.layout.instrument("balance", "a", "USDC")
        opening.balance[k] *= np.where(opening.balance[k] > 0.0, 0.02, 1.0)
        list_legs(opening)
        pair.plain = World(describe(pair.factory, pair.built, pair.twin))
        for number, snapshot, ours in pair.steps():
            assert np.isfinite(snapshot.state.balance).all(), (seed, number)
            emptied = snapshot.state.pools[k]["deposits"] == 0.0
            wiped += bool(emptied and snapshot.results["socialised_loss"] > 0.0)
            if pair.plain.margin >= CLOSEST:
                assert not pair.differences(snapshot, ours), (seed, number)
    assert wiped > 0
