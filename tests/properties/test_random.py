"""The random numbers: the published algorithm, the right laws, and no link between keys."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy import stats

from sim.elementary import cos_sin_turn, exp, log
from sim.random import (
    DIFFUSION,
    MAX_SEED,
    OWN_JUMP_SIZE,
    Window,
    _unit,
    exponential,
    fill_normals,
    fill_uniforms,
    normal_pair,
    threefry,
    uniform_pair,
)
from tests.reference import paths as reference

N = 200_000
word = st.integers(0, MAX_SEED)

# Published with the Random123 library: counter, key, result of threefry2x64 with 13 rounds.
KNOWN = [
    ((0, 0), (0, 0), (0xF167B032C3B480BD, 0xE91F9FEE4B7A6FB5)),
    ((MAX_SEED, MAX_SEED), (MAX_SEED, MAX_SEED), (0xCCDEC5C917A874B1, 0x4DF53ABCA26CEB01)),
    (
        (0x243F6A8885A308D3, 0x13198A2E03707344),
        (0xA4093822299F31D0, 0x082EFA98EC4E6C89),
        (0xC3AAC71561042993, 0x3FE7AE8801AFF316),
    ),
]


def encrypt(key: tuple[int, int], counter: tuple[int, int]) -> tuple[int, int]:
    first, second = threefry(*map(np.uint64, (*key, *counter)))
    return int(first), int(second)


def uniforms(seed: int = 1, path: int = 0, purpose: int = DIFFUSION, index: int = 0) -> np.ndarray:
    out = np.empty(N)
    fill_uniforms(Window(np.uint64(seed), path, 0, N), purpose, index, out)
    return out


def normals(seed: int = 1, path: int = 0, purpose: int = DIFFUSION, index: int = 0) -> np.ndarray:
    out = np.empty(N)
    fill_normals(Window(np.uint64(seed), path, 0, N), purpose, index, np.empty(N), out)
    return out


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_known_answers(
    counter: tuple[int, int], key: tuple[int, int], result: tuple[int, int]
) -> None:
    assert encrypt(key, counter) == result
    assert reference.threefry(key, counter) == result


def test_reference_knows_twenty_rounds_too() -> None:
    wanted = (0xC2B6E3A8C2C69865, 0x6F81ED42F350084D)
    assert reference.threefry((0, 0), (0, 0), rounds=20) == wanted


@given(word, word, word, word)
@settings(deadline=None)
def test_parity_with_the_reference(k0: int, k1: int, c0: int, c1: int) -> None:
    assert encrypt((k0, k1), (c0, c1)) == reference.threefry((k0, k1), (c0, c1))


@given(word, st.integers(0, 2**40), st.integers(0, 2**40), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_draws_match_the_reference(seed: int, path: int, step: int, index: int) -> None:
    at = (np.uint64(seed), path, step, OWN_JUMP_SIZE, index)
    draws = reference.Draws(seed, path)
    assert uniform_pair(*at) == draws.uniforms(step, OWN_JUMP_SIZE, index)
    wanted = draws.normals(step, OWN_JUMP_SIZE, index)
    assert normal_pair(*at) == pytest.approx(wanted, rel=1e-13, abs=1e-14)
    assert exponential(*at) == pytest.approx(-math.log(uniform_pair(*at)[0]), rel=1e-15)


@given(st.integers(0, 50).map(lambda n: 2 * n), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_windows_agree_with_single_draws(first: int, steps: int) -> None:
    window, draws = Window(np.uint64(7), 3, first, steps), reference.Draws(7, 3)
    out, scratch = np.empty(steps + 1), np.empty(steps + 1)
    fill_uniforms(window, DIFFUSION, 5, out)
    assert out[:steps].tolist() == [draws.uniform(first + t, DIFFUSION, 5) for t in range(steps)]
    fill_normals(window, DIFFUSION, 5, scratch, out)
    one_by_one = [
        normal_pair(np.uint64(7), 3, s // 2, DIFFUSION, 5)[s % 2]
        for s in range(first, first + steps)
    ]
    assert out[:steps].tolist() == one_by_one


def test_uniforms_never_reach_the_ends() -> None:
    low, high = _unit(np.uint64(0)), _unit(np.uint64(MAX_SEED))
    assert low == 2.0**-53
    assert high == 1.0 - 2.0**-53
    # The normal at the ends is finite, about 8.6.
    assert math.isfinite(math.sqrt(-2.0 * log(low)))


def test_uniforms_are_uniform() -> None:
    sample = uniforms()
    assert stats.kstest(sample, "uniform").pvalue > 1e-3
    counts = np.bincount((sample * 1_000).astype(int), minlength=1_000)
    assert stats.chisquare(counts).pvalue > 1e-3
    for bit in range(1, 33):  # each of the leading bits is a fair coin
        ones = int(((sample * 2.0**bit).astype(np.int64) & 1).sum())
        assert abs(ones - N / 2) < 4.5 * math.sqrt(N) / 2


def test_normals_are_normal() -> None:
    sample = normals()
    assert stats.kstest(sample, "norm").pvalue > 1e-3
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10_170)):
        assert abs((sample**power).mean() - moment) < 4.5 * math.sqrt(variance / N), power
    for limit in (3.0, 4.0):
        wanted = 2.0 * stats.norm.sf(limit) * N
        assert abs((np.abs(sample) > limit).sum() - wanted) < 4.5 * math.sqrt(wanted)


def test_exponentials_are_exponential() -> None:
    sample = np.array([exponential(np.uint64(1), 0, s, DIFFUSION, 0) for s in range(20_000)])
    assert sample.min() > 0.0
    assert stats.kstest(sample, "expon").pvalue > 1e-3


NEIGHBOURS = [
    {"seed": 2},
    {"path": 1},
    {"path": 2**32},
    {"purpose": DIFFUSION + 1},
    {"purpose": DIFFUSION + 256},
    {"index": 1},
    {"index": 2**31},
]


@pytest.mark.parametrize("change", NEIGHBOURS, ids=str)
def test_neighbouring_keys_are_independent(change: dict[str, int]) -> None:
    here, there = normals(), normals(**change)
    for lag in (0, 1, 2):
        for f in (np.asarray, np.square):
            a, b = f(here[lag:]), f(there[: N - lag])
            assert abs(np.corrcoef(a, b)[0, 1]) < 4.5 / math.sqrt(N)


def test_steps_are_independent() -> None:
    sample = normals()
    for values in (sample, sample**2):
        for lag in range(1, 21):
            correlation = np.corrcoef(values[lag:], values[:-lag])[0, 1]
            assert abs(correlation) < 4.5 / math.sqrt(N)
    pairs = (uniforms().reshape(-1, 2) * 32).astype(int)  # serial test on a 32 x 32 grid
    counts = np.bincount(pairs[:, 0] * 32 + pairs[:, 1], minlength=1_024)
    assert stats.chisquare(counts).pvalue > 1e-3


def test_consecutive_paths_are_independent() -> None:
    """Across paths at a fixed step: how a study averages."""
    sample = np.array([normal_pair(np.uint64(5), p, 10, DIFFUSION, 3) for p in range(20_000)])
    assert stats.kstest(sample.ravel(), "norm").pvalue > 1e-3
    first = sample[:, 0]
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 4.5 / math.sqrt(len(first))
    assert abs(np.corrcoef(sample.T)[0, 1]) < 4.5 / math.sqrt(len(first))


def test_elementary_functions_are_accurate() -> None:
    u = uniforms()[:20_000]
    spread = np.concatenate([u, u * 1e-12, u * 1e12, 1.0 + (u - 0.5) * 1e-6])
    logs = np.array([log(x) for x in spread])
    np.testing.assert_allclose(logs, np.log(spread), rtol=5e-16, atol=2e-16)
    x = (u - 0.5) * 1_400.0
    np.testing.assert_allclose([exp(v) for v in x], np.exp(x), rtol=5e-16)
    circle = np.array([cos_sin_turn(v) for v in u])
    np.testing.assert_allclose(circle[:, 0], np.cos(2.0 * np.pi * u), rtol=0.0, atol=1e-15)
    np.testing.assert_allclose(circle[:, 1], np.sin(2.0 * np.pi * u), rtol=0.0, atol=1e-15)
    assert exp(0.0) == 1.0
    assert exp(-0.0) == 1.0
    assert log(1.0) == 0.0


@njit
def exp_each(values: np.ndarray, out: np.ndarray) -> None:
    for i in range(len(values)):
        out[i] = exp(values[i])


def test_vectorised_loops_keep_the_bits() -> None:
    """A loop that the compiler vectorises gives what one call gives."""
    values = normals()[:10_001]
    out = np.empty_like(values)
    exp_each(values, out)
    assert out.tolist() == [exp(v) for v in values]
