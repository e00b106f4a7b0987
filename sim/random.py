"""Counter-based random numbers: every draw is a function of where it is used.

Threefry-2x64 with 13 rounds (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy
as 1, 2, 3", SC11). Key: (seed, path). Counter: (step, purpose and index). There is no state, so
a path is the same alone, in any chunk and on any worker, and a draw that one world needs and
another does not moves nobody else's.

The logarithm, sine and cosine are polynomials of our own: unlike those of the C library they
have the same bits on every processor, and the compiler vectorises the block functions.
"""

import math
from typing import NamedTuple

import numpy as np

from sim.compile import jit

MAX_SEED = 2**64 - 1

# Purposes: which question a draw answers. Never renumber: that changes every result.
REGIME_START = 0
REGIME_STEP = 1
DIFFUSION = 2
COMMON_JUMP_COUNT = 3
COMMON_JUMP_SIZE = 4
OWN_JUMP_COUNT = 5
OWN_JUMP_SIZE = 6
PEG_NOISE = 7
PEG_JUMP_COUNT = 8
PEG_JUMP_SIZE = 9
POPULATION = 10
BEHAVIOUR = 11
EVENTS = 256  # purpose + EVENTS * e is the draw of the e-th event of the same kind in a step

PARITY = np.uint64(0x1BD11BDAA9FC1A22)  # of the Threefish key schedule


@jit
def _mix(x0, x1, bits):
    x0 = x0 + x1
    x1 = (x1 << np.uint64(bits)) | (x1 >> np.uint64(64 - bits))
    return x0, x1 ^ x0


@jit
def threefry(k0: np.uint64, k1: np.uint64, c0: np.uint64, c1: np.uint64):
    """Threefry-2x64-13 block: two 64-bit words from a two-word key and counter.

    Returns
    -------
    tuple of uint64
        Independent and uniform for distinct keys or counters.
    """
    k2 = PARITY ^ k0 ^ k1
    x0, x1 = c0 + k0, c1 + k1
    x0, x1 = _mix(x0, x1, 16)
    x0, x1 = _mix(x0, x1, 42)
    x0, x1 = _mix(x0, x1, 12)
    x0, x1 = _mix(x0, x1, 31)
    x0, x1 = x0 + k1, x1 + k2 + np.uint64(1)
    x0, x1 = _mix(x0, x1, 16)
    x0, x1 = _mix(x0, x1, 32)
    x0, x1 = _mix(x0, x1, 24)
    x0, x1 = _mix(x0, x1, 21)
    x0, x1 = x0 + k2, x1 + k0 + np.uint64(2)
    x0, x1 = _mix(x0, x1, 16)
    x0, x1 = _mix(x0, x1, 42)
    x0, x1 = _mix(x0, x1, 12)
    x0, x1 = _mix(x0, x1, 31)
    x0, x1 = x0 + k0, x1 + k1 + np.uint64(3)
    return _mix(x0, x1, 16)


@jit
def _stream(purpose: int, index: int) -> np.uint64:
    return (np.uint64(purpose) << np.uint64(32)) | np.uint64(index)


@jit
def _unit(word: np.uint64) -> float:
    """Midpoint of one of 2^52 equal cells, hence never 0 and never 1."""
    return (np.float64(word >> np.uint64(12)) + 0.5) * 2.0**-52


@jit
def uniform_pair(seed: np.uint64, path: int, step: int, purpose: int, index: int):
    """Two independent uniforms in the open interval (0, 1).

    Parameters
    ----------
    seed : uint64
        Seed of the run.
    path, step : int
        Path number and step, both >= 0.
    purpose : int
        One of the constants of this module.
    index : int
        Who asks: an asset's stream, an account; below 2^32.
    """
    x0, x1 = threefry(
        np.uint64(seed), np.uint64(path), np.uint64(step), _stream(purpose, index)
    )
    return _unit(x0), _unit(x1)


