"""Fitting a population: initial margin at the start, matched open interest, freed margin.

Positions are fitted once, in the ``venue`` scope, so that every scope holds the same legs; what a
wider scope frees is measured against that scope.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.state import codes
from sim.state.world import LONG
from sim.world.assemble import Assembled, assemble, assess_rows
from sim.world.contracts import contract_and_quote
from sim.world.layout import Layout
from sim.world.least import margin_required
from sim.world.population import Population
from sim.world.scopes import Grouping, capital_required

HALVINGS = 40  # when positions are scaled down to initial margin
MAKER_SHARE = 0.5  # of its initial margin that a market maker opens the run with
REFERENCE_SCOPE = "venue"
LEAST_WEIGHT = 0.01  # cash that counts for less is no margin
Kinds = tuple[dict[str, int], dict[str, int]]


@dataclass(frozen=True)
class Needs:
    """What the accounts of a scope lack for initial margin before any cash, USD."""

    assembled: Assembled
    need: np.ndarray  # (A,) cash to bring, at the weight at which it counts; negative if some over
    requirement: np.ndarray  # (A,)
    counts: np.ndarray  # (A,) weight of that cash

    @property
    def grouping(self) -> Grouping:
        """The accounts."""
        return self.assembled.grouping

    def capital(self, traders: int) -> np.ndarray:
        """Cash that each owner must bring, (T,)."""
        return capital_required(self.grouping, self.need, traders)

    def margin(self) -> np.ndarray:
        """Margin required of each account, (A,): deposits as far as needed, then cash.

        Asked before cash is deposited; the haircut of the cash to bring is part of it.
        """
        lost = np.maximum(self.need, 0.0) * (1.0 - self.counts)
        return margin_required(self.assembled) + lost

    def required(self, traders: int) -> np.ndarray:
        """Margin required of each owner, (T,)."""
        return np.bincount(self.grouping.owner, self.margin(), traders)


class Owned(NamedTuple):
    """What each owner must bring and keep under one scope, USD (T,)."""

    capital: np.ndarray  # cash to bring
    margin: np.ndarray  # margin required


class Fitter:
    """Measures and scales populations.

    Parameters
    ----------
    layout : Layout
        Index of the run's configuration.
    prices : (N,) float64 ndarray
        Start prices, USD.
    kinds : tuple of dict
        Numbers of the rules, by dotted name.
    """

    def __init__(self, layout: Layout, prices: np.ndarray, kinds: Kinds) -> None:
        self.layout, self.prices, self.kinds = layout, prices, kinds
        self.config = layout.config
        self.maker_needs: dict[str, float] = {}  # see `_match`
        self.shrunk: dict[str, set[str]] = {}
        self._measured: Population | None = None  # whose figures by scope are kept
        self._owned: dict[str, Owned] = {}

    def owned(self, population: Population, scope: str) -> Owned:
        """What owners need under a scope; kept, since every world of a study asks for the same."""
        if population is not self._measured:
            self._measured, self._owned = population, {}
        if scope not in self._owned:
            needs = self.needs(population, scope)
            traders = population.traders
            self._owned[scope] = Owned(needs.capital(traders), needs.required(traders))
        return self._owned[scope]

    def needs(self, population: Population, scope: str) -> Needs:
        """Group a population by scope and ask the margin engine what it lacks."""
        assembled = assemble(self.layout, population, scope, self.prices, self.kinds)
        found = assess_rows(
            assembled.world, assembled.opening, codes.INITIAL, assembled.rows.accounts
        )
        need = found[:, 1] - found[:, 0]
        weight = assembled.world.weight[LONG, codes.INITIAL]
        counts = weight[assembled.grouping.emode, assembled.grouping.cash]
        counts = np.maximum(counts, LEAST_WEIGHT)
        need = np.where(need > 0.0, need / counts, need)
        return Needs(assembled, need, found[:, 1], counts)

    def cash(self, population: Population) -> np.ndarray:
        """USD that each trader can split over his accounts, (T,)."""
        return population.cash * self.prices[self.layout.cash]

    def fit(self, population: Population) -> Population:
        """Match open interest, then scale each trader down until his cash covers initial margin.

        Needs are taken as linear in the scale, from their values at 0 and 1; size penalties make
        them convex, so the chord errs on the safe side.
        """
        self._match(population)
        one = self.needs(population, REFERENCE_SCOPE)
        zero = self.needs(population.scaled(0.0 * population.scale), REFERENCE_SCOPE)
        owner = one.grouping.owner
        extra = self.config.population.headroom - 1.0
        need_one = one.need + extra * one.requirement
        need_zero = zero.need + extra * zero.requirement

        def fits(scale: np.ndarray) -> np.ndarray:
            need = need_zero + scale[owner] * (need_one - need_zero)
            wanted = np.bincount(owner, np.maximum(need, 0.0), population.traders)
            cash = self.cash(population.scaled(scale))
            return wanted <= cash * (1.0 + 1e-12)

        high = np.ones(population.traders)
        low, whole = 0.0 * high, fits(high)
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            good = fits(middle)
            low, high = np.where(good, middle, low), np.where(good, high, middle)
        return population.scaled(np.where(whole, 1.0, low))

    def _match(self, population: Population) -> None:
        """Shrink the heavier side of each perpetual until the makers can hold the rest.

        By venue, `shrunk` keeps the assets for which this was so, and `maker_needs` the capital
        with which it would not have been, USD.
        """
        legs = population.legs
        for k, row in enumerate(self.layout.instruments):
            if row.kind not in ("perpetual", "option"):
                continue
            here = legs.instrument == k
            net = legs.risk[here].sum()
            self._note_maker(row.venue, abs(net) * self._capital_per_contract(k))
            excess = abs(net) - self._maker_limit(k)
            heavy = here & (legs.matched == 1) & (np.sign(legs.risk) == np.sign(net))
            side = abs(legs.risk[heavy].sum())
            if excess > 0.0 and side > 0.0:
                self.shrunk.setdefault(row.venue, set()).add(row.asset)
                scaled = np.isin(legs.position, legs.position[heavy])
                legs.risk[scaled] *= max(0.0, 1.0 - excess / side)

    def _maker_limit(self, k: int) -> float:
        """Contracts that the maker of perpetual k may hold at the start."""
        each = self._capital_per_contract(k)
        capital = self.config.venue[self.layout.instruments[k].venue].maker.capital
        return capital / each if each > 0.0 else np.inf

    def _note_maker(self, venue: str, capital: float) -> None:
        self.maker_needs[venue] = max(capital, self.maker_needs.get(venue, 0.0))

    def _capital_per_contract(self, k: int) -> float:
        """Capital of the venue's maker that one contract of perpetual k ties up, USD."""
        row = self.layout.instruments[k]
        venue = self.config.venue[row.venue]
        price = self.prices[self.layout.assets.index(row.asset)]
        if row.kind == "option":
            ratio = 1.0 if venue.option_margin is None else venue.option_margin.highest
        else:
            spec = venue.perpetuals[row.asset]
            ratio = spec.margin_ratio.at("initial")
            price, _ = contract_and_quote(spec, price)
        listed = sum(r.venue == row.venue and r.kind == row.kind for r in self.layout.instruments)
        return float(ratio * price * listed / MAKER_SHARE)

    def freed(self, population: Population, scope: str) -> np.ndarray:
        """Initial margin that each trader saves against the reference scope, USD (T,).

        The larger of two savings: the cash he need not bring for the same legs (netting between
        accounts), and the fall of the margin that his obligations require (offsets between legs).
        Deposits that back nothing require none, so nothing is freed of them.
        """
        if scope == REFERENCE_SCOPE:
            return np.zeros(population.traders)
        before, after = self.owned(population, REFERENCE_SCOPE), self.owned(population, scope)
        saved = np.maximum(before.capital - after.capital, before.margin - after.margin)
        return np.where(saved > 1e-9 * before.margin, saved, 0.0)

    def relever(self, population: Population, scope: str, share: float) -> Population:
        """Redeploy a share of the initial margin that a scope frees against the reference.

        Risk legs grow at what the venues charge for them one by one (the fall of equity less
        requirement per unit of scale), so a hub that charges little does not turn a little freed
        margin into unbounded positions. Where requirements grow in proportion, the wider scope's
        initial margin still holds. Under a charge that grows faster than positions (liquidity) it
        need not: the grown legs may require more than traders have, and an account may start below
        maintenance, which the report says as a caution before its figures.
        """
        freed = self.freed(population, scope)
        none = population.scaled(0.0 * population.scale)
        charged = self._shortage(population) - self._shortage(none)
        growth = np.where(charged > 0.0, share * freed / np.where(charged > 0.0, charged, 1.0), 0.0)
        return population.scaled(population.scale * (1.0 + growth))

    def _shortage(self, population: Population) -> np.ndarray:
        """Initial requirement less equity and cash of each trader in the reference scope, USD."""
        needs = self.needs(population, REFERENCE_SCOPE)
        total = np.bincount(needs.grouping.owner, needs.need, population.traders)
        return total - self.cash(population)
