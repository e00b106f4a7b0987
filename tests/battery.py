"""A small battery of tests of uniform random numbers, each giving one p-value.

The tests are those of Knuth (*The Art of Computer Programming* 2, 3.3.2) and Marsaglia and Tsang
(2002, "Some difficult-to-pass tests of randomness", Journal of Statistical Software 7(3)).
"""

from collections.abc import Callable

import numpy as np
from scipy import stats

BITS = 48  # of a uniform that are looked at
GAP, LONGEST = 0.1, 60  # share of the interval that is visited, longest gap that is told apart
CELLS = 16  # per dimension of the serial test
BIRTHDAYS, YEAR_BITS = 1024, 24  # Marsaglia's: 16 repeated spacings expected
LAGS = 50


def distribution(u: np.ndarray) -> float:
    """Kolmogorov and Smirnov: all values against the uniform law."""
    return float(stats.kstest(u, "uniform").pvalue)


def equal_bytes(u: np.ndarray) -> float:
    """Chi-square of the leading six bytes, each place by itself."""
    words = (u * 2.0**BITS).astype(np.uint64)
    total = 0.0
    for shift in range(0, BITS, 8):
        counts = np.bincount((words >> np.uint64(shift)) & np.uint64(255), minlength=256)
        total += stats.chisquare(counts).statistic
    return float(stats.chi2.sf(total, (BITS // 8) * 255))


def runs(u: np.ndarray) -> float:
    """Wald and Wolfowitz: number of runs above and below a half."""
    above = u > 0.5
    high, n = int(above.sum()), len(u)
    low = n - high
    found = 1 + int(np.count_nonzero(above[1:] != above[:-1]))
    mean = 1.0 + 2.0 * high * low / n
    variance = (mean - 1.0) * (mean - 2.0) / (n - 1.0)
    return float(2.0 * stats.norm.sf(abs(found - mean) / variance**0.5))


def gaps(u: np.ndarray) -> float:
    """Knuth's gap test: waiting times between visits to a tenth of the interval."""
    waits = np.minimum(np.diff(np.flatnonzero(u < GAP)) - 1, LONGEST)
    counts = np.bincount(waits, minlength=LONGEST + 1)
    law = GAP * (1.0 - GAP) ** np.arange(LONGEST)
    expected = np.append(law, (1.0 - GAP) ** LONGEST) * len(waits)
    return float(stats.chisquare(counts, expected).pvalue)


def triples(u: np.ndarray) -> float:
    """Knuth's serial test of three draws in a row, on a cubic grid."""
    cells = (u[: len(u) // 3 * 3].reshape(-1, 3) * CELLS).astype(np.int64)
    place = (cells[:, 0] * CELLS + cells[:, 1]) * CELLS + cells[:, 2]
    return float(stats.chisquare(np.bincount(place, minlength=CELLS**3)).pvalue)


def birthdays(u: np.ndarray) -> float:
    """Marsaglia's birthday spacings, in the first and in the last bits that are looked at."""
    words = (u * 2.0**BITS).astype(np.int64)
    repeated, years = 0, 0
    for days in (words >> (BITS - YEAR_BITS), words & (2**YEAR_BITS - 1)):
        for year in days[: len(days) // BIRTHDAYS * BIRTHDAYS].reshape(-1, BIRTHDAYS):
            spacings = np.sort(np.diff(np.sort(year)))
            repeated += int(np.count_nonzero(spacings[1:] == spacings[:-1]))
            years += 1
    expected = years * BIRTHDAYS**3 / 2.0 ** (YEAR_BITS + 2)
    return two_sided(repeated, expected)


def lags(u: np.ndarray) -> float:
    """Box and Pierce: squared correlations at lags 1 to 50 together."""
    x = (u - u.mean()) / u.std()
    spectrum = np.abs(np.fft.rfft(x, 2 * len(x))) ** 2
    correlation = np.fft.irfft(spectrum)[1 : LAGS + 1] / len(x)
    return float(stats.chi2.sf(len(x) * np.sum(correlation**2), LAGS))


def two_sided(count: int, expected: float) -> float:
    """Return the p-value of a Poisson count, too many or too few."""
    tail = min(stats.poisson.cdf(count, expected), stats.poisson.sf(count - 1, expected))
    return float(min(1.0, 2.0 * tail))


BATTERY: dict[str, Callable[[np.ndarray], float]] = {
    "distribution": distribution,
    "bytes": equal_bytes,
    "runs": runs,
    "gaps": gaps,
    "triples": triples,
    "birthdays": birthdays,
    "lags": lags,
}
