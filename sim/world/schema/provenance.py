"""Where a file's figures come from."""

from __future__ import annotations

from datetime import date as Date

from sim.world.schema.base import Strict


class Provenance(Strict):
    """Where a file's figures come from."""

    source: str
    """documents, repositories or files the figures were read from"""
    date: Date | None = None
    """when they were read or published"""
    assumed: tuple[str, ...] = ()
    """keys whose values are not public; chosen, not read"""
