"""The seed of a run: any integer that fits the generator's 64-bit key."""

from typing import Annotated

from pydantic import Field

from sim.random import MAX_SEED

Seed = Annotated[
    int,
    Field(ge=0, le=MAX_SEED, description="key of all random draws, 0 to 2^64 - 1"),
]
