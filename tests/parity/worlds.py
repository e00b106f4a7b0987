"""Random small worlds, as configurations: everything that the reference must agree on occurs.

Volatilities are far beyond any market's and depths are small, so that a few dozen steps hold margin
calls, cascades and write-offs.
"""

from random import Random
from typing import Any

from sim.errors import SluicegateError
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.parity.kinds import add_kinds, add_liquidity, add_sources, make_inverse
from tests.parity.liquidations import add_liquidations
from tests.parity.losses import add_losses

Config = dict[str, Any]
PROVENANCE = {"source": "made up for tests"}
TAKE_WHAT_PAYS = {"_target_": "agents.liquidator.take_what_pays"}
TAKE_ALL = {"_target_": "agents.liquidator.take_all"}
OWNER = {"_target_": "agents.owner.act"}


def random_run(seed: int) -> RunConfig:
    """Return a random run of one world, one twin and one path.

    What :mod:`tests.parity.kinds` adds is drawn apart, so that it shifts no other draw.
    """
    config = random_config(Random(seed))
    add_kinds(Random(seed + 1), config)
    make_inverse(Random(seed + 2), config)
    add_sources(Random(seed + 3), config)
    add_losses(Random(seed + 4), config)
    add_liquidity(Random(seed + 5), config)
    add_liquidations(Random(seed + 6), config)
    return validated(RunConfig, config)


def maker_too_small(error: SluicegateError) -> bool:
    """Return whether a random world was refused for the one thing its draws cannot foresee."""
    return (error.where or "").endswith("maker.capital")


def random_config(r: Random) -> Config:
    step = r.choice([60.0, 300.0, 900.0])
    block = step / r.choice([1, 1, 2, 3, 4, 6])
    market = random_market(r, step)
    names = list(market["assets"])
    venues = {n: random_venue(r, names, block, step) for n in "abc"[: r.choice([1, 1, 2, 2, 3])]}
    return {
        "paths": 1,
        "steps": r.choice([10, 15, 20, 30, 60]),
        "step_seconds": step,
        "block_seconds": block,
        "accounts": r.choice([20, 25, 30, 40, 60, 120]),
        "seed": r.randrange(2**31),
        "market": market,
        "liquidity": random_liquidity(r, names),
        "venue": venues,
        "hub": random_hub(r, names),
        "archetype": random_archetypes(r, venues, step),
        "population": {
            "sizes": {"exponent": 1.1, "min": 500, "max": 50_000},
            "split": r.choice(["equal_headroom", "pro_rata"]),
            "headroom": r.choice([1.0, 1.01, 1.05]),
        },
        "liquidator": random_liquidators(r, block),
        "experiment": random_experiment(r),
        "engine": {"watch": "lists", "skin": r.choice([0.003, 0.01, 0.05, 0.2])},
        "resolution": r.choice([1.0, 0.003, 0.001]),
    }


def random_experiment(r: Random) -> Config:
    scope = r.choice(["isolated", "venue", "unified", "hub"])
    relever = r.choice([0.0, 0.0, 0.5]) if scope in ("unified", "hub") else 0.0
    twin = r.choice(["full", "full", "full", "slippage", "none"])
    return {
        "worlds": {"w": {"scope": scope, "relever": relever}},
        "baseline": "w",
        "twins": [twin],
    }


