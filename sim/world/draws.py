"""Uniform draws for building populations: per trader and per named question.

A trader's draws depend on (seed, population, trader, question) alone, so a new archetype or another
question moves nobody else's.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

from sim.compile import jit
from sim.random import POPULATION, uniform_pair
from sim.world.schema.population import Range, Sizes


@jit
def _fill(seed: np.uint64, population: int, question: int, out: np.ndarray) -> None:
    for trader in range(len(out)):
        u, _ = uniform_pair(seed, population, trader, POPULATION, question)
        out[trader] = u


class Draws:
    """Source of the draws of one population.

    Parameters
    ----------
    seed : int
        Seed of the run.
    population : int
        Number of the population.
    traders : int
        Number of traders.
    """

    def __init__(self, seed: int, population: int, traders: int) -> None:
        self.seed, self.population, self.traders = np.uint64(seed), population, traders

    def uniform(self, question: str) -> np.ndarray:
        """One uniform in (0, 1) per trader, (T,)."""
        out = np.empty(self.traders)
        _fill(self.seed, self.population, crc32(question.encode()), out)
        return out

    def between(self, question: str, bounds: Range) -> np.ndarray:
        """Uniform between two bounds, (T,)."""
        return bounds.low + (bounds.high - bounds.low) * self.uniform(question)

    def choice(self, question: str, shares: dict[str, float]) -> np.ndarray:
        """Number of the option drawn with the given relative frequencies, (T,)."""
        cumulative = np.cumsum(np.array(list(shares.values())))
        return np.searchsorted(cumulative / cumulative[-1], self.uniform(question))

    def pareto(self, question: str, sizes: Sizes) -> np.ndarray:
        """Truncated Pareto sizes by inversion, (T,), relative to the smallest: units scale out."""
        tail = (sizes.min / sizes.max) ** sizes.exponent
        u = self.uniform(question)
        return sizes.min * (1.0 - u * (1.0 - tail)) ** (-1.0 / sizes.exponent)
