"""Linear contracts are units of the underlying; inverse ones are dollars of it, paid in coin."""


def costs(leg: object, price: float) -> float:
    """Quote tokens that a contract costs: its price, or a dollar's worth of coin to receive."""
    return -1.0 / price if leg.inverse else price


def worth(leg: object, price: float) -> float:
    """Quote tokens of notional of a contract."""
    return 1.0 / price if leg.inverse else price


def dollars(leg: object, price: float) -> float:
    """USD of notional of a contract, in the market that it is traded on."""
    return 1.0 if leg.inverse else price


def gain(leg: object, factor: float) -> float:
    """What a dollar of it, held long, gains in quote when the price is multiplied."""
    return 1.0 - 1.0 / factor if leg.inverse else factor - 1.0
