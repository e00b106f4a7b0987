"""How much a requirement rises when markets fall: the calls that it makes at the worst time.

References
----------
Murphy, Vasios and Vause (2014), An investigation into the procyclicality of risk-based initial
margin models, Bank of England Financial Stability Paper 29.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def peak_to_trough(requirement: Floats) -> float:
    """Largest over smallest requirement of the sample; one if it never moves."""
    low = float(requirement.min())
    return float(requirement.max()) / low if low > 0.0 else float("inf")


def largest_rise(requirement: Floats, periods: int) -> float:
    """Largest rise within at most `periods` periods, in the unit of the requirement.

    This is the call on a book that does not change: share of notional to be found in that time.
    """
    if requirement.size < 2:
        return 0.0
    rises = [requirement[lag:] - requirement[:-lag] for lag in _lags(requirement, periods)]
    return max(0.0, *(float(rise.max()) for rise in rises))


def _lags(requirement: Floats, periods: int) -> range:
    return range(1, min(periods, requirement.size - 1) + 1)
