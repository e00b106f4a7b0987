"""P2, terms W and T: what resting orders could turn an account into.

Drift charges the worse of two futures, all bids filled or all asks filled
(drift-labs/protocol-v2, ``state/user.rs``, ``get_worst_case_fill_simulation``): the position that
would result, weighted, together with what the fill pays or receives, plus a cent per order.
"""

from typing import NamedTuple

from sim.compile import lean

ORDER_MARGIN = 0.01  # USD per open order


class SpotTerms(NamedTuple):
    """Prices and weights of an asset at one level."""

    low: float  # USD that what is held counts at
    high: float  # USD that what is owed counts at
    asset_weight: float
    liability_weight: float


class Charge(NamedTuple):
    """What a position adds to the two sides of a margin account, USD."""

    collateral: float
    requirement: float


@lean
def weighted(terms: SpotTerms, quantity: float) -> Charge:
    """A holding counts as weighted collateral, a debt as weighted requirement."""
    if quantity >= 0.0:
        return Charge(quantity * terms.low * terms.asset_weight, 0.0)
    return Charge(0.0, -quantity * terms.high * terms.liability_weight)


@lean
def together(first: Charge, second: Charge) -> Charge:
    """Two parts of an account as one."""
    return Charge(first.collateral + second.collateral, first.requirement + second.requirement)


@lean
def health(charge: Charge) -> float:
    """What collateral leaves over the requirement, USD."""
    return charge.collateral - charge.requirement


@lean
def filled(terms: SpotTerms, held: float, quantity: float) -> Charge:
    """Position and payment after an order of ``quantity`` (+ a bid) is filled at the price."""
    paid = quantity * (terms.high if quantity >= 0.0 else terms.low)
    payment = Charge(max(-paid, 0.0), max(paid, 0.0))
    return together(weighted(terms, held + quantity), payment)


@lean
def worst_case(terms: SpotTerms, held: float, bids: float, asks: float, orders: int) -> Charge:
    """The worse of all bids filled and all asks filled, with the margin of the orders themselves.

    Parameters
    ----------
    terms : SpotTerms
    held : float
        Tokens held (negative if owed).
    bids, asks : float
        Tokens in open bids and in open asks, both positive.
    orders : int
        Number of open orders.
    """
    bought = filled(terms, held, bids)
    sold = filled(terms, held, -asks)
    worse = sold if health(sold) < health(bought) else bought
    return together(worse, Charge(0.0, orders * ORDER_MARGIN))
