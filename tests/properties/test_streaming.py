"""Results on disk: the same bytes and figures as in memory, in memory that does not grow."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.errors import SluicegateError
from sim.reports.write import plain_table, write_per_path
from sim.state.state import RESULT
from sim.studies import bootstrap, path_table, tails
from sim.studies.bootstrap import resample
from sim.studies.chunks import Chunks, count_paths
from sim.studies.experiment import run_experiment
from sim.studies.path_table import FileTable, FrameTable, TableWriter, ordered
from sim.studies.result import StudyResult
from sim.studies.summary import summarise
from sim.studies.work import Agenda, Pace, Task, arms, population_spans
from tests.conf.shell import REPOSITORY, environment
from tests.reports.synthetic import synthetic_study
from tests.small_runs import small


@pytest.fixture(scope="module")
def study() -> StudyResult:
    return synthetic_study(paths=130, populations=3)


@pytest.fixture
def filed(study: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileTable:
    """The same table in a file whose groups do not end where blocks do."""
    monkeypatch.setattr(path_table, "ROWS_OF_A_GROUP", 77)
    write_per_path(tmp_path / "p.parquet", study.per_path)
    return FileTable(tmp_path / "p.parquet", study.table.arms)


def test_a_file_is_read_as_the_frame_it_was(study: StudyResult, filed: FileTable) -> None:
    assert isinstance(study.table, FrameTable)
    assert set(filed.metrics) == set(study.table.metrics)
    for arm in study.table.arms:
        for name in (*filed.metrics, "path", "population"):
            assert np.array_equal(filed.column(arm, name), study.table.column(arm, name))


def test_a_file_has_the_same_figures(study: StudyResult, filed: FileTable) -> None:
    again = summarise(filed, study.worlds).tidy
    metrics = study.summary.tidy
    keys = ["world", "twin", "metric", "statistic"]
    again, metrics = (t.sort_values(keys, ignore_index=True) for t in (again, metrics))
    pd.testing.assert_frame_equal(again, metrics, check_exact=True)


def test_pieces_do_not_show_in_the_bytes(
    study: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(path_table, "ROWS_OF_A_GROUP", 500)
    whole = plain_table(ordered(study.per_path))
    for number, cuts in enumerate(([], [1, 2, 900], list(range(7, len(whole), 13)))):
        writer = TableWriter(tmp_path / str(number))
        for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True):
            writer.add(whole.slice(start, stop - start))
        writer.close()
    first = (tmp_path / "0").read_bytes()
    assert all((tmp_path / str(n)).read_bytes() == first for n in (1, 2))


def test_a_run_writes_the_table_that_a_frame_would_give(tmp_path: Path) -> None:
    result = run_experiment(small(), lambda paths: None, tmp_path)
    assert result.per_path["liquidations"].sum() > 100
    write_per_path(tmp_path / "again", result.per_path.sample(frac=1.0, random_state=1))
    assert (tmp_path / "again").read_bytes() == (
        tmp_path / "results" / "per_path.parquet"
    ).read_bytes()


def test_replicates_at_once_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).lognormal(0.0, 2.0, 700)
    sample = resample(np.arange(700), "test", replicates=90)
    whole = tails.tails(values, (0.9, 0.99), sample)
    monkeypatch.setattr(tails, "AT_ONCE", 3_000)
    parts = tails.tails(values, (0.9, 0.99), sample)
    for one, other in zip(whole, parts, strict=True):
        for name in (field.name for field in dataclasses.fields(one)):
            np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-12)


def test_nothing_at_all_has_the_tail_that_anything_else_would_have() -> None:
    sample = resample(np.arange(40) // 2, "test", replicates=30)
    (short,) = tails.tails(np.zeros(40), (0.9,), sample)
    (long,) = tails.tails(np.full(40, 5e-324), (0.9,), sample)  # the smallest number there is
    for name in (field.name for field in dataclasses.fields(short)):
        np.testing.assert_allclose(getattr(short, name), getattr(long, name), atol=1e-300)


def test_groups_of_clusters_give_the_same_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expected shortfall of an exponential law: 1 + ln 100; n x variance: (2 - a)/a, a = 1 %."""
    n = 20_000
    values = -np.log1p(-(np.arange(n) + 0.5) / n)
    np.random.default_rng(2).shuffle(values)
    monkeypatch.setattr(bootstrap, "GROUPS", 2_000)
    sample = resample(np.arange(n), "test")
    assert sample.counts.shape == (2_000, 2_000)
    assert np.bincount(sample.clusters).tolist() == [10] * 2_000
    figure = tails.shortfall(tails.tails(values, (0.99,), sample)[0], sample)
    assert figure.value == pytest.approx(1.0 + np.log(100.0), rel=0.002)
    width = 2 * 1.96 * np.sqrt(199.0 / n)
    assert figure.high - figure.low == pytest.approx(width, rel=0.08)


