"""Wherever paths are simulated, and whoever dies meanwhile, the bytes are the same."""

import dataclasses
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import cache
from sim.errors import SluicegateError
from sim.studies.experiment import Experiment, run_experiment
from sim.studies.stage import Stage, run_parcel, stage_of
from sim.studies.work import Task
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.conf.shell import REPOSITORY, environment
from tests.small_runs import small

distributed = pytest.importorskip("distributed")
PATHS = 200


def table(folder: Path, progress: Callable[[int], None], **changes: Any) -> bytes:
    """Bytes of the per-path table of a run."""
    run_experiment(small(paths=PATHS, **changes), progress, folder)
    return (folder / "results" / "per_path.parquet").read_bytes()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return table(tmp_path_factory.mktemp("local"), lambda paths: None)


@pytest.fixture(scope="module")
def stage() -> Stage:
    experiment = Experiment(small())
    return stage_of(experiment.factory, experiment.build(0))


TASK = Task("hub_relevered", "none", 0, 3, 5)


def test_a_stage_is_the_same_after_a_journey(stage: Stage) -> None:
    parcel = pickle.loads(pickle.dumps(stage.parcel))  # noqa: S301
    rows, seconds = run_parcel(parcel, TASK)
    assert rows.tobytes() == stage.run(TASK)[0].tobytes()
    assert rows["liquidations"].sum() > 0
    assert seconds > 0.0
    assert parcel.unpack().digest == stage.digest


def test_what_travels_is_known_by_its_contents(stage: Stage) -> None:
    experiment = Experiment(small())
    assert stage_of(experiment.factory, experiment.build(0)).digest == stage.digest
    opening = stage.openings["venue"]
    wallet = opening.wallet.copy()
    wallet[7] = np.nextafter(wallet[7], np.inf)
    other = {**stage.openings, "venue": opening._replace(wallet=wallet)}
    assert dataclasses.replace(stage, openings=other).digest != stage.digest
    law = stage.law._replace(price=np.nextafter(stage.law.price, 0.0))
    assert dataclasses.replace(stage, law=law).digest != stage.digest


def test_another_state_of_the_program_is_refused(stage: Stage) -> None:
    parcel = dataclasses.replace(stage.parcel, digest="other", sources="0123")
    with pytest.raises(SluicegateError, match="another state of the program"):
        run_parcel(parcel, TASK)


class Executioner:
    """Kills a worker of a cluster once some tasks have ended."""

    def __init__(self, address: str, after: int) -> None:
        self.address, self.left, self.killed = address, after, 0

    def __call__(self, paths: int) -> None:
        self.left -= 1
        if self.left == 0:
            with distributed.Client(self.address, set_as_default=False) as client:
                victim = next(iter(client.run(os.getpid).values()))
            os.kill(victim, signal.SIGKILL)
            self.killed = victim


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    with distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as made:
        yield made.scheduler_address


def dask(address: str) -> dict[str, Any]:
    return {"compute": {"kind": "dask", "scheduler": address, "task_seconds": 0.05}}


@pytest.mark.slow
def test_a_worker_dies_in_mid_run(local: bytes, tmp_path: Path) -> None:
    with cluster(2) as address:
        killer = Executioner(address, after=5)
        assert table(tmp_path, killer, **dask(address)) == local
        assert killer.killed
        assert killer.left < -5  # tasks ended after it, too


@pytest.mark.slow
def test_the_last_worker_dies_with_all_data(local: bytes, tmp_path: Path) -> None:
    with cluster(1) as address:
        killer = Executioner(address, after=5)
        assert table(tmp_path, killer, **dask(address)) == local
        assert killer.killed


@pytest.mark.slow
def test_a_cluster_is_made_where_none_is_named(local: bytes, tmp_path: Path) -> None:
    assert table(tmp_path, lambda paths: None, compute={"kind": "dask"}) == local


@contextmanager
def process(*words: str, **variables: str) -> Iterator[None]:
    child = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=REPOSITORY, env=environment() | variables,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        child.terminate()
        child.wait(30)


def free_port() -> int:
    import socket

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@pytest.mark.slow
def test_two_machines_that_share_nothing(local: bytes, tmp_path: Path) -> None:
    """Scheduler and workers are processes of their own; each worker compiles for itself."""
    address = f"tcp://127.0.0.1:{free_port()}"
    port = address.rpartition(":")[2]
    with (
        process("distributed.cli.dask_scheduler", "--port", port, "--no-dashboard"),
        worker(address, tmp_path / "one"),
        worker(address, tmp_path / "two"),
    ):
        with distributed.Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
            folders = client.run(lambda: os.environ[cache.ENVIRONMENT])
        assert len(set(folders.values())) == 2
        ended: list[float] = []
        made = table(tmp_path, lambda paths: ended.append(time.monotonic()), **dask(address))
    assert made == local
    assert all(any((tmp_path / name / "cache").iterdir()) for name in ("one", "two"))


def worker(address: str, folder: Path) -> Any:
    """A worker with folders of its own."""
    (folder / "cache").mkdir(parents=True)
    words = ("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard")
    place = ("--local-directory", str(folder / "work"))
    return process(*words, *place, **{cache.ENVIRONMENT: str(folder / "cache")})


def test_nobody_answers(tmp_path: Path) -> None:
    terms = {"kind": "dask", "scheduler": f"tcp://127.0.0.1:{free_port()}", "patience": 1.0}
    with pytest.raises(SluicegateError, match="no Dask scheduler") as refused:
        run_experiment(small(compute=terms), lambda paths: None, tmp_path)
    assert refused.value.where == "compute.scheduler"


def test_threads_need_no_scheduler() -> None:
    with pytest.raises(SluicegateError, match="no scheduler") as refused:
        validated(
            RunConfig, small().model_dump(by_alias=True) | {"compute": {"scheduler": "tcp://x:1"}}
        )
    assert refused.value.where == "compute.scheduler"
