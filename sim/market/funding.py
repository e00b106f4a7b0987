"""P8: what the crowded side of a perpetual pays.

Rates are fractions of notional, positive when longs pay. Averaged premium with an offset: Drift,
dYdX, Derive. Premium pulled towards an interest rate: Hyperliquid (documentation, *Funding*).
Velocity: Synthetix v3 (``PerpsMarket.sol``, ``recomputeFunding``). Imbalance and adaptive: GMX v2
(gmx-io/gmx-synthetics, README, *Funding Fees*).
"""

from typing import NamedTuple

from sim.compile import lean
from sim.numerics import exp, power
from sim.state.rows import Row

DAY = 86400.0  # s


@lean
def clamped(x: float, bound: float) -> float:
    """``x`` within [-bound, bound]."""
    return max(-bound, min(bound, x))


@lean
def impact_premium(bid: float, ask: float, index: float) -> float:
    """Premium of a book whose bid lies above the index, or whose ask lies below it."""
    return (max(bid - index, 0.0) - max(index - ask, 0.0)) / index


@lean
def averaged(premium: float, before: float, seconds: float, window: float) -> float:
    """Exponential average of the premium after it stood at a value for some seconds."""
    return premium + (before - premium) * exp(-seconds / window)


@lean
def twap_rate(row: Row, premium: float) -> float:
    """Averaged premium plus the interest part, within the cap; 1/day."""
    return clamped(premium + row.offset, row.cap)


@lean
def period_rate(row: Row, premium: float) -> float:
    """Premium pulled towards the interest rate by at most the clamp; per funding period."""
    return premium + clamped(row.interest - premium, row.clamp)


@lean
def paid_over(row: Row, rate: float, seconds: float) -> float:
    """What of a rate per funding period is paid in some seconds."""
    return rate * seconds / row.period


@lean
def premium_rate(row: Row, premium: float) -> float:
    """The period's rate as a daily one, within the cap."""
    return clamped(paid_over(row, period_rate(row, premium), DAY), row.cap)


@lean
def velocity(row: Row, skew: float) -> float:
    """Change of the daily rate per day, from the skew in contracts (long less short)."""
    return clamped(skew / row.scale, 1.0) * row.velocity


@lean
def velocity_accrual(row: Row, rate: float, skew: float, days: float) -> tuple[float, float]:
    """Daily rate after some days of a skew, and what has accrued per unit of notional.

    The rate moves on a straight line, so its mean over the time is that of its ends.
    """
    later = rate + velocity(row, skew) * days
    return later, 0.5 * (rate + later) * days


class Course(NamedTuple):
    """Where velocity funding stands."""

    rate: float  # 1/day
    accrued: float  # per USD of notional held long
    skew: float  # contracts


@lean
def velocity_course(row: Row, course: Course, days: float, change: float) -> Course:
    """After some days of a skew, which then changes by some contracts."""
    rate, accrued = velocity_accrual(row, course.rate, course.skew, days)
    return Course(rate, course.accrued + accrued, course.skew + change)


@lean
def funding_paid(quantity: float, price: float, accrued: float) -> float:
    """USD that a position of some contracts has paid (or received, if negative)."""
    return quantity * price * accrued


@lean
def imbalance(long: float, short: float) -> float:
    """Share of open interest that the heavier side has more than the lighter; positive if long."""
    total = long + short
    return (long - short) / total if total > 0.0 else 0.0


@lean
def imbalance_rate(row: Row, long: float, short: float) -> float:
    """Rate paid by longs (if positive) or shorts, 1/s: factor x |difference|^exponent / total."""
    total = long + short
    if total <= 0.0:
        return 0.0
    size = row.factor * power(abs(long - short), row.exponent) / total
    return size if long >= short else -size


@lean
def received_rate(paid: float, payers: float, receivers: float) -> float:
    """Rate that the lighter side receives so that what is paid is what is received, 1/s."""
    return paid * payers / receivers if receivers > 0.0 else 0.0


@lean
def adaptive_change(row: Row, rate: float, skewed: float, seconds: float) -> float:
    """Change of the adaptive rate (1/s) over some seconds of an imbalance in [-1, 1].

    Above the stable threshold, or while it still charges the lighter side, the rate moves towards
    the heavier side in proportion to the imbalance; below the lower threshold it decays to zero.
    """
    size = abs(skewed)
    against = rate * skewed < 0.0
    if size > row.threshold_stable or against:
        change = skewed * row.increase * seconds
        return clamped(rate + change, row.rate_max) - rate
    if size < row.threshold_decrease:
        fall = min(row.decrease * seconds, abs(rate))
        return -fall if rate > 0.0 else fall
    return 0.0
