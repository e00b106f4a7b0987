"""One portfolio, written down by hand, and what a venue would ask for it.

The same primitives and tables as in the kernel, without a world around them: for worked examples,
comparisons of engines, and conformance with the venues' own numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sim.errors import SluicegateError
from sim.margin.addons import confidence_charge, depeg_charge
from sim.margin.grid import (
    ALL,
    LINEAR,
    PNL,
    Holding,
    Quoted,
    Shelf,
    Sight,
    by_column,
    shelve,
    worst_pnl,
)
from sim.margin.lens import focus, weigh
from sim.margin.option_terms import OptionBook, book_margin
from sim.margin.portfolio import (
    Costs,
    added_on,
    at_least,
    collateral_charge,
    grid_requirement,
    option_charge,
    perpetual_charge,
)
from sim.margin.ratio import perpetual_requirement as ratio_requirement
from sim.margin.shocks import deviation_at, discount_at
from sim.market.black import option_value
from sim.numerics import log
from sim.state import codes
from sim.state.option_rows import OPTION
from sim.state.rows import INSTRUMENT, Row
from sim.state.state import LENS
from sim.world.portfolio_parts import Expiry, Margin, Option, Portfolio
from sim.world.schema.options import Haircut
from sim.world.schema.venue import VenueConfig
from sim.world.tables.options import (
    by_level,
    contingency_rows,
    grid_row,
    option_margin_rows,
    scenario_rows,
)
from sim.world.tables.ratios import ratio_row, small_ratios

YEAR = 365.0 * 86_400.0
Floats = np.ndarray


def _quoted(option: Option, expiry: Expiry) -> Quoted:
    """An option as scenarios see it."""
    forward, seconds = float(expiry.forward), float(expiry.seconds)
    volatility = float(option.volatility)
    return Quoted(
        option.sign,
        float(option.strike),
        forward,
        volatility,
        log(float(option.strike) / forward),
        deviation_at(volatility, 0.0, seconds),
        discount_at(float(expiry.rate), 0.0, seconds),
    )


class _Desk:
    """The arrays that the primitives read: deposits, then the perpetual, then options by book."""

    def __init__(self, venue: VenueConfig, portfolio: Portfolio) -> None:
        if venue.grid is None:
            raise SluicegateError(
                "this venue has no scenario grid",
                where="grid",
                hint="choose a venue with a grid, such as derive or cme_span",
            )
        self.venue, self.portfolio = venue, portfolio
        self.grid = grid_row(venue.grid)[0]
        self.scenarios = scenario_rows(venue.grid)
        self.scan = venue.grid.scan_range.get(portfolio.underlying, 0.0)
        seconds = [expiry.seconds for expiry in portfolio.expiries]
        self.options = sorted(
            portfolio.options, key=lambda o: (seconds.index(o.seconds), o.strike, -o.sign)
        )
        self.books = np.array([seconds.index(o.seconds) for o in self.options], dtype=np.int64)
        self.first = len(portfolio.deposits) + 1
        self.size = self.first + len(self.options)
        held = [d.quantity for d in portfolio.deposits]
        sold = [o.quantity for o in self.options]
        self.quantity = np.array([*held, portfolio.perpetual.quantity, *sold], dtype=float)
        self.price = np.array([d.price / portfolio.peg for d in portfolio.deposits])
        self.shelf = self._shelf()

    def _shelf(self) -> Shelf:
        count, size = len(self.scenarios), self.size
        shelf = Shelf(
            value=np.zeros((size, count + 2)),
            now=np.zeros(size),
            options=no_options(size),
            instruments=np.zeros(size, dtype=INSTRUMENT),
            factor=np.zeros((3, max(1, len(self.portfolio.expiries)))),
            desk=np.zeros((3, count + 2)),
        )
        shelf.options["book"][self.first :] = self.books
        shelf.options["strike"][self.first :] = [option.strike for option in self.options]
        for k, option in enumerate(self.options, start=self.first):
            expiry = self.portfolio.expiries[shelf.options["book"][k]]
            rate, seconds = float(expiry.rate), float(expiry.seconds)
            lens = np.zeros(1, dtype=LENS)[0]
            focus(lens, self.grid, rate, seconds)
            weigh(shelf.factor[:, shelf.options["book"][k]], self.grid, rate, seconds)
            sight = Sight(self.grid, lens, by_column(self.scenarios), self.scan)
            quoted = _quoted(option, expiry)
            shelve(sight, shelf, k, quoted, 1.0)
            shelf.now[k] = option_value(
                quoted.sign, quoted.forward, quoted.strike, quoted.deviation, quoted.discount
            )
        return shelf

    def haircut(self, number: int) -> Haircut:
        return self.venue.contingency.collateral.get(
            self.portfolio.deposits[number].name, Haircut()
        )

    def holding(self) -> Holding:
        """All legs; what offsets moves with the underlying."""
        deposits = self.quantity[: self.first - 1] * self.price
        offsets = np.array([self.haircut(i).offsets for i in range(len(deposits))], dtype=float)
        perpetual = self.portfolio.perpetual
        delta = perpetual.quantity * perpetual.price + float(np.sum(deposits * offsets))
        legs = np.arange(self.size)
        return Holding(legs, self.size, self.quantity, ALL, ALL, delta, self.scan * delta)

    def costs(self, terms: Row, level: int) -> Costs:
        """Contingencies per unit at a level."""
        portfolio = self.portfolio
        notional = np.full(self.size, float(portfolio.spot))
        charge = np.zeros(self.size)
        for i, deposit in enumerate(portfolio.deposits):
            doubt = min(deposit.confidence, portfolio.spot_confidence)
            cut = by_level(self.haircut(i))[level]
            charge[i] = collateral_charge(terms, float(self.price[i]), cut, float(doubt))
            notional[i] = self.price[i]
        charge[self.first - 1] = perpetual_charge(
            terms, float(portfolio.spot), float(portfolio.confidence)
        )
        worst = [min(portfolio.confidence, *e.confidences) for e in portfolio.expiries]
        for option in self.options:
            b = [e.seconds for e in portfolio.expiries].index(option.seconds)
            worst[b] = min(worst[b], option.confidence)
        for k, b in enumerate(self.books, start=self.first):
            charge[k] = option_charge(terms, float(portfolio.spot), float(worst[b]))
        return Costs(notional, charge)


def no_options(size: int) -> np.ndarray:
    """Rows of instruments that are no options. (size,)."""
    rows = np.zeros(size, dtype=OPTION)
    rows["book"] = LINEAR
    rows["sign"] = 1.0  # their results are on the shelf all the same
    return rows


def grid_margin(venue: VenueConfig, portfolio: Portfolio) -> Margin:
    """Margin of a portfolio under the venue's scenario grid and contingencies."""
    desk = _Desk(venue, portfolio)
    rows = contingency_rows(venue.contingency)
    holding = desk.holding()
    loss = worst_pnl(desk.grid, by_column(desk.scenarios), desk.shelf, holding)
    options = float(np.sum(desk.quantity * desk.shelf.now))
    deposits = float(np.sum(desk.quantity[: desk.first - 1] * desk.price))
    equity = portfolio.cash + options + deposits + sum(portfolio.perpetual.unsettled)
    left = []
    for level in (codes.INITIAL, codes.MAINTENANCE):
        terms, costs = rows[level], desk.costs(rows[level], level)
        added = added_on(terms, desk.shelf, costs, holding)
        need = grid_requirement(terms, loss, added, float(portfolio.peg))
        left.append(equity - at_least(desk.grid, desk.shelf, costs, holding, need))
    pnl = tuple(desk.shelf.desk[PNL, : len(desk.scenarios)])
    return Margin(left[0], left[1], equity, options, deposits, pnl, worst_of(pnl, loss))


