"""P1: what the margin engine is told."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.world.schema.base import NonNegative, Strict, unit


class Oracle(Strict):
    """P1: a spot view, published late."""

    delay: Annotated[NonNegative, Field(le=86_400.0), unit("seconds")] = 0.0
