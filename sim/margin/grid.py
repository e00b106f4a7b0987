"""P2, term G: the worst loss of a portfolio over a table of scenarios.

A scenario moves the underlying, changes volatility by a rule and may be damped. Scenario values
are per unit of an instrument and shared by everybody who holds it; an account adds up its own
legs. Options are gathered by *book* (one underlying and expiry): a discount depends on the sign of
a book's worth, and a skew scenario counts every book's result as a loss.

Sources: CME SPAN (16 scenarios, extreme moves at a cover); Derive PMRM_2, derivexyz/v2-core
``PMRMLib_2.sol`` (``getScenarioPnL``, ``_addBasisContingency``).
"""

from typing import NamedTuple

import numpy as np

from sim.compile import lean
from sim.margin.shocks import (
    Contract,
    basis_factor,
    long_factor,
    scenario_price,
    short_factor,
)
from sim.state.codes import SKEW_ABSOLUTE, SKEW_LINEAR, VOL_SAME
from sim.state.rows import Row

LINEAR = -1  # book of an instrument that is no option


class Shelf(NamedTuple):
    """Scenario values per unit of each instrument, shared by all accounts.

    Options of one book stand next to each other, those of one strike too. S scenarios are
    followed by the two moves of the basis charge.
    """

    value: np.ndarray  # (S+2, K) option: its price; otherwise: its profit or loss
    now: np.ndarray  # (K,) option: its price now
    options: np.ndarray  # (K,) OPTION; the book of what is no option is LINEAR
    instruments: np.ndarray  # (K,) INSTRUMENT, for underlying and venue
    factor: np.ndarray  # (3, B) discount if positive, if negative; share of the basis loss charged


class Holding(NamedTuple):
    """What one account holds of one underlying, or of all."""

    legs: np.ndarray  # instruments, ascending
    length: int  # how many of them
    quantity: np.ndarray  # (K,) signed
    underlying: int  # only legs on this one; ALL
    venue: int  # only legs at this one; ALL
    delta: float  # USD gained per unit of relative move by legs that are not on the shelf
    scanned: float  # the same per unit of the scan range


ALL = -1
LONG_FACTOR, SHORT_FACTOR, BASIS_FACTOR = 0, 1, 2


@lean
def trial(grid: Row, scenarios: np.ndarray, s: int, scan: float) -> tuple[float, int, float]:
    """Multiple of the price, volatility rule and look-ahead of column ``s`` of the shelf.

    The grid's scenarios come first, then the two moves of the basis charge, then the present.
    """
    if s < grid.count:
        row = scenarios[grid.first + s]
        return max(0.0, row.spot + row.move * scan), row.vol, grid.lookahead
    spot = 1.0
    if s == grid.count:
        spot = grid.basis_up
    elif s == grid.count + 1:
        spot = grid.basis_down
    return spot, VOL_SAME, 0.0


@lean
def shelve(
    grid: Row,
    scenarios: np.ndarray,
    shelf: Shelf,
    k: int,
    scan: float,
    option: Contract,
) -> None:
    """Write the scenario values of one option, and the factors of its book.

    ``scan`` is the underlying's scan range, a relative move.
    """
    for s in range(grid.count + 3):
        spot, rule, ahead = trial(grid, scenarios, s, scan)
        price = scenario_price(grid, spot, rule, ahead, option)
        if s < grid.count + 2:
            shelf.value[s, k] = price
        else:
            shelf.now[k] = price
    b = shelf.options[k].book
    shelf.factor[LONG_FACTOR, b] = long_factor(grid, option)
    shelf.factor[SHORT_FACTOR, b] = short_factor(grid, option)
    shelf.factor[BASIS_FACTOR, b] = basis_factor(grid, option.seconds)


@lean
def book_pnl(shelf: Shelf, row: Row, b: int, worth: float, now: float) -> float:
    """Profit or loss of one book of options in a scenario."""
    factor = shelf.factor[LONG_FACTOR, b] if worth >= 0.0 else shelf.factor[SHORT_FACTOR, b]
    pnl = (worth * factor - now) * row.damping
    if row.vol in (SKEW_LINEAR, SKEW_ABSOLUTE):
        return -abs(pnl)
    return pnl


@lean
def held_here(shelf: Shelf, holding: Holding, k: int) -> bool:
    """Whether instrument k is one of those that the holding is about."""
    if holding.venue not in (ALL, shelf.instruments[k].venue):
        return False
    return holding.underlying in (ALL, shelf.instruments[k].group)


@lean
def scenario_pnl(shelf: Shelf, row: Row, s: int, holding: Holding) -> float:
    """Profit or loss of a holding in scenario ``s`` (``row``), quote."""
    total = (holding.delta * (row.spot - 1.0) + holding.scanned * row.move) * row.damping
    worth = 0.0
    now = 0.0
    last = LINEAR
    for i in range(holding.length):
        k = holding.legs[i]
        if not held_here(shelf, holding, k):
            continue
        b = shelf.options[k].book
        if b != last:
            if last >= 0:
                total += book_pnl(shelf, row, last, worth, now)
            last = b
            worth = 0.0
            now = 0.0
        if b < 0:
            total += holding.quantity[k] * shelf.value[s, k]
        else:
            worth += holding.quantity[k] * shelf.value[s, k]
            now += holding.quantity[k] * shelf.now[k]
    if last >= 0:
        total += book_pnl(shelf, row, last, worth, now)
    return total


@lean
def basis_loss(grid: Row, shelf: Shelf, holding: Holding) -> float:
    """Basis charge of a holding, zero or negative: each expiry's forward may move alone.

    Per book the loss under the worse of two moves of the forward, times a share that grows with
    time to expiry.
    """
    total = 0.0
    up = 0.0
    down = 0.0
    last = LINEAR
    for i in range(holding.length):
        k = holding.legs[i]
        if not held_here(shelf, holding, k):
            continue
        b = shelf.options[k].book
        if b != last:
            if last >= 0:
                total += min(up, down, 0.0) * shelf.factor[BASIS_FACTOR, last]
            last = b
            up = 0.0
            down = 0.0
        if b >= 0:
            up += holding.quantity[k] * (shelf.value[grid.count, k] - shelf.now[k])
            down += holding.quantity[k] * (shelf.value[grid.count + 1, k] - shelf.now[k])
    if last >= 0:
        total += min(up, down, 0.0) * shelf.factor[BASIS_FACTOR, last]
    return total


@lean
def worst_pnl(
    grid: Row, scenarios: np.ndarray, shelf: Shelf, holding: Holding
) -> tuple[float, int]:
    """Worst result over the grid and the basis charge, and which scenario it is.

    Returns
    -------
    tuple of (float, int)
        Profit or loss, at most zero; place of the scenario, or the number of scenarios when the
        basis charge (or nothing) is worst.
    """
    worst = basis_loss(grid, shelf, holding)
    which = grid.count
    for s in range(grid.count):
        pnl = scenario_pnl(shelf, scenarios[grid.first + s], s, holding)
        if pnl < worst:
            worst = pnl
            which = s
    return worst, which


@lean
def with_offset(grid: Row, alone: float, together: float) -> float:
    """Loss over several underlyings: between the sum of each one's worst and the joint worst.

    ``offset`` is the share granted of what moving together saves; 0 treats the underlyings as
    unrelated threats (each at its own worst), 1 as one. Ours: a simple form of SPAN's
    inter-commodity credit that can never exceed the sum.
    """
    return (1.0 - grid.offset) * alone + grid.offset * together
