"""The same seed gives the same bytes, however the paths are dealt out."""

from pathlib import Path
from typing import Any

import pytest

from sim.studies.experiment import run_experiment
from tests.small_runs import small


def written(folder: Path, name: str, **changes: Any) -> bytes:
    """Bytes of the per-path table of a small stressed run."""
    result = run_experiment(small(**changes), lambda paths: None, folder / name)
    assert result.per_path["liquidations"].sum() > 100
    return (folder / name / "results" / "per_path.parquet").read_bytes()


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("once"), "one")


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_do_not_matter(tmp_path: Path, once: bytes, workers: int) -> None:
    assert written(tmp_path, "many", workers=workers) == once


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_chunks_do_not_matter(tmp_path: Path, once: bytes, chunk: int) -> None:
    assert written(tmp_path, "chunk", workers=2, engine={"chunk": chunk}) == once


def test_nor_do_cuts_by_the_clock(tmp_path: Path, once: bytes) -> None:
    assert written(tmp_path, "timed", workers=2, compute={"task_seconds": 0.003}) == once


POPULATIONS = [{"draw": "per_path"}, {"draw": "once", "count": 3}]


@pytest.mark.parametrize("population", POPULATIONS, ids=["per_path", "three"])
def test_nor_with_several_populations(tmp_path: Path, population: dict[str, Any]) -> None:
    sizes = {"population": population}
    alone = written(tmp_path, "alone", workers=1, engine={"chunk": 64}, **sizes)
    assert written(tmp_path, "dealt", workers=4, engine={"chunk": 1}, **sizes) == alone


def test_another_seed_is_another_world(tmp_path: Path, once: bytes) -> None:
    assert written(tmp_path, "other", seed=2) != once


def test_watching_every_account_changes_nothing(tmp_path: Path, once: bytes) -> None:
    assert written(tmp_path, "all", engine={"watch": "all"}) == once
    assert written(tmp_path, "skin", engine={"skin": 0.001}) == once
