"""The random numbers and the price paths, written as plainly as possible.

Nothing of the simulator is imported: integers are Python's, a market is the dictionary of its
YAML file, and every step is done by itself. Slow on purpose.
"""

import math
import zlib
from typing import Any

import numpy as np

MASK = 2**64 - 1
ROTATIONS = (16, 42, 12, 31, 16, 32, 24, 21)
SECONDS_PER_DAY = 86_400.0

START, REGIME, DIFFUSION, COMMON_COUNT, COMMON_SIZE = 0, 1, 2, 3, 4
OWN_COUNT, OWN_SIZE, PEG_NOISE, PEG_COUNT, PEG_SIZE = 5, 6, 7, 8, 9


def threefry(key: tuple[int, int], counter: tuple[int, int], rounds: int = 13) -> tuple[int, int]:
    """Threefry-2x64 as the paper states it: mix, and inject the key every fourth round."""
    schedule = (key[0], key[1], 0x1BD11BDAA9FC1A22 ^ key[0] ^ key[1])
    a, b = (counter[0] + schedule[0]) & MASK, (counter[1] + schedule[1]) & MASK
    for r in range(rounds):
        bits = ROTATIONS[r % 8]
        a = (a + b) & MASK
        b = ((b << bits) | (b >> (64 - bits))) & MASK
        b ^= a
        if (r + 1) % 4 == 0:
            n = (r + 1) // 4
            a = (a + schedule[n % 3]) & MASK
            b = (b + schedule[(n + 1) % 3] + n) & MASK
    return a, b