def random_market(r: Random, step: float) -> Config:
    """Return two regimes; moves of 1 % to 4 % a step, and jumps of 5 % to 30 %."""
    per_step = (365.0 * 86_400.0 / step) ** 0.5
    risky = ["BTC", "ETH"][: r.choice([1, 2])]
    assets: Config = {n: {"kind": "risky", "price": r.uniform(5.0, 500.0)} for n in risky}
    peg = {
        "reversion_per_day": 5.0,
        "volatility": [0.0002 * per_step, 0.002 * per_step],
        "jump_rate": [0.0, 0.02 * per_step**2],
        "jump_mean": -0.02,
        "jump_sd": 0.02,
    }
    assets["USDC"] = {"kind": "stable", "price": 1.0, "peg": peg}
    if r.random() < 0.4:
        stake = {"kind": "staked", "underlying": risky[0], "redemption": 1.2, "yield": 0.07}
        assets["LST"] = {**stake, "peg": peg}
    volatility = {n: [r.uniform(0.002, 0.01) * per_step, r.uniform(0.015, 0.05) * per_step]
                  for n in risky}  # fmt: skip
    rate = r.uniform(0.01, 0.08) * per_step**2
    own = {"rate": [0.0, rate], "mean": r.uniform(-0.2, 0.05), "sd": r.uniform(0.02, 0.15)}
    close = [[1.0 if i == j else 0.6 for i in risky] for j in risky]
    return {
        "assets": assets,
        "regimes": {
            "names": ["calm", "crash"],
            "generator_per_day": [[-2e4 / step, 2e4 / step], [1e4 / step, -1e4 / step]],
        },
        "volatility": volatility,
        "correlation": {"calm": close, "crash": close},
        "jumps": {"own": dict.fromkeys(risky, own)},
    }


def random_liquidity(r: Random, names: list[str]) -> Config:
    spot = {
        n: {"depth": r.choice([3e4, 1e5, 1e6]), "lambda_ratio": r.choice([0.0, 0.3, 0.6])}
        for n in names
        if n != "USDC" and r.random() < 0.85
    }
    arbitrage = [{"half_life": 60.0}, {"half_life": 600.0, "cap": 50.0}, {}]
    return {
        "provenance": PROVENANCE,
        "spot": spot,
        "depth_factor": {"calm": 1.0, "crash": r.choice([1.0, 0.3])},
        "depth_half_life": r.choice([60.0, 600.0]),
        "impact": {
            "permanent": r.choice([0.0, 0.3, 1.0]),
            "exponent": r.choice([0.5, 0.6, 1.0]),
            "half_life": r.choice([60.0, 1800.0]),
        },
        "perpetual": r.choice(arbitrage),
        "staked": r.choice(arbitrage),
        "background": {"reach": 0.1, "levels": r.choice([10, 40]), "width": 0.01},
    }


def random_interest(r: Random) -> Config | None:
    if r.random() < 0.2:
        return None
    return {
        "kink": r.choice([0.0, 0.5, 0.8, 1.0]),
        "base": r.choice([0.0, 0.5]),
        "at_kink": r.uniform(0.5, 5.0),
        "full": r.uniform(5.0, 50.0),
        "reserve_factor": r.choice([0.0, 0.15, 1.0]),
    }


def random_listing(r: Random, name: str) -> Config:
    low = 0.9 if name == "USDC" else r.uniform(0.55, 0.8)
    heavy = 1.0 + r.uniform(0.0, 0.15)
    return {
        "asset_weight": {"initial": low, "maintenance": min(1.0, low + r.uniform(0.02, 0.1))},
        "liability_weight": {"initial": heavy + r.uniform(0.01, 0.1), "maintenance": heavy},
        "size_penalty": r.choice([0.0, 0.0, 0.01]),
        "interest": random_interest(r),
    }


def random_liquidation(r: Random) -> Config:
    low = r.uniform(0.01, 0.08)
    bonus = {"kind": "fixed", "min": low, "protocol_share": r.choice([0.0, 0.2])}
    if r.random() < 0.5:
        bonus = {**bonus, "kind": "ltv", "max": low + r.uniform(0.0, 0.1)}
    seized = bonus["kind"] == "fixed" and r.random() < 0.5
    throttle = {
        "initial": r.uniform(0.1, 0.5),
        "duration": r.uniform(20.0, 200.0),
        "small": r.choice([0.0, 50.0]),
        "resolution": r.choice([0.0, 0.001]),
    }
    growth = {"per_second": 0.0005, "grace": r.choice([0.0, 30.0]), "period": 7.0, "max": 0.1}
    return {
        "throttle": r.choice([None, throttle]),
        "growth": r.choice([{}, growth]),
        "insurance_share": r.choice([0.0, 0.95]),
        "selection": r.choice(["riskiest", "largest_relief"]),
        "size": r.choice(["close_factor", "to_target"]),
        "close_factor": r.choice([0.2, 0.5, 1.0]),
        "full_ltv": r.choice([None, 0.9]),
        "dust": r.choice([0.0, 1.0, 20.0]),
        "max_notional": r.choice([None, None, 3_000.0]),
        "bonus": {**bonus, "of": "seized" if seized else "debt"},
        "insurance_fee": r.choice([0.0, 0.02]),
        "perp_fee": r.choice([0.0, 0.01, 0.03]),
        "perp_insurance_fee": r.choice([0.0, 0.01]),
        "taker": r.choice(["flash", "initial_margin"]),
        "target": {"health": r.uniform(1.005, 1.1), "buffer": r.uniform(0.005, 0.03)},
    }


