"""Small worlds for tests: one venue, plain markets, accounts placed exactly.

Everything goes through configuration: the functions return plain dictionaries that
``validated(RunConfig, ...)`` accepts. Only what the schema draws at random, the balances of the
opening ledger, is written by hand, in `place`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim import kernel
from sim.state.state import RESULT, State
from sim.state.world import World
from sim.world.build import Built, Factory
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from sim.world.start_state import list_legs

Config = dict[str, Any]
Holding = Mapping[tuple[str, str], float]  # (kind, asset) -> tokens, contracts or quote

SOURCE = {"source": "test"}
YEAR = 365.0 * 86_400.0
STILL = 1e-14  # annual volatility of a price that only drifts
TAKE_ALL = {"_target_": "agents.liquidator.take_all"}
ACT = {"_target_": "agents.owner.act"}
NO_PEG = {"reversion_per_day": 0.0, "volatility": [0.0], "jump_rate": [0.0]}


def market(
    prices: Mapping[str, float],
    volatility: float = STILL,
    drift: Mapping[str, float] | None = None,
    correlation: float = 0.0,
) -> Config:
    """One regime, geometric Brownian prices without jumps, and a dollar that stays at one."""
    count = len(prices)
    matrix = np.full((count, count), correlation)
    np.fill_diagonal(matrix, 1.0)
    assets: Config = {name: {"kind": "risky", "price": price} for name, price in prices.items()}
    assets["USDC"] = {"kind": "stable", "price": 1.0, "peg": NO_PEG}
    return {
        "assets": assets,
        "regimes": {"names": ["calm"], "generator_per_day": [[0.0]]},
        "volatility": {name: [volatility] for name in prices},
        "correlation": {"calm": matrix.tolist()},
        "drift": dict(drift or {}),
    }


def weight(asset: float, liability: float = 1.0, **extra: Any) -> Config:
    """A listing whose initial and maintenance weights are equal."""
    return {
        "asset_weight": {"initial": asset, "maintenance": asset},
        "liability_weight": {"initial": liability, "maintenance": liability},
        **extra,
    }


def ratio(value: float, **extra: Any) -> Config:
    """A perpetual whose initial and maintenance ratios are equal."""
    return {"margin_ratio": {"initial": value, "maintenance": value}, **extra}


def venue(assets: Config, liquidation: Config | None = None, **extra: Any) -> Config:
    """A venue without oracle delay, insurance or interest; dust is switched off."""
    rules = {"dust": 0.0, "bonus": {"kind": "fixed", "min": 0.0}} | (liquidation or {})
    cash = {"USDC": weight(1.0)}
    return {"provenance": SOURCE, "assets": cash | assets, "liquidation": rules, **extra}


def perpetual_venue(asset: str, margin_ratio: float, **extra: Any) -> Config:
    """A venue with one perpetual, no funding and a market maker who is never short of capital."""
    return venue(
        {},
        perpetuals={asset: ratio(margin_ratio)},
        funding={"offset": 0.0, "cap": 0.0},
        maker={"capital": 1e12},
        **extra,
    )


def taker(**changes: Any) -> Config:
    """A liquidator who takes whatever is offered, at once, with more than enough capital."""
    plain = {
        "provenance": SOURCE,
        "rule": TAKE_ALL,
        "capital": 1e12,
        "latency": 0.0,
        "capacity": 1e12,
        "cost": 0.0,
        "unwind": 1e12,
    }
    return plain | changes


def sleeper(**changes: Any) -> Config:
    """An archetype that deposits settlement tokens and never acts."""
    behaviour = {
        "rule": ACT,
        "watch": {"low": 1.0, "high": 1.0},
        "interval": {"low": 1e9, "high": 1e9},
        "top_up": 0.0,
        "deleverage": 0.0,
        "panic_loss": 1.0,
    }
    plain = {
        "provenance": SOURCE,
        "share": 1.0,
        "positions": [{"kind": "supply", "venues": {"venue": 1.0}, "assets": {"USDC": 1.0}}],
        "behaviour": behaviour,
    }
    return plain | changes


def run_dict(market: Config, venues: Mapping[str, Config], **changes: Any) -> Config:
    """A run of one step of a minute and one block, infinite depth, one liquidator."""
    plain: Config = {
        "paths": 1,
        "steps": 1,
        "step_seconds": 60.0,
        "block_seconds": 60.0,
        "accounts": 1,
        "seed": 7,
        "workers": 1,
        "market": market,
        "liquidity": {
            "provenance": SOURCE,
            "spot": {},
            "depth_factor": dict.fromkeys(market["regimes"]["names"], 1.0),
        },
        "venue": dict(venues),
        "hub": {"provenance": SOURCE, "netting": {}},
        "archetype": {"sleeper": sleeper()},
        "liquidator": {"taker": taker()},
        "experiment": {
            "worlds": {"venue": {"scope": "venue"}},
            "baseline": "venue",
            "twins": ["full"],
        },
    }
    return plain | changes


def run_config(market: Config, venues: Mapping[str, Config], **changes: Any) -> RunConfig:
    """`run_dict`, validated."""
    return validated(RunConfig, run_dict(market, venues, **changes))


def place(factory: Factory, built: Built, holdings: Sequence[Holding]) -> None:
    """Give the accounts of a built world exactly these balances at its only venue.

    The market maker takes the other side of contracts and quote balances, as it does when a
    population is drawn. All parameters stay as configured.
    """
    layout, assembled = factory.layout, built.assembled
    balance = assembled.opening.balance
    balance[:, : assembled.rows.accounts] = 0.0
    for a, holding in enumerate(holdings):
        for (kind, asset), amount in holding.items():
            balance[layout.instrument(kind, layout.venues[0], asset), a] = amount
    maker = assembled.world.venues[0]["maker"]
    for k, row in enumerate(layout.instruments):
        if row.kind != "balance":
            balance[k, maker] -= balance[k].sum()
    list_legs(assembled.opening)


class Bench:
    """One world on one venue, with accounts placed exactly, run through the kernel's own loop.

    Attributes
    ----------
    state : State
        The last path's state, at its end.
    """

    def __init__(
        self, config: Config, holdings: Sequence[Holding] | None = None, twin: str = "full"
    ) -> None:
        if holdings is not None:
            config = config | {"accounts": len(holdings)}
        self.config = validated(RunConfig, config)
        self.factory = Factory(self.config)
        choice = next(iter(self.config.experiment.worlds.values()))
        built = self.factory.build(self.factory.population(0), choice)
        if holdings is not None:
            place(self.factory, built, holdings)
        self.built = built
        self.world: World = built.twin(self.factory.layout, twin)
        self.opening: State = built.assembled.opening
        self.state: State = kernel.copy_state(self.opening)
        self.scratch = kernel.scratch_for(self.world, self.factory.law, self.config.steps)
        self.scene = kernel.Scene(self.world, self.factory.law, self.opening)
        self.desk = kernel.Desk(self.state, self.scratch)
        self._simulate = kernel.compiled(self.scene, self.desk)

    def run(self, count: int = 1, first: int = 0) -> np.ndarray:
        """Results of consecutive paths, (count,) RESULT."""
        out = np.zeros(count, dtype=RESULT)
        seed = np.uint64(self.config.seed)
        self._simulate(self.scene, self.factory.rules, self.desk, seed, first, out)
        return out

    def held(self, kind: str, asset: str, a: int = 0) -> float:
        """Tokens, contracts or quote that account ``a`` holds now."""
        k = self.factory.layout.instrument(kind, self.factory.layout.venues[0], asset)
        shares = self.state.balance[k, a]
        pool = self.state.pools[k]
        return float(shares * (pool["deposit_index"] if shares >= 0 else pool["borrow_index"]))

    def price(self, asset: str) -> float:
        """Fundamental price at the end of the last path, USD."""
        return float(self.state.fundamental[self.factory.layout.assets.index(asset)])


def fall_to(start: float, end: float, seconds: float) -> float:
    """Annual drift that takes a still price from ``start`` to ``end`` in a time."""
    return float(np.log(end / start)) * YEAR / seconds
