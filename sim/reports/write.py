"""Files of a run folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from sim.reports.figures import draw_all
from sim.reports.page import render
from sim.studies.metrics import KEYS
from sim.studies.path_table import TableWriter, ordered
from sim.studies.result import StudyResult

PER_PATH = "per_path.parquet"
COMPRESSION = "zstd"


def write_run(
    folder: Path, config: Mapping[str, Any], result: StudyResult, manifest: Mapping[str, Any]
) -> None:
    """Write everything that a run leaves behind into `folder`, which is made if it is missing.

    Parameters
    ----------
    folder : Path
        Target; the caller makes it appear as a whole or not at all.
    config, manifest : mapping
        Resolved configuration and manifest, as plain values.
    result : StudyResult
        Tables of the study.
    """
    figures = draw_all(result)
    page = render(config, result, manifest, figures)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True, width=100)
    _write(folder / "config.yaml", text)
    _write(folder / "manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    if not (folder / PER_PATH).exists():  # a run has written it from its chunks
        write_per_path(folder / PER_PATH, result.per_path)
    _write_csv(folder / "worlds.csv", result.worlds)
    write_parquet(folder / "summary.parquet", result.summary.tidy)
    _write_csv(folder / "summary.csv", result.summary.tidy)
    for name, drawing in figures.items():
        _write(folder / "figures" / f"{name}.svg", drawing)
    _write(folder / "report.html", page)


def write_per_path(path: Path, per_path: pd.DataFrame) -> None:
    """Write the per-path table: equal contents give equal bytes, whatever the order of rows.

    Rows go by world, twin and path; keys come first, then metrics in their order; text and
    number types are fixed; neither index nor time is stored. A run writes the same file from its
    chunks (`sim.studies.path_file`).
    """
    keys = [key for key in KEYS if key in per_path.columns]
    metrics = [name for name in per_path.columns if name not in KEYS]
    table = ordered(per_path)[[*keys, *metrics]]
    kinds = {key: np.int64 if key in ("path", "population") else str for key in keys}
    writer = TableWriter(path)
    writer.add(plain_table(table.astype(kinds)))
    writer.close()


def write_parquet(path: Path, table: pd.DataFrame) -> None:
    """Write a table without index or metadata of pandas, with a fixed layout."""
    pq.write_table(plain_table(table), path, compression=COMPRESSION, version="2.6")


def plain_table(table: pd.DataFrame) -> pa.Table:
    """Give a table without index or metadata of pandas, with short texts."""
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    wide = pa.large_string()
    fields = [f.with_type(pa.string()) if f.type == wide else f for f in arrow.schema]
    return arrow.cast(pa.schema(fields))


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write with full precision: the shortest digits that read back to the same number."""
    _write(path, table.to_csv(index=False, lineterminator="\n"))
