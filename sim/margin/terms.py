"""What the margin engines read: parameters, balances, and the global vector g."""

from typing import NamedTuple

import numpy as np

from sim.compile import inlined


class Terms(NamedTuple):
    """The parameters that the engines read: few arrays, so that a call stays cheap."""

    instruments: np.ndarray
    weight: np.ndarray
    ratio: np.ndarray
    netting: np.ndarray
    gains: int  # 1 if some venue discounts unrealised gains


class Book(NamedTuple):
    """The balances that the engines read, and the global vector."""

    balance: np.ndarray
    legs: np.ndarray
    g: np.ndarray


class Holder(NamedTuple):
    """Whose balances: ledger row, number of legs, weight table."""

    row: int
    legs: int
    emode: int


@inlined
def leg_value(g: np.ndarray, k: int, quantity: float) -> float:
    """USD value of ``quantity`` of instrument k."""
    return quantity * (g[0, k] if quantity >= 0.0 else g[1, k])
