"""Worlds with options: a venue with a scenario grid, one that adds legs up, and a hub over both."""

from random import Random
from typing import Any

from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.parity.worlds import random_behaviour, random_liquidators
from tests.worlds import Config, run_dict, weight

SOURCE = {"source": "test"}
STEP, BLOCK = 1800.0, 300.0
GRID: Config = {
    "scenarios": [
        {"vol": "up"},
        {"vol": "down"},
        {"spot": 1.1, "vol": "up"},
        {"spot": 0.9, "vol": "up"},
        {"spot": 1.1},
        {"spot": 0.9, "vol": "down"},
        {"spot": 0.5, "vol": "up", "damping": 0.1},
        {"vol": "linear"},
        {"vol": "absolute"},
    ],
    "volatility": {"up": 0.4, "down": 0.25, "minimum": 0.3, "short_power": 0.3, "long_power": 0.1},
    "skew": {"linear": {"base": 0.15, "slope": -0.05}, "absolute": {"base": 0.1}},
    "long": {"base": 0.95, "multiple": 1.0, "added": 0.08},
    "short": {"base": 1.04, "multiple": 0.5, "added": 0.08},
    "basis": {"up": 1.04, "down": 0.96, "added": 0.5, "per_year": 2.0},
    "settlement_minutes": 30,
}
SPAN: Config = {
    "scenarios": [
        {"vol": "up"},
        {"vol": "down"},
        {"move": 1.0, "vol": "up"},
        {"move": -1.0, "vol": "up"},
        {"move": 0.5, "vol": "down"},
        {"move": -0.5, "vol": "down"},
        {"move": 2.0, "damping": 0.35},
        {"move": -2.0, "damping": 0.35},
    ],
    "scan_range": {"BTC": 0.12, "ETH": 0.15},
    "volatility": {"up": 0.25, "down": 0.25},
    "lookahead_days": 0.25,
    "short_minimum": 0.01,
}
MARGIN: Config = {"highest": 0.15, "lowest": 0.1, "unpaired": {"initial": 1.2, "maintenance": 1.1}}


def stormy() -> Config:
    """Two assets, two regimes far apart."""
    return {
        "assets": {
            "BTC": {"kind": "risky", "price": 100.0},
            "ETH": {"kind": "risky", "price": 10.0},
            "USDC": {
                "kind": "stable",
                "price": 1.0,
                "peg": {
                    "reversion_per_day": 1.0,
                    "volatility": [0.01, 0.05],
                    "jump_rate": [0.0, 0.0],
                },
            },
        },
        "regimes": {
            "names": ["calm", "crash"],
            "generator_per_day": [[-2.0, 2.0], [4.0, -4.0]],
        },
        "volatility": {"BTC": [0.6, 3.0], "ETH": [0.8, 3.5]},
        "correlation": {n: [[1.0, 0.7], [0.7, 1.0]] for n in ("calm", "crash")},
    }


def options(r: Random) -> Config:
    surface = {
        "level": {"calm": 0.6, "crash": 1.4},
        "skew": -0.05,
        "smile": 0.05,
        "term_slope": -0.1,
        "half_life": r.choice([600.0, 7200.0]),
        "spot_beta": r.choice([0.0, 1.5]),
    }
    return {
        "expiries": [r.choice([0.11, 0.2]), 7.0],
        "strikes": [0.9, 1.0, 1.1],
        "rate": r.choice([0.0, 0.05]),
        "surface": surface,
    }


def option_venue(r: Random, **engine: Any) -> Config:
    ratio = {"initial": 0.1, "maintenance": 0.05}
    return {
        "provenance": SOURCE,
        "assets": {"USDC": weight(1.0), "BTC": weight(0.8), "ETH": weight(0.8)},
        "perpetuals": {"BTC": {"margin_ratio": ratio, "depth": r.choice([None, 1e5])}},
        "options": {"BTC": options(r), "ETH": options(r)},
        "option_margin": MARGIN,
        "maker": {"capital": 1e7},
        "funding": {"offset": 0.0, "cap": 0.05},
        "oracle": {"delay": r.choice([0.0, BLOCK])},
        "liquidation": {
            "size": r.choice(["to_target", "close_factor"]),
            "perp_fee": 0.01,
            "perp_insurance_fee": 0.002,
            "dust": 1.0,
            "taker": "initial_margin",
            "target": {"buffer": 0.02},
        },
        "insurance": 1e4,
        **engine,
    }


def position(r: Random, venue: str, side: str) -> Config:
    high = r.choice([2.0, 5.0]) if side == "short" else 1.0
    return {
        "kind": "option",
        "venues": {venue: 1},
        "assets": {"BTC": 1, "ETH": 1},
        "side": side,
        "rights": r.choice([["call"], ["put"], ["call", "put"]]),
        "strike": r.choice([0.9, 1.0, 1.1]),
        "days": r.choice([0.1, 7.0]),
        "leverage": {"low": 0.5, "high": high},
    }


