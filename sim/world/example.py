"""A few accounts placed by hand, measured by the kernel's own margin engine.

For explanations: what an account needs, and at which price it would be liquidated. Nothing is
computed here; prices are moved and `sim.margin.health` is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isclose
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq

from sim.margin.greeks import exposures
from sim.market.oracle import refresh_g
from sim.state import codes
from sim.world.assemble import assemble, assess_rows
from sim.world.compose import compose
from sim.world.law import law_of
from sim.world.layout import Instrument, Layout
from sim.world.population import Population
from sim.world.positions import Legs
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from sim.world.start_state import opening_prices

# (kind, asset, and for an option days, strike and whether a call) -> tokens, contracts or quote; or
# by instrument, where a run has several venues
Holding = Mapping[tuple[Any, ...], float] | Mapping[Instrument, float]

REACH = (1e-4, 1e4)  # a liquidation price is looked for between these multiples of the present
POINTS = 1600  # on either side: 0.6 % apart, so that no two crossings of an example fall into one
SLACK = 1e-9  # relative; sums of weights and prices round in their last digits
_RULE = "sim.world.example.nobody"  # nobody acts here, so no rule is loaded


class Measured(NamedTuple):
    """An account at some prices, USD."""

    equity: float
    initial: float
    maintenance: float

    @property
    def health(self) -> float:
        """What equity exceeds maintenance by."""
        return self.equity - self.maintenance

    @property
    def opens(self) -> bool:
        """Whether equity reaches initial; what rounding leaves decides nothing."""
        return self.equity >= self.initial or isclose(self.equity, self.initial, rel_tol=SLACK)


def venue_run(name: str, search_path: Sequence[Path] = ()) -> RunConfig:
    """Return the default run with this venue alone and one archetype that only deposits there."""
    plain = compose([f"venue=[{name}]"], search_path=search_path)
    (venue,) = plain["venue"]
    listed = list(plain["venue"][venue].get("assets", {}))
    if plain["settlement"] not in listed:
        stable = [a for a in listed if plain["market"]["assets"].get(a, {}).get("kind") == "stable"]
        plain["settlement"] = (stable or [plain["settlement"]])[0]
    return placed_run(plain)


def placed_run(plain: dict[str, Any]) -> RunConfig:
    """Return a composed run with nobody in it but what will be placed by hand."""
    cash = plain["settlement"]
    listing = [v for v, spec in plain["venue"].items() if cash in spec.get("assets", {})]
    venue = next(iter(listing or plain["venue"]))
    plain = plain | {"accounts": 1, "liquidator": {}}
    plain["archetype"] = {"depositor": _depositor(venue, cash)}
    return validated(RunConfig, plain)


def _depositor(venue: str, asset: str) -> dict[str, Any]:
    position = {"kind": "supply", "venues": {venue: 1.0}, "assets": {asset: 1.0}}
    behaviour = {
        "rule": {"_target_": _RULE},
        "watch": {"low": 1.0, "high": 1.0},
        "interval": {"low": 60.0, "high": 60.0},
    }
    return {
        "provenance": {"source": "placed by hand"},
        "share": 1.0,
        "positions": [position],
        "behaviour": behaviour,
    }


def start_prices(config: RunConfig) -> np.ndarray:
    """Prices that a run starts at, USD (N,)."""
    return law_of(config)[0].price


class Examples:
    """Accounts at the only venue of a run, or over all its venues.

    Parameters
    ----------
    config : RunConfig
        From `venue_run`.
    holdings : sequence of Holding
        What each account holds.
    scope : {"venue", "unified", "hub"}
        Whose engine margins them: the venue's, or the hub's, adding legs up or not.
    """

    def __init__(
        self, config: RunConfig, holdings: Sequence[Holding], scope: str = "venue"
    ) -> None:
        self.count = len(holdings)
        self.layout = Layout(config.model_copy(update={"accounts": self.count}))
        self.prices = start_prices(config)
        population = _population(self.layout, holdings)
        assembled = assemble(self.layout, population, scope, self.prices, ({_RULE: 0}, {}))
        self._world, self._state = assembled.world, assembled.opening

    def measure(self, prices: np.ndarray | None = None) -> list[Measured]:
        """Equity and requirements of all accounts, at other prices if given."""
        at = self.prices if prices is None else prices
        opening_prices(self.layout, self._world, self._state, at)
        refresh_g(self._world, self._state)  # biases, and weights that scale with what is held
        levels = (codes.INITIAL, codes.MAINTENANCE)
        found = [assess_rows(self._world, self._state, level, self.count) for level in levels]
        return [
            Measured(float(at_maintenance[0]), float(at_initial[1]), float(at_maintenance[1]))
            for at_initial, at_maintenance in zip(*found, strict=True)
        ]

    def deltas(self, asset: str) -> np.ndarray:
        """Net delta of each account on an underlying, USD (accounts,)."""
        n = self.layout.assets.index(asset)
        return exposures(self._world, self._state, self.count, n)[:, 0]

    def liquidation_prices(self, a: int, asset: str) -> list[float]:
        """Prices nearest to the present one, below and above it, at which health is zero.

        What is staked on the asset moves with it; all other prices stay. Looked for within REACH.
        """
        here = self.prices[self.layout.assets.index(asset)]
        if self._health(a, asset, 1.0) <= 0.0:
            return [float(here)]
        roots = []
        for end in REACH:
            factors = np.geomspace(1.0, end, POINTS)
            below = (i for i, f in enumerate(factors) if self._health(a, asset, f) <= 0.0)
            first = next(below, None)
            if first is not None:
                bracket = sorted((factors[first - 1], factors[first]))
                root = brentq(lambda f: self._health(a, asset, f), *bracket, xtol=1e-13)
                roots.append(float(root * here))
        return roots

    def _health(self, a: int, asset: str, factor: float) -> float:
        n = self.layout.assets.index(asset)
        moved = [self.layout.group(name) == n for name in self.layout.assets]
        return self.measure(np.where(moved, self.prices * factor, self.prices))[a].health


def _named(layout: Layout, key: tuple[Any, ...] | Instrument) -> Instrument:
    """Name an instrument in full; only one venue can be left out."""
    if isinstance(key, Instrument):
        return key
    (venue,) = layout.venues
    return Instrument(key[0], venue, *key[1:])


def _population(layout: Layout, holdings: Sequence[Holding]) -> Population:
    rows: list[tuple[int, int, float]] = [
        (trader, layout.instruments.index(_named(layout, key)), amount)
        for trader, holding in enumerate(holdings)
        for key, amount in holding.items()
    ]
    trader, instrument = (np.array([row[i] for row in rows], dtype=np.int64) for i in (0, 1))
    amount = np.array([row[2] for row in rows])
    none = np.zeros(len(rows), dtype=np.int64)
    legs = Legs(trader, trader, instrument, amount, np.zeros(len(rows)), none, none)
    zero = np.zeros(len(holdings))
    archetype = np.zeros(len(holdings), dtype=np.int64)
    return Population(0, archetype, zero + 1.0, zero, zero, zero, zero, legs, zero + 1.0)
