"""Most that an account whose legs are charged alone, or netted, can lose inside a skin.

To first order and in their own directions: what its legs follow moves all of them together, so they
are added up with their signs before the size of the sum counts; what each does beside it counts by
its size. A staked coin against a loan of its underlying thus loses what the basis can cost, not two
positions. Values and requirements are linear in g at given quantities, so that this is a bound and
not an approximation; where a requirement is bent (brackets, rounding), its steepest change counts
by its size. Notation: ``follower = leader + own``, as relative moves since the list was made.
"""

from typing import NamedTuple

import numpy as np

from sim.compile import inlined, lean, merged
from sim.margin.health import calm_term, leg_requirement, risk
from sim.margin.ratio import bent_spread
from sim.margin.terms import Book, Holder, Terms, leg_value
from sim.margin.weights import liability_weight
from sim.state.codes import BALANCE, FLAT_RATIO, MAINTENANCE, OPTION, PERPETUAL, QUOTE
from sim.state.state import HIGH, LOW, NOTIONAL, VALUE_LONG, VALUE_SHORT
from sim.state.world import BASIS, NET


class Norm(NamedTuple):
    """How moves are measured; see :mod:`sim.margin.anchor`."""

    lead: np.ndarray  # (F+1,) share of a skin that a leader may move by
    follows: np.ndarray  # (5, K) which of them an entry follows
    own: np.ndarray  # (5, K) share that it may move by beside it
    pull: np.ndarray  # (F+1,) scratch: what the account gains per unit of a leader's move, USD


@merged
def spread(terms: Terms, norm: Norm, book: Book, who: Holder, watch: float, skin: float) -> float:
    """Most that the slack of an account can lose per unit of skin where legs add up, USD.

    Slack at a watch level is equity less that multiple of the requirement, or less the requirement
    itself where that is less. Where views can make a requirement negative it may be either.
    """
    if book.g.shape[0] <= LOW and terms.gains == 0:
        return summed_spread(terms, norm, book, who, watch, skin)
    most = viewed_spread(terms, norm, book, who, watch, skin)
    if watch > 1.0:
        most = max(most, viewed_spread(terms, norm, book, who, 1.0, skin))
    return most


@lean
def clear(norm: Norm) -> None:
    """Forget the last account."""
    for f in range(norm.pull.shape[0]):
        norm.pull[f] = 0.0


@inlined
def add(norm: Norm, row: int, k: int, gain: float) -> float:
    """Add what an entry of g brings per unit of its move; return what it may cost by itself."""
    norm.pull[norm.follows[row, k]] += gain
    return abs(gain) * norm.own[row, k]


@lean
def led(norm: Norm) -> float:
    """Most that the moves of all leaders cost, per unit of skin."""
    total = 0.0
    for f in range(norm.pull.shape[0]):
        total += abs(norm.pull[f]) * norm.lead[f]
    return total


@inlined
def side(quantity: float) -> int:
    """Row of g that values a position."""
    return VALUE_LONG if quantity >= 0.0 else VALUE_SHORT


@merged
def required(
    terms: Terms, norm: Norm, g: np.ndarray, k: int, held: tuple[float, float], skin: float
) -> float:
    """What the requirement of a perpetual may cost by itself; ``held``: contracts, and a multiple.

    Linear in the price at a given number of contracts, except for brackets and rounding; see
    :func:`bent_spread`.
    """
    quantity, multiple = held
    row = terms.instruments[k]
    size = abs(quantity)
    notional = size * abs(g[NOTIONAL, k])
    ratio = terms.ratio[MAINTENANCE, k]
    if row.ratio.kind != FLAT_RATIO:
        return multiple * bent_spread(row.ratio, MAINTENANCE, ratio, size, notional, skin)
    weight = liability_weight(ratio, row.size_penalty, size)
    return add(norm, NOTIONAL, k, -multiple * notional * weight)


@merged
def netted_alone(terms: Terms, norm: Norm, g: np.ndarray, k: int, quantity: float) -> float:
    """Most that one leg changes what is asked of its underlying, per unit of skin."""
    row = NOTIONAL if terms.instruments[k].kind == PERPETUAL else side(quantity)
    n = terms.instruments[k].group
    steep = terms.netting[NET, MAINTENANCE, n] + terms.netting[BASIS, MAINTENANCE, n]
    share = norm.lead[norm.follows[row, k]] + norm.own[row, k]
    return abs(quantity * g[row, k]) * steep * share


@merged
def summed_spread(
    terms: Terms, norm: Norm, book: Book, who: Holder, watch: float, skin: float
) -> float:
    """The same at published prices."""
    clear(norm)
    total = 0.0
    for i in range(who.legs):
        k = book.legs[who.row, i]
        quantity = book.balance[k, who.row]
        if quantity == 0.0 or terms.instruments[k].kind == OPTION:
            continue
        value = leg_value(book.g, k, quantity)
        if terms.instruments[k].kind == PERPETUAL:
            total += add(norm, side(quantity), k, value)
            total += required(terms, norm, book.g, k, (quantity, watch), skin)
        else:
            term = leg_requirement(terms, book.g, MAINTENANCE, who.emode, k, quantity)
            total += add(norm, side(quantity), k, value - watch * term)
    return total + led(norm)


@merged
def viewed_spread(
    terms: Terms, norm: Norm, book: Book, who: Holder, watch: float, skin: float
) -> float:
    """The same where levels read prices of their own, or gains are discounted.

    What is counted of a leg moves together with its value, which adds a term of second order. Gains
    are discounted at a constant rate at maintenance, so they lose no more than the rate of what
    their legs move.
    """
    clear(norm)
    g = book.g
    total = 0.0
    for i in range(who.legs):
        k = book.legs[who.row, i]
        quantity = book.balance[k, who.row]
        row = terms.instruments[k]
        if quantity == 0.0 or row.kind == OPTION:
            continue
        value = leg_value(g, k, quantity)
        term = 0.0
        if row.kind == PERPETUAL:
            total += required(terms, norm, g, k, (quantity, watch * risk(g, k)), skin)
        elif row.kind == BALANCE:
            weight = watch * risk(g, k)
            term = weight * calm_term(terms, g, MAINTENANCE, who.emode, k, quantity)
            if g.shape[0] > LOW:
                view = LOW if quantity >= 0.0 else HIGH
                counted = abs(weight * value - term)
                total += counted * (1.0 + skin) * norm.own[view, k]
        total += add(norm, side(quantity), k, value - term)
        if row.kind != BALANCE:
            quote = k if row.kind == QUOTE else row.quote
            lost = 1.0 - terms.instruments[quote].gain_weight[MAINTENANCE]
            total += watch * abs(value) * lost
    return total + led(norm)


@merged
def netted_spread(terms: Terms, norm: Norm, book: Book, who: Holder, watch: float) -> float:
    """The same where legs on one underlying offset each other.

    A requirement of rate x |net| + basis x (gross - |net|) / 2 changes by at most net rate + basis
    rate per unit of what a delta does.
    """
    clear(norm)
    total = 0.0
    for i in range(who.legs):
        k = book.legs[who.row, i]
        quantity = book.balance[k, who.row]
        if quantity == 0.0 or terms.instruments[k].kind == OPTION:
            continue
        total += add(norm, side(quantity), k, leg_value(book.g, k, quantity))
        total += watch * netted_alone(terms, norm, book.g, k, quantity)
    return total + led(norm)
