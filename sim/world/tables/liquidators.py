"""Who liquidates, as rows."""

from __future__ import annotations

import numpy as np

from sim.state.rows import LIQUIDATOR_ROW
from sim.world.layout import Layout, LedgerRows


def liquidator_tables(
    layout: Layout, rows: LedgerRows, kinds: dict[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """One row per liquidator, and the parameters (minimum profit,) of its rule."""
    count = len(layout.liquidators)
    table = np.zeros(count, dtype=LIQUIDATOR_ROW)
    strategy = np.zeros((count, 1))
    first_holder = layout.holders - count
    for i, name in enumerate(layout.liquidators):
        spec = layout.config.liquidator[name]
        table[i]["row"] = rows.accounts + i
        table[i]["holder"] = first_holder + i
        table[i]["rule"] = kinds[spec.rule["_target_"]]
        table[i]["latency"] = spec.latency
        table[i]["capacity"] = spec.capacity
        table[i]["cost"] = spec.cost
        table[i]["unwind"] = spec.unwind
        strategy[i, 0] = spec.min_profit
    return table, strategy
