"""What a path must not have done: made something out of nothing, or sent a price to infinity."""

import numpy as np

from sim.errors import SluicegateError
from sim.state.state import State
from sim.world.layout import Layout

IMBALANCE_LIMIT = 1e-9  # of gross flow
RUNAWAY = 1e9  # times its opening price, or one over it: no market is there any more


def unbalanced(results: np.ndarray) -> int:
    """Number of the path whose books are furthest from balancing; -1 if all do.

    Parameters
    ----------
    results : (count,) structured ndarray
        One :data:`sim.state.state.RESULT` per path.
    """
    worst = int(np.argmax(results["imbalance"]))  # the first that is no number, if one is
    return -1 if results["imbalance"][worst] <= IMBALANCE_LIMIT else worst


def refuse_path(layout: Layout, opening: State, end: State, path: int, imbalance: float) -> None:
    """Say why the books of a path do not balance.

    Parameters
    ----------
    layout : Layout
        Names of the markets.
    opening, end : State
        Before the path and after it.
    path : int
        Its number.
    imbalance : float
        What appeared or vanished, relative to gross flow.

    Raises
    ------
    SluicegateError
        If a price has run away: orders that its market is far too thin for.
    RuntimeError
        Otherwise: a defect of the program, not of its input.
    """
    with np.errstate(all="ignore"):
        moved = np.abs(np.log(end.markets["mark"] / opening.markets["mark"]))
    furthest = int(np.argmax(moved))
    if not moved[furthest] <= np.log(RUNAWAY):
        name, key = layout.market_name(furthest)
        before, after = opening.markets["mark"][furthest], end.markets["mark"][furthest]
        raise SluicegateError(
            f"on path {path} the price of {name} went from {before:.6g} to {after:.6g} USD: "
            "orders of this run are far larger than its market, and no figure of it means anything",
            where=key,
            hint="deepen the market, or make accounts smaller (population.sizes)",
        )
    raise RuntimeError(
        f"the books of path {path} do not balance: relative difference {imbalance:.3g}, "
        f"allowed {IMBALANCE_LIMIT:g}"
    )
