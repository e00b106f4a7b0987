"""The streams of random numbers against a battery, along every part of their key.

Seeds are fixed, so a p-value below the limit is no bad luck: it is there in every run. What each
test can see is shown on streams that are broken on purpose.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
from numba import njit
from scipy import stats

from sim.random import (
    DIFFUSION,
    EVENTS,
    Window,
    exponential,
    fill_normals,
    fill_uniforms,
    uniform_pair,
)
from tests.battery import BATTERY, two_sided

LIMIT = 1e-4  # smallest p-value
ERRORS = 4.0  # standard errors
N = 204_800
MANY = 4_000_000
SEED, PATH, STEP, PURPOSE, INDEX, EVENT = range(6)
AXES = {
    "seeds": SEED,
    "paths": PATH,
    "steps": STEP,
    "purposes": PURPOSE,
    "indices": INDEX,
    "events": EVENT,
}


@njit
def fill_along(axis: int, out: np.ndarray) -> None:
    """Pairs whose keys differ in one part, which counts up."""
    for i in range(out.shape[0]):
        seed = np.uint64(7 + (i if axis == SEED else 0))
        path = 3 + (i if axis == PATH else 0)
        step = 5 + (i if axis == STEP else 0)
        purpose = DIFFUSION + (i if axis == PURPOSE else 0) + (EVENTS * i if axis == EVENT else 0)
        index = 2 + (i if axis == INDEX else 0)
        out[i, 0], out[i, 1] = uniform_pair(seed, path, step, purpose, index)


def along(axis: int) -> np.ndarray:
    """Uniforms along one part of the key, (N, 2)."""
    out = np.empty((N, 2))
    fill_along(axis, out)
    return out


@pytest.mark.parametrize("axis", AXES)
def test_the_battery_finds_nothing(axis):
    pairs = along(AXES[axis])
    streams = {"first": pairs[:, 0], "second": pairs[:, 1], "both": pairs.ravel()[:N]}
    found = {
        (half, name): p
        for half, stream in streams.items()
        for name, test in BATTERY.items()
        if (p := test(np.ascontiguousarray(stream))) < LIMIT
    }
    assert not found


def few_rounds(rounds: int) -> np.ndarray:
    """The same cipher, stopped early, at consecutive counters."""
    rotations = (16, 42, 12, 31)
    a = np.arange(N, dtype=np.uint64) + np.uint64(7)
    b = np.full(N, (DIFFUSION << 32) + 3, dtype=np.uint64)
    for r in range(rounds):
        bits = rotations[r % 4]
        a = a + b
        b = ((b << np.uint64(bits)) | (b >> np.uint64(64 - bits))) ^ a
    return ((a >> np.uint64(12)).astype(float) + 0.5) / 2.0**52


def congruential() -> np.ndarray:
    """RANDU, x -> 65539 x mod 2^31: all triples lie on fifteen planes."""
    x, out = 1, np.empty(N)
    for i in range(N):
        x = 65539 * x % 2**31
        out[i] = x / 2.0**31
    return out


def echo(u: np.ndarray) -> np.ndarray:
    """Every twentieth draw repeats the one before."""
    out = u.copy()
    out[20::20] = out[19:-1:20]
    return out


def broken() -> dict[str, tuple[np.ndarray, set[str]]]:
    """Streams with something wrong, and the tests that must see it."""
    u = along(STEP)[:, 0]
    golden = np.arange(1, N + 1) * (math.sqrt(5.0) - 1.0) / 2.0 % 1.0
    coarse = np.floor(u * 2.0**22) / 2.0**22
    return {
        "squeezed": (u**1.05, {"distribution", "bytes"}),
        "coarse": (coarse, {"bytes", "birthdays"}),
        "an echo": (echo(u), {"runs", "gaps", "triples", "birthdays", "lags"}),
        "RANDU": (congruential(), {"bytes", "triples", "birthdays"}),
        "an even sequence": (golden, {"runs", "gaps", "triples", "birthdays", "lags"}),
        "five rounds": (few_rounds(5), set(BATTERY)),
    }


def test_broken_streams_are_seen():
    seen = {}
    for name, (stream, wanted) in broken().items():
        failed = {test for test, says in BATTERY.items() if says(stream) < LIMIT}
        assert wanted <= failed, name
        seen[name] = failed
    assert set.union(*seen.values()) == set(BATTERY)


# ------------------------------------------------------------------------------------- laws


def uniforms() -> np.ndarray:
    out = np.empty(MANY)
    fill_uniforms(Window(np.uint64(11), 5, 0, MANY), DIFFUSION, 1, out)
    return out


def normals() -> np.ndarray:
    out = np.empty(MANY)
    fill_normals(Window(np.uint64(12), 5, 0, MANY), DIFFUSION, 1, np.empty(MANY), out)
    return out


@njit
def fill_exponentials(out: np.ndarray) -> None:
    for i in range(out.shape[0]):
        out[i] = exponential(np.uint64(13), 5, i, DIFFUSION, 1)


def exponentials() -> np.ndarray:
    out = np.empty(MANY)
    fill_exponentials(out)
    return out


def too_far(sample: np.ndarray, moment: Callable[[int], float]) -> list[int]:
    """Powers whose mean is more than four standard errors from the law's moment."""
    far, power = [], np.ones_like(sample)
    for k in range(1, 7):
        power *= sample
        error = math.sqrt((moment(2 * k) - moment(k) ** 2) / len(sample))
        if abs(power.mean() - moment(k)) > ERRORS * error:
            far.append(k)
    return far


