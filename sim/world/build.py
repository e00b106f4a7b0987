"""From a configuration to worlds that run: fit to margin, match open interest, fund, re-lever.

The order matters. Positions are fitted once, in the ``venue`` scope, so that every scope holds the
same legs. Freed margin is measured against that scope. Counterparties come last: the market makers
take what open interest is left over.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.market.paths import fill_path
from sim.rules import Rules
from sim.state import codes
from sim.state.law import PathLaw
from sim.state.world import World
from sim.world.assemble import (
    TWINS,
    Assembled,
    assemble,
    assess_rows,
    deposit,
    list_legs,
    settings,
)
from sim.world.correlation import Repair
from sim.world.law import build_law
from sim.world.layout import Layout
from sim.world.population import Population, draw_population
from sim.world.rules import RuleSet, load_rules
from sim.world.schema.run import RunConfig, WorldChoice
from sim.world.scopes import capital_required, split_cash

FITTING_ROUNDS = 40  # halvings when positions are scaled down to initial margin
MAKER_SHARE = 0.5  # of its initial margin that a market maker opens the run with
REFERENCE_SCOPE = "venue"


@dataclass(frozen=True)
class Built:
    """One world of the experiment on one population, and what is known of it before any path."""

    assembled: Assembled
    population: Population
    facts: dict[str, float]

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
        self.law, self.repairs = build_law(config.market, config.step_seconds)
        self.rule_set: RuleSet = load_rules(config)
        self.rules: Rules = self.rule_set.rules

    @cached_property
    def prices(self) -> np.ndarray:
        """Start prices, USD (N,)."""
        prices = np.empty((2, len(self.layout.assets)))
        fill_path(self.law, np.uint64(0), 0, prices, np.empty(2, dtype=np.int64))
        return prices[0]

    def population(self, number: int) -> Population:
        """Draw population ``number``, fitted to initial margin and with matched open interest."""
        population = draw_population(self.layout, self.prices, number)
        self._match(population)
        population.scale[:] = self._fitting_scale(population)
        return population

    def _assemble(self, population: Population, scope: str) -> Assembled:
        return assemble(self.layout, population, scope, self.prices, self.rule_set.kinds)

    def _needs(self, population: Population, scope: str, scale: np.ndarray) -> tuple:
        """Assembled accounts at a scale, with what each lacks for initial margin and requires."""
        kept = population.scale.copy()
        population.scale[:] = scale
        assembled = self._assemble(population, scope)
        population.scale[:] = kept
        found = assess_rows(
            assembled.world, assembled.opening, codes.INITIAL, assembled.rows.accounts
        )
        return assembled, found[:, 1] - found[:, 0], found[:, 1]

    def cash(self, population: Population) -> np.ndarray:
        """USD that each trader can split over his accounts, (T,)."""
        tokens = population.cash_base + population.scale * population.cash_risk
        return tokens * self.prices[self.layout.cash]

    def _fitting_scale(self, population: Population) -> np.ndarray:
        """Largest scale, at most 1, at which a trader's cash covers initial margin with headroom.

        Needs are taken as linear in the scale, from their values at 0 and 1; size penalties make
        them convex, so the chord errs on the safe side.
        """
        traders = population.traders
        ones, headroom = np.ones(traders), self.config.population.headroom
        assembled, need_one, required_one = self._needs(population, REFERENCE_SCOPE, ones)
        _, need_zero, required_zero = self._needs(population, REFERENCE_SCOPE, 0.0 * ones)
        owner = assembled.grouping.owner
        need_one = need_one + (headroom - 1.0) * required_one
        need_zero = need_zero + (headroom - 1.0) * required_zero
        low, high = 0.0 * ones, ones.copy()

        def fits(scale: np.ndarray) -> np.ndarray:
            need = need_zero + scale[owner] * (need_one - need_zero)
            wanted = np.bincount(owner, np.maximum(need, 0.0), traders)
            tokens = population.cash_base + scale * population.cash_risk
            return wanted <= tokens * self.prices[self.layout.cash] * (1.0 + 1e-12)

        done = fits(ones)
        for _ in range(FITTING_ROUNDS):
            middle = 0.5 * (low + high)
            good = fits(middle)
            low, high = np.where(good, middle, low), np.where(good, high, middle)
        return np.where(done, 1.0, low)

    def _match(self, population: Population) -> None:
        """Shrink the heavier side of each perpetual until the makers can hold the rest."""
        legs = population.legs
        for k, row in enumerate(self.layout.instruments):
            if row.kind != "perpetual":
                continue
            here = legs.instrument == k
            quantity = np.where(here, legs.risk, 0.0)
            net = quantity.sum()
            limit = self._maker_limit(k)
            heavy = here & (legs.matched == 1) & (np.sign(legs.risk) == np.sign(net))
            side = abs(quantity[heavy].sum())
            excess = abs(net) - limit
            if excess > 0.0 and side > 0.0:
                factor = max(0.0, 1.0 - excess / side)
                positions = legs.position[heavy]
                scaled = np.isin(legs.position, positions)
                legs.risk[scaled] *= factor

    def _maker_limit(self, k: int) -> float:
        """Contracts that the maker of perpetual k may hold at the start."""
        row = self.layout.instruments[k]
        venue = self.config.venue[row.venue]
        price = self.prices[self.layout.assets.index(row.asset)]
        ratio = venue.perpetuals[row.asset].margin_ratio.initial
        budget = MAKER_SHARE * venue.maker.capital / len(venue.perpetuals)
        return budget / (max(ratio, 1e-12) * price)

    def relever(self, population: Population, scope: str, share: float) -> Population:
        """Redeploy a share of the initial margin that a scope frees against the reference.

        Risk legs grow at the average requirement that the venues charge them one by one, so a hub
        that charges little does not turn a little freed margin into unbounded positions.
        """
        freed = self.freed(population, scope)
        ones = np.ones(population.traders)
        assembled, _, required = self._needs(population, REFERENCE_SCOPE, population.scale)
        _, _, without = self._needs(population, REFERENCE_SCOPE, 0.0 * ones)
        owner = assembled.grouping.owner
        charged = np.bincount(owner, required - without, population.traders)
        growth = np.where(charged > 0.0, share * freed / np.where(charged > 0.0, charged, 1.0), 0.0)
        grown = Population(
            **{n: getattr(population, n) for n in _FIELDS}  # legs are shared, the scale is not
        )
        grown.scale[:] = population.scale * (1.0 + np.maximum(growth, 0.0))
        return grown

    def freed(self, population: Population, scope: str) -> np.ndarray:
        """Initial margin that each trader saves against the reference scope, USD (T,)."""
        reference, need, _ = self._needs(population, REFERENCE_SCOPE, population.scale)
        wider, wider_need, _ = self._needs(population, scope, population.scale)
        traders = population.traders
        before = capital_required(reference.grouping, need, traders)
        after = capital_required(wider.grouping, wider_need, traders)
        return np.maximum(0.0, before - after)

    def build(self, base: Population, choice: WorldChoice) -> Built:
        """One world: scope, arm, cash, counterparties."""
        population = base
        if choice.relever > 0.0:
            population = self.relever(base, choice.scope, choice.relever)
        assembled, need, required = self._needs(population, choice.scope, population.scale)
        cash = self.cash(population)
        split = split_cash(assembled.grouping, need, required, cash, self.config.population.split)
        tokens = split / self.prices[self.layout.cash]
        accounts = np.arange(assembled.rows.accounts)
        deposit(assembled.opening, assembled.grouping.cash, accounts, tokens)
        wallet = population.wallet_base + population.scale * population.wallet_risk
        assembled.opening.wallet[:] = wallet
        self._counterparties(assembled)
        list_legs(assembled.opening)
        self._note_opening(assembled)
        facts = self._facts(base, population, assembled, need, choice)
        return Built(assembled, population, facts)

    def _counterparties(self, assembled: Assembled) -> None:
        """Makers take the open interest left over; liquidators, insurance and makers are funded."""
        layout, opening, world = self.layout, assembled.opening, assembled.world
        price = self.prices[layout.cash]
        for name in layout.perpetual_venues:
            v = layout.venues.index(name)
            maker = world.venues[v]["maker"]
            cash = layout.instrument("balance", name, self.config.settlement)
            quote = layout.instrument("quote", name, self.config.settlement)
            opening.balance[cash, maker] += self.config.venue[name].maker.capital / price
            for k, row in enumerate(layout.instruments):
                if row.venue == name and row.kind == "perpetual":
                    opening.balance[k, maker] -= opening.balance[k].sum()
            opening.balance[quote, maker] -= opening.balance[quote].sum()
        for v, name in enumerate(layout.venues):
            fund = self.config.venue[name].insurance / price
            opening.outside[codes.FIRST_INSURANCE + v, layout.cash] = fund
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

    def _note_opening(self, assembled: Assembled) -> None:
        count = assembled.rows.accounts
        found = assess_rows(assembled.world, assembled.opening, codes.MAINTENANCE, count)
        assembled.world.accounts["opening"][:count] = found[:, 0]

    def _facts(
        self,
        base: Population,
        population: Population,
        assembled: Assembled,
        need: np.ndarray,
        choice: WorldChoice,
    ) -> dict[str, float]:
        """What is known before any path: capital, leverage, day-0 liquidations."""
        count = assembled.rows.accounts
        world, opening = assembled.world, assembled.opening
        initial = assess_rows(world, opening, codes.INITIAL, count)
        held = assess_rows(world, opening, codes.MAINTENANCE, count)
        short = (held[:, 0] <= held[:, 1]) & (held[:, 1] > 0.0)
        gross = gross_notional(world, opening.balance[:, :count], opening.g)
        needed = capital_required(assembled.grouping, need, population.traders).sum()
        equity = held[:, 0].sum()
        return {
            "margin_required": float(initial[:, 1].sum()),
            "gross_notional": float(gross.sum()),
            "equity": float(equity),
            "free_collateral": float(np.maximum(initial[:, 0] - initial[:, 1], 0.0).sum()),
            "capital_required": float(needed),
            "achievable_leverage": float(gross.sum() / needed) if needed > 0.0 else float("nan"),
            "freed_margin": float(self.freed(base, choice.scope).sum()),
            "traders": float(population.traders),
            "accounts": float(count),
            "effective_accounts": base.effective,
            "day0_accounts": float(short.sum()),
            "day0_notional": float(gross[short].sum()),
            "lambda_ratio": self.lambda_ratio,
        }

    @property
    def lambda_ratio(self) -> float:
        """Background ratio of the reference markets, weighted by depth."""
        spot = [d for d in self.config.liquidity.spot.values() if d.depth is not None]
        total = sum(d.depth or 0.0 for d in spot)
        weighted = sum((d.depth or 0.0) * d.lambda_ratio for d in spot)
        return weighted / total if total > 0.0 else 0.0


_FIELDS = (
    "archetype", "wealth", "cash_base", "cash_risk", "wallet_base", "wallet_risk", "legs",
)  # fmt: skip


def gross_notional(world: World, balance: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Contracts and loans of each account at their full size, USD (A,)."""
    kind = world.instruments["kind"][:, None]
    contracts = np.where(kind == codes.PERPETUAL, np.abs(balance) * g[2][:, None], 0.0)
    loans = np.where(kind == codes.BALANCE, np.maximum(-balance, 0.0) * g[1][:, None], 0.0)
    return (contracts + loans).sum(axis=0)


__all__ = ["TWINS", "Built", "Factory", "gross_notional"]