class Draws:
    """The draws of one path."""

    def __init__(self, seed: int, path: int) -> None:
        self.key = (seed, path)

    def uniforms(self, counter: int, purpose: int, stream: int) -> tuple[float, float]:
        words = threefry(self.key, (counter, (purpose << 32) + stream))
        return tuple(((word >> 12) + 0.5) / 2.0**52 for word in words)

    def normals(self, counter: int, purpose: int, stream: int) -> tuple[float, float]:
        u, v = self.uniforms(counter, purpose, stream)
        radius = math.sqrt(-2.0 * math.log(u))
        return radius * math.cos(2.0 * math.pi * v), radius * math.sin(2.0 * math.pi * v)

    def uniform(self, step: int, purpose: int, stream: int = 0) -> float:
        """One draw per step: two steps share a counter."""
        return self.uniforms(step // 2, purpose, stream)[step % 2]

    def normal(self, step: int, purpose: int, stream: int) -> float:
        return self.normals(step // 2, purpose, stream)[step % 2]

    def jumps(self, step: int, purpose: int, stream: int, count: int) -> float:
        """Sum of one normal for each jump of a step."""
        return sum(self.normals(step, purpose + 256 * e, stream)[0] for e in range(count))


def name_stream(name: str) -> int:
    return zlib.crc32(name.encode())


def matrix_exponential(matrix: np.ndarray) -> np.ndarray:
    """Taylor series of a small fraction of the matrix, then squared back up."""
    small, total = matrix / 2.0**20, np.eye(len(matrix))
    term = np.eye(len(matrix))
    for n in range(1, 12):
        term = term @ small / n
        total = total + term
    return np.linalg.matrix_power(total, 2**20)


def stationary(generator: np.ndarray) -> np.ndarray:
    """Left null vector of the generator: replace one equation by the sum."""
    system = generator.T.copy()
    system[-1] = 1.0
    return np.linalg.solve(system, np.eye(len(generator))[-1])


def choose(probabilities: np.ndarray, u: float) -> int:
    total = 0.0
    for index in range(len(probabilities) - 1):
        total += probabilities[index]
        if u <= total:
            return index
    return len(probabilities) - 1


def poisson(u: float, rate: float) -> int:
    """Smallest n whose cumulative probability reaches u."""
    n, term = 0, math.exp(-rate)
    total = term
    while u > total and n < 1_000:
        n += 1
        term *= rate / n
        total += term
    return n


class Reference:
    """Price paths of one market dictionary."""

    def __init__(self, market: dict[str, Any], step_seconds: float) -> None:
        self.market = market
        self.days = step_seconds / SECONDS_PER_DAY
        self.years = self.days / 365.0
        generator = np.array(market["regimes"]["generator_per_day"], dtype=float)
        self.first = stationary(generator)
        self.transition = matrix_exponential(generator * self.days)
        self.names = list(market["regimes"]["names"])
        self.assets = market["assets"]
        self.risky = [name for name, asset in self.assets.items() if asset["kind"] == "risky"]
        self.jumps = market.get("jumps") or {}

    def path(self, seed: int, path: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Prices (steps+1, N) and regimes (steps+1,)."""
        draws = Draws(seed, path)
        regime = choose(self.first, draws.uniforms(0, START, 0)[0])
        levels = dict.fromkeys(self.assets, 0.0)  # log-price over start, or log-basis
        prices, regimes = [self.prices(levels, 0)], [regime]
        for step in range(steps):
            for name, asset in self.assets.items():
                if asset["kind"] == "risky":
                    levels[name] += self.risky_move(draws, step, regime, name)
                else:
                    levels[name] = self.basis(draws, step, regime, name, levels[name])
            regime = choose(self.transition[regime], draws.uniform(step, REGIME))
            prices.append(self.prices(levels, step + 1))
            regimes.append(regime)
        return np.array(prices), np.array(regimes)

    def prices(self, levels: dict[str, float], step: int) -> list[float]:
        result: dict[str, float] = {}
        for name, asset in self.assets.items():
            if asset["kind"] == "staked":
                growth = asset.get("yield", 0.0) * self.years * step
                rate = asset["redemption"] * math.exp(growth + levels[name])
                result[name] = result[asset["underlying"]] * rate
            else:
                result[name] = asset["price"] * math.exp(levels[name])
        return list(result.values())

    def risky_move(self, draws: Draws, step: int, regime: int, name: str) -> float:
        row = self.risky.index(name)
        volatility = self.market["volatility"][name][regime]
        factor = np.linalg.cholesky(np.array(self.market["correlation"][self.names[regime]]))
        normals = [draws.normal(step, DIFFUSION, name_stream(other)) for other in self.risky]
        noise = sum(factor[row, j] * normals[j] for j in range(row + 1))
        growth = self.market.get("drift", {}).get(name, 0.0) - volatility**2 / 2.0
        move = growth * self.years + volatility * math.sqrt(self.years) * noise
        if "common" in self.jumps:
            move += self.common_jumps(draws, step, regime, name)
        if name in self.jumps.get("own", {}):
            move += self.own_jumps(draws, step, regime, name)
        return move

    def common_jumps(self, draws: Draws, step: int, regime: int, name: str) -> float:
        law = self.jumps["common"]
        rate, mean, sd = law["rate"][regime] * self.years, law["mean"][name], law["sd"][name]
        count = poisson(draws.uniform(step, COMMON_COUNT), rate)
        shared = draws.jumps(step, COMMON_SIZE, 0, count)
        single = draws.jumps(step, COMMON_SIZE, name_stream(name), count)
        rho = law["correlation"]
        size = count * mean + sd * (math.sqrt(rho) * shared + math.sqrt(1.0 - rho) * single)
        return size - rate * (math.exp(mean + sd**2 / 2.0) - 1.0)

    def own_jumps(self, draws: Draws, step: int, regime: int, name: str) -> float:
        law = self.jumps["own"][name]
        rate, mean, sd = law["rate"][regime] * self.years, law.get("mean", 0.0), law["sd"]
        count = poisson(draws.uniform(step, OWN_COUNT, name_stream(name)), rate)
        size = count * mean + sd * draws.jumps(step, OWN_SIZE, name_stream(name), count)
        return size - rate * (math.exp(mean + sd**2 / 2.0) - 1.0)

    def basis(self, draws: Draws, step: int, regime: int, name: str, level: float) -> float:
        law, stream = self.assets[name]["peg"], name_stream(name)
        pull = law["reversion_per_day"] * 365.0  # per year
        time = (1.0 - math.exp(-2.0 * pull * self.years)) / (2.0 * pull)
        noise = law["volatility"][regime] * math.sqrt(time) * draws.normal(step, PEG_NOISE, stream)
        count = poisson(
            draws.uniform(step, PEG_COUNT, stream), law["jump_rate"][regime] * self.years
        )
        jump = count * law["jump_mean"] + law["jump_sd"] * draws.jumps(
            step, PEG_SIZE, stream, count
        )
        return level * math.exp(-law["reversion_per_day"] * self.days) + noise + jump
