"""Rows of the long table: which figure is taken of which block, by which estimator."""

from collections.abc import Iterator, Mapping
from dataclasses import astuple
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from sim.studies.bootstrap import Resample, ratio
from sim.studies.metrics import GENERATION, describe
from sim.studies.pairing import FULL, Block
from sim.studies.statistics import NAN, Estimate, mean, probability, quantile
from sim.studies.tails import (
    Tail,
    clustered_quantile,
    quantile_difference,
    shortfall,
    shortfall_difference,
    tails,
)

LEVELS = (0.95, 0.99)
STATIC = "before any path: no sampling"
Row = tuple[Any, ...]
Tails = Mapping[str, list[Tail]]


def block_tails(block: Block, sample: Resample) -> dict[str, list[Tail]]:
    """Tails of every metric of a block; single generations are read by their means alone."""
    names = [name for name in block.values if not GENERATION.match(name)]
    return {name: tails(block.values[name], LEVELS, sample) for name in names}


def _row(block: Block, metric: str, statistic: str, figure: Estimate, reference: str = "") -> Row:
    return (block.world, block.twin, metric, statistic, reference, *astuple(figure))


def level_rows(block: Block, own: Tails, sample: Resample) -> Iterator[Row]:
    """Mean and P(>0) of every metric, and VaR and ES where tails are given."""
    for name, values in block.values.items():
        level = mean(values, block.shared)
        if not describe(name).signed and level.low < 0.0 <= values.min():
            level = Estimate(level.value, 0.0, level.high, level.n, None, level.se, level.note)
        yield _row(block, name, "mean", level)
        yield _row(block, name, "p_positive", probability(values > 0.0, block.shared))
        for p, tail in zip(LEVELS, own.get(name, ()), strict=False):
            single = block.shared is None
            var = quantile(values, p) if single else clustered_quantile(tail, sample)
            yield _row(block, name, f"var_{p * 100:.0f}", var)
            yield _row(block, name, f"es_{p * 100:.0f}", shortfall(tail, sample))


def delta_rows(
    block: Block, base: Block, both: tuple[Tails, Tails], sample: Resample
) -> Iterator[Row]:
    """Paired differences to the baseline of every metric that both worlds have."""
    own, reference = both
    for name, values in block.values.items():
        if name not in base.values:
            continue
        other = base.values[name]
        happened = (values > 0.0).astype(np.float64) - (other > 0.0)
        figures = {
            "mean": mean(values - other, block.shared),
            "p_positive": mean(happened, block.shared),
        }
        for p, tail, against in zip(
            LEVELS, own.get(name, ()), reference.get(name, ()), strict=False
        ):
            figures[f"var_{p * 100:.0f}"] = quantile_difference(tail, against, sample)
            figures[f"es_{p * 100:.0f}"] = shortfall_difference(tail, against, sample)
        for statistic, figure in figures.items():
            yield _row(block, name, f"delta_{statistic}", figure, base.world)


def cascade_rows(block: Block, slippage: Block | None, sample: Resample) -> Iterator[Row]:
    """Amplification against the own-slippage twin, what own flow called for, and branching."""
    name = "liquidated_notional"
    if slippage is not None and name in block.values and name in slippage.values:
        figure = ratio(block.values[name], slippage.values[name], sample)
        yield _row(block, name, "amplification", figure, slippage.twin)
    part = "cascade_notional"
    if name in block.values and part in block.values:
        figure = ratio(block.values[part], block.values[name], sample)
        yield _row(block, name, "flow_share", figure, part)
    generations = sorted(
        (int(found[1]), key) for key in block.values if (found := GENERATION.match(key))
    )
    pairs = list(pairwise(generations))[:-1]  # the last gathers all later ones
    for (number, parent), (_, child) in pairs:
        figure = ratio(block.values[child], block.values[parent], sample)
        yield _row(block, name, f"branching_{number}", figure, parent)


ROUNDING = 1e-12  # sums over accounts grouped otherwise differ by that much


def static_rows(worlds: pd.DataFrame, baseline: str) -> Iterator[Row]:
    """Figures that are known before any path is run, and their difference to the baseline."""
    table = worlds.set_index("world")
    if {"margin_required", "gross_notional"} <= set(table.columns):
        gross = table.gross_notional.where(table.gross_notional != 0.0)
        table = table.assign(margin_ratio=table.margin_required / gross)
    for name in (c for c in table.columns if is_numeric_dtype(table[c])):
        column = {str(world): float(value) for world, value in table[name].items()}
        base = column[baseline]
        for world, value in column.items():
            note = STATIC if np.isfinite(value) else "not defined"
            yield (world, FULL, name, "static", "", *astuple(Estimate(value, note=note)))
            if world != baseline:
                gap = 0.0 if np.isclose(value, base, rtol=ROUNDING, atol=0.0) else value - base
                change = Estimate(gap if np.isfinite(gap) else NAN, note=note)
                yield (world, FULL, name, "delta_static", baseline, *astuple(change))