def archetypes(r: Random) -> Config:
    """Sellers and buyers at both venues, a covered call, a spread over two venues, a perpetual."""
    perp = {
        "kind": "perpetual",
        "venues": {"grid": 1, "plain": 1},
        "assets": {"BTC": 1},
        "side": r.choice(["long", "short"]),
        "leverage": {"low": 2.0, "high": 8.0},
    }
    cover = {"kind": "supply", "venues": {"grid": 1}, "assets": {"ETH": 1}, "share": 0.7}
    call = {**position(r, "grid", "short"), "rights": ["call"], "hedges": 0, "share": 0.3}
    both = [
        {**position(r, "grid", "short"), "share": 0.5},
        {**position(r, "plain", "long"), "share": 0.3},
        {**perp, "share": 0.2},
    ]
    kinds: Config = {
        "sell_grid": {"positions": [position(r, "grid", "short")]},
        "sell_plain": {"positions": [position(r, "plain", "short")]},
        "buy": {"positions": [position(r, r.choice(["grid", "plain"]), "long")]},
        "covered": {"positions": [cover, call]},
        "spread": {"positions": both},
        "perp": {"positions": [perp]},
    }
    for kind in kinds.values():
        kind.update(provenance=SOURCE, share=1.0, wallet=r.choice([0.0, 0.3]))
        kind["behaviour"] = random_behaviour(r, STEP)
    return kinds


def random_tail(r: Random) -> Config:
    """A tail over a few steps, under samples or a covariance."""
    shared = {
        "measure": r.choice(["var", "es"]),
        "level": r.choice([0.9, 0.95]),
        "horizon": 4.0 * STEP,
        "vol_of_vol": r.choice([0.0, 1.0]),
    }
    if r.random() < 0.5:
        return {**shared, "method": "samples", "samples": 60}
    return {**shared, "freedom": r.choice([None, 4.0])}


def measure_tails(r: Random, run: Config) -> None:
    """Let the venue with a grid and the hub measure tails, or one of them."""
    run["beliefs"] = {
        "every": r.choice([1.0, 3.0]) * STEP,
        "half_life": 5.0 * STEP,
        "correlation_half_life": 20.0 * STEP,
    }
    for spec in r.choice([(run["hub"],), (run["venue"]["grid"],), tuple_of(run)]):
        spec |= {"engine": "tail_risk", "tail": random_tail(r)}
        factor = r.choice([0.8, 5.0])  # 5: requirements move more than values, and bounds matter
        charges = spec.get("contingency", {})
        spec["contingency"] = charges | {"loss_factor": {"initial": factor, "maintenance": factor}}


def tuple_of(run: Config) -> tuple[Config, ...]:
    """The hub and all venues."""
    return (run["hub"], *run["venue"].values())


def option_run(seed: int, contract: str = "linear", tails: bool = False) -> RunConfig:
    """A random run with options; its one world is ``w``."""
    return validated(RunConfig, option_config(seed, contract, tails))


def option_config(seed: int, contract: str = "linear", tails: bool = False) -> Config:
    """The same as a dictionary."""
    r = Random(seed)
    collateral = {
        "BTC": {"maintenance": 0.02, "initial_extra": 0.01, "offsets": True},
        "ETH": {"maintenance": 0.03, "initial_extra": 0.01, "offsets": True},
    }
    contingency = {
        "loss_factor": {"initial": 1.0, "maintenance": 0.8},
        "perpetual": {"maintenance": 0.015, "initial_extra": 0.005},
        "short_option": {"maintenance": 0.003, "initial_extra": 0.002},
        "collateral": collateral,
        "peg": {"threshold": 0.999, "factor": 2.0},
    }
    grids = {"engine": "scenario_grid", "contingency": contingency}
    hub = {
        "provenance": SOURCE,
        "netting": {},
        "engine": "scenario_grid",
        "grid": {**r.choice([GRID, SPAN]), "offset": r.choice([0.0, 0.5])},
        "contingency": contingency,
    }
    run = run_dict(
        stormy(),
        {
            "grid": option_venue(r, **grids, grid=r.choice([GRID, SPAN])),
            "plain": option_venue(r),
        },
        steps=16,
        step_seconds=STEP,
        block_seconds=BLOCK,
        accounts=40,
        seed=r.randrange(10**6),
        hub=hub,
        archetype=archetypes(r),
        liquidator=random_liquidators(r, BLOCK),
        population={"headroom": r.choice([1.0, 1.2])},
        experiment={
            "worlds": {"w": {"scope": r.choice(["venue", "unified", "hub", "isolated"])}},
            "baseline": "w",
            "twins": [r.choice(["full", "none"])],
        },
    )
    for spec in run["venue"].values():
        spec["perpetuals"]["BTC"]["contract"] = contract
    if tails:
        measure_tails(Random(seed + 1), run)
    return run
