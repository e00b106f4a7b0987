"""Descent: at how many removes from fundamental prices what is traded was brought about.

A liquidation that undisplaced prices would have called for is of generation 0; flow of generation g
displaces prices, and what these call for is of generation g + 1, as in a branching process (Harris
1963). Flow from many sources lies behind one displacement, so a descent is a vector of shares by
generation; the last entry holds all later ones. Statistics only: no decision reads it.
"""

import numpy as np

from sim.compile import lean
from sim.state.state import GENERATIONS, State


@lean
def nobodys(shares: np.ndarray) -> None:
    """Of generation 0: nobody's flow brought it about."""
    shares[0] = 1.0
    for g in range(1, GENERATIONS):
        shares[g] = 0.0


@lean
def mix_in(descent: np.ndarray, size: float, other: np.ndarray, added: float) -> None:
    """Mix ``added`` of another descent into ``size`` of one, both (GENERATIONS,) shares."""
    if added > 0.0:
        for g in range(GENERATIONS):
            descent[g] = (size * descent[g] + added * other[g]) / (size + added)


@lean
def add_children(descent: np.ndarray, weight: float, total: np.ndarray) -> None:
    """Add ``weight`` of what follows from a descent, one generation later, to a total."""
    last = GENERATIONS - 1
    for g in range(last):
        total[g + 1] += weight * descent[g]
    total[last] += weight * descent[last]


@lean
def inherit(shares: np.ndarray, to: np.ndarray) -> None:
    """Let what is done now have the descent of something else."""
    for g in range(GENERATIONS):
        to[g] = shares[g]


@lean
def clear(total: np.ndarray) -> None:
    """Nothing of any generation."""
    for g in range(GENERATIONS):
        total[g] = 0.0


@lean
def whole(total: np.ndarray) -> float:
    """What all generations make together."""
    size = 0.0
    for g in range(GENERATIONS):
        size += total[g]
    return size


@lean
def write_shares(total: np.ndarray, shares: np.ndarray) -> None:
    """Shares of each generation in a total; all of generation 0 where there is none."""
    size = whole(total)
    if size == 0.0:
        nobodys(shares)
        return
    for g in range(GENERATIONS):
        shares[g] = total[g] / size


@lean
def book(state: State, usd: float, shares: np.ndarray) -> None:
    """Count notional that was called for, by generation."""
    for g in range(GENERATIONS):
        state.stats[0].generation[g] += usd * shares[g]