@jit
def _log(u: float) -> float:
    """Natural logarithm of a positive normal number, error below 2 units in the last place."""
    bits = np.float64(u).view(np.int64)
    # Halve the octave around sqrt(1/2), so that the series argument is small on both sides.
    shifted = bits - np.int64(0x3FE6A09E667F3BCD)
    exponent = shifted >> np.int64(52)
    m = np.int64(bits - (exponent << np.int64(52))).view(np.float64)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = 2.0 / 19.0 + z * (2.0 / 21.0)
    series = 2.0 / 17.0 + z * series
    series = 2.0 / 15.0 + z * series
    series = 2.0 / 13.0 + z * series
    series = 2.0 / 11.0 + z * series
    series = 2.0 / 9.0 + z * series
    series = 2.0 / 7.0 + z * series
    series = 2.0 / 5.0 + z * series
    series = 2.0 / 3.0 + z * series
    return np.float64(exponent) * math.log(2.0) + (2.0 * s + s * z * series)


@jit
def _turn(u: float):
    """Cosine and sine of ``2 pi u`` for u in [0, 1]."""
    quarter = np.floor(4.0 * u + 0.5)
    x = (u - 0.25 * quarter) * (2.0 * math.pi)  # in [-pi/4, pi/4]
    z = x * x
    s = -1.0 / 1307674368000.0 * z + 1.0 / 6227020800.0
    s = s * z - 1.0 / 39916800.0
    s = s * z + 1.0 / 362880.0
    s = s * z - 1.0 / 5040.0
    s = s * z + 1.0 / 120.0
    s = s * z - 1.0 / 6.0
    sine = x + x * z * s
    c = 1.0 / 20922789888000.0 * z - 1.0 / 87178291200.0
    c = c * z + 1.0 / 479001600.0
    c = c * z - 1.0 / 3628800.0
    c = c * z + 1.0 / 40320.0
    c = c * z - 1.0 / 720.0
    c = c * z + 1.0 / 24.0
    cosine = 1.0 - 0.5 * z + z * z * c
    odd = (quarter == 1.0) or (quarter == 3.0)
    a = sine if odd else cosine
    b = cosine if odd else sine
    a = -a if (quarter == 1.0) or (quarter == 2.0) else a
    b = -b if (quarter == 2.0) or (quarter == 3.0) else b
    return a, b


@jit
def _box_muller(u: float, v: float):
    radius = math.sqrt(-2.0 * _log(u))
    cosine, sine = _turn(v)
    return radius * cosine, radius * sine


@jit
def normal_pair(seed: np.uint64, path: int, step: int, purpose: int, index: int):
    """Two independent standard normals (Box and Muller 1958); arguments as `uniform_pair`."""
    u, v = uniform_pair(seed, path, step, purpose, index)
    return _box_muller(u, v)


@jit
def exponential(seed: np.uint64, path: int, step: int, purpose: int, index: int) -> float:
    """A standard exponential; arguments as `uniform_pair`."""
    u, _ = uniform_pair(seed, path, step, purpose, index)
    return -_log(u)


class Window(NamedTuple):
    """A stretch of steps of one path."""

    seed: np.uint64
    path: int
    first: int  # first step; even
    count: int  # steps


@jit
def fill_uniforms(window: Window, purpose: int, index: int, out: np.ndarray) -> None:
    """Uniforms of every step of a window.

    Steps 2p and 2p + 1 take the two halves of `uniform_pair` at counter p.

    Parameters
    ----------
    window : Window
        The steps.
    purpose, index : int
        As `uniform_pair`.
    out : (n,) float64 ndarray
        Receives one draw per step; n at least ``count`` rounded up to an even number.
    """
    seed, path = np.uint64(window.seed), np.uint64(window.path)
    start, stream = np.uint64(window.first >> 1), _stream(purpose, index)
    for pair in range((window.count + 1) >> 1):
        x0, x1 = threefry(seed, path, start + np.uint64(pair), stream)
        out[2 * pair] = _unit(x0)
        out[2 * pair + 1] = _unit(x1)


@jit
def fill_normals(window: Window, purpose: int, index: int, out: np.ndarray) -> None:
    """Standard normals of every step of a window; arguments as `fill_uniforms`."""
    seed, path = np.uint64(window.seed), np.uint64(window.path)
    start, stream = np.uint64(window.first >> 1), _stream(purpose, index)
    for pair in range((window.count + 1) >> 1):
        x0, x1 = threefry(seed, path, start + np.uint64(pair), stream)
        out[2 * pair], out[2 * pair + 1] = _box_muller(_unit(x0), _unit(x1))
