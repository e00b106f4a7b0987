"""P4 and P5 of a whole portfolio: Derive's auction of a share of every leg at once.

derivexyz/v2-core, ``src/liquidation/DutchAuction.sol``. All margins are value less requirement,
negative below maintenance.
"""

from typing import NamedTuple

from sim.compile import lean
from sim.liquidation.curves import two_speed
from sim.state.rows import Row


class Portfolio(NamedTuple):
    """An account on the block, USD."""

    value: float  # marked to market
    maintenance: float  # value less maintenance requirement
    reserved: float  # cash that earlier bidders paid in; not for sale


class Bid(NamedTuple):
    """What a bidder gets and pays."""

    share: float  # of every leg
    cash: float  # USD paid for it
    value: float  # of the account afterwards


@lean
def buffer_margin(row: Row, value: float, maintenance: float) -> float:
    """Margin that a sale restores: maintenance and a share of the requirement more."""
    return maintenance + (maintenance - value) * row.buffer


@lean
def largest_share(buffered: float, account: Portfolio, discount: float) -> float:
    """Share of the portfolio whose sale at ``discount`` brings the buffer margin to zero.

    Selling a share f leaves (1 - f) of the buffer margin and adds the price and the cash that stays
    behind: ``0 = (1-f) BM + f d (V - R) + f R``.
    """
    price = account.value * discount + account.reserved * (1.0 - discount)
    if buffered >= 0.0:
        return 0.0
    return min(1.0, buffered / (buffered - price)) if price > 0.0 else 1.0


@lean
def bid_for(row: Row, account: Portfolio, elapsed: float, wanted: float) -> Bid:
    """A solvent portfolio, ``elapsed`` seconds after its auction began."""
    discount = two_speed(row, elapsed)
    buffered = buffer_margin(row, account.value, account.maintenance)
    share = min(wanted, largest_share(buffered, account, discount))
    sold = share * (account.value - account.reserved)
    return Bid(share, sold * discount, account.value - sold + sold * discount)


@lean
def bidder_margin(row: Row, account: Portfolio, bid: Bid) -> float:
    """Cash that a bidder must hold: the price, and the requirement it takes on."""
    buffered = buffer_margin(row, account.value, account.maintenance)
    return bid.cash + abs(buffered - account.reserved) * bid.share


@lean
def start_fee(row: Row, account: Portfolio) -> float:
    """Fee to the insurance fund at the start: a share of the largest sale at full value."""
    buffered = buffer_margin(row, account.value, account.maintenance)
    share = largest_share(buffered, account, 1.0)
    return row.fee * share * abs(account.value)
