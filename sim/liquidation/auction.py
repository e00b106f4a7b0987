"""P4 and P5 of auctioned collateral: what is put up, what a bid buys, what is left.

Maker's rules (makerdao/dss, ``src/dog.sol`` and ``src/clip.sol``): the penalty is part of what is
to be raised; a cap on what all auctions raise together cuts the lot, unless dust would be left; a
bid may not leave less than a minimum to be raised.
"""

from typing import NamedTuple

from sim.compile import lean
from sim.state.rows import Row


class Lot(NamedTuple):
    """Collateral put up."""

    debt: float  # debt that leaves the account
    tab: float  # to be raised, penalty included
    lot: float  # collateral for sale
    top: float  # first price
    kept: float  # collateral that stays with the account
    owed_left: float  # debt that does


class Sale(NamedTuple):
    """One bid and what it leaves."""

    bought: float  # collateral
    paid: float
    tab: float
    lot: float


@lean
def debt_of(art: float, rate: float) -> float:
    """Debt of normalised debt at the accumulated rate (``vat.sol``)."""
    return art * rate


@lean
def first_price(row: Row, feed: float) -> float:
    """Price at which an auction starts or restarts."""
    return feed * row.start


@lean
def debt_to_auction(row: Row, chop: float, debt: float, raising: float) -> float:
    """Debt that may be auctioned while others raise ``raising`` already; 0 if it must wait.

    Parameters
    ----------
    row : VENUE_ROW
    chop : float
        To be raised per unit of debt.
    """
    allowed = min(debt, max(0.0, row.hole - raising) / chop)
    if allowed < debt:
        if debt - allowed < row.dust_debt:
            return debt
        if allowed < row.dust_debt:
            return 0.0
    return allowed


@lean
def put_up(debt: float, owed: float, collateral: float, chop: float, top: float) -> Lot:
    """A share of the collateral for the share ``debt / owed`` of what is owed."""
    lot = collateral * debt / owed
    return Lot(debt, debt * chop, lot, top, collateral - lot, owed - debt)


@lean
def bid(amount: float, price: float, tab: float, lot: float, least: float) -> Sale:
    """What ``amount`` of collateral at ``price`` comes to; ``least`` is what may stay to raise."""
    bought = min(lot, amount)
    paid = bought * price
    if paid > tab:
        paid = tab
        bought = tab / price
    elif paid < tab and bought < lot and tab - paid < least:
        if tab <= least:
            return Sale(0.0, 0.0, tab, lot)  # it goes whole or not at all
        paid = tab - least
        bought = paid / price
    return Sale(bought, paid, tab - paid, lot - bought)


@lean
def incentive(row: Row, tab: float) -> float:
    """Paid to whoever starts an auction, USD."""
    return row.tip + row.chip * tab
