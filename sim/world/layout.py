"""Names to numbers: where each asset, market, instrument and ledger row stands in the arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sim.errors import SluicegateError
from sim.state.codes import FIRST_INSURANCE
from sim.world.contracts import is_inverse
from sim.world.schema.checks import check_exactly
from sim.world.schema.market import RiskyAsset, StakedAsset
from sim.world.schema.options import OptionListing
from sim.world.schema.run import RunConfig


@dataclass(frozen=True)
class Instrument:
    """A line of the instrument table, by name."""

    kind: str  # "balance", "quote", "perpetual" or "option"
    venue: str
    asset: str
    days: float = 0.0  # to an option's expiry, from the start
    strike: float = 0.0  # of an option, as a multiple of the start price
    call: bool = True


class Layout:
    """Index of everything that a configuration lists.

    Parameters
    ----------
    config : RunConfig
        The run; market order gives asset order, configuration order gives venue order.

    Raises
    ------
    SluicegateError
        If a venue lists an asset that the market does not have, or settles perpetuals without
        listing the settlement asset.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.assets = tuple(config.market.assets)
        self.venues = tuple(config.venue)
        for name in self.venues:
            self._check(name)
        if not any(config.settlement in venue.assets for venue in config.venue.values()):
            raise SluicegateError(
                f"no venue lists {config.settlement}, so no account could hold cash",
                where="venue",
                hint=f"list {config.settlement} at a venue, or name another settlement asset",
            )

    def _check(self, name: str) -> None:
        venue = self.config.venue[name]
        for key, listed in (
            ("assets", venue.assets),
            ("perpetuals", venue.perpetuals),
            ("options", venue.options),
        ):
            for asset in listed:
                if asset not in self.assets:
                    raise SluicegateError(
                        f"{asset!r} is listed, but the market has no such asset",
                        where=f"venue.{name}.{key}",
                        allowed=", ".join(self.assets),
                        hint="add the asset to the market file or remove it from the venue",
                    )
        for asset, listing in venue.options.items():
            check_options(self.config, f"venue.{name}.options.{asset}", asset, listing)
        if (venue.perpetuals or venue.options) and self.config.settlement not in venue.assets:
            raise SluicegateError(
                f"derivatives settle in {self.config.settlement}, which the venue does not list",
                where=f"venue.{name}.assets",
                allowed=f"a listing of {self.config.settlement}",
            )
        for asset in venue.perpetuals:
            if is_inverse(self.config, name, asset):
                check_inverse(self.config, name, asset)

    @cached_property
    def instruments(self) -> tuple[Instrument, ...]:
        """All instruments: venue by venue, balances, then each quote with what is settled in it.

        An inverse perpetual has a quote side of its own, in its coin. Options stand by underlying,
        expiry and strike, which is what finds an account's books.
        """
        rows: list[Instrument] = []
        for name in self.venues:
            venue = self.config.venue[name]
            rows += [Instrument("balance", name, a) for a in self.assets if a in venue.assets]
            listed = [a for a in self.assets if a in venue.perpetuals]
            inverse = [a for a in listed if is_inverse(self.config, name, a)]
            for a in inverse:
                rows += [Instrument("quote", name, a), Instrument("perpetual", name, a)]
            if len(listed) > len(inverse) or venue.options:
                rows.append(Instrument("quote", name, self.config.settlement))
            rows += [Instrument("perpetual", name, a) for a in listed if a not in inverse]
            rows += self._options(name)
        return tuple(rows)

    def _options(self, venue: str) -> list[Instrument]:
        listed = self.config.venue[venue].options
        return [
            Instrument("option", venue, asset, days, strike, call)
            for asset in self.assets
            if asset in listed
            for days in sorted(listed[asset].expiries)
            for strike in sorted(listed[asset].strikes)
            for call in (True, False)
        ]

    @cached_property
    def _index(self) -> dict[Instrument, int]:
        return {row: k for k, row in enumerate(self.instruments)}

    def instrument(self, kind: str, venue: str, asset: str) -> int:
        """Number of an instrument, -1 if it is not listed."""
        return self._index.get(Instrument(kind, venue, asset), -1)

    @cached_property
    def perpetuals(self) -> tuple[Instrument, ...]:
        """Perpetuals in the order of their markets."""
        return tuple(row for row in self.instruments if row.kind == "perpetual")

    @cached_property
    def perpetual_venues(self) -> tuple[str, ...]:
        """Venues that list perpetuals or options, and so have a market maker."""
        venues = self.config.venue
        return tuple(n for n in self.venues if venues[n].perpetuals or venues[n].options)

    @cached_property
    def surfaces(self) -> tuple[tuple[str, str], ...]:
        """(venue, asset) of every volatility surface."""
        return tuple((v, a) for v in self.venues for a in self.config.venue[v].options)

    @cached_property
    def emodes(self) -> tuple[tuple[str, str], ...]:
        """(venue, mode) of every efficiency mode; weight table 0 is the plain one."""
        return tuple((v, e) for v in self.venues for e in self.config.venue[v].emodes)

    @cached_property
    def liquidators(self) -> tuple[str, ...]:
        """Kind of each liquidator."""
        return tuple(n for n, kind in self.config.liquidator.items() for _ in range(kind.count))

    @cached_property
    def cash(self) -> int:
        """Asset number of the settlement asset."""
        return self.assets.index(self.config.settlement)

    def group(self, asset: str) -> int:
        """Underlying whose price moves an asset: itself, or what it is staked on."""
        spec = self.config.market.assets[asset]
        return self.assets.index(spec.underlying if isinstance(spec, StakedAsset) else asset)

    def market(self, kind: str, venue: str, asset: str) -> int:
        """Where an instrument is sold: asset n at market n, perpetuals after the assets."""
        if kind != "perpetual":
            return self.assets.index(asset)
        return len(self.assets) + self.perpetuals.index(Instrument(kind, venue, asset))

    @property
    def markets(self) -> int:
        """Number of markets."""
        return len(self.assets) + len(self.perpetuals)

    def market_name(self, market: int) -> tuple[str, str]:
        """Name of a market for people, and the key that its depth stands under."""
        if market < len(self.assets):
            asset = self.assets[market]
            return asset, f"liquidity.spot.{asset}.depth"
        row = self.perpetuals[market - len(self.assets)]
        key = f"venue.{row.venue}.perpetuals.{row.asset}.depth"
        return f"the {row.asset} perpetual of {row.venue}", key

    @property
    def holders(self) -> int:
        """Rows of tokens outside the venues."""
        return FIRST_INSURANCE + 2 * len(self.venues) + len(self.liquidators)


