"""The experiment: every world and twin on the same paths, in tasks that may run anywhere.

Each path depends on its number alone, so neither the number of workers, nor where they are, nor
where the work is cut changes a bit of the result. Results go to disk as they come and are put in
order at the end: memory holds some chunks, and later the few columns that a figure needs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.studies import chunks, openings
from sim.studies.bearers import bearers
from sim.studies.chunks import Chunks
from sim.studies.compute import Crew, crew_of
from sim.studies.openings import Opening, Openings
from sim.studies.result import StudyResult
from sim.studies.run_folder import RESULTS
from sim.studies.stage import desk_for, run_paths, stage_of
from sim.studies.work import Agenda, Pace, Span, arms, population_spans
from sim.world.build import Built, Factory
from sim.world.schema.run import RunConfig

if TYPE_CHECKING:  # tables are imported while the first paths run
    import pandas as pd

__all__ = ["PER_PATH", "Experiment", "Progress", "desk_for", "run_experiment", "run_paths"]

Progress = Callable[[int], None]
PER_PATH = "per_path.parquet"


class Experiment:
    """Builds worlds when a population comes up."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.factory = Factory(config)
        self.traded: set[str] = set()  # venues at which a trader of some population holds something

    @property
    def idle(self) -> tuple[str, ...]:
        """Venues of the run at which no trader holds anything, of the populations so far."""
        return tuple(name for name in self.factory.layout.venues if name not in self.traded)

    @property
    def shrunk(self) -> dict[str, set[str]]:
        """By venue, assets in which positions are smaller than drawn."""
        return self.factory.fitter.shrunk

    def build(self, population: int) -> dict[str, Built]:
        """All worlds of the experiment on one population."""
        base = self.factory.population(population)
        self.traded |= base.venues(self.factory.layout)
        worlds = self.config.experiment.worlds
        return {name: self.factory.build(base, choice) for name, choice in worlds.items()}

    def recall(self, opening: Opening) -> None:
        """Learn of a population that need not be built again."""
        self.traded |= set(opening.traded)
        for venue, assets in opening.shrunk.items():
            self.shrunk.setdefault(venue, set()).update(assets)


class Progressing:
    """An experiment in a folder: what is done lies there, what is missing is run.

    Parameters
    ----------
    experiment : Experiment
        What is run.
    folder : Path
        Keeps chunks and openings.
    crew : Crew
        Who runs it.
    """

    def __init__(self, experiment: Experiment, folder: Path, crew: Crew) -> None:
        self.experiment, self.crew = experiment, crew
        config = experiment.config
        self.chunks = Chunks(folder / chunks.FOLDER, config)
        self.openings = Openings(folder / openings.FOLDER)
        self.pace = Pace(config.compute.task_seconds, crew.workers, config.engine.chunk)

    def run(self, population: int, span: Span, progress: Progress) -> Opening:
        """Run what is missing of a population, and return what is known of it."""
        left = {arm: self.chunks.missing(arm, span) for arm in arms(self.experiment.config)}
        known = self.openings.find(population)
        if known is not None and not any(left.values()):
            self.experiment.recall(known)
            return known
        built = self.experiment.build(population)
        stage = stage_of(self.experiment.factory, built)
        opening = Opening(
            {name: one.facts for name, one in built.items()},
            sorted(self.experiment.traded),
            {venue: sorted(assets) for venue, assets in self.experiment.shrunk.items()},
            stage.digest,
        )
        self.openings.keep(population, opening)
        agenda = Agenda(population, left, self.pace)
        for task in self.crew.run(stage, agenda, self.chunks.put):
            progress(task.count)
            _read_libraries()
        return opening


def run_experiment(
    config: RunConfig, progress: Progress, folder: Path | None = None
) -> StudyResult:
    """Run an experiment, or what is missing of it.

    Parameters
    ----------
    config : RunConfig
        The validated run.
    progress : callable
        Called with the number of paths (one path of one world and twin) just finished, first with
        those that were finished before.
    folder : Path, optional
        Receives chunks while the experiment runs, and at the end the per-path table
        (``results/per_path.parquet``); a temporary one, if left out.

    Returns
    -------
    StudyResult
        Per-path figures and the facts of each world.
    """
    keep = None
    if folder is None:
        keep = tempfile.TemporaryDirectory(prefix="sluicegate-")
        folder = Path(keep.name)
    experiment = Experiment(config)
    with crew_of(config) as crew:
        going = Progressing(experiment, folder, crew)
        if going.chunks.paths:
            progress(going.chunks.paths)
        found = [
            going.run(population, span, progress)
            for population, span in enumerate(population_spans(config))
        ]
    from sim.studies.path_file import write_path_file
    from sim.studies.path_table import open_table

    file = folder / RESULTS / PER_PATH
    file.parent.mkdir(exist_ok=True)
    greeks = bool(experiment.factory.layout.surfaces)
    order = write_path_file(file, going.chunks, config, greeks)
    return StudyResult(
        open_table(file, order, keep),
        _worlds_frame(config, [one.facts for one in found]),
        config.experiment.baseline,
        experiment.idle,
        experiment.shrunk,
        unscanned(config),
    )


def _read_libraries() -> None:
    """Read what tables need, which takes a second, while others run paths; once."""
    import sim.studies.path_file  # noqa: F401


def unscanned(config: RunConfig) -> tuple[str, ...]:
    """Venues whose own engine sees a book as a whole, if some world adds their legs up."""
    if all(choice.scope != "unified" for choice in config.experiment.worlds.values()):
        return ()
    return tuple(name for name, venue in config.venue.items() if venue.engine != "sum_of_legs")


def _worlds_frame(config: RunConfig, facts: Sequence[dict[str, dict[str, float]]]) -> pd.DataFrame:
    """Facts of each world, averaged over populations."""
    import pandas as pd

    rows = []
    for name, choice in config.experiment.worlds.items():
        mean = pd.DataFrame([f[name] for f in facts]).mean()
        rows.append(
            {
                "world": name,
                "scope": choice.scope,
                "arm": choice.arm,
                "relever": choice.relever,
                "selection": choice.selection or "as configured",
                "loss_bearer": bearers(config, choice.scope),
                **mean.to_dict(),
            }
        )
    return pd.DataFrame(rows)
