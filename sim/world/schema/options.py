"""Options: what is listed, the volatility surface, and how option books are margined.

P2 terms O (isolated or largest loss), G (scenario grid) and K (contingencies). Two keys speak of
levels by an increment, ``initial_extra``, so that initial margin cannot fall below maintenance.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.errors import SluicegateError
from sim.world.schema.base import AtLeastOne, Finite, Fraction, NonNegative, Positive, Strict, unit
from sim.world.schema.checks import check_distinct

Tenfold = Annotated[NonNegative, Field(le=20.0)]
VolRule = Literal["same", "up", "down", "linear", "absolute"]


class Scenario(Strict):
    """One row of a grid."""

    spot: Positive = 1.0
    """multiple of the underlying's price"""
    move: Finite = 0.0
    """added to it, in units of the underlying's scan range (SPAN)"""
    vol: VolRule = "same"
    """what happens to volatility; the last two tilt the smile, and count as a loss either way"""
    damping: Annotated[NonNegative, Field(le=100.0)] = 1.0
    """share of the result that counts (SPAN's cover of extreme moves)"""


class VolShock(Strict):
    """Relative shocks of volatility, larger for near expiries."""

    up: Tenfold = 0.0
    down: Tenfold = 0.0
    minimum: Annotated[NonNegative, unit("1/sqrt(year)")] = 0.0
    """volatility that a rise reaches at least"""
    short_power: Tenfold = 0.0
    """shocks grow as (reference / term) ** power below the reference term"""
    long_power: Tenfold = 0.0
    """and fall with this power above it"""
    shortest_days: Annotated[NonNegative, unit("days")] = 1.0
    """terms below count as this one"""
    reference_days: Annotated[Positive, unit("days")] = 30.0


class Tilt(Strict):
    """Largest relative change of volatility in the wings."""

    base: Tenfold = 0.0
    """at expiry"""
    slope: Annotated[Finite, unit("per sqrt(year)")] = 0.0


class Width(Strict):
    """Log-moneyness at which a tilt reaches its cap."""

    minimum: NonNegative = 0.01
    deviations: NonNegative = 4.0
    volatility: Annotated[NonNegative, unit("1/sqrt(year)")] = 0.6
    slope: Annotated[Finite, unit("per sqrt(year)")] = 0.0
    """change of that volatility with the root of time"""


class Skew(Strict):
    """Scenarios that tilt the smile."""

    linear: Tilt = Tilt()
    """the wings turn about the forward"""
    absolute: Tilt = Tilt()
    """both wings rise"""
    width: Width = Width()


class StaticDiscount(Strict):
    """What a scenario's worth of one expiry is multiplied with."""

    base: Annotated[NonNegative, Field(le=4.0)] = 1.0
    multiple: Tenfold = 0.0
    """times the interest rate, in the discount rate"""
    added: Annotated[Tenfold, unit("1/year")] = 0.0
    """to the discount rate"""


class Basis(Strict):
    """Charge for forwards that move alone, by expiry."""

    up: Annotated[AtLeastOne, Field(lt=3.0)] = 1.0
    """multiple of the forward"""
    down: Annotated[Positive, Field(le=1.0)] = 1.0
    added: Tenfold = 0.0
    """share of the worse loss that is charged"""
    per_year: Tenfold = 0.0
    """growth of that share with time to expiry"""


class Grid(Strict):
    """P2, term G."""

    scenarios: tuple[Scenario, ...] = Field(min_length=1, max_length=64)
    volatility: VolShock = VolShock()
    skew: Skew = Skew()
    long: StaticDiscount = StaticDiscount()
    """of an expiry that is worth something"""
    short: StaticDiscount = StaticDiscount()
    """of an expiry that costs something"""
    basis: Basis = Basis()
    scan_range: dict[str, Positive] = {}
    """relative move of an underlying that a scenario's ``move`` of 1 stands for"""
    lookahead_days: Annotated[NonNegative, unit("days")] = 0.0
    """scenarios are valued this much later"""
    settlement_minutes: Annotated[NonNegative, unit("minutes")] = 0.0
    """time before expiry over which the settlement price is averaged"""
    short_minimum: Fraction = 0.0
    """requirement is at least this share of short options' notional"""
    offset: Fraction = 0.0
    """share granted of what is saved when all underlyings move together"""

    @model_validator(mode="after")
    def _has_the_zero_move(self) -> Grid:
        for place, row in enumerate(self.scenarios):
            if row.move != 0.0 and not self.scan_range:
                raise SluicegateError(
                    "a move in units of the scan range, and no scan range is given",
                    where=f"scenarios[{place}].move",
                    value=row.move,
                    hint="scan_range: {BTC: 0.15}, or the move as a multiple: spot",
                )
        if not any(row.spot == 1.0 and row.move == 0.0 for row in self.scenarios):
            raise SluicegateError(
                "no scenario leaves the price where it is, so a book that only loses on "
                "volatility would need nothing",
                where="scenarios",
                value=[row.spot for row in self.scenarios],
                allowed="at least one row with spot: 1 and move: 0",
            )
        return self


class Charge(Strict):
    """A share of notional, or a multiple, by level."""

    maintenance: Tenfold = 0.0
    initial_extra: Tenfold = 0.0
    """added for the initial level"""


