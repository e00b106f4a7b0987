"""How many standard deviations a quantile or tail mean is away: numbers that engines are given.

References
----------
McNeil, Frey and Embrechts (2015), Quantitative Risk Management, section 2.3.4.
"""

from __future__ import annotations

import math

from sim.errors import SluicegateError


def var_multiplier(level: float, freedom: float | None = None) -> float:
    """Quantile of a law with unit variance.

    Parameters
    ----------
    level : float
        Such as 0.99.
    freedom : float, optional
        Degrees of freedom of Student's t, above 2; normal if not given.
    """
    from scipy import stats  # takes a second to import, and most runs need no multiplier

    _check(level, freedom)
    if freedom is None:
        return float(stats.norm.ppf(level))
    return float(stats.t.ppf(level, freedom)) * _unit(freedom)


def es_multiplier(level: float, freedom: float | None = None) -> float:
    """Mean beyond that quantile."""
    from scipy import stats

    _check(level, freedom)
    if freedom is None:
        return float(stats.norm.pdf(stats.norm.ppf(level))) / (1.0 - level)
    quantile = float(stats.t.ppf(level, freedom))
    spread = (freedom + quantile * quantile) / (freedom - 1.0)
    return float(stats.t.pdf(quantile, freedom)) / (1.0 - level) * spread * _unit(freedom)


def squared_var(level: float, freedom: float | None = None) -> float:
    """Quantile of the square of such a return: what a book of nothing but curvature needs."""
    from scipy import stats

    _check(level, freedom)
    if freedom is None:
        return float(stats.chi2.ppf(level, 1))
    return float(stats.f.ppf(level, 1, freedom)) * _unit(freedom) ** 2


def squared_es(level: float, freedom: float | None = None) -> float:
    """Mean of the square beyond that quantile.

    ``x^2`` times the density of x is the density of a chi-squared of three degrees, or of t, where
    ``t^2 / (freedom + t^2)`` is Beta(1/2, freedom/2), of a Beta(3/2, freedom/2 - 1).
    """
    from scipy import stats

    quantile = squared_var(level, freedom)
    if freedom is None:
        return float(stats.chi2.sf(quantile, 3)) / (1.0 - level)
    raw = quantile / _unit(freedom) ** 2
    share = raw / (freedom + raw)
    return float(stats.beta.sf(share, 1.5, 0.5 * freedom - 1.0)) / (1.0 - level)


def _unit(freedom: float) -> float:
    """What scales Student's t to unit variance."""
    return math.sqrt((freedom - 2.0) / freedom)


def _check(level: float, freedom: float | None) -> None:
    if not 0.0 < level < 1.0:
        raise SluicegateError("no quantile", "level", level, "between 0 and 1")
    if freedom is not None and not freedom > 2.0:
        raise SluicegateError("the variance is infinite", "freedom", freedom, "above 2")