def random_venue(r: Random, names: list[str], block: float, step: float) -> Config:
    listed = [n for n in names if n == "USDC" or r.random() < 0.75]
    perpetuals = [n for n in ("BTC", "ETH") if n in names and r.random() < 0.6]
    ratio = r.uniform(0.03, 0.06)
    venue: Config = {
        "provenance": PROVENANCE,
        "assets": {n: random_listing(r, n) for n in listed},
        "perpetuals": {
            n: {
                "margin_ratio": {"initial": ratio + r.uniform(0.01, 0.04), "maintenance": ratio},
                "size_penalty": r.choice([0.0, 0.001]),
                "step": r.choice([0.0, 0.01]),
                "depth": r.choice([2e4, 1e5, None]),
            }
            for n in perpetuals
        },
        "funding": {
            "offset": r.choice([0.0, 0.02, 0.5]),
            "cap": r.choice([0.03, 1.0, 5.0]),
            "premium_hours": r.choice([0.05, 1.0]),
        },
        "maker": {"capital": r.choice([2e4, 1e5, 1e6])},
        "oracle": {"delay": r.choice([0.0, 0.0, block, 2.5 * block, 2.0 * step])},
        "liquidation": random_liquidation(r),
        "insurance": r.choice([0.0, 500.0, 1e5]),
        "utilisation": r.choice([0.5, 0.8, 0.95]),
    }
    if "LST" in listed and r.random() < 0.6:
        weights = {"initial": 0.88, "maintenance": 0.93}
        venue["emodes"] = {"stake": {"LST": {"asset_weight": weights}}}
    return venue


def random_hub(r: Random, names: list[str]) -> Config:
    netting = {}
    for name in names:
        net, basis = r.uniform(0.04, 0.1), r.uniform(0.01, 0.03)
        if name == "USDC":
            net = basis = r.choice([0.0, 0.01])
        netting[name] = {
            "net": {"initial": 1.3 * net, "maintenance": net},
            "basis": {"initial": 1.3 * basis, "maintenance": basis},
        }
    return {
        "provenance": PROVENANCE,
        "netting": netting,
        "liquidation": sizing(random_liquidation(r)),
    }


def sizing(liquidation: Config) -> Config:
    """Keep what a hub decides itself: which leg, and how much."""
    keys = ("selection", "size", "close_factor", "full_ltv", "dust", "max_notional", "target")
    keys = (*keys, "throttle")
    return {key: value for key, value in liquidation.items() if key in keys}


def random_behaviour(r: Random, step: float) -> Config:
    """Return an owner's habits; every third one never does anything."""
    awake = r.random() < 0.65
    return {
        "rule": OWNER,
        "watch": {"low": 1.02, "high": r.choice([1.1, 1.6])},
        "interval": {"low": step, "high": r.choice([1, 4]) * step},
        "delay": r.choice([0.0, 0.5 * step, 2.0 * step]),
        "target": {"low": 1.2, "high": 2.0},
        "top_up": awake * r.choice([0.0, 0.5, 1.0]),
        "deleverage": awake * r.choice([0.0, 0.5, 1.0]),
        "panic_loss": r.choice([0.4, 0.7, 1.0]) if awake else 1.0,
    }


