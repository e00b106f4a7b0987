"""P2, term W: unrealised gains that count for less than their value.

A venue's gain is the value of an account's perpetuals there and of their quote balance: what the
account would be paid if all were closed at the marks.
"""

from sim.compile import merged
from sim.margin.terms import Book, Holder, Terms, leg_value
from sim.margin.weights import gain_requirement
from sim.state.codes import INITIAL, PERPETUAL, QUOTE


@merged
def discount(terms: Terms, level: int, quote: int, gain: float) -> float:
    """What a level takes off the gain at one venue, USD; size and cap matter for opening only."""
    if quote < 0 or gain <= 0.0:
        return 0.0
    row = terms.instruments[quote]
    weight = row.gain_weight[level]
    if level == INITIAL:
        return gain_requirement(weight, row.gain_penalty, row.gain_cap, gain)
    return gain * (1.0 - weight)


@merged
def gains_requirement(terms: Terms, book: Book, level: int, who: Holder) -> float:
    """What a level takes off the gains of an account, venue by venue, USD.

    Legs ascend venue by venue, so one pass with a running sum sees each venue once.
    """
    total = 0.0
    gain = 0.0
    venue = -1
    for i in range(who.legs):
        k = book.legs[who.row, i]
        kind = terms.instruments[k].kind
        if kind not in (QUOTE, PERPETUAL):
            continue
        quote = k if kind == QUOTE else terms.instruments[k].quote
        if quote != venue:
            total += discount(terms, level, venue, gain)
            gain = 0.0
            venue = quote
        gain += leg_value(book.g, k, book.balance[k, who.row])
    return total + discount(terms, level, venue, gain)
