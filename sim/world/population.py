"""Traders, their wealth and their legs, before any margin scope groups them into accounts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim.errors import SluicegateError
from sim.world.draws import Draws
from sim.world.layout import Layout
from sim.world.positions import Builder, Legs, write_archetype
from sim.world.schema.population import ArchetypeConfig, PoolPosition

Ints = np.ndarray
Floats = np.ndarray


@dataclass(frozen=True)
class Population:
    """Everything that the scopes share: traders, wealth, legs."""

    number: int
    archetype: Ints  # (T,) number in configuration order
    wealth: Floats  # (T,) USD
    cash_base: Floats  # (T,) settlement tokens free to be split over accounts
    cash_risk: Floats  # (T,) the same, bought with loans, at scale 1
    wallet_base: Floats  # (T,) settlement tokens outside
    wallet_risk: Floats  # (T,)
    legs: Legs
    scale: Floats  # (T,) of the risk that each trader takes

    @property
    def traders(self) -> int:
        """Number of traders."""
        return len(self.wealth)

    @property
    def cash(self) -> Floats:
        """Settlement tokens free to be split over accounts, (T,)."""
        return self.cash_base + self.scale * self.cash_risk

    @property
    def wallet(self) -> Floats:
        """Settlement tokens outside all venues, (T,)."""
        return self.wallet_base + self.scale * self.wallet_risk

    @property
    def effective(self) -> float:
        """Effective number of traders, 1 / sum of squared wealth shares."""
        share = self.wealth / self.wealth.sum()
        return float(1.0 / np.sum(share**2))

    def venues(self, layout: Layout) -> set[str]:
        """Name the venues at which some trader holds a position."""
        held = np.unique(self.legs.instrument[self.legs.amount(self.scale) != 0.0])
        return {layout.instruments[k].venue for k in held}

    def scaled(self, scale: Floats) -> Population:
        """The same traders and legs with another scale of risk."""
        return replace(self, scale=scale)


def is_pool(spec: ArchetypeConfig) -> bool:
    """Whether an archetype supplies whichever pool needs it."""
    return any(isinstance(p, PoolPosition) for p in spec.positions)


def supply_pools(b: Builder, archetype: Ints, wealth: Floats, names: list[str]) -> None:
    """Spread pool suppliers over the pools that traders borrow from, up to each one's utilisation.

    Pools get suppliers in proportion to what they need, at least one each; within a pool deposits
    are proportional to the suppliers' wealth.
    """
    specs = b.layout.config.archetype
    who = np.flatnonzero(np.isin(archetype, [i for i, n in enumerate(names) if is_pool(specs[n])]))
    need = pool_needs(b)
    pools = np.flatnonzero(need > 0.0)
    if len(pools) == 0 or len(who) == 0:
        return
    usd = (
        need[pools]
        * b.prices[[b.layout.assets.index(b.layout.instruments[k].asset) for k in pools]]
    )
    cumulative = np.cumsum(usd / usd.sum())
    chosen = np.searchsorted(cumulative, (np.arange(len(who)) + 0.5) / len(who))
    chosen[: len(pools)] = np.arange(len(pools))[: len(who)]
    weight = np.bincount(chosen, wealth[who], len(pools))
    amount = need[pools][chosen] * wealth[who] / weight[chosen]
    b.add(who, pools[chosen], amount, 0.0)
    b.positions += len(who)


def pool_needs(b: Builder) -> Floats:
    """Deposits (tokens, per instrument) missing for each pool to stand at its utilisation."""
    legs = Legs.concatenate(b.parts)
    amount = legs.base + legs.risk
    count = len(b.layout.instruments)
    deposits = np.bincount(legs.instrument, np.maximum(amount, 0.0), count)
    loans = np.bincount(legs.instrument, np.maximum(-amount, 0.0), count)
    wanted = np.zeros(count)
    for k, row in enumerate(b.layout.instruments):
        if row.kind == "balance":
            wanted[k] = loans[k] / b.layout.config.venue[row.venue].utilisation
    return np.where(loans > 0.0, np.maximum(wanted - deposits, 0.0), 0.0)


def draw_population(layout: Layout, prices: Floats, population: int) -> Population:
    """Draw one population.

    Parameters
    ----------
    layout : Layout
        Index of the run's configuration.
    prices : (N,) float64 ndarray
        Start prices, USD.
    population : int
        Number of the population; the draws depend on it and on the seed.
    """
    config = layout.config
    draws = Draws(config.seed, population, config.accounts)
    names = list(config.archetype)
    shares = {n: config.archetype[n].share for n in names}
    archetype = draws.choice("archetype", shares)
    factor = np.array([config.archetype[n].wealth for n in names])[archetype]
    wealth = draws.pareto("wealth", config.population.sizes) * factor
    b = Builder(layout, prices, draws)
    for number, name in enumerate(names):
        who = np.flatnonzero(archetype == number)
        if len(who) and not is_pool(config.archetype[name]):
            write_archetype(b, name, config.archetype[name], who, wealth[who])
    supply_pools(b, archetype, wealth, names)
    if not b.parts:
        raise SluicegateError(
            "the population holds no position",
            where="archetype",
            hint="choose an archetype that has positions and a share above 0, or more accounts",
        )
    return Population(
        population,
        archetype,
        wealth,
        b.cash,
        b.cash_risk,
        b.wallet,
        b.wallet_risk,
        Legs.concatenate(b.parts),
        np.ones(config.accounts),
    )
