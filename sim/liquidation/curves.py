"""P5: prices that fall with time until somebody buys.

``LINEAR``, ``STAIRS``, ``EXPONENTIAL``: Maker's (makerdao/dss, ``src/abaci.sol``). ``TWO_SPEED``:
Derive's discount of a portfolio's value, fast to a cutoff, then slowly to zero (derivexyz/v2-core,
``DutchAuction.sol``). The insolvent ramp pays the taker more and more to assume a portfolio.
"""

import math

from sim.compile import lean
from sim.numerics import exp, log
from sim.state.codes import EXPONENTIAL, LINEAR, STAIRS
from sim.state.rows import Row


@lean
def geometric(cut: float, count: float) -> float:
    """``cut`` to the power of ``count``; 1 at zero."""
    return exp(count * log(cut)) if count > 0.0 else 1.0


@lean
def falling(top: float, length: float, elapsed: float) -> float:
    """From ``top`` to zero in ``length`` seconds."""
    return top * (length - elapsed) / length if elapsed < length else 0.0


@lean
def two_speed(row: Row, elapsed: float) -> float:
    """Share of a portfolio's value that is asked ``elapsed`` seconds after the start."""
    if elapsed < row.length:
        return row.start - (row.start - row.cutoff) * elapsed / row.length
    return falling(row.cutoff, row.slow, elapsed - row.length)


@lean
def price(row: Row, top: float, elapsed: float) -> float:
    """Price asked ``elapsed`` seconds after an auction began at ``top``.

    Parameters
    ----------
    row : AUCTION_ROW
    top : float
        Price at the start; for the two-speed curve the value that its shares refer to.
    elapsed : float
        Seconds since the start.
    """
    if row.curve == LINEAR:
        return falling(top, row.length, elapsed)
    if row.curve == STAIRS:
        return top * geometric(row.cut, math.floor(elapsed / row.step))
    if row.curve == EXPONENTIAL:
        return top * geometric(row.cut, elapsed)
    return top * two_speed(row, elapsed)


@lean
def stale(row: Row, top: float, elapsed: float) -> bool:
    """Whether an auction must be restarted: too old or too cheap (``clip.sol``, ``status``)."""
    return elapsed > row.tail or price(row, top, elapsed) < row.cusp * top


@lean
def ramp(row: Row, value: float, maintenance: float, elapsed: float) -> float:
    """Payout to whoever assumes an insolvent portfolio, USD: from ``-value`` to ``-maintenance``.

    ``value`` and ``maintenance`` are the marked value and the margin (value less requirement), both
    negative.
    """
    share = min(1.0, elapsed / row.insolvent) if row.insolvent > 0.0 else 1.0
    return -(value + (maintenance - value) * share)
