"""P2, term T as parameters: margin ratios of perpetuals by level, and how they scale."""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.rows import RATIO
from sim.world.schema.listing import Perpetual
from sim.world.schema.requirement import MarginRatio

LEVEL_NAMES = {codes.INITIAL: "initial", codes.MAINTENANCE: "maintenance"}


def small_ratios(spec: MarginRatio, buffer: float = 0.0) -> np.ndarray:
    """Ratio of a small position at each level; the target adds a buffer to maintenance."""
    initial, maintenance = spec.at("initial"), spec.at("maintenance")
    return np.array([initial, maintenance, maintenance + buffer])


def ratio_row(perpetual: Perpetual, buffer: float = 0.0) -> np.void:
    """How the ratios of one perpetual scale."""
    spec = perpetual.margin_ratio
    row = np.zeros(1, dtype=RATIO)[0]
    row["tier"] = np.inf
    for name in ("least", "floor", "rounding"):
        row[name] = getattr(spec, name)
    if spec.tiers:
        _tiers(row, spec, buffer)
    elif spec.skew is not None and perpetual.skew_scale is not None:
        slope = spec.skew.factor / perpetual.skew_scale
        _slopes(row, slope, slope * spec.skew.maintenance_share)
    elif spec.size_slope is not None:
        _slopes(row, spec.size_slope.initial, spec.size_slope.maintenance)
    elif spec.open_interest is not None:
        row["kind"] = codes.INTEREST_RATIO
        row["lower"] = spec.open_interest.lower
        row["upper"] = spec.open_interest.upper
    elif spec.least > 0.0 or spec.floor > 0.0 or spec.rounding > 0.0:
        _slopes(row, 0.0, 0.0)
    return row


def _slopes(row: np.void, initial: float, maintenance: float) -> None:
    row["kind"] = codes.LINEAR_RATIO
    row["slope"] = (initial, maintenance, maintenance)


def _tiers(row: np.void, spec: MarginRatio, buffer: float) -> None:
    """Rates inside brackets, and the deductions that make the requirement continuous."""
    row["kind"] = codes.TIERED_RATIO
    edges = np.array([tier.above for tier in spec.tiers])
    row["tier"][: len(edges)] = edges
    for level, name in (*LEVEL_NAMES.items(), (codes.TARGET, "maintenance")):
        rate = np.array([tier.at(name) for tier in spec.tiers])
        row["rate"][level, : len(edges)] = rate + (buffer if level == codes.TARGET else 0.0)
        steps = np.concatenate([[0.0], edges[1:] * np.diff(rate)])
        row["deduction"][level, : len(edges)] = np.cumsum(steps)