def test_tasks_cover_every_path_once_whatever_they_take() -> None:
    config = small(paths=100, population={"draw": "once", "count": 3})
    spans = population_spans(config)
    assert spans == [(0, 33), (33, 66), (66, 100)]
    pace = Pace(1.0, workers=2)
    seen: dict[tuple[str, str], list[int]] = {arm: [] for arm in arms(config)}
    for population, span in enumerate(spans):
        agenda = Agenda(population, {arm: [span] for arm in arms(config)}, pace)
        for number, task in enumerate(agenda):
            if number % 5 == 4:
                agenda.put_back(task)
                continue
            pace.note(task, 0.07 * task.count)
            seen[task.arm] += range(task.first, task.first + task.count)
            assert task.population == population
    assert all(sorted(found) == list(range(100)) for found in seen.values())


def test_tasks_take_what_they_should() -> None:
    pace, arm = Pace(2.0, workers=2), ("venue", "full")
    assert pace.count(arm, 1000) == 1  # nothing is known yet
    pace.note(Task(*arm, 0, 0, 1), 0.01)
    assert pace.count(arm, 10_000) == 200
    assert pace.count(("hub", "full"), 10_000) == 200  # the costliest known stands in
    assert pace.count(arm, 400) == 100  # so that workers end together
    assert pace.count(arm, 20) == 20  # but no shorter than a part of it
    assert Pace(2.0, 2, fixed=8).count(arm, 1000) == 8


def test_chunks_are_found_again_and_say_what_is_missing(tmp_path: Path) -> None:
    config = small(paths=100)
    rows = np.zeros(7, dtype=RESULT)
    rows["bad_debt"] = np.arange(7)
    store, task = Chunks(tmp_path, config), Task("hub_relevered", "none", 0, 20, 7)
    store.put(task, rows)
    (tmp_path / "a0-p0-0-5.npz.draft").write_bytes(b"half")
    again = Chunks(tmp_path, config)
    assert again.missing(task.arm, (0, 100)) == [(0, 20), (27, 100)]
    assert again.missing(task.arm, (20, 27)) == []
    assert again.missing(("venue", "full"), (0, 100)) == [(0, 100)]
    ((found, held),) = again.rows(task.arm)
    assert found == task
    assert held.tobytes() == rows.tobytes()
    assert again.paths == count_paths(tmp_path) == 7


def test_a_chunk_that_was_damaged_is_refused(tmp_path: Path) -> None:
    store, task = Chunks(tmp_path, small()), Task("venue", "full", 0, 0, 3)
    store.put(task, np.ones(3, dtype=RESULT))
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    with pytest.raises(SluicegateError, match="cannot be read"):
        list(store.rows(task.arm))


# Chunks of a million paths of two worlds and two twins, then table, summary, figures and page.
MANY = """
import resource, sys
from pathlib import Path
import numpy as np
from sim.reports.write import write_run
from sim.state.state import RESULT
from sim.studies import experiment
from sim.studies.work import Task, arms
from tests.small_runs import small

class Drawn:
    workers = 1
    def run(self, stage, agenda, keep):
        for task in agenda:
            rng = np.random.default_rng([task.first, len(task.world), len(task.twin)])
            rows = np.zeros(task.count, dtype=RESULT)
            for name in RESULT.names[:12]:
                rows[name] = np.maximum(rng.standard_normal(task.count) - 1.0, 0.0) * 1e6
            rows["liquidated_notional"] = rows["bad_debt"] * 3.0
            keep(task, rows)
            yield task

from contextlib import contextmanager
experiment.crew_of = contextmanager(lambda config: (yield Drawn()))
folder = Path(sys.argv[1])
config = small(paths=int(sys.argv[2]), engine={"chunk": 20_000})
result = experiment.run_experiment(config, lambda paths: None, folder)
write_run(folder / "results", {}, result, {})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.slow
def test_a_million_paths_fit_into_two_gigabytes(tmp_path: Path) -> None:
    words = [sys.executable, "-c", MANY, str(tmp_path), "1000000"]
    done = subprocess.run(
        words, cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 2.0
    assert (tmp_path / "results" / "figures" / "creditor-loss.svg").stat().st_size < 5e6
