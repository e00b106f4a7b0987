"""Exponential, logarithm, cosine and sine of our own.

Unlike those of the C library they have the same bits on every processor (sums and products in a
fixed order, never fused), and loops over them vectorise: no branches, only selections. Errors
are those of the last place or two; the tests state them.
"""

import math

import numpy as np

from sim.compile import jit

LARGEST = 708.0  # beyond this the exponential leaves the range of normal numbers
LOG2_HIGH = 6.93147180369123816490e-01  # log 2 in two parts: times any exponent, exact
LOG2_LOW = 1.90821492927058770002e-10
SHIFTER = 1.5 * 2.0**52  # adding and subtracting it rounds to an integer
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD  # of sqrt(1/2)


@jit
def exp(x: float) -> float:
    """Exponential; exactly 1 at 0. Arguments beyond +-708 count as +-708."""
    x = min(max(x, -LARGEST), LARGEST)
    shifted = x * (1.0 / math.log(2.0)) + SHIFTER
    octaves = shifted - SHIFTER
    r = (x - octaves * LOG2_HIGH) - octaves * LOG2_LOW  # at most log(2) / 2
    p = r * (1.0 / 6227020800.0) + 1.0 / 479001600.0
    p = r * p + 1.0 / 39916800.0
    p = r * p + 1.0 / 3628800.0
    p = r * p + 1.0 / 362880.0
    p = r * p + 1.0 / 40320.0
    p = r * p + 1.0 / 5040.0
    p = r * p + 1.0 / 720.0
    p = r * p + 1.0 / 120.0
    p = r * p + 1.0 / 24.0
    p = r * p + 1.0 / 6.0
    p = r * p + 0.5
    p = 1.0 + (r + r * r * p)
    # The low bits of the shifted number are the octaves as an integer: move them to the exponent.
    low = np.float64(shifted).view(np.int64) - np.float64(SHIFTER).view(np.int64)
    return p * np.int64((low + np.int64(1023)) << np.int64(52)).view(np.float64)


@jit
def log(x: float) -> float:
    """Natural logarithm of a positive normal number."""
    bits = np.float64(x).view(np.int64)
    # Octaves begin at sqrt(1/2), so that the series argument is small on both sides of 1.
    octaves = (bits - np.int64(SQRT_HALF_BITS)) >> np.int64(52)
    m = np.int64(bits - (octaves << np.int64(52))).view(np.float64)
    s = (m - 1.0) / (m + 1.0)  # log m = 2 atanh s, |s| < 0.172
    z = s * s
    p = z * (2.0 / 21.0) + 2.0 / 19.0
    p = z * p + 2.0 / 17.0
    p = z * p + 2.0 / 15.0
    p = z * p + 2.0 / 13.0
    p = z * p + 2.0 / 11.0
    p = z * p + 2.0 / 9.0
    p = z * p + 2.0 / 7.0
    p = z * p + 2.0 / 5.0
    p = z * p + 2.0 / 3.0
    whole = np.float64(octaves)
    return whole * LOG2_HIGH + (2.0 * s + (s * z * p + whole * LOG2_LOW))


@jit
def cos_sin_turn(u: float) -> tuple[float, float]:
    """Cosine and sine of ``2 pi u`` for u in [0, 1].

    The angle is folded to at most an eighth of a turn by exact subtractions.
    """
    half = abs(u - 0.5)  # cos(2 pi u) = -cos(2 pi half)
    from_quarter = 0.25 - half  # cos(2 pi half) = sin(2 pi from_quarter)
    angle = abs(from_quarter)
    near = angle <= 0.125
    x = (2.0 * math.pi) * (angle if near else 0.25 - angle)  # at most pi / 4
    z = x * x
    s = 1.0 / 6227020800.0 - z * (1.0 / 1307674368000.0)
    s = z * s - 1.0 / 39916800.0
    s = z * s + 1.0 / 362880.0
    s = z * s - 1.0 / 5040.0
    s = z * s + 1.0 / 120.0
    s = z * s - 1.0 / 6.0
    sine = x + x * z * s
    c = z * (1.0 / 20922789888000.0) - 1.0 / 87178291200.0
    c = z * c + 1.0 / 479001600.0
    c = z * c - 1.0 / 3628800.0
    c = z * c + 1.0 / 40320.0
    c = z * c - 1.0 / 720.0
    c = z * c + 1.0 / 24.0
    cosine = 1.0 - 0.5 * z + z * z * c
    along = sine if near else cosine
    across = cosine if near else sine
    return (-along if from_quarter >= 0.0 else along), (across if u <= 0.5 else -across)