def worst_of(pnl: Sequence[float], loss: float) -> int:
    """Place of the scenario whose result the loss is; their number if it is the basis charge."""
    return pnl.index(loss) if loss in pnl else len(pnl)


def published_margin(
    venue: VenueConfig,
    arrays: Sequence[Sequence[float]],
    quantity: Sequence[float] | None = None,
) -> Margin:
    """Margin of a portfolio from published risk arrays, as clearing houses hand them out.

    Parameters
    ----------
    venue : VenueConfig
        Its grid says how many scenarios there are; damping is in the arrays already.
    arrays : (K, S) numbers
        Profit or loss of one unit of each instrument in each scenario.
    quantity : (K,) numbers, optional
        Signed; one of each if left out.
    """
    table = np.array(arrays, dtype=float)
    size, count = table.shape
    if venue.grid is None or count != len(venue.grid.scenarios):
        raise SluicegateError(
            "a risk array has one entry per scenario of the grid",
            "grid.scenarios",
            count,
            allowed="none" if venue.grid is None else f"{len(venue.grid.scenarios)}",
        )
    value = np.zeros((size, count + 2))
    value[:, :count] = table
    held = np.ones(size) if quantity is None else np.array(quantity, dtype=float)
    shelf = Shelf(
        value,
        np.zeros(size),
        no_options(size),
        np.zeros(size, dtype=INSTRUMENT),
        np.zeros((3, 1)),
        np.zeros((3, count + 2)),
    )
    grid, scenarios = grid_row(venue.grid)[0], scenario_rows(venue.grid)
    holding = Holding(np.arange(size), size, held, ALL, ALL, 0.0, 0.0)
    loss = worst_pnl(grid, by_column(scenarios), shelf, holding)
    pnl = tuple(shelf.desk[PNL, :count])
    rows = contingency_rows(venue.contingency)
    need = [grid_requirement(rows[n], loss, 0.0, 1.0) for n in range(2)]
    return Margin(-need[0], -need[1], 0.0, scenarios=pnl, worst=worst_of(pnl, loss))