def check_options(config: RunConfig, key: str, asset: str, listing: OptionListing) -> None:
    """Refuse options on what has no volatility, and surfaces that do not know the regimes."""
    if not isinstance(config.market.assets[asset], RiskyAsset):
        risky = ", ".join(config.market.risky)
        raise SluicegateError(
            "options need an underlying that diffuses", where=key, value=asset, allowed=risky
        )
    names = config.market.regimes.names
    check_exactly(f"{key}.surface.level", listing.surface.level, names, "regime")


def check_inverse(config: RunConfig, venue: str, asset: str) -> None:
    """Refuse an inverse contract that has no coin to settle in, or no rule for losses in it."""
    key = f"venue.{venue}.perpetuals.{asset}.contract"
    if not isinstance(config.market.assets[asset], RiskyAsset):
        risky = ", ".join(config.market.risky)
        raise SluicegateError(
            "an inverse contract needs a coin that diffuses", where=key, value=asset, allowed=risky
        )
    if asset not in config.venue[venue].assets:
        raise SluicegateError(
            f"inverse contracts settle in {asset}, which the venue does not list",
            where=f"venue.{venue}.assets",
            allowed=f"a listing of {asset}",
            hint="list the coin, or set contract: linear",
        )
    if config.venue[venue].waterfall.socialise == "providers":
        raise SluicegateError(
            "the market maker's pool is in settlement tokens and cannot bear losses in coin",
            where=f"venue.{venue}.waterfall.socialise",
            value="providers",
            allowed="share_value, cash_print, funding_index, deficit",
        )


@dataclass(frozen=True)
class LedgerRows:
    """Which ledger row is whose; accounts come first."""

    accounts: int
    liquidators: int
    makers: int

    @property
    def first_maker(self) -> int:
        """First market maker."""
        return self.accounts + self.liquidators

    @property
    def deficit(self) -> int:
        """The account that carries losses nobody could bear; all rows before it can be short."""
        return self.first_maker + self.makers

    @property
    def protocol(self) -> int:
        """The protocol's own deposits."""
        return self.deficit + 1

    @property
    def first_clearing(self) -> int:
        """First venue's settlement account."""
        return self.deficit + 2

    @property
    def total(self) -> int:
        """Number of ledger rows."""
        return self.first_clearing + self.makers
