"""The small accounts that explain a venue: which ones it can hold, and what they need there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sim.world.contracts import position_of, quote_asset
from sim.world.example import Examples, Holding, Measured, start_prices
from sim.world.schema.listing import Perpetual
from sim.world.schema.run import RunConfig
from sim.world.schema.venue import VenueConfig

NOTIONAL = 10_000.0  # USD
CASH = 2_000.0  # USD behind a perpetual of that size
BORROWED = 0.5  # of a deposit's value


class Sample(NamedTuple):
    """An account to be explained."""

    title: str
    holding: Holding
    moved: str  # the asset whose price is moved


class Worked(NamedTuple):
    """A sample and what the margin engine says of it."""

    title: str
    measured: Measured
    moved: str
    price: float  # USD, now
    liquidation: list[float]  # USD, below and above; empty if there is none


def worked(config: RunConfig) -> list[Worked]:
    """Measure the samples of the only venue of a run."""
    prices = dict(zip(config.market.assets, map(float, start_prices(config)), strict=True))
    samples = list(samples_of(config, prices))
    if not samples:
        return []
    examples = Examples(config, [sample.holding for sample in samples])
    measured = examples.measure()
    return [
        Worked(s.title, m, s.moved, prices[s.moved], examples.liquidation_prices(a, s.moved))
        for a, (s, m) in enumerate(zip(samples, measured, strict=True))
    ]


def samples_of(config: RunConfig, prices: dict[str, float]) -> Iterator[Sample]:
    """Yield an account for each kind of business that the venue does."""
    (venue,) = config.venue.values()
    yield from _loan(venue, config, prices)
    for asset in list(venue.perpetuals)[:1]:
        settled = quote_asset(config, next(iter(config.venue)), asset)
        yield from _perpetuals(venue.perpetuals[asset], asset, settled, prices)
        if asset in venue.assets:
            yield _hedged(venue.perpetuals[asset], asset, settled, prices)
    listed: Mapping[str, Any] = getattr(venue, "options", {})
    for asset, listing in list(listed.items())[:1]:
        yield from _options(asset, listing, venue, config, prices)


def _loan(venue: VenueConfig, config: RunConfig, prices: dict[str, float]) -> Iterator[Sample]:
    risky = [a for a in venue.assets if config.market.assets[a].kind != "stable"]
    lent = [a for a, listing in venue.assets.items() if listing.interest is not None]
    debts = [a for a in lent if a not in risky] or lent
    if not risky or not debts:
        return
    collateral = max(risky, key=lambda a: venue.assets[a].asset_weight.maintenance)
    debt = next((a for a in debts if a != collateral), None)
    if debt is not None:
        holding = {
            ("balance", collateral): NOTIONAL / prices[collateral],
            ("balance", debt): -BORROWED * NOTIONAL / prices[debt],
        }
        title = f"{NOTIONAL:,.0f} USD of {collateral}, a loan of {BORROWED * NOTIONAL:,.0f} {debt}"
        yield Sample(title, holding, collateral)


def _perpetuals(
    spec: Perpetual, asset: str, cash: str, prices: dict[str, float]
) -> Iterator[Sample]:
    for side, sign in (("long", 1.0), ("short", -1.0)):
        holding = {
            ("balance", cash): CASH / prices[cash],
            **position_of(spec, asset, cash, sign * NOTIONAL, prices),
        }
        margin = f"USD of {cash}" if spec.contract == "inverse" else cash
        title = f"{side} {NOTIONAL:,.0f} USD of {asset} perpetual on {CASH:,.0f} {margin}"
        yield Sample(title, holding, asset)


def _hedged(spec: Perpetual, asset: str, cash: str, prices: dict[str, float]) -> Sample:
    holding = {
        ("balance", asset): NOTIONAL / prices[asset],
        **position_of(spec, asset, cash, -NOTIONAL, prices),
    }
    return Sample(f"{NOTIONAL:,.0f} USD of {asset}, short as much perpetual", holding, asset)


def _options(
    asset: str,
    listing: Any,
    venue: VenueConfig,
    config: RunConfig,
    prices: dict[str, float],
) -> Iterator[Sample]:
    """A covered call and a short straddle, of the last expiry and the strike nearest to spot."""
    days, strike = max(listing.expiries), min(listing.strikes, key=lambda s: abs(s - 1.0))
    contracts = NOTIONAL / prices[asset]
    call, put = ("option", asset, days, strike, True), ("option", asset, days, strike, False)
    what = f"of {asset}, strike {strike:g} x spot, {days:g} days"
    if asset in venue.assets:
        holding = {("balance", asset): contracts, call: -contracts}
        yield Sample(f"covered call: {NOTIONAL:,.0f} USD {what}", holding, asset)
    cash = config.settlement
    holding = {("balance", cash): NOTIONAL / prices[cash], call: -contracts, put: -contracts}
    title = f"short straddle: {NOTIONAL:,.0f} USD {what}, on {NOTIONAL:,.0f} {cash}"
    yield Sample(title, holding, asset)
