"""What one contract is: linear in its underlying's price, or inverse.

A linear contract is one unit of the underlying, quoted and settled in the settlement asset. An
inverse contract is 1 USD of it, margined and settled in the underlying itself (BitMEX's XBTUSD,
Deribit's BTC-PERPETUAL, Binance's COIN-M): bought at P0 and sold at P it earns 1/P0 - 1/P coins.
As everything is a balance, that is a contract whose price *in its quote token* is -1/P: whoever
buys one receives 1/P0 coins of quote. Its delta then sits in the quote balance, which is coin; the
contract itself stays a debt of 1 USD.
"""

from sim.compile import lean
from sim.state.rows import Row


@lean
def contract_price(row: Row, price: float) -> float:
    """Quote tokens that one contract costs when the underlying stands at ``price`` USD."""
    return price if row.inverse == 0 else -1.0 / price


@lean
def shifted_price(row: Row, price: float, share: float) -> float:
    """`contract_price`, higher by a share of the notional."""
    return price * (1.0 + share) if row.inverse == 0 else (share - 1.0) / price


@lean
def quote_notional(row: Row, price: float) -> float:
    """Quote tokens of notional of one contract."""
    return price if row.inverse == 0 else 1.0 / price


@lean
def contract_usd(row: Row, price: float) -> float:
    """USD of notional of one contract, at one USD per token of a linear one's quote."""
    return price if row.inverse == 0 else 1.0


@lean
def underlying_of(row: Row, contracts: float, price: float) -> float:
    """Units of the underlying that contracts stand for."""
    return contracts if row.inverse == 0 else contracts / price


@lean
def gain_of(row: Row, factor: float) -> float:
    """What a long gains per USD of notional when the price is multiplied by ``factor``."""
    return factor - 1.0 if row.inverse == 0 else 1.0 - 1.0 / factor
