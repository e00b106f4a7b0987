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


def refuse_path(layout: Layout, opening: State, end: State, path: int, result: np.void) -> None:
    """Say why the books of a path do not balance.

    Parameters
    ----------
    layout : Layout
        Names of the markets.
    opening, end : State
        Before the path and after it.
    path : int
        Its number.
    result : RESULT
        Of the path.

    Raises
    ------
    SluicegateError
        If a price has run away: orders that its market is far too thin for.
    RuntimeError
        Otherwise: a defect of the program, not of its input.
    """
    ran = runaway(opening.markets["mark"], end.markets["mark"])
    hint = "deepen the market, or make accounts smaller (population.sizes)"
    meant = "orders of this run are far larger than its market, and no figure of it means anything"
    if ran >= 0:
        name, key = layout.market_name(ran)
        before, after = opening.markets["mark"][ran], end.markets["mark"][ran]
        moved = f"the price of {name} went from {before:.6g} to {after:.6g} USD"
        raise SluicegateError(f"on path {path} {moved}: {meant}", where=key, hint=hint)
    if not result["max_displacement"] <= RUNAWAY:
        moved = f"a price stood {result['max_displacement']:.3g} times above its fundamental one"
        raise SluicegateError(f"on path {path} {moved}: {meant}", where="liquidity", hint=hint)
    raise RuntimeError(
        f"the books of path {path} do not balance: relative difference "
        f"{result['imbalance']:.3g}, allowed {IMBALANCE_LIMIT:g}"
    )


def runaway(before: np.ndarray, after: np.ndarray) -> int:
    """First market whose price has run away; -1 if none has. Parents come before children.

    Parameters
    ----------
    before, after : (M,) ndarray
        USD.
    """
    with np.errstate(all="ignore"):
        away = ~(np.abs(np.log(after / before)) <= np.log(RUNAWAY))
    return int(np.argmax(away)) if away.any() else -1
