"""The worlds that speed is stated on: W8 and W24, each in a calm, a stressed and a crashing book.

W8 is one venue with perpetuals on eight coins, margined in brackets: longs and shorts who never
act, impact with full feedback, partial liquidation in rounds until nobody is left to call, by bots
that take every account. W24 is the default run, three venues and everything that they do, margined
as one pool. Either has 5,000 accounts and paths of 1,440 steps; the whole work is 10,000 of them.

calm      as populations are drawn
stressed  half of the accounts hold a leverage at which a move of 0.2 to 2 % liquidates them
crash     the calm book, while prices fall by 35 % in six hours: steps are of 15 s, blocks of half
          a second, so that both are as many as otherwise
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.state import codes
from sim.world.assemble import assess_rows
from sim.world.build import Built, Factory, gross_notional
from sim.world.compose import compose
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig, WorldChoice

Config = dict[str, Any]

PATHS, STEPS, ACCOUNTS, MARKS = 10_000, 1_440, 5_000, 8
WORKS = ("W8", "W24")
BOOKS = ("calm", "stressed", "crash")
SCOPE = {"W8": "venue", "W24": "unified"}
FALL, HOURS = 0.35, 6.0
YEAR_HOURS = 365.0 * 24.0
NEAREST, FARTHEST = 0.002, 0.02  # move that liquidates the near half of a stressed book
ROOM = 1.002  # initial over maintenance there, so that nobody is scaled down
SOURCE = {"source": "benchmark"}
RATIO = 0.03  # maintenance in the first bracket
AMPLE = 1e10  # capital, USD, of whoever must not run out of it
NEVER = {"low": 1e9, "high": 1e9}


def work(name: str, book: str, fall: float = FALL, **keys: Any) -> RunConfig:
    """Return the run of one world in one book; ``keys`` replace everyday keys, or ``marks``."""
    marks = keys.pop("marks", MARKS)
    config = eight(marks) if name == "W8" else compose()
    if book == "stressed":
        (press_eight if name == "W8" else press_default)(config)
    if book == "crash":
        crash(config, fall)
    return validated(RunConfig, config | {"steps": STEPS, "accounts": ACCOUNTS} | keys)


def build(run: RunConfig, name: str) -> tuple[Factory, Built]:
    """Build the one world of a work."""
    factory = Factory(run)
    return factory, factory.build(factory.population(0), WorldChoice(scope=SCOPE[name]))


def crash(config: Config, fall: float) -> None:
    """Let all risky prices fall by a share in six hours, which the path then covers."""
    seconds = HOURS * 3600.0 / STEPS
    rate = math.log1p(-fall) / HOURS * YEAR_HOURS
    market = dict(config["market"])
    risky = [name for name, asset in market["assets"].items() if asset["kind"] == "risky"]
    market["drift"] = dict.fromkeys(risky, rate)
    market["regimes"] = market["regimes"] | {"start": market["regimes"]["names"][-1]}
    blocks = config["step_seconds"] / config["block_seconds"]
    config |= {"market": market, "step_seconds": seconds, "block_seconds": seconds / blocks}


def eight(marks: int) -> Config:
    """W8, or the same with another number of coins."""
    config = compose()
    config["market"] = coins(config["market"], marks)
    names = [f"C{i}" for i in range(marks)]
    config["liquidity"] = config["liquidity"] | {"spot": {}}
    config["venue"] = {"exchange": exchange(names)}
    config["hub"] = {"provenance": SOURCE, "netting": {}}
    config["archetype"] = {side: holder(side, names, 2.0, 12.0, 0.5) for side in ("long", "short")}
    willing = dict.fromkeys(("capital", "capacity", "unwind"), AMPLE)
    willing["rule"] = {"_target_": "agents.liquidator.take_all"}
    config["liquidator"] = {"bot": config["liquidator"]["flash_bot"] | willing}
    return config


def coins(market: Config, count: int) -> Config:
    """A market of one kind of coin: the fitted ones taken in turn, and the default stable."""
    fitted = [name for name, asset in market["assets"].items() if asset["kind"] == "risky"]
    like = {f"C{i}": fitted[i % len(fitted)] for i in range(count)}
    close = {name: 0.7 + 0.05 * k for k, name in enumerate(market["regimes"]["names"])}
    common = market["jumps"]["common"]
    return {
        "assets": {name: market["assets"][old] for name, old in like.items()}
        | {"USDC": market["assets"]["USDC"]},
        "regimes": market["regimes"],
        "volatility": {name: market["volatility"][old] for name, old in like.items()},
        "correlation": {
            regime: np.where(np.eye(count, dtype=bool), 1.0, rho).tolist()
            for regime, rho in close.items()
        },
        "jumps": {
            "common": common
            | {key: {n: common[key][old] for n, old in like.items()} for key in ("mean", "sd")},
            "own": {name: market["jumps"]["own"][old] for name, old in like.items()},
        },
    }


def exchange(names: list[str]) -> Config:
    """One venue with a perpetual on each coin, in brackets of notional."""
    brackets = [(0.0, 1.0), (2e6, 1.5), (1e7, 2.0)]
    tiers = [
        {"above": above, "initial": 0.05 * by, "maintenance": RATIO * by} for above, by in brackets
    ]
    return {
        "provenance": SOURCE,
        "assets": {"USDC": {"asset_weight": {"initial": 1.0, "maintenance": 1.0}}},
        "perpetuals": {name: {"margin_ratio": {"tiers": tiers}, "depth": 1e7} for name in names},
        "funding": {"offset": 0.0002, "cap": 0.03},
        "maker": {"capital": AMPLE},
        "insurance": 1e6,
        "liquidation": {
            "size": "to_target",
            "target": {"buffer": 0.02},
            "perp_fee": 0.01,
            "taker": "flash",
        },
    }


def holder(side: str, names: list[str], low: float, high: float, share: float) -> Config:
    """An archetype that holds one perpetual and never acts."""
    return {
        "provenance": SOURCE,
        "share": share,
        "positions": [
            {
                "kind": "perpetual",
                "venues": {"exchange": 1},
                "assets": dict.fromkeys(names, 1),
                "side": side,
                "leverage": {"low": low, "high": high},
            }
        ],
        "behaviour": {
            "rule": {"_target_": "agents.owner.act"},
            "watch": {"low": 1.0, "high": 1.0},
            "interval": NEVER,
        },
    }


def near(ratio: float) -> Config:
    """Leverages at which a move of 0.2 to 2 % ends at a maintenance ratio."""
    low, high = (1.0 / (ratio + move * (1.0 - ratio)) for move in (FARTHEST, NEAREST))
    return {"low": low, "high": high}


def press_eight(config: Config) -> None:
    """Bring half of the accounts of W8 near to liquidation."""
    venue = config["venue"]["exchange"]
    for perpetual in venue["perpetuals"].values():
        perpetual["margin_ratio"] = {"tiers": lowered(perpetual["margin_ratio"]["tiers"])}
    names, reach = list(venue["perpetuals"]), near(RATIO)
    for side in ("long", "short"):
        config["archetype"][f"near_{side}"] = holder(side, names, reach["low"], reach["high"], 0.5)
    config["population"] = config["population"] | {"headroom": 1.0}


def lowered(tiers: list[Config]) -> list[Config]:
    """The same brackets, with hardly more asked for opening than for holding."""
    return [tier | {"initial": ROOM * tier["maintenance"]} for tier in tiers]


def press_default(config: Config) -> None:
    """Bring half of the accounts of the default run near to liquidation.

    They are as many as all the others together, hold perpetuals and mind them as these do.
    """
    venue = config["venue"]["drift"]
    for perpetual in venue["perpetuals"].values():
        ratio = perpetual["margin_ratio"]
        perpetual["margin_ratio"] = ratio | {"initial": ROOM * ratio["maintenance"]}
    venue["maker"] = {"capital": AMPLE}
    share = 0.5 * sum(kind["share"] for kind in config["archetype"].values())
    reach = near(venue["perpetuals"]["SOL"]["margin_ratio"]["maintenance"])
    for side in ("long", "short"):
        kind = config["archetype"][f"perp_{side}"]
        (position,) = kind["positions"]
        assets = dict.fromkeys(("BTC", "ETH", "SOL"), 1)
        position = position | {"assets": assets, "leverage": reach}
        config["archetype"][f"near_{side}"] = kind | {"share": share, "positions": [position]}
    config["population"] = config["population"] | {"headroom": 1.0}


def near_share(factory: Factory, built: Built) -> float:
    """Share of accounts that a move of 0.2 to 2 % of all they hold would liquidate."""
    world, opening = built.twin(factory.layout, "full"), built.assembled.opening
    count = built.assembled.rows.accounts
    equity, required = assess_rows(world, opening, codes.MAINTENANCE, count).T
    gross = gross_notional(world, opening.balance[:, :count], opening.g)
    # A move takes itself times the notional from equity, and as much of the requirement.
    lever = np.where(gross > 0.0, gross - required, np.inf)
    move = (equity - required) / lever
    return float(np.mean((move >= 0.9 * NEAREST) & (move <= 1.1 * FARTHEST)))
