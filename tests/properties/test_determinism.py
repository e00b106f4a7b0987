"""The same seed gives the same bytes, however the paths are dealt out."""

from pathlib import Path
from typing import Any

import pytest

from sim.reports.write import write_per_path
from sim.studies.experiment import run_experiment
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.random_worlds import default, stressed

EXPERIMENT = {
    "name": "small",
    "worlds": {"venue": {"scope": "venue"}, "hub_relevered": {"scope": "hub", "relever": 0.5}},
    "baseline": "venue",
    "twins": ["full", "none"],
}


def written(folder: Path, name: str, **changes: Any) -> bytes:
    """Bytes of the per-path table of a small stressed run."""
    config = default({"accounts": 40, "paths": 13, "steps": 20, "step_seconds": 600.0})
    config = stressed(config, 5.0, 0.02) | {"block_seconds": 20.0, "experiment": EXPERIMENT}
    result = run_experiment(validated(RunConfig, config | changes), lambda paths: None)
    file = folder / f"{name}.parquet"
    write_per_path(file, result.per_path)
    assert result.per_path["liquidations"].sum() > 100
    return file.read_bytes()


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("once"), "one")


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_do_not_matter(tmp_path: Path, once: bytes, workers: int) -> None:
    assert written(tmp_path, "many", workers=workers) == once


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_chunks_do_not_matter(tmp_path: Path, once: bytes, chunk: int) -> None:
    assert written(tmp_path, "chunk", workers=2, engine={"chunk": chunk}) == once


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
