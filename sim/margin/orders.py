"""P2, terms W and T: what resting orders could turn an account into.

Drift charges the worse of two futures, all bids filled or all asks filled
(drift-labs/protocol-v2, ``state/user.rs``, ``get_worst_case_fill_simulation``): the position that
would result, weighted, together with what the fill pays or receives, plus a cent per order.
"""

from typing import NamedTuple

from sim.compile import lean

ORDER_MARGIN = 0.01  # USD per open order


class SpotTerms(NamedTuple):
    """Price and initial weights of an asset."""

    price: float  # USD
    asset_weight: float
    liability_weight: float


class Charge(NamedTuple):
    """What a position adds to the two sides of a margin account, USD."""

    collateral: float
    requirement: float


@lean
def weighted(terms: SpotTerms, quantity: float) -> Charge:
    """A holding counts as weighted collateral, a debt as weighted requirement."""
    value = quantity * terms.price
    if value >= 0.0:
        return Charge(value * terms.asset_weight, 0.0)
    return Charge(0.0, -value * terms.liability_weight)


@lean
def filled(terms: SpotTerms, held: float, quantity: float) -> Charge:
    """Position and payment after an order of ``quantity`` (+ a bid) is filled at the price."""
    position = weighted(terms, held + quantity)
    paid = quantity * terms.price
    return Charge(position.collateral + max(-paid, 0.0), position.requirement + max(paid, 0.0))


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
    worse = bought
    if sold.collateral - sold.requirement < bought.collateral - bought.requirement:
        worse = sold
    return Charge(worse.collateral, worse.requirement + orders * ORDER_MARGIN)
