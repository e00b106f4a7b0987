"""P8: what borrowing costs, and who gets it.

The curve is a chain of straight lines over utilisation: Aave's and Compound's kinked curve has
three points, Kamino's poly-linear and marginfi's seven-point curve have more
(0dotxyz/marginfi-v2, ``state/interest_rate.rs``; hubbleprotocol/klend, ``reserve.rs``).
"""

from typing import NamedTuple

from sim.compile import lean
from sim.state.rows import Row

YEAR = 365.0 * 86400.0  # s


class Rates(NamedTuple):
    """Yearly rates of one pool at one utilisation."""

    base: float  # of the curve
    lend: float  # what a deposit earns
    borrow: float  # what a loan costs
    protocol: float  # part of the loan's cost that is the protocol's fee
    insurance: float  # part that goes to the insurance fund


@lean
def curve_rate(curve: Row, utilisation: float) -> float:
    """Rate at a utilisation, which is clipped to [0, 1]; 1/year.

    Parameters
    ----------
    curve : CURVE record
        Points with ascending utilisation.
    utilisation : float
        Loans over deposits.
    """
    u = min(max(utilisation, 0.0), 1.0)
    for i in range(1, curve.count):
        right = curve.utilisation[i]
        if u <= right or i == curve.count - 1:
            left = curve.utilisation[i - 1]
            low = curve.rate[i - 1]
            if right <= left:
                return curve.rate[i]
            return low + (curve.rate[i] - low) * (u - left) / (right - left)
    return curve.rate[0]


@lean
def fee_rate(base: float, share: float, fixed: float) -> float:
    """Fee on top of the curve: a share of it and a constant, 1/year."""
    return base * share + fixed


@lean
def rates(curve: Row, utilisation: float) -> Rates:
    """Base, lending and borrowing rate and the two fees of a pool.

    Depositors get ``base x utilisation`` less the reserve factor; fees come on top of the base.
    """
    base = curve_rate(curve, utilisation)
    protocol = fee_rate(base, curve.fee_share, curve.fee_fixed)
    insurance = fee_rate(base, curve.insurance_share, curve.insurance_fixed)
    u = min(max(utilisation, 0.0), 1.0)
    lend = base * u * (1.0 - curve.reserve_factor)
    return Rates(base, lend, base + protocol + insurance, protocol, insurance)


@lean
def growth(rate: float, seconds: float, year: float) -> float:
    """Simple interest for some seconds at a rate per year of so many; steps compound it."""
    return rate * seconds / year


@lean
def grown(value: float, rate: float, seconds: float, year: float) -> float:
    """Value after simple interest."""
    return value * (1.0 + growth(rate, seconds, year))