def odd_tails(sample: np.ndarray, beyond: Callable[[float], float], limits: list[float]) -> list:
    """Limits beyond which too many draws lie, or too few."""
    found = [(at, int((sample > at).sum()), beyond(at) * len(sample)) for at in limits]
    return [row for row in found if two_sided(row[1], row[2]) < LIMIT]


def normal_moment(k: int) -> float:
    return 0.0 if k % 2 else float(math.prod(range(1, k, 2)))


LAWS = {
    "uniform": (uniforms, "uniform", lambda k: 1.0 / (k + 1.0), [0.9, 0.999, 1.0 - 1e-5]),
    "normal": (normals, "norm", normal_moment, [1.0, 2.0, 3.0, 4.0, 4.5, 5.0]),
    "exponential": (exponentials, "expon", math.factorial, [1.0, 3.0, 6.0, 9.0, 12.0, 14.0]),
}


@pytest.mark.parametrize("law", LAWS)
def test_moments_and_tails(law):
    draw, name, moment, limits = LAWS[law]
    sample, theory = draw(), getattr(stats, name)
    assert not too_far(sample, moment)
    assert not odd_tails(sample, theory.sf, limits)
    assert stats.kstest(sample[::10], name).pvalue > LIMIT
    if law != "exponential":  # the other tail
        mirrored = 1.0 - sample if law == "uniform" else -sample
        assert not odd_tails(mirrored, theory.sf, limits)


def test_thin_tails_and_a_shift_are_seen():
    u = uniforms()
    sum_of_twelve = u[: MANY // 12 * 12].reshape(-1, 12).sum(axis=1) - 6.0
    assert odd_tails(sum_of_twelve, stats.norm.sf, [3.0, 4.0, 4.5])
    coarse = -np.log1p(-np.floor(u * 2.0**16) / 2.0**16)  # none beyond 11.1
    assert odd_tails(coarse, stats.expon.sf, [9.0, 12.0])
    assert too_far(normals() + 0.003, normal_moment)
    assert too_far(u * 1.002, lambda k: 1.0 / (k + 1.0))


# ------------------------------------------------------------------------------------- keys


def keyed(draw: Callable[..., float]) -> np.ndarray:
    """A draw for each of 46,656 keys with small parts, events of purposes among them."""
    small = range(6)
    purposes = [DIFFUSION, DIFFUSION + 1, DIFFUSION + EVENTS, DIFFUSION + 2 * EVENTS]
    keys = product(small, small, small, purposes, small, range(9))
    return np.array([draw(np.uint64(s), p, t, q, i + 6 * j) for s, p, t, q, i, j in keys])


def test_no_two_keys_share_a_draw():
    found = keyed(lambda *key: uniform_pair(*key)[0])
    assert len(np.unique(found)) == len(found)


def test_keys_that_are_added_up_would_be_seen():
    found = keyed(lambda s, p, t, q, i: uniform_pair(np.uint64(s + np.uint64(p)), 0, t, q, i)[0])
    assert len(np.unique(found)) < len(found)


def streams(mixed: float = 0.0) -> np.ndarray:
    """Normals under 64 neighbouring keys, (64, n); `mixed`: share of the first that leaks."""
    n, found = 20_000, []
    for seed, path, purpose, index in product((1, 2), (0, 1, 2, 3), (2, 5), (0, 1, 2, 3)):
        out = np.empty(n)
        window = Window(np.uint64(seed), path, 0, n)
        fill_normals(window, purpose, index, np.empty(n), out)
        found.append(out)
    table = np.array(found)
    table[-1] += mixed * table[0]
    return table


def crosswise(table: np.ndarray) -> tuple[float, float]:
    """p-values of all correlations of 64 streams together, and of the largest one."""
    pairs = np.triu_indices(len(table), 1)
    z = np.corrcoef(table)[pairs] * math.sqrt(table.shape[1])
    largest = 2.0 * stats.norm.sf(np.abs(z).max()) * len(z)
    return float(stats.chi2.sf(np.sum(z**2), len(z))), float(largest)


@pytest.mark.parametrize("of", [np.asarray, np.square, np.abs], ids=["values", "squares", "sizes"])
def test_streams_under_neighbouring_keys_are_uncorrelated(of):
    assert min(crosswise(of(streams()))) > LIMIT


def test_a_leak_between_two_streams_is_seen():
    assert crosswise(streams(mixed=0.05))[1] < LIMIT


# ------------------------------------------------------------------------------------- threads


def dealt(threads: int, fill: Callable[[int, np.ndarray], None]) -> bytes:
    """Rows of 40 paths, filled by some threads in no particular order."""
    out = np.empty((40, 2_000))
    order = np.random.default_rng(threads).permutation(len(out))
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda path: fill(path, out[path]), order))
    return out.tobytes()


def by_key(path: int, row: np.ndarray) -> None:
    fill_normals(Window(np.uint64(9), path, 0, len(row)), DIFFUSION, 0, np.empty(len(row)), row)


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_do_not_matter(threads):
    assert dealt(threads, by_key) == dealt(1, by_key)


def test_a_generator_with_a_state_would_be_seen():
    state = np.random.default_rng(1)

    def by_turn(path: int, row: np.ndarray) -> None:
        row[:] = state.standard_normal(len(row))

    assert dealt(2, by_turn) != dealt(1, by_turn)