class Haircut(Charge):
    """What a deposit loses under a grid."""

    offsets: bool = False
    """whether it moves with the underlying in the scenarios, and so hedges"""


class LossFactor(Strict):
    """Multiple of the worst loss, by level; what is charged beside it orders the levels."""

    initial: Tenfold = 1.0
    maintenance: Tenfold = 1.0


class Confidence(Strict):
    """Charge for oracles in doubt, on initial margin."""

    threshold: Fraction = 0.0
    scale: Tenfold = 0.0
    """USD per USD of notional and unit of doubt"""


class PegCharge(Strict):
    """Charge for a settlement asset below its peg, on initial margin."""

    threshold: Annotated[NonNegative, Field(le=100.0), unit("USD per token")] = 0.0
    factor: Tenfold = 0.0


class LiquidityCharge(Strict):
    """Charge for positions that are large for their market's depth."""

    multiple: Charge = Charge()
    """of the mean impact of selling all of a position at once; 0: nothing is charged"""
    free: Annotated[NonNegative, unit("USD")] = 0.0
    """net notional of an account in a market that is not charged"""
    depth: Literal["current", "normal"] = "current"
    """at which impact is taken: as last seen, or that of calm, whatever the regime"""
    per: Literal["market", "underlying"] = "market"
    """what is netted and sold together: legs that trade on one market, or all on one underlying,
    at its reference market"""

    @model_validator(mode="after")
    def _charges(self) -> LiquidityCharge:
        idle = [name for name in ("free", "depth", "per") if name in self.model_fields_set]
        if idle and not self.multiple.model_fields_set:
            raise SluicegateError(
                f"no multiple is given, so nothing is charged, whatever {idle[0]} says",
                where="multiple",
                allowed="by level, 1 for what selling at once would cost",
                hint="multiple: {maintenance: 1, initial_extra: 0.5}",
            )
        return self


class Contingency(Strict):
    """P2, term K."""

    loss_factor: LossFactor = LossFactor()
    perpetual: Charge = Charge()
    """of notional"""
    short_option: Charge = Charge()
    """of the notional of shorts that no option of their strike and expiry covers"""
    collateral: dict[str, Haircut] = {}
    confidence: Confidence = Confidence()
    peg: PegCharge = PegCharge()
    liquidity: LiquidityCharge = LiquidityCharge()


class Unpaired(Strict):
    """Charge per unit of forward for calls sold net, by level."""

    initial: Tenfold = 1.0
    maintenance: Tenfold = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> Unpaired:
        if self.maintenance > self.initial:
            raise ValueError(
                f"unpaired: maintenance {self.maintenance} exceeds initial {self.initial}"
            )
        return self


class OptionMargin(Strict):
    """P2, term O: isolated short options, or the largest loss at expiry if that is less."""

    highest: Tenfold = 0.15
    """of spot, for a short at the money"""
    lowest: Tenfold = 0.1
    """of spot, for a short far out of the money"""
    call: Tenfold = 0.075
    """of spot, maintenance of a short call"""
    put: Tenfold = 0.075
    put_value: Tenfold = 0.075
    """of a short put's value, where that is more"""
    offset: Annotated[AtLeastOne, Field(le=3.0)] = 1.0
    """initial margin of a put is at least this multiple of its maintenance"""
    unpaired: Unpaired = Unpaired()


class VolatilitySurface(Strict):
    """Implied volatility of one underlying, by regime."""

    level: dict[str, Annotated[Positive, unit("1/sqrt(year)")]] = Field(min_length=1)
    """at the money at the reference term, by regime"""
    skew: Finite = 0.0
    """per standardised log-moneyness; negative: puts dearer than calls"""
    smile: NonNegative = 0.0
    """per standardised log-moneyness squared"""
    term_slope: Annotated[Finite, Field(ge=-1.0, le=1.0)] = 0.0
    """exponent of the term structure; negative: near terms dearer"""
    reference_days: Annotated[Positive, unit("days")] = 30.0
    half_life: Annotated[Positive, unit("seconds")] = 3600.0
    """time in which the level moves halfway to its regime's"""
    spot_beta: NonNegative = 0.0
    """relative rise of the level per unit of spot's fall"""


class OptionListing(Strict):
    """European options on one asset, settled in cash at expiry."""

    expiries: tuple[Annotated[Finite, unit("days")], ...] = Field(min_length=1)
    """from the start of the run"""
    strikes: tuple[Positive, ...] = Field(min_length=1)
    """as multiples of the price at the start"""
    rate: Annotated[Finite, unit("1/year")] = 0.0
    """interest that forwards and discounts carry"""
    surface: VolatilitySurface

    @model_validator(mode="after")
    def _ahead(self) -> OptionListing:
        past = [days for days in self.expiries if days <= 0.0]
        if past:
            raise SluicegateError(
                "an option expires when the run starts, or before",
                where="expiries",
                value=past[0],
                allowed="days after the start of the run, above 0",
            )
        check_distinct("expiries", [f"{days:g}" for days in self.expiries])
        check_distinct("strikes", [f"{strike:g}" for strike in self.strikes])
        return self
