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

from sim.compile import lean, merged
from sim.margin.shocks import (
    shocked_forward,
    shocked_volatility,
)
from sim.market.black import option_value
from sim.state.codes import SKEW_ABSOLUTE, SKEW_LINEAR, VOL_DOWN, VOL_SAME, VOL_UP
from sim.state.rows import Row
from sim.state.state import BASIS_FACTOR, LONG_FACTOR, SHORT_FACTOR

LINEAR = -1  # book of an instrument that is no option


class Shelf(NamedTuple):
    """Scenario values per unit of each instrument, shared by all accounts.

    Options of one book stand next to each other, those of one strike too. S scenarios are
    followed by the two moves of the basis charge.
    """

    value: np.ndarray  # (K, S+2) option: its price; otherwise: its profit or loss
    now: np.ndarray  # (K,) option: its price now
    options: np.ndarray  # (K,) OPTION; sign 0: not on the shelf; book LINEAR: no option
    instruments: np.ndarray  # (K,) INSTRUMENT, for underlying and venue
    factor: np.ndarray  # (3, B) discount if positive, if negative; share of the basis loss charged
    desk: np.ndarray  # (3, S+2) scratch: a holding's results and what one of its books is worth;
    # or what one option is valued with


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
PNL, WORTH = 0, 1  # rows of ``Shelf.desk`` for a holding
AT_FORWARD, AT_DEVIATION, AT_DISCOUNT = 0, 1, 2  # the same for one option
SPOT, MOVE, DAMPING, VOL, SKEW = 0, 1, 2, 3, 4  # rows of what `by_column` makes of scenarios


def by_column(scenarios: np.ndarray) -> np.ndarray:
    """Scenarios as loops over all of them read them, one row per field.

    (S,) SCENARIO -> (5, S); the last is 1 where every book's result counts as a loss.
    """
    fields = [scenarios[name] for name in ("spot", "move", "damping", "vol")]
    return np.array([*fields, np.isin(scenarios["vol"], (SKEW_LINEAR, SKEW_ABSOLUTE))], dtype=float)


class Sight(NamedTuple):
    """How an engine sees one book of options."""

    grid: Row
    lens: Row  # LENS
    columns: np.ndarray  # (5, S) all scenarios, from `by_column`
    scan: float  # the underlying's scan range, a relative move


class Quoted(NamedTuple):
    """One option as its scenarios are worked out from."""

    sign: float  # +1 call, -1 put
    strike: float  # quote
    forward: float  # quote
    volatility: float  # 1/sqrt(year)
    moneyness: float  # log(strike / forward)
    deviation: float  # volatility x sqrt(time to expiry)
    discount: float  # present value of one unit of quote at expiry


@lean
def set_desk(sight: Sight, shelf: Shelf, option: Quoted) -> None:
    """Forward, deviation and discount of one option in every scenario, onto the desk.

    The two moves of the basis charge follow: the forward alone moves.
    """
    grid, lens = sight.grid, sight.lens
    spots, moves = sight.columns[SPOT], sight.columns[MOVE]
    forward, deviation = shelf.desk[AT_FORWARD], shelf.desk[AT_DEVIATION]
    vol, moneyness = option.volatility, option.moneyness
    by_rule = (
        shocked_volatility(lens, VOL_SAME, vol, moneyness) * lens.root,
        shocked_volatility(lens, VOL_UP, vol, moneyness) * lens.root,
        shocked_volatility(lens, VOL_DOWN, vol, moneyness) * lens.root,
        shocked_volatility(lens, SKEW_LINEAR, vol, moneyness) * lens.root,
        shocked_volatility(lens, SKEW_ABSOLUTE, vol, moneyness) * lens.root,
    )
    for s in range(grid.count):
        spot = spots[grid.first + s] + moves[grid.first + s] * sight.scan
        forward[s] = shocked_forward(option.forward, lens.free, max(0.0, spot))
        deviation[s] = by_rule[int(sight.columns[VOL, grid.first + s])]
        shelf.desk[AT_DISCOUNT, s] = lens.discount
    forward[grid.count] = shocked_forward(option.forward, lens.free, grid.basis_up)
    forward[grid.count + 1] = shocked_forward(option.forward, lens.free, grid.basis_down)
    for s in range(grid.count, grid.count + 2):
        deviation[s] = option.deviation
        shelf.desk[AT_DISCOUNT, s] = option.discount


@lean
def price_desk(
    forward: np.ndarray, shelf: Shelf, value: np.ndarray, option: Quoted, token: float
) -> None:
    """Value of one option, USD, at everything on the desk: no branch, so that it vectorises."""
    deviation, discount = shelf.desk[AT_DEVIATION], shelf.desk[AT_DISCOUNT]
    for s in range(forward.shape[0]):
        one = option_value(option.sign, forward[s], option.strike, deviation[s], discount[s])
        value[s] = one * token


@lean
def shelve(sight: Sight, shelf: Shelf, k: int, option: Quoted, token: float) -> None:
    """Write the scenario values of one option, USD; ``token`` is USD per unit of quote.

    The desk is written over.
    """
    set_desk(sight, shelf, option)
    forward = shelf.desk[AT_FORWARD, : sight.grid.count + 2]
    price_desk(forward, shelf, shelf.value[k], option, token)


