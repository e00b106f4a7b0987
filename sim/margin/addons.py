"""P2, term K: what is added for what a grid or a ratio does not see.

Sources: Derive, derivexyz/v2-core ``PMRMLib_2.sol`` (``_addOptionContingency``,
``_getConfidenceContingency``, peg loss) and ``StandardManager.sol`` (oracle contingency, depeg).
"""

import numpy as np

from sim.compile import lean
from sim.margin.grid import Holding, Shelf, held_here
from sim.state.rows import Row


@lean
def confidence_charge(terms: Row, confidence: float) -> float:
    """Charge per USD of notional for an oracle in doubt: ``(1 - confidence) x scale``.

    Parameters
    ----------
    terms : CONTINGENCY
        Threshold and scale.
    confidence : float
        The oracle's own confidence, 0 to 1; at the threshold or above nothing is charged.
    """
    if confidence >= terms.confidence_threshold:
        return 0.0
    return (1.0 - confidence) * terms.confidence_scale


@lean
def depeg_charge(terms: Row, price: float) -> float:
    """What a settlement asset below its threshold adds, per unit of what it multiplies."""
    return max(0.0, terms.peg_threshold - price) * terms.peg_factor


@lean
def naked_shorts(shelf: Shelf, holding: Holding, notional: np.ndarray) -> float:
    """Notional of short options that no option of the same strike and expiry covers, USD.

    A bought put covers a sold call of its strike (together they are a forward, whose risk the
    grid sees). ``notional`` is USD per unit of each instrument.
    """
    total = 0.0
    net = 0.0
    unit = 0.0
    book = -1
    strike = 0.0
    for i in range(holding.length):
        k = holding.legs[i]
        if shelf.options[k].book < 0 or not held_here(shelf, holding, k):
            continue
        if shelf.options[k].book != book or shelf.options[k].strike != strike:
            total += max(0.0, -net) * unit
            net = 0.0
            book = shelf.options[k].book
            strike = shelf.options[k].strike
            unit = notional[k]
        net += holding.quantity[k]
    return total + max(0.0, -net) * unit


@lean
def short_notional(shelf: Shelf, holding: Holding, notional: np.ndarray) -> float:
    """Notional of all short options, USD."""
    total = 0.0
    for i in range(holding.length):
        k = holding.legs[i]
        if shelf.options[k].book >= 0 and held_here(shelf, holding, k):
            total += max(0.0, -holding.quantity[k]) * notional[k]
    return total
