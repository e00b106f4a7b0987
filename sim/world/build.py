"""From a configuration to worlds that run: scope, arm, cash, counterparties.

Counterparties come last: market makers take what open interest is left over, and what borrowers
took and no supplier brought is deposited in the protocol's name.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from sim.errors import SluicegateError
from sim.kernel import Desk
from sim.margin.greeks import Exposure, exposures
from sim.market.paths import fill_path
from sim.rules import Rules
from sim.state import codes
from sim.state.law import PathLaw
from sim.state.state import State
from sim.state.world import World
from sim.world import tables
from sim.world.assemble import Assembled, assess_rows, settings
from sim.world.correlation import Repair
from sim.world.fitting import Fitter, Needs
from sim.world.law import law_of
from sim.world.layout import Layout
from sim.world.population import Population, draw_population
from sim.world.rules import RuleSet, load_rules
from sim.world.schema.run import RunConfig, WorldChoice
from sim.world.scopes import split_cash
from sim.world.start_state import deposit, list_legs


@dataclass(frozen=True)
class Built:
    """One world of the experiment on one population, and what is known of it before any path."""

    assembled: Assembled
    population: Population
    facts: dict[str, float]
    desks: deque[Desk] = field(default_factory=deque, compare=False)
    """Where paths of it have been run, by no thread at present."""

    def twin(self, layout: Layout, name: str) -> World:
        """The same world under another feedback."""
        chosen = settings(layout, self.assembled.rows, name)
        return self.assembled.world._replace(settings=chosen)


class Factory:
    """Builds the worlds of a run.

    Parameters
    ----------
    config : RunConfig
        The validated run.

    Attributes
    ----------
    layout : Layout
        Names to numbers.
    law : PathLaw
        Law of the exogenous prices.
    repairs : list of Repair
        Correlation matrices that were repaired.
    rules : Rules
        Compiled behaviour rules.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.layout = Layout(config)
        self.law: PathLaw
        self.repairs: list[Repair]
        self.law, self.repairs = law_of(config)
        self.rule_set: RuleSet = load_rules(config)
        self.rules: Rules = self.rule_set.rules

    @cached_property
    def prices(self) -> np.ndarray:
        """Start prices, USD (N,)."""
        prices = np.empty((2, len(self.layout.assets)))
        fill_path(self.law, np.uint64(0), 0, prices, np.empty(2, dtype=np.int64))
        return prices[0]

    @cached_property
    def fitter(self) -> Fitter:
        """Measures and scales populations."""
        return Fitter(self.layout, self.prices, self.rule_set.kinds)

    def population(self, number: int) -> Population:
        """Draw population ``number``, with matched open interest and fitted to initial margin."""
        return self.fitter.fit(draw_population(self.layout, self.prices, number))

    def build(self, base: Population, choice: WorldChoice) -> Built:
        """One world: scope, arm, cash, counterparties."""
        population = base
        if choice.relever > 0.0:
            population = self.fitter.relever(base, choice.scope, choice.relever)
        needs = self.fitter.needs(population, choice.scope)
        assembled, grouping = needs.assembled, needs.grouping
        margin = float(needs.margin().sum())  # before cash is deposited
        tables.select_by(assembled.world.venues, self.config, choice)
        split = split_cash(
            grouping,
            needs.need,
            needs.requirement,
            self.fitter.cash(population),
            self.config.population.split,
        )
        tokens = split / self.prices[self.layout.cash]
        deposit(assembled.opening, grouping.cash, np.arange(assembled.rows.accounts), tokens)
        assembled.opening.wallet[:] = population.wallet
        self._counterparties(assembled)
        list_legs(assembled.opening)
        self._note_opening(assembled)
        self._check_makers(assembled)
        freed = float(self.fitter.freed(base, choice.scope).sum())
        capital = {"margin_required": margin, "freed_margin": freed}
        return Built(assembled, population, capital | self._facts(base, population, needs, margin))

    def _counterparties(self, assembled: Assembled) -> None:
        """Makers take the open interest left over; liquidators, insurance and makers are funded."""
        layout, opening, world = self.layout, assembled.opening, assembled.world
        price = self.prices[layout.cash]
        for name in layout.perpetual_venues:
            v = layout.venues.index(name)
            maker = world.venues[v]["maker"]
            cash = layout.instrument("balance", name, self.config.settlement)
            opening.balance[cash, maker] += self.config.venue[name].maker.capital / price
            for k, row in enumerate(layout.instruments):
                if row.venue == name and row.kind != "balance":
                    opening.balance[k, maker] -= opening.balance[k].sum()
        self._fill_pools(assembled)
        for v, name in enumerate(layout.venues):
            fund = self.config.venue[name].insurance / price
            opening.outside[codes.FIRST_INSURANCE + v, layout.cash] = fund
            backstop = self.config.venue[name].waterfall.backstop / price
            holder = codes.FIRST_INSURANCE + len(layout.venues) + v
            opening.outside[holder, layout.cash] = backstop
        self._fund_liquidators(assembled)

    def _fund_liquidators(self, assembled: Assembled) -> None:
        layout, opening = self.layout, assembled.opening
        price = self.prices[layout.cash]
        venues = layout.perpetual_venues
        for i, name in enumerate(layout.liquidators):
            tokens = self.config.liquidator[name].capital / price
            inside = 0.5 * tokens if venues else 0.0
            row = assembled.world.liquidators[i]
            for venue in venues:
                k = layout.instrument("balance", venue, self.config.settlement)
                opening.balance[k, row["row"]] += inside / len(venues)
            opening.outside[row["holder"], layout.cash] = tokens - inside

    def _fill_pools(self, assembled: Assembled) -> None:
        """Deposit what borrowers took and no supplier brought, in the protocol's name."""
        balance = assembled.opening.balance
        for k, row in enumerate(self.layout.instruments):
            if row.kind == "balance":
                missing = -balance[k].sum()
                if missing > 0.0:
                    balance[k, assembled.rows.protocol] += missing

    def _check_makers(self, assembled: Assembled) -> None:
        """A market maker that opens below initial margin could not have taken its positions."""
        rows = assembled.rows
        found = assess_rows(assembled.world, assembled.opening, codes.INITIAL, rows.deficit)
        for place, name in enumerate(self.layout.perpetual_venues):
            equity, required = found[rows.first_maker + place]
            if equity < required:
                key, capital = f"venue.{name}.maker.capital", self.config.venue[name].maker.capital
                enough = self._enough(name, capital * required / equity if equity > 0.0 else 0.0)
                raise SluicegateError(
                    "the market maker's capital is too small for the open interest that "
                    f"{self.config.accounts:,} traders leave over: {required:,.0f} USD of initial "
                    "margin would be asked of him",
                    where=key,
                    value=capital,
                    hint=f"{key}={enough:.0f}; or fewer accounts, or archetypes whose longs and "
                    "shorts balance better",
                )

    def _enough(self, venue: str, scaled: float) -> float:
        """Capital, USD, of a maker that holds what traders leave over, with room to trade.

        With more of it less of the traders' positions is shrunk, so what is asked of him grows:
        the unshrunk ones count, or, where there are such already, half more than was `scaled` up.
        """
        wanted = max(1.1 * self.fitter.maker_needs.get(venue, 0.0), 1.5 * scaled, 1.0)
        return _rounded_up(wanted)

    def _note_opening(self, assembled: Assembled) -> None:
        count = assembled.rows.accounts
        found = assess_rows(assembled.world, assembled.opening, codes.MAINTENANCE, count)
        assembled.world.accounts["opening"][:count] = found[:, 0]

    def _facts(
        self, base: Population, population: Population, needs: Needs, margin: float
    ) -> dict[str, float]:
        """What is known before any path: capital, leverage, day-0 liquidations."""
        assembled = needs.assembled
        count = assembled.rows.accounts
        world, opening = assembled.world, assembled.opening
        initial = assess_rows(world, opening, codes.INITIAL, count)
        held = assess_rows(world, opening, codes.MAINTENANCE, count)
        short = (held[:, 0] <= held[:, 1]) & (held[:, 1] > 0.0)
        gross = gross_notional(world, opening.balance[:, :count], opening.g)
        needed = needs.capital(population.traders).sum()
        equity = held[:, 0].sum()
        protocol = (opening.balance[:, assembled.rows.protocol] * opening.g[0]).sum()
        return {
            "gross_notional": float(gross.sum()),
            "equity": float(equity),
            "wealth": float(equity + population.wallet.sum() * self.prices[self.layout.cash]),
            "free_collateral": float(np.maximum(initial[:, 0] - initial[:, 1], 0.0).sum()),
            "capital_required": float(needed),
            "achievable_leverage": float(gross.sum() / margin) if margin > 0.0 else float("nan"),
            "traders": float(population.traders),
            "accounts": float(count),
            "effective_accounts": base.effective,
            "day0_accounts": float(short.sum()),
            "day0_notional": float(gross[short].sum()),
            "protocol_deposits": float(protocol),
            "lambda_ratio": self.lambda_ratio,
            "lambda_stressed": self.lambda_ratio / self.thinnest,
            "lambda_worst": self.lambda_worst,
            **greek_facts(world, opening, count),
        }

    @property
    def lambda_ratio(self) -> float:
        """Background ratio of the reference markets, weighted by depth."""
        spot = [d for d in self.config.liquidity.spot.values() if d.depth and d.lambda_ratio]
        total = sum(d.depth or 0.0 for d in spot)
        weighted = sum((d.depth or 0.0) * d.lambda_ratio for d in spot)
        return weighted / total if total > 0.0 else 0.0

    @property
    def thinnest(self) -> float:
        """Share of normal depth that is left in the thinnest regime."""
        return min(self.config.liquidity.depth_factor.values())

    @property
    def lambda_worst(self) -> float:
        """Largest background ratio of any market in the thinnest regime.

        The background book does not shrink with depth.
        """
        spot = [d.lambda_ratio for d in self.config.liquidity.spot.values() if d.depth]
        return max(spot, default=0.0) / self.thinnest


def _rounded_up(value: float) -> float:
    """Round up to two digits."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return math.ceil(value / unit) * unit


def greek_facts(world: World, opening: State, count: int) -> dict[str, float]:
    """Greeks of all accounts together, and the sum of each account's size, USD; only with options.

    Options are a game between finite accounts: what traders hold net, makers hold the other way.
    """
    if len(world.surfaces) == 0:
        return {}
    found = exposures(world, opening, count, -1)
    net, gross = found.sum(axis=0), np.abs(found).sum(axis=0)
    facts = {}
    for i, name in enumerate(Exposure._fields):
        facts[f"net_{name}"] = float(net[i])
        facts[f"gross_{name}"] = float(gross[i])
    return facts


def gross_notional(world: World, balance: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Contracts and loans of each account at their full size, USD (A,)."""
    kind = world.instruments["kind"][:, None]
    contracts = np.where(
        (kind == codes.PERPETUAL) | (kind == codes.OPTION), np.abs(balance) * g[2][:, None], 0.0
    )
    loans = np.where(kind == codes.BALANCE, np.maximum(-balance, 0.0) * g[1][:, None], 0.0)
    return (contracts + loans).sum(axis=0)
