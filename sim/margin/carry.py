"""P2, term W: a hedged perpetual whose losses are borrowed against the spot that hedges it.

Hyperliquid's portfolio margin (documentation, *Portfolio margin*): spot counts at its
loan-to-value, a loss of the perpetual is lent, and the position must be reduced where the loan
reaches what the spot may carry.
"""

from typing import NamedTuple

from sim.compile import lean


class Carry(NamedTuple):
    """Spot held against a perpetual."""

    spot: float  # tokens
    contracts: float  # negative is short
    entry: float  # USD
    cash: float  # USD


@lean
def borrowed(carry: Carry, price: float) -> float:
    """USD that the account owes when the perpetual's loss exceeds its cash."""
    return max(0.0, -(carry.cash + carry.contracts * (price - carry.entry)))


@lean
def borrow_limit(carry: Carry, ltv: float, price: float) -> float:
    """USD that the spot may carry."""
    return max(0.0, carry.spot) * price * ltv


@lean
def limit_price(carry: Carry, ltv: float) -> float:
    """Price at which the loan reaches its limit; nan if no positive price does.

    ``cash + contracts (p - entry) + ltv spot p = 0``.
    """
    slope = carry.contracts + ltv * carry.spot
    if slope == 0.0:
        return float("nan")
    price = (carry.contracts * carry.entry - carry.cash) / slope
    return price if price > 0.0 else float("nan")
