"""P2, term O: the better of margin leg by leg and the largest loss at expiry.

Per book (one underlying and expiry): short options are margined one by one as a share of spot that
falls with the distance from the money, and long ones count for nothing; or the book is margined at
its worst payoff over {0, strikes}, plus a charge for calls sold net, whose loss has no bound.

Source: Derive standard manager, derivexyz/v2-core ``StandardManager.sol``
(``_getIsolatedMargin``, ``_calcNetBasicMarginSingleExpiry``).
"""

from typing import NamedTuple

import numpy as np

from sim.compile import lean
from sim.state.rows import Row


class OptionBook(NamedTuple):
    """The options of one underlying and expiry that one account holds."""

    legs: np.ndarray  # instruments
    first: int  # of them, [first, last) are this book's
    last: int
    quantity: np.ndarray  # (K,) signed
    options: np.ndarray  # (K,) OPTION
    price: np.ndarray  # (K,) value per unit now
    unit: float  # money of ``price`` per money of the strikes


@lean
def moneyness_rate(terms: Row, sign: float, strike: float, spot: float) -> float:
    """Share of spot asked for a short: it falls with the distance out of the money."""
    out_of_money = max(0.0, sign * (strike - spot) / spot)
    return max(terms.lowest, terms.highest - out_of_money)


@lean
def isolated_margin(
    terms: Row, sign: float, strike: float, quantity: float, spot: float, worth: float
) -> float:
    """Margin value (negative) of one short option alone; a long one has none.

    Parameters
    ----------
    terms : OPTION_MARGIN
        The rates of one level.
    sign : float
        +1 call, -1 put.
    strike, spot : float
        Quote per unit.
    quantity : float
        Signed.
    worth : float
        Value of the position now, negative for a short, quote.
    """
    if quantity >= 0.0:
        return 0.0
    if sign > 0.0:
        floor = terms.call * spot * quantity + worth
    else:
        floor = min(terms.put * spot * quantity, terms.put_value * worth) + worth
    if terms.initial == 0:
        return floor
    margin = moneyness_rate(terms, sign, strike, spot) * spot * quantity + worth
    return margin if sign > 0.0 else min(margin, floor * terms.offset)


@lean
def payoff(book: OptionBook, price: float) -> float:
    """What the book pays at expiry if the underlying settles at ``price``."""
    total = 0.0
    for i in range(book.first, book.last):
        k = book.legs[i]
        row = book.options[k]
        total += book.quantity[k] * max(0.0, row.sign * (price - row.strike * book.unit))
    return total


@lean
def net_calls(book: OptionBook) -> float:
    """Calls held less calls sold."""
    total = 0.0
    for i in range(book.first, book.last):
        k = book.legs[i]
        if book.options[k].sign > 0.0:
            total += book.quantity[k]
    return total


@lean
def largest_loss(terms: Row, book: OptionBook, forward: float) -> float:
    """Worst payoff, if it is a loss, with calls sold net charged per unit of forward.

    The payoff is piecewise linear, so its minimum lies at zero or at a strike. A book that pays in
    any event still counts for nothing: only losses margin (``_calcMaxLoss``).
    """
    worst = min(0.0, payoff(book, 0.0))
    for i in range(book.first, book.last):
        strike = book.options[book.legs[i]].strike * book.unit
        worst = min(worst, payoff(book, strike))
    return worst + terms.unpaired * forward * min(0.0, net_calls(book))


@lean
def book_margin(
    terms: Row, book: OptionBook, spot: float, forward: float
) -> tuple[float, float, float]:
    """Margin value of a book, its worth, and the quantity sold.

    Returns
    -------
    tuple of (float, float, float)
        Margin value, at most zero, quote; value now, quote; units sold. The
        requirement of the book is its worth less its margin value.
    """
    isolated = 0.0
    worth = 0.0
    sold = 0.0
    for i in range(book.first, book.last):
        k = book.legs[i]
        row = book.options[k]
        held = book.quantity[k]
        mine = held * book.price[k]
        worth += mine
        sold += max(0.0, -held)
        isolated += isolated_margin(terms, row.sign, row.strike * book.unit, held, spot, mine)
    return max(isolated, largest_loss(terms, book, forward)), worth, sold
