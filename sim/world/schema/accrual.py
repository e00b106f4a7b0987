"""P8: what time costs."""

from __future__ import annotations

from typing import Annotated

from sim.world.schema.base import Finite, Fraction, NonNegative, Positive, Strict, unit


class Interest(Strict):
    """P8: kinked borrow curve and the protocol's cut."""

    kink: Fraction = 0.8
    """utilisation at which the slope changes"""
    base: Annotated[NonNegative, unit("1/year")] = 0.0
    """borrow rate at zero utilisation"""
    at_kink: Annotated[NonNegative, unit("1/year")] = 0.1
    """borrow rate at the kink"""
    full: Annotated[NonNegative, unit("1/year")] = 1.0
    """borrow rate at full utilisation"""
    reserve_factor: Fraction = 0.1
    """share of interest kept by the protocol"""


class Funding(Strict):
    """P8: premium funding."""

    offset: Annotated[Finite, unit("1/day")] = 0.0002
    """interest part added to the premium"""
    cap: Annotated[NonNegative, unit("1/day")] = 0.03
    """largest rate paid"""
    premium_hours: Annotated[Positive, unit("hours")] = 1.0
    """averaging time of the premium"""