def random_archetypes(r: Random, venues: Config, step: float) -> Config:
    """Return several kinds of traders, with positions that the venues list."""
    kinds: Config = {"supplier": {"positions": [{"kind": "pool"}], "wallet": 0.0}}
    if r.random() < 0.15:
        kinds = {}  # nobody lends: the pools owe what they do not have
    for name, venue in venues.items():
        for side in ("long", "short"):
            if venue["perpetuals"]:
                kinds[f"{side}_{name}"] = {"positions": [perpetual(r, name, venue, side)]}
        for number in range(r.choice([1, 2])):
            first = loan(r, name, venue)
            if first:
                kinds[f"loan{number}_{name}"] = {"positions": [first]}
    mixed = [p for k in kinds.values() for p in k["positions"] if p["kind"] != "pool"]
    if len(mixed) >= 2:
        pair = [{**p, "share": 0.5} for p in r.sample(mixed, 2)]
        kinds["mixed"] = {"positions": pair}
        kinds["mixed2"] = {"positions": [{**p, "share": 0.5} for p in r.sample(mixed, 2)]}
    basis = hedged(venues)
    if basis:
        kinds["basis"] = {"positions": basis}
    if not mixed and not basis:
        kinds = {"saver": {"positions": [supply(next(iter(venues)), "USDC")]}}
    for kind in kinds.values():
        kind.setdefault("wallet", r.choice([0.0, 0.2, 1.0]))
        kind.update(provenance=PROVENANCE, share=r.uniform(0.3, 1.0))
        kind["behaviour"] = random_behaviour(r, step)
    return kinds


def perpetual(r: Random, name: str, venue: Config, side: str) -> Config:
    return {
        "kind": "perpetual",
        "venues": {name: 1},
        "assets": dict.fromkeys(venue["perpetuals"], 1),
        "side": side,
        "leverage": {"low": 2.0, "high": r.choice([5.0, 20.0])},
    }


def loan(r: Random, name: str, venue: Config) -> Config | None:
    listed = list(venue["assets"])
    if len(listed) < 2:
        return None
    collateral = r.choice([n for n in listed if n != "USDC"])
    debt = r.choice([n for n in listed if n != collateral])
    position = {
        "kind": "loan",
        "venues": {name: 1},
        "collateral": {collateral: 1},
        "debt": {debt: 1},
        "leverage": {"low": r.choice([0.4, 1.0]), "high": r.choice([1.0, 3.0])},
        "proceeds": r.choice(["collateral", "cash", "wallet"]),
    }
    if r.random() < 0.5:
        position["emode"] = "stake"
    return position


def supply(venue: str, asset: str) -> Config:
    return {"kind": "supply", "venues": {venue: 1}, "assets": {asset: 1}, "share": 0.7}


def hedged(venues: Config) -> list[Config] | None:
    """Return a deposit and the perpetual that offsets it, at the first venues where that can be."""
    for name, venue in venues.items():
        for other, second in venues.items():
            for asset in second["perpetuals"]:
                if asset in venue["assets"]:
                    short = {
                        "kind": "perpetual",
                        "venues": {other: 1},
                        "side": "short",
                        "leverage": {"low": 1, "high": 1},
                        "share": 0.3,
                        "hedges": 0,
                    }
                    return [supply(name, asset), short]
    return None


def random_liquidators(r: Random, block: float) -> Config:
    names = ["fast", "slow", "desk"][: r.choice([0, 1, 2, 3, 3])]
    return {
        name: {
            "provenance": PROVENANCE,
            "count": r.choice([1, 2]),
            "rule": r.choice([TAKE_WHAT_PAYS, TAKE_WHAT_PAYS, TAKE_ALL]),
            "capital": r.choice([0.0, 5e3, 1e5, 1e6]),
            "latency": r.choice([0.0, 0.0, block, 1.5 * block, 5 * block]),
            "capacity": r.choice([2e3, 5e4, 1e6]),
            "cost": r.choice([0.0, 1.0, 5.0]),
            "unwind": r.choice([1.0, 20.0, 1e4]),
            "min_profit": r.choice([0.0, 5.0]),
        }
        for name in names
    }
