"""P5: a perpetual closed on the venue's book, no worse than a limit.

dYdX v4 (dydxprotocol/v4-chain, ``protocol/x/clob/keeper/liquidations.go``): the limit moves from
the oracle price towards and past bankruptcy as health falls; the insurance fund keeps what the fill
is better than the bankruptcy price, up to a fee, and pays what it is worse.
"""

from typing import NamedTuple

from sim.compile import lean
from sim.state.rows import Row


class Standing(NamedTuple):
    """The whole account, quote tokens."""

    equity: float
    maintenance: float


class Closing(NamedTuple):
    """The position that is closed."""

    held: float  # contracts, signed
    price: float  # of a contract, quote tokens; inverse: negative
    ratio: float  # maintenance requirement per USD of notional


@lean
def limit_price(row: Row, account: Standing, leg: Closing) -> float:
    """Worst price at which the order may fill.

    ``p (1 -+ clamp(BA (1 - equity / maintenance), 0, 1) x spread x ratio)``, lower for a long. Who
    may be liquidated though nothing is required of him has less than nothing.
    """
    health = account.equity / account.maintenance if account.maintenance > 0.0 else 0.0
    urgency = min(1.0, max(0.0, row.bankruptcy_adjustment * (1.0 - health)))
    notional = leg.held * leg.price
    return (notional - urgency * row.spread_to_margin * abs(notional) * leg.ratio) / leg.held


@lean
def bankruptcy_quote(account: Standing, leg: Closing, delta: float) -> float:
    """Quote that a trade of ``delta`` contracts must bring so that nobody loses.

    The account's equity is shared over its positions in proportion to their requirement; none has
    more than all of it, though a hub that nets may require less than its venue.
    """
    before = abs(leg.held) * leg.price * leg.ratio
    after = abs(leg.held + delta) * leg.price * leg.ratio
    freed = abs(after - before)
    share = freed / account.maintenance if freed < account.maintenance else 1.0
    return -delta * leg.price - account.equity * share


@lean
def fund_delta(row: Row, account: Standing, leg: Closing, delta: float, quote: float) -> float:
    """Quote to (+) or from (-) the insurance fund when ``delta`` contracts brought ``quote``."""
    over = quote - bankruptcy_quote(account, leg, delta)
    return min(over, row.perp_insurance_fee * abs(quote)) if over > 0.0 else over


@lean
def quote_of(quantums: float, subticks: float, exponent: int) -> float:
    """Quote that a fill brings (+ sold, - bought), in dYdX's integer units of price and size."""
    return -quantums * subticks * 10.0**exponent