def standard_margin(
    venue: VenueConfig, portfolios: Mapping[str, Portfolio], cash: float = 0.0
) -> Margin:
    """Margin of portfolios on several underlyings, leg by leg and option book by option book."""
    if venue.option_margin is None:
        raise SluicegateError(
            "this venue does not say what option books need",
            "option_margin",
            hint="choose a venue with option_margin, such as derive_standard",
        )
    contingency = contingency_rows(venue.contingency)
    options = option_margin_rows(venue.option_margin)
    left, equity = [cash, cash], cash
    for name, portfolio in portfolios.items():
        for place, level in enumerate((codes.INITIAL, codes.MAINTENANCE)):
            terms = (contingency[level], options[level])
            mine, worth = _underlying(venue, name, portfolio, level, terms)
            left[place] += mine
        equity += worth
    return Margin(left[0], left[1], equity)


def _underlying(
    venue: VenueConfig, name: str, portfolio: Portfolio, level: int, terms: tuple[Row, Row]
) -> tuple[float, float]:
    """Margin value and worth of one underlying's legs at a level."""
    contingency, options = terms
    spot = float(portfolio.spot)
    margin = worth = portfolio.cash
    exposed = abs(portfolio.perpetual.quantity)
    if exposed > 0.0:
        unsettled = sum(portfolio.perpetual.unsettled)
        doubt = confidence_charge(contingency, float(portfolio.confidence))
        worth += unsettled
        margin += unsettled - exposed * spot * doubt
        margin -= perpetual_requirement(
            venue, name, level, float(exposed), float(portfolio.perpetual.price)
        )
    for deposit in portfolio.deposits:
        value = deposit.quantity * deposit.price
        weight = _weight(venue, deposit.name, level)
        margin += value * (weight - confidence_charge(contingency, float(deposit.confidence)))
        worth += value / portfolio.peg
    for expiry in portfolio.expiries:
        mine, mtm, sold, certain = _book(portfolio, expiry, options)
        worth += mtm
        margin += mine - sold * spot * confidence_charge(contingency, certain)
        exposed += sold
    return margin - exposed * spot * depeg_charge(contingency, float(portfolio.peg)), worth


def perpetual_requirement(
    venue: VenueConfig, name: str, level: int, size: float, price: float
) -> float:
    """Requirement of ``size`` contracts of a perpetual at a level, quote (term T)."""
    spec = venue.perpetuals[name]
    buffer = venue.liquidation.target.buffer
    row = np.zeros(1, dtype=INSTRUMENT)[0]
    row["size_penalty"] = spec.size_penalty
    row["ratio"] = ratio_row(spec, buffer)
    ratio = float(small_ratios(spec.margin_ratio, buffer)[level])
    return float(ratio_requirement(row, level, ratio, size, price, 0.0))


def _weight(venue: VenueConfig, name: str, level: int) -> float:
    weight = venue.assets[name].asset_weight
    if level == codes.INITIAL:
        return weight.initial * weight.initial_scale
    return weight.maintenance


def _book(portfolio: Portfolio, expiry: Expiry, options: Row) -> tuple[float, float, float, float]:
    """Margin value, worth, units sold and confidence of one expiry's options."""
    mine = [o for o in portfolio.options if o.seconds == expiry.seconds]
    root = np.sqrt(max(0.0, expiry.seconds) / YEAR)
    price = [
        option_value(
            o.sign, float(expiry.forward), float(o.strike), float(o.volatility * root), 1.0
        )
        for o in mine
    ]
    rows = no_options(len(mine))
    rows["strike"] = [o.strike for o in mine]
    rows["sign"] = [o.sign for o in mine]
    legs, held = np.arange(len(mine)), np.array([o.quantity for o in mine], dtype=float)
    book = OptionBook(legs, 0, len(mine), held, rows, np.array(price), 1.0)
    margin, worth, sold = book_margin(options, book, float(portfolio.spot), float(expiry.forward))
    known = [portfolio.spot_confidence, *expiry.confidences, *(o.confidence for o in mine)]
    return margin, worth, sold, float(min(known))
