"""Puts in closed form, and on a basket of two by quadrature; nothing of ours."""

import numpy as np
from scipy.stats import norm


def put(forward: float, strike: float, sd: float) -> float:
    """Black-Scholes put without interest; ``sd`` is volatility times the root of time."""
    d1 = np.log(forward / strike) / sd + 0.5 * sd
    return float(strike * norm.cdf(sd - d1) - forward * norm.cdf(-d1))


def basket_put(forwards: np.ndarray, strike: float, sd: float, correlation: float) -> float:
    """Put on a sum of two lognormals: trapezoids over the first, closed form in the second.

    Parameters
    ----------
    forwards : (2,) float64 ndarray
        Expected values of the two parts.
    strike : float
        What is owed against their sum.
    sd : float
        Volatility times the root of time, of both.
    correlation : float
        Of the two normal drivers.
    """
    grid = np.linspace(-9.0, 9.0, 20_001)
    first = forwards[0] * np.exp(sd * grid - 0.5 * sd**2)
    left = np.sqrt(1.0 - correlation**2) * sd
    drift = correlation * sd * grid - 0.5 * (correlation * sd) ** 2
    second = forwards[1] * np.exp(drift)
    owed = strike - first
    value = np.where(owed > 0.0, _puts(second, np.maximum(owed, 1e-300), left), 0.0)
    return float(np.trapezoid(value * norm.pdf(grid), grid))


def _puts(forward: np.ndarray, strike: np.ndarray, sd: float) -> np.ndarray:
    d1 = np.log(forward / strike) / sd + 0.5 * sd
    return strike * norm.cdf(sd - d1) - forward * norm.cdf(-d1)
