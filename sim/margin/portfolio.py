"""P2: the requirement of a portfolio under a scenario grid, from its worst loss and add-ons."""

from typing import NamedTuple

import numpy as np

from sim.compile import lean
from sim.margin.addons import confidence_charge, depeg_charge, naked_shorts, short_notional
from sim.margin.grid import Holding, Shelf
from sim.state.rows import Row


class Costs(NamedTuple):
    """What contingencies take per unit of each instrument, at one level."""

    notional: np.ndarray  # (K,) USD per unit
    charge: np.ndarray  # (K,) USD per unit held, long or short


@lean
def perpetual_charge(terms: Row, spot: float, confidence: float) -> float:
    """Contingency per contract of a perpetual, USD: on spot, not on the contract's own price."""
    return spot * (terms.perpetual + confidence_charge(terms, confidence))


@lean
def collateral_charge(terms: Row, price: float, haircut: float, confidence: float) -> float:
    """Contingency per token of a deposit, USD."""
    return price * (haircut + confidence_charge(terms, confidence))


@lean
def option_charge(terms: Row, spot: float, confidence: float) -> float:
    """Contingency per option held, long or short, USD: for doubt alone."""
    return spot * confidence_charge(terms, confidence)


@lean
def added_on(terms: Row, shelf: Shelf, costs: Costs, holding: Holding) -> float:
    """All contingencies of a holding, USD."""
    total = terms.short_option * naked_shorts(shelf, holding, costs.notional)
    for i in range(holding.length):
        k = holding.legs[i]
        total += abs(holding.quantity[k]) * costs.charge[k]
    return total


@lean
def grid_requirement(terms: Row, loss: float, added: float, peg: float) -> float:
    """Requirement from the worst result (``loss <= 0``) and the add-ons, USD.

    A settlement asset below its peg raises the multiple of the loss (Derive, ``PMRMLib_2.sol``,
    ``getMarginAndMarkToMarket``).
    """
    return added - loss * (terms.loss_factor + depeg_charge(terms, peg))


@lean
def at_least(grid: Row, shelf: Shelf, costs: Costs, holding: Holding, need: float) -> float:
    """The requirement, or the short-option minimum if that is more (CME SPAN)."""
    if grid.short_minimum <= 0.0:
        return need
    return max(need, grid.short_minimum * short_notional(shelf, holding, costs.notional))
