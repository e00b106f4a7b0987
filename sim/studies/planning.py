"""How many paths a statement needs: closed forms."""

import math

import numpy as np
from scipy import stats

from sim.studies.statistics import LEVEL, NAN, Floats


def zero_failure_sample_size(p: float, level: float = LEVEL) -> int:
    """Count the clean runs needed to say, at `level`, that failure is rarer than `p` (Wilks)."""
    return math.ceil(math.log(1 - level) / math.log1p(-p))


def sample_size_for_relative_error(p: float, error: float = 0.1, level: float = LEVEL) -> float:
    """Count the runs that give a probability `p` to a relative half-width `error` (normal law)."""
    z = float(stats.norm.ppf((1 + level) / 2))
    return z**2 * (1 - p) / (p * error**2)


def pairing_gain(first: Floats, second: Floats) -> float:
    """How many times fewer paths a paired difference needs than an unpaired one.

    (v1 + v2) / (v1 + v2 - 2 c), with variances v and covariance c (Glasserman and Yao 1992); NaN
    when the difference has no variance.
    """
    independent = float(np.var(first, ddof=1) + np.var(second, ddof=1))
    paired = float(np.var(first - second, ddof=1))
    return NAN if paired == 0.0 else independent / paired