@merged
def held_here(shelf: Shelf, holding: Holding, k: int) -> bool:
    """Whether instrument k is on the shelf, and one of those that the holding is about."""
    if shelf.options[k].sign == 0.0:
        return False
    if holding.venue not in (ALL, shelf.instruments[k].venue):
        return False
    return holding.underlying in (ALL, shelf.instruments[k].group)


@merged
def open_desk(columns: np.ndarray, shelf: Shelf, holding: Holding) -> None:
    """Start every scenario's result with the legs that are not on the shelf."""
    pnl = shelf.desk[PNL]
    spot, move, damping = columns[SPOT], columns[MOVE], columns[DAMPING]
    for s in range(len(spot)):
        gain = holding.delta * (spot[s] - 1.0) + holding.scanned * move[s]
        pnl[s] = gain * damping[s]


@merged
def add_leg(row: np.ndarray, quantity: float, value: np.ndarray, count: int) -> None:
    """Add ``quantity`` of an instrument to a row of the desk, scenario by scenario."""
    for s in range(count):
        row[s] += quantity * value[s]


@merged
def set_leg(row: np.ndarray, quantity: float, value: np.ndarray, count: int) -> None:
    """The same where the row does not count yet."""
    for s in range(count):
        row[s] = quantity * value[s]


@merged
def add_book(columns: np.ndarray, shelf: Shelf, b: int, now: float) -> None:
    """Add the result of one book of options, whose worth stands on the desk."""
    pnl, worth = shelf.desk[PNL], shelf.desk[WORTH]
    damping, skew = columns[DAMPING], columns[SKEW]
    up, down = shelf.factor[LONG_FACTOR, b], shelf.factor[SHORT_FACTOR, b]
    for s in range(len(damping)):
        factor = up if worth[s] >= 0.0 else down
        result = (worth[s] * factor - now) * damping[s]
        loss = -abs(result)
        pnl[s] += loss if skew[s] != 0.0 else result


@merged
def value_holding(columns: np.ndarray, shelf: Shelf, holding: Holding) -> None:
    """Profit or loss of a holding in every scenario, onto the desk."""
    open_desk(columns, shelf, holding)
    pnl, worth = shelf.desk[PNL], shelf.desk[WORTH]
    count = columns.shape[1]
    now = 0.0
    last = LINEAR
    for i in range(holding.length):
        k = holding.legs[i]
        quantity = holding.quantity[k]
        if quantity == 0.0 or not held_here(shelf, holding, k):
            continue
        b = shelf.options[k].book
        if b != last and last >= 0:
            add_book(columns, shelf, last, now)
        if b < 0:
            add_leg(pnl, quantity, shelf.value[k], count)
        elif b != last:
            set_leg(worth, quantity, shelf.value[k], count)
            now = quantity * shelf.now[k]
        else:
            add_leg(worth, quantity, shelf.value[k], count)
            now += quantity * shelf.now[k]
        last = b
    if last >= 0:
        add_book(columns, shelf, last, now)


@merged
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
            up += holding.quantity[k] * (shelf.value[k, grid.count] - shelf.now[k])
            down += holding.quantity[k] * (shelf.value[k, grid.count + 1] - shelf.now[k])
    if last >= 0:
        total += min(up, down, 0.0) * shelf.factor[BASIS_FACTOR, last]
    return total


@merged
def lowest(row: np.ndarray, count: int) -> float:
    """Smallest of the first entries of a row, and at most zero; two chains, which overlap."""
    even = 0.0
    odd = 0.0
    for s in range(0, count - 1, 2):
        even = row[s] if row[s] < even else even
        odd = row[s + 1] if row[s + 1] < odd else odd
    last = row[count - 1] if count > 0 else 0.0
    return min(even, odd, last)


@merged
def worst_pnl(grid: Row, columns: np.ndarray, shelf: Shelf, holding: Holding) -> float:
    """Worst result over the grid and the basis charge.

    Parameters
    ----------
    grid : GRID
        Its scenarios are [first, first + count) of the columns.
    columns : (5, S) float64 ndarray
        From `by_column`.
    shelf : Shelf
        Its desk is written: profit or loss in every scenario.
    holding : Holding
        What is valued.

    Returns
    -------
    float
        Profit or loss, at most zero.
    """
    mine = columns[:, grid.first : grid.first + grid.count]
    value_holding(mine, shelf, holding)
    return min(basis_loss(grid, shelf, holding), lowest(shelf.desk[PNL], grid.count))


@lean
def with_offset(grid: Row, alone: float, together: float) -> float:
    """Loss over several underlyings: between the sum of each one's worst and the joint worst.

    ``offset`` is the share granted of what moving together saves; 0 treats the underlyings as
    unrelated threats (each at its own worst), 1 as one. Ours: a simple form of SPAN's
    inter-commodity credit that can never exceed the sum.
    """
    return (1.0 - grid.offset) * alone + grid.offset * together
