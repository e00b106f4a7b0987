"""The same law of prices in plain NumPy: many paths at once, its own random numbers."""

import numpy as np

from sim.state.law import Arrivals, OwnJumps, PathLaw

Arrays = tuple[np.ndarray, np.ndarray]


def simulate(law: PathLaw, seed: int, paths: int, steps: int) -> Arrays:
    """Prices (paths, steps+1, N) in USD and regimes (paths, steps+1)."""
    rng = np.random.default_rng(seed)
    regimes = _regimes(law, rng, paths, steps)
    now = regimes[:, :-1]
    moves = _diffusion(law, rng, now) + _jumps(law, rng, now)
    prices = np.empty((paths, steps + 1, len(law.price)))
    prices[:, 0] = law.price
    prices[:, 1:, law.risky] = law.price[law.risky] * np.exp(np.cumsum(moves, axis=1))
    basis = _pegs(law, rng, now)
    carry = np.arange(1, steps + 1)[:, None] * law.peg.carry
    pegged = law.peg.scale * np.exp(carry + basis)
    for i, asset in enumerate(law.pegged):
        base = prices[:, 1:, law.underlying[i]] if law.underlying[i] >= 0 else 1.0
        prices[:, 1:, asset] = pegged[:, :, i] * base
    return prices, regimes


def _regimes(law: PathLaw, rng: np.random.Generator, paths: int, steps: int) -> np.ndarray:
    regimes = np.empty((paths, steps + 1), dtype=np.int64)
    regimes[:, 0] = (rng.random(paths)[:, None] > law.chain.start).sum(axis=1)
    for t in range(steps):
        rows = law.chain.transition[regimes[:, t]]
        regimes[:, t + 1] = (rng.random(paths)[:, None] > rows).sum(axis=1)
    return regimes


def _diffusion(law: PathLaw, rng: np.random.Generator, now: np.ndarray) -> np.ndarray:
    noise = rng.standard_normal((*now.shape, len(law.risky)))
    moves = np.empty_like(noise)
    for k in range(len(law.diffusion.drift)):
        here = now == k
        moves[here] = law.diffusion.drift[k] + noise[here] @ law.diffusion.loading[k].T
    return moves


def _counts(rng: np.random.Generator, arrivals: Arrivals, row: int, now: np.ndarray) -> tuple:
    """Steps at which a row jumps, and how often."""
    count = rng.poisson(arrivals.rate[row][now])
    at = np.nonzero(count)
    return at, count[at]


def _jumps(law: PathLaw, rng: np.random.Generator, now: np.ndarray) -> np.ndarray:
    jumps, assets = law.jumps, len(law.risky)
    moves = np.zeros((*now.shape, assets))
    at, count = _counts(rng, jumps.common, 0, now)
    shared = rng.standard_normal(len(count))[:, None] * jumps.common_shared
    single = rng.standard_normal((len(count), assets)) * jumps.common_single
    moves[at] += count[:, None] * jumps.common_mean + np.sqrt(count)[:, None] * (shared + single)
    for i in range(assets):
        _add_own(jumps.own, rng, i, now, moves)
    return moves


def _add_own(law: OwnJumps, rng: np.random.Generator, i: int, now: np.ndarray, moves: np.ndarray):
    at, count = _counts(rng, law.arrivals, i, now)
    size = np.sqrt(count) * rng.standard_normal(len(count))
    moves[(*at, i)] += count * law.mean[i] + law.sd[i] * size


def _pegs(law: PathLaw, rng: np.random.Generator, now: np.ndarray) -> np.ndarray:
    peg = law.peg
    moves = rng.standard_normal((*now.shape, len(law.pegged))) * peg.sd.T[now]
    for i in range(len(law.pegged)):
        _add_own(peg.jumps, rng, i, now, moves)
    level = np.zeros((len(now), len(law.pegged)))
    for t in range(now.shape[1]):
        level = peg.decay * level + moves[:, t]
        moves[:, t] = level
    return moves
