"""Where paths are simulated. No figure depends on it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from sim.errors import SluicegateError
from sim.world.schema.base import NonNegative, Positive, Strict, unit


class ComputeConfig(Strict):
    """Who simulates, and how work is divided."""

    kind: Literal["local", "dask"] = "local"
    """threads of this process, or workers of a Dask cluster"""
    scheduler: str | None = None
    """address of a Dask scheduler, such as ``tcp://10.0.0.5:8786``; without one, a cluster of
    ``workers`` processes is started on this machine"""
    task_seconds: Annotated[Positive, unit("seconds")] = 2.0
    """what a task should take: so much, per worker, a killed run has to do again"""
    patience: Annotated[Positive, unit("seconds")] = 60.0
    """how long to wait for a scheduler and its first worker"""

    keep_after: Annotated[NonNegative, unit("seconds")] = 60.0
    """how long a run must have lasted for what it has done to be kept when it is interrupted"""

    @model_validator(mode="after")
    def _addressed(self) -> ComputeConfig:
        if self.scheduler is not None and self.kind != "dask":
            raise SluicegateError(
                "threads of this process need no scheduler",
                where="scheduler",
                value=self.scheduler,
                hint="compute=dask compute.scheduler=ADDRESS",
            )
        return self
