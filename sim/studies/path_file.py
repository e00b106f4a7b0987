"""The per-path table of a run: from its chunks to one file, without ever holding it.

Rows go by world, twin and path, which is the order in which statistics read them: then a column of
one world and twin is one stretch of the file. Tasks end in another order, so the file is written
at the end, from the chunks, each of which knows its place; nothing has to be sorted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from sim.margin.greek_path import greek_columns
from sim.state.state import GENERATIONS, RESULT
from sim.studies.chunks import Chunks
from sim.studies.path_table import TableWriter
from sim.studies.work import Arm, Task, arms
from sim.world.schema.run import RunConfig, WorldChoice

UNTOLD = ("generation", "greeks", "imbalance")  # fields of a result that are no columns


def write_path_file(file: Path, chunks: Chunks, config: RunConfig, greeks: bool) -> list[Arm]:
    """Write all rows of a run; returns world and twin of the blocks in their order.

    Parameters
    ----------
    file : Path
        To write to.
    chunks : Chunks
        That hold every path of every arm.
    config : RunConfig
        Of the run.
    greeks : bool
        Whether options are listed, so that there are columns for Greeks.
    """
    writer, order = TableWriter(file), sorted(arms(config))
    for arm in order:
        for task, rows in chunks.rows(arm):
            writer.add(_table(task, config.experiment.worlds[task.world], rows, greeks))
    writer.close()
    return order


def _table(task: Task, choice: WorldChoice, rows: np.ndarray, greeks: bool) -> pa.Table:
    """Results of a chunk with their keys and names."""
    columns = {
        "world": _repeated(task.world, task.count),
        "scope": _repeated(choice.scope, task.count),
        "arm": _repeated(choice.arm, task.count),
        "twin": _repeated(task.twin, task.count),
        "path": pa.array(np.arange(task.first, task.first + task.count, dtype=np.int64)),
        "population": pa.array(np.full(task.count, task.population, dtype=np.int64)),
        "creditor_loss": pa.array(rows["bad_debt"] + rows["horizon_shortfall"]),
    }
    found = {name: rows[name] for name in RESULT.names or () if name not in UNTOLD}
    found |= {f"generation_{g}": rows["generation"][:, g] for g in range(GENERATIONS)}
    if greeks:
        found |= greek_columns(rows["greeks"])
    columns |= {name: pa.array(np.ascontiguousarray(values)) for name, values in found.items()}
    return pa.table(columns)


def _repeated(text: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), count)
