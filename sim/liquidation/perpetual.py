"""One liquidation call on a perpetual position, as Drift carries it out.

drift-labs/protocol-v2, ``controller/liquidation.rs``, ``liquidate_perp``: cancel orders, find the
shortage with the buffer, size, throttle, hand over at the oracle price less the fee, charge the
insurance fee. The path loop does the same on whole accounts, with the margin engine's shortage.
"""

from typing import NamedTuple

from sim.compile import lean
from sim.liquidation.rounding import ceiled
from sim.liquidation.shortage import contracts_to_cover, insurance_fee, throttle
from sim.state.rows import Row


class Position(NamedTuple):
    """An account with cash and one perpetual."""

    cash: float  # USD
    base: float  # contracts
    quote: float  # USD, -entry value
    bids: float  # contracts of open buy orders
    orders: float  # number of open orders
    freed: float  # margin freed in this liquidation, USD


class Terms(NamedTuple):
    """What one contract requires and costs."""

    price: float  # USD, oracle
    ratio: float  # maintenance requirement per USD of notional
    buffer: float  # added to it, and charged on a loss
    order_margin: float  # USD per open order
    step: float  # contracts that a size is a multiple of


class Call(NamedTuple):
    """What one call did."""

    position: Position
    taken: float  # contracts, signed as held
    received: float  # quote that the liquidator took over
    insurance: float  # USD


@lean
def opened(cash: float, base: float, entry: float) -> float:
    """Cash and quote side together of an account that opened ``base`` contracts at ``entry``."""
    return cash - base * entry


@lean
def with_orders(position: Position, count: float) -> Position:
    """The same account with so many open orders."""
    p = position
    return Position(p.cash, p.base, p.quote, p.bids, count, p.freed)


@lean
def waited(start: float, now: float) -> float:
    """Seconds since the first call."""
    return now - start


@lean
def shortage_of(position: Position, terms: Terms) -> float:
    """Requirement with its buffer, less collateral, USD; orders count as if filled."""
    exposure = max(abs(position.base), abs(position.base + position.bids))
    required = exposure * terms.price * (terms.ratio + terms.buffer)
    required += position.orders * terms.order_margin
    profit = position.quote + position.base * terms.price
    return required + terms.buffer * max(0.0, -profit) - position.cash - profit


@lean
def size_of(row: Row, position: Position, terms: Terms, elapsed: float) -> float:
    """Contracts that a call may take, in whole steps."""
    shortage = max(0.0, shortage_of(position, terms))
    ratio = terms.ratio + terms.buffer
    held = abs(position.base)
    fee = insurance_fee(
        row, shortage, held * terms.price, ratio, row.perp_fee, row.perp_insurance_fee
    )
    cover = contracts_to_cover(shortage, ratio, row.perp_fee, fee, terms.price, 1.0)
    share = throttle(row, shortage, position.freed, elapsed)
    return min(held, ceiled(min(cover, held / share if share > 0.0 else held) * share, terms.step))


@lean
def cancel_orders(position: Position, terms: Terms) -> Position:
    """Without open orders, and with the margin that this frees."""
    free = Position(position.cash, position.base, position.quote, 0.0, 0.0, 0.0)
    relief = shortage_of(position, terms) - max(0.0, shortage_of(free, terms))
    freed = position.freed + max(0.0, relief)
    return Position(position.cash, position.base, position.quote, 0.0, 0.0, freed)


@lean
def liquidate(row: Row, position: Position, terms: Terms, elapsed: float) -> Call:
    """One call, ``elapsed`` seconds after the first."""
    bare = cancel_orders(position, terms)
    shortage = max(0.0, shortage_of(bare, terms))
    taken = size_of(row, bare, terms, elapsed)
    sign = 1.0 if bare.base >= 0.0 else -1.0
    notional = abs(bare.base) * terms.price
    ratio = terms.ratio + terms.buffer
    rate = insurance_fee(row, shortage, notional, ratio, row.perp_fee, row.perp_insurance_fee)
    value = sign * taken * terms.price * (1.0 - sign * row.perp_fee)
    charge = taken * terms.price * rate
    base = bare.base - sign * taken
    quote = bare.quote + value - charge
    after = Position(bare.cash, base, quote, 0.0, 0.0, bare.freed)
    freed = bare.freed + max(0.0, shortage - max(0.0, shortage_of(after, terms)))
    left = Position(bare.cash, base, quote, 0.0, 0.0, freed)
    return Call(left, sign * taken, -value, charge)
