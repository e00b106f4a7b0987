"""P2, term G: what a scenario grid makes of one book of options at its time to expiry.

All that depends on time alone, worked out once a step and shared by the book's options.
"""

import numpy as np

from sim.compile import lean
from sim.margin.shocks import (
    basis_factor,
    deviation_at,
    discount_at,
    free_share,
    long_factor,
    short_factor,
    vol_shocks,
)
from sim.state.rows import Row
from sim.state.state import BASIS_FACTOR, LONG_FACTOR, SHORT_FACTOR


@lean
def focus(lens: Row, grid: Row, rate: float, seconds: float) -> None:
    """Write how a grid looks at a book.

    Parameters
    ----------
    lens : LENS
        Written.
    grid : GRID
        The engine's.
    rate : float
        1/year.
    seconds : float
        Time to expiry.
    """
    shocks = vol_shocks(grid, seconds)
    lens.up = shocks.up
    lens.down = shocks.down
    lens.minimum = shocks.minimum
    lens.linear = shocks.linear
    lens.absolute = shocks.absolute
    lens.width = shocks.width
    lens.free = free_share(grid, seconds)
    lens.root = deviation_at(1.0, grid.lookahead, seconds)
    lens.discount = discount_at(rate, grid.lookahead, seconds)


@lean
def weigh(factor: np.ndarray, grid: Row, rate: float, seconds: float) -> None:
    """Write discounts of a book's worth by its sign, and its share of the basis charge. (3,)."""
    factor[LONG_FACTOR] = long_factor(grid, rate, seconds)
    factor[SHORT_FACTOR] = short_factor(grid, rate, seconds)
    factor[BASIS_FACTOR] = basis_factor(grid, seconds)
