"""Who runs the tasks of an agenda: threads of this process, or the workers of a Dask cluster.

Threads come from joblib. Dask is asked through its own client: joblib's bridge to it waits for ever
for a task whose data went down with the last worker that held them. Here such a task is put
back and handed out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from threading import Event, Lock
from typing import Any, Protocol
from warnings import catch_warnings, simplefilter

import numpy as np
from joblib import Parallel, delayed

from sim.errors import SluicegateError, Stopped
from sim.interrupts import raise_dropped
from sim.studies.stage import Stage, run_parcel
from sim.studies.work import Agenda, Task
from sim.world.schema.run import RunConfig

AHEAD = 2  # tasks per worker that are handed out before one of them has ended
TRIES = 5  # losses in a row, without a single task ending, after which a cluster is given up

Keep = Callable[[Task, np.ndarray], None]


class Crew(Protocol):
    """Those who run tasks."""

    @property
    def workers(self) -> int:
        """How many tasks run side by side at present."""

    def run(self, stage: Stage, agenda: Agenda, keep: Keep) -> Iterator[Task]:
        """Run all tasks; yields each once its results have been given to `keep`."""


@contextmanager
def crew_of(config: RunConfig) -> Iterator[Crew]:
    """Those whom the configuration names; what was started for them ends with the block."""
    if config.compute.kind == "local":
        yield Threads(config.workers)
        return
    with ExitStack() as stack:
        yield Cluster(_client(config, stack), config.compute.patience)


class Threads:
    """Threads of this process: the kernel releases the interpreter lock."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, stage: Stage, agenda: Agenda, keep: Keep) -> Iterator[Task]:
        """Run all tasks; each thread keeps what it has found before it takes another task."""
        writing, over = Lock(), Event()

        def work(task: Task) -> Task:
            rows, seconds = stage.run(task)
            with writing:
                if not over.is_set():  # the folder may be gone by now
                    keep(task, rows)
            agenda.pace.note(task, seconds)
            return task

        threads = Parallel(
            n_jobs=self.workers, backend="threading", return_as="generator_unordered"
        )
        ended = threads(delayed(work)(task) for task in agenda)
        try:
            for task in ended:
                raise_dropped()
                yield task
        finally:
            with writing:
                over.set()
            with catch_warnings():  # of tasks that nobody waits for any more
                simplefilter("ignore")
                ended.close()


class Cluster:
    """Workers of a Dask cluster, through its client.

    A worker that dies hands its tasks to the others: the scheduler sees to that. What it cannot
    see to is put back into the agenda.
    """

    def __init__(self, client: Any, patience: float) -> None:
        self._client, self._patience = client, patience

    @property
    def workers(self) -> int:
        """Threads of all workers."""
        return max(1, sum(self._client.ncores().values()))

    def run(self, stage: Stage, agenda: Agenda, keep: Keep) -> Iterator[Task]:
        """Run all tasks; results are kept here, so workers need no common folder."""
        lost = 0
        while len(agenda):
            before = len(agenda)
            under_way: dict[Any, Task] = {}
            try:
                yield from self._run(stage, agenda, keep, under_way)
            except self._losses as reason:
                for task in under_way.values():
                    agenda.put_back(task)
                lost = lost + 1 if len(agenda) == before else 1
                self._come_back(reason, lost)

    def _run(
        self, stage: Stage, agenda: Agenda, keep: Keep, under_way: dict[Any, Task]
    ) -> Iterator[Task]:
        from distributed import as_completed

        parcel = self._scattered(stage)
        ended = as_completed(loop=self._client.loop)

        def submit(count: int) -> None:
            for task in islice(agenda, max(count, 0)):  # fewer workers may be left
                future = self._client.submit(run_parcel, parcel, task, pure=False)
                under_way[future] = task
                ended.add(future)

        try:
            submit(AHEAD * self.workers)
            for future in ended:
                raise_dropped()
                rows, seconds = future.result()
                task = under_way.pop(future)
                keep(task, rows)
                agenda.pace.note(task, seconds)
                submit(AHEAD * self.workers - len(under_way))
                yield task
        finally:
            self._client.cancel(list(under_way))

    def _scattered(self, stage: Stage) -> Any:
        """Bring a stage to all workers, under the name of its contents."""
        name = f"stage-{stage.digest}"
        return self._client.scatter({name: stage.parcel}, broadcast=True)[name]

    @property
    def _losses(self) -> tuple[type[BaseException], ...]:
        """How a client says that work is lost, and not that it was wrong."""
        from concurrent.futures import CancelledError

        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker

        return (CancelledError, CommClosedError, KilledWorker, TimeoutError)

    def _come_back(self, reason: BaseException, lost: int) -> None:
        """Wait for a worker, then go on; give up if nothing has ended since long."""
        if lost < TRIES:
            try:
                self._client.wait_for_workers(1, timeout=self._patience)
                return
            except TimeoutError:
                pass
        raise Stopped(
            f"the Dask cluster has lost the work again and again ({type(reason).__name__})",
            where="compute",
            hint="look at the log of its workers: memory, or another version of a library",
        ) from None


def _client(config: RunConfig, stack: ExitStack) -> Any:
    """Connect to the scheduler that is named, or to a cluster made for this run."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise SluicegateError(
            "Dask is not installed",
            where="compute",
            value="dask",
            hint="pip install -c constraints.txt -e '.[dask]', or compute=local",
        ) from None
    terms = config.compute
    address: Any = terms.scheduler
    if address is None:
        address = stack.enter_context(
            LocalCluster(
                n_workers=config.workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
            )
        )
    try:
        client = Client(address, timeout=terms.patience, set_as_default=False)
        stack.enter_context(client)
        client.wait_for_workers(1, timeout=terms.patience)
    except (OSError, ValueError) as reason:  # TimeoutError is an OSError
        raise SluicegateError(
            f"no Dask scheduler with a worker answers there ({type(reason).__name__})",
            where="compute.scheduler",
            value=terms.scheduler,
            hint="see docs/distribution.md; a longer compute.patience gives it more time",
        ) from None
    return client
