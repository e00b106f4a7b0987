"""What a portfolio written down by hand is made of, and what margin is found for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Expiry:
    """What the feeds say of one expiry."""

    seconds: float
    forward: float
    rate: float = 0.0
    confidences: tuple[float, ...] = (1.0,)


@dataclass(frozen=True)
class Option:
    """A position in one option."""

    seconds: float  # of its expiry
    strike: float
    call: bool
    volatility: float
    quantity: float
    confidence: float = 1.0

    @property
    def sign(self) -> float:
        """+1 for a call, -1 for a put."""
        return 1.0 if self.call else -1.0


@dataclass(frozen=True)
class Perpetual:
    """A position in the underlying's perpetual."""

    quantity: float = 0.0
    price: float = 0.0
    confidence: float = 1.0
    unsettled: tuple[float, ...] = (0.0,)  # profit and funding not yet paid, quote


@dataclass(frozen=True)
class Deposit:
    """Collateral other than cash."""

    name: str
    quantity: float
    price: float
    confidence: float = 1.0


@dataclass(frozen=True)
class Portfolio:
    """Everything that one account holds on one underlying."""

    spot: float
    spot_confidence: float = 1.0
    cash: float = 0.0
    peg: float = 1.0  # price of the settlement asset, USD
    perpetual: Perpetual = Perpetual()
    deposits: Sequence[Deposit] = ()
    options: Sequence[Option] = ()
    expiries: Sequence[Expiry] = ()
    underlying: str = ""

    @property
    def confidence(self) -> float:
        """Of spot, and of the perpetual if one is held."""
        if self.perpetual.quantity == 0.0:
            return self.spot_confidence
        return min(self.spot_confidence, self.perpetual.confidence)


@dataclass(frozen=True)
class Margin:
    """What is left above each requirement, and what it is made of, quote."""

    initial: float
    maintenance: float
    equity: float
    option_value: float = 0.0
    deposit_value: float = 0.0
    scenarios: tuple[float, ...] = field(default=())
    worst: int = -1  # place of the worst scenario; their number: none

    @property
    def scan_risk(self) -> float:
        """Maintenance requirement, quote: under a grid without add-ons the worst loss."""
        return self.equity - self.maintenance
