"""The positions of an archetype, written as legs of traders.

Every leg is ``base + scale x risk``: the trader's own collateral is base, what he borrows, buys
with it or holds as contracts is risk. Scaling a trader's risk up or down (to fit initial margin, to
redeploy freed margin, to match open interest) then touches one number. It creates no value: a
position's risk legs, with the cash or wallet that a loan fills, are worth nothing at the start
prices. The exception is a loan whose proceeds are ``spent``: its debt grows and what it bought lies
outside the model, so wealth falls by as much (the report says so).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.errors import SluicegateError
from sim.world.contracts import contract_and_quote, quote_asset
from sim.world.draws import Draws
from sim.world.layout import Layout
from sim.world.opening import opening_values
from sim.world.schema.population import (
    ArchetypeConfig,
    LoanPosition,
    OptionPosition,
    PerpetualPosition,
    SupplyPosition,
)

Ints = np.ndarray
Floats = np.ndarray


@dataclass
class Legs:
    """Columns of a table of legs; one entry per leg of a position."""

    trader: Ints
    position: Ints  # unique over all traders
    instrument: Ints
    base: Floats  # tokens or contracts that do not scale
    risk: Floats  # tokens or contracts at scale 1
    emode: Ints  # weight table the position uses, 0 for the plain one
    matched: Ints  # 1 for contracts that may be scaled to match open interest

    def amount(self, scale: Floats) -> Floats:
        """Tokens or contracts of each leg, where traders take `scale` (T,) of their risk."""
        return np.asarray(self.base + scale[self.trader] * self.risk)

    @staticmethod
    def concatenate(parts: list[Legs]) -> Legs:
        """Join tables."""
        names = Legs.__dataclass_fields__
        return Legs(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})


class Builder:
    """Collects the legs of a population, archetype by archetype."""

    def __init__(self, layout: Layout, prices: Floats, draws: Draws) -> None:
        self.layout, self.prices, self.draws = layout, prices, draws
        self.parts: list[Legs] = []
        self.positions = 0
        zeros = np.zeros(draws.traders)
        self.cash, self.cash_risk = zeros.copy(), zeros.copy()
        self.wallet, self.wallet_risk = zeros.copy(), zeros.copy()
        self.cash_price = prices[layout.cash]

    def add(
        self,
        trader: Ints,
        instrument: Ints,
        base: Floats | float,
        risk: Floats | float,
        **extra: int | Ints,
    ) -> None:
        """Append legs of the position that is being written."""
        size = len(trader)
        self.parts.append(
            Legs(
                trader,
                self.positions + np.arange(size),
                instrument,
                np.broadcast_to(base, size).astype(float),
                np.broadcast_to(risk, size).astype(float),
                np.broadcast_to(extra.get("emode", 0), size).astype(np.int64),
                np.broadcast_to(extra.get("matched", 0), size).astype(np.int64),
            )
        )

    def instruments(self, kind: str, venue: Ints, asset: Ints, key: str) -> Ints:
        """Instrument numbers for pairs of venue and asset numbers; each must be listed."""
        layout = self.layout
        table = np.array(
            [[layout.instrument(kind, v, a) for a in layout.assets] for v in layout.venues]
        )
        found = table[venue, asset]
        if np.any(found < 0):
            i = int(np.argmax(found < 0))
            raise SluicegateError(
                f"{layout.venues[venue[i]]} does not list {layout.assets[asset[i]]} as a {kind}",
                where=key,
                hint="choose another asset or venue for the position, or list it at the venue",
            )
        return found

    @cached_property
    def contracts(self) -> Floats:
        """Of each perpetual: asset it settles in, USD per contract, quote tokens per contract."""
        layout, table = self.layout, np.zeros((3, len(self.layout.instruments)))
        for k, row in enumerate(layout.instruments):
            if row.kind == "perpetual":
                spec = layout.config.venue[row.venue].perpetuals[row.asset]
                settled = quote_asset(layout.config, row.venue, row.asset)
                price = self.prices[layout.assets.index(row.asset)]
                table[:, k] = layout.assets.index(settled), *contract_and_quote(spec, price)
        return table

    def pick(self, key: str, shares: dict[str, float], names: tuple[str, ...], who: Ints) -> Ints:
        """Number (in ``names``) of the option each trader of ``who`` draws."""
        numbers = np.array([names.index(n) if n in names else -1 for n in shares])
        if np.any(numbers < 0):
            unknown = list(shares)[int(np.argmin(numbers))]
            raise SluicegateError(
                f"{unknown!r} is not part of this run", where=key, allowed=", ".join(names)
            )
        return numbers[self.draws.choice(key, shares)[who]]


def write_perpetual(
    b: Builder, key: str, spec: PerpetualPosition, who: Ints, wealth: Floats, hedged: Floats | None
) -> None:
    """Contracts against a quote leg that makes them worth zero.

    The margin is the trader's cash; of an inverse contract, a deposit of its coin.
    """
    layout = b.layout
    venue = b.pick(f"{key}.venues", spec.venues, layout.venues, who)
    sign = 1.0 if spec.side == "long" else -1.0
    if hedged is None:
        asset = b.pick(f"{key}.assets", spec.assets, layout.assets, who)
        notional = wealth * b.draws.between(f"{key}.leverage", spec.leverage)[who]
    else:
        asset, notional = hedged[0].astype(np.int64), hedged[1]
    contracts = b.instruments("perpetual", venue, asset, f"{key}.assets")
    settled, size, price = b.contracts[:, contracts]
    settled = settled.astype(np.int64)
    quantity = sign * notional / size
    quote = b.instruments("quote", venue, settled, f"{key}.venues")
    b.add(who, contracts, 0.0, quantity, matched=int(hedged is None))
    b.add(who, quote, 0.0, -quantity * price)
    coin, margin = settled != layout.cash, wealth * spec.share
    b.cash[who] += np.where(coin, 0.0, margin / b.cash_price)
    if coin.any():
        deposit = b.instruments("balance", venue, settled, f"{key}.venues")
        b.add(who, deposit, np.where(coin, margin / b.prices[settled], 0.0), 0.0)


def nearest_option(
    layout: Layout, venue: str, asset: str, wanted: tuple[float, float, bool]
) -> int:
    """Number of the listed option nearest to (days, strike multiple, call); -1 if none is."""
    days, strike, call = wanted
    listed = [
        (abs(row.days - days), abs(row.strike - strike), k)
        for k, row in enumerate(layout.instruments)
        if (row.kind, row.venue, row.asset, row.call) == ("option", venue, asset, call)
    ]
    return min(listed)[2] if listed else -1


def option_numbers(
    b: Builder, key: str, wanted: tuple[float, float, bool], venue: Ints, asset: Ints
) -> Ints:
    """Instrument numbers of the options wanted at pairs of venue and asset numbers."""
    layout = b.layout
    pairs = zip(venue.tolist(), asset.tolist(), strict=True)
    found = [nearest_option(layout, layout.venues[v], layout.assets[n], wanted) for v, n in pairs]
    if -1 in found:
        i = found.index(-1)
        raise SluicegateError(
            f"{layout.venues[venue[i]]} lists no options on {layout.assets[asset[i]]}",
            where=key,
            hint="choose another asset or venue for the position, or list options at the venue",
        )
    return np.array(found, dtype=np.int64)


def write_options(
    b: Builder, key: str, spec: OptionPosition, who: Ints, wealth: Floats, hedged: Floats | None
) -> None:
    """Contracts against a quote leg of the premium, at the opening value."""
    layout = b.layout
    venue = b.pick(f"{key}.venues", spec.venues, layout.venues, who)
    if hedged is None:
        asset = b.pick(f"{key}.assets", spec.assets, layout.assets, who)
        notional = wealth * b.draws.between(f"{key}.leverage", spec.leverage)[who]
    else:
        asset, notional = hedged[0].astype(np.int64), hedged[1]
    quantity = (1.0 if spec.side == "long" else -1.0) * notional / b.prices[asset]
    quote = b.instruments("quote", venue, np.full(len(who), layout.cash), f"{key}.venues")
    values = opening_values(layout, b.prices)
    for right in spec.rights:
        strike = spec.put_strike if right == "put" and spec.put_strike else spec.strike
        wanted = (spec.days, strike, right == "call")
        options = option_numbers(b, f"{key}.assets", wanted, venue, asset)
        b.add(who, options, 0.0, quantity, matched=int(hedged is None))
        b.add(who, quote, 0.0, -quantity * values[options])
    b.cash[who] += wealth * spec.share / b.cash_price


def write_loan(b: Builder, key: str, spec: LoanPosition, who: Ints, wealth: Floats) -> None:
    """Own collateral, a loan against it, and what the loan bought."""
    layout = b.layout
    venue = b.pick(f"{key}.venues", spec.venues, layout.venues, who)
    held = b.pick(f"{key}.collateral", spec.collateral, layout.assets, who)
    owed = b.pick(f"{key}.debt", spec.debt, layout.assets, who)
    own = wealth * spec.share
    loan = own * b.draws.between(f"{key}.leverage", spec.leverage)[who]
    emode = emode_numbers(layout, venue, spec.emode)
    bought = loan / b.prices[held] if spec.proceeds == "collateral" else 0.0 * loan
    collateral = b.instruments("balance", venue, held, f"{key}.collateral")
    debt = b.instruments("balance", venue, owed, f"{key}.debt")
    b.add(who, collateral, own / b.prices[held], bought, emode=emode)
    b.add(who, debt, 0.0, -loan / b.prices[owed], emode=emode)
    if spec.proceeds == "cash":
        b.cash_risk[who] += loan / b.cash_price
    if spec.proceeds == "wallet":
        b.wallet_risk[who] += loan / b.cash_price


def emode_numbers(layout: Layout, venue: Ints, name: str | None) -> Ints:
    """Weight table of an efficiency mode at each venue; 0 where the venue has no such mode."""
    numbers = [
        1 + layout.emodes.index((v, name)) if (v, name) in layout.emodes else 0
        for v in layout.venues
    ]
    return np.array(numbers)[venue]


def write_supply(
    b: Builder, key: str, spec: SupplyPosition, who: Ints, wealth: Floats, hedge: bool
) -> Floats:
    """A deposit. One that a perpetual hedges grows with it, bought with a loan beyond scale 1.

    Returns
    -------
    (2, n) float64 ndarray
        Asset number and notional, for the perpetual that hedges it.
    """
    layout = b.layout
    venue = b.pick(f"{key}.venues", spec.venues, layout.venues, who)
    asset = b.pick(f"{key}.assets", spec.assets, layout.assets, who)
    value = wealth * spec.share
    instrument = b.instruments("balance", venue, asset, f"{key}.assets")
    quantity = value / b.prices[asset]
    if hedge:
        cash = b.instruments("balance", venue, np.full(len(who), layout.cash), f"{key}.venues")
        b.add(who, instrument, 0.0, quantity)
        b.add(who, cash, value / b.cash_price, -value / b.cash_price)
    else:
        b.add(who, instrument, quantity, 0.0)
    groups = np.array([layout.group(name) for name in layout.assets])
    return np.stack([groups[asset].astype(float), value])


def write_archetype(
    b: Builder, name: str, spec: ArchetypeConfig, who: Ints, wealth: Floats
) -> None:
    """All positions of the traders of one archetype."""
    hedges = {p.hedges for p in spec.positions if isinstance(p, PerpetualPosition | OptionPosition)}
    written: dict[int, Floats] = {}
    for number, position in enumerate(spec.positions):
        key = f"archetype.{name}.positions[{number}]"
        if isinstance(position, PerpetualPosition | OptionPosition):
            hedged = None if position.hedges is None else written.get(position.hedges)
            if position.hedges is not None and hedged is None:
                raise SluicegateError(
                    "only a supply position can be hedged",
                    where=f"{key}.hedges",
                    value=position.hedges,
                    allowed="the number, from 0, of an earlier position of kind supply",
                )
            if isinstance(position, PerpetualPosition):
                write_perpetual(b, key, position, who, wealth, hedged)
            else:
                write_options(b, key, position, who, wealth, hedged)
        elif isinstance(position, LoanPosition):
            write_loan(b, key, position, who, wealth)
        elif isinstance(position, SupplyPosition):
            written[number] = write_supply(b, key, position, who, wealth, number in hedges)
        b.positions += len(who)
    b.wallet[who] += wealth * spec.wallet / b.cash_price
