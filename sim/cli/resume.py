"""Go on with a run that was stopped, or list and remove such runs."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import SluicegateError

if TYPE_CHECKING:
    from sim.cli.main import Parser
    from sim.studies.unfinished import Notes
    from sim.world.schema.run import RunConfig

_EXAMPLES = """\
examples:
  sluicegate resume                                  list unfinished runs below results/
  sluicegate resume /tmp/results --list              the same elsewhere
  sluicegate resume results                          go on with the newest one
  sluicegate resume results/scopes/.partial-abc      go on with this one
  sluicegate resume --discard results/scopes/.partial-abc

A run that is killed or interrupted keeps the paths it has finished in a hidden folder beside its
results. It ends in the same figures, to the byte, as if nothing had happened; the manifest says
when it was resumed. It is refused once the program, its libraries, the configuration or the data
have changed.
"""
_PLACE = Path("results")


def add_arguments(parser: Parser) -> None:
    """Declare the words of this command."""
    parser.add_argument(
        "run",
        nargs="?",
        type=Path,
        metavar="RUN",
        help="the hidden folder of a run, or a folder of results: then its newest one",
    )
    parser.add_argument("--list", action="store_true", help="list those below RUN instead")
    parser.add_argument("--discard", action="store_true", help="remove it instead")
    parser.lazy_epilog = lambda: _EXAMPLES


def execute(arguments: argparse.Namespace) -> int:
    """List, remove, or go on."""
    from sim.studies.unfinished import unfinished_runs

    if arguments.run is None and arguments.discard:
        raise SluicegateError(
            "a run must be named to be removed",
            where="--discard",
            hint="`sluicegate resume` lists them",
        )
    if arguments.run is None or arguments.list:
        place = arguments.run or _PLACE
        found = [described(base) for base in unfinished_runs(place)]
        print("\n".join(found) or f"no unfinished run below {place}")
        return 0
    base = chosen(arguments.run)
    return discard(base) if arguments.discard else resume(base)


def chosen(place: Path) -> Path:
    """Find the run that is meant.

    Raises
    ------
    SluicegateError
        If there is none.
    """
    from sim.studies.unfinished import PARTIAL, unfinished_runs

    place = place.expanduser().absolute()
    if place.name.startswith(PARTIAL) and place.is_dir():
        return place
    found = unfinished_runs(place)
    if not found:
        raise SluicegateError(
            "there is no unfinished run",
            value=str(place),
            allowed="its hidden folder, or a folder of results that holds one",
            hint="`sluicegate resume` lists those below results/",
        )
    return found[-1]


def described(base: Path) -> str:
    """Say what an unfinished run is, and whether it can be resumed."""
    from sim.studies.chunks import FOLDER, count_paths
    from sim.studies.unfinished import differences, read_notes

    notes, done = read_notes(base), count_paths(base / FOLDER)
    against = differences(notes)
    lines = [
        str(base),
        f"  {done:,} of {notes.paths:,} paths, begun {notes.manifest['started_utc']}",
        f"  {' '.join(notes.manifest['command'])}",
        *(f"  cannot be resumed: {what}" for what in against),
    ]
    return "\n".join(lines)


def discard(base: Path) -> int:
    """Remove an unfinished run.

    Raises
    ------
    SluicegateError
        If it is still going on.
    """
    from sim import locks
    from sim.studies.unfinished import read_notes

    read_notes(base)
    if locks.in_use(base):
        raise SluicegateError("this run is still going on", value=str(base), hint="stop it first")
    shutil.rmtree(base)
    print(f"removed: {base}")
    return 0


def resume(base: Path) -> int:
    """Go on with an unfinished run."""
    from sim.cli.run import finish, shown
    from sim.studies.run_folder import continue_run
    from sim.studies.unfinished import check_unchanged, noted_now, read_notes

    notes = read_notes(base)
    check_unchanged(notes, base)
    config = configured(notes)
    with continue_run(base) as run:
        notes = noted_now(notes)
        notes.write(base)
        result = finish(config, notes, run)
    return shown(run, result)


def configured(notes: Notes) -> RunConfig:
    """Validate the noted configuration again.

    Raises
    ------
    SluicegateError
        If data that it names have changed.
    """
    from sim.cli.run import check, pinned_samples
    from sim.world.schema.explain import validated
    from sim.world.schema.run import RunConfig
    from sim.world.targets import allow, check_targets

    folders = [Path(folder) for folder in notes.folders]
    check_targets(notes.config, folders)
    allow(folders)
    config = validated(RunConfig, notes.config)
    check(config)
    again = pinned_samples(config, config.model_dump(mode="json", by_alias=True))
    if again.get("sha256") != notes.manifest.get("tail_samples", {}).get("sha256"):
        raise SluicegateError(
            "this run cannot be resumed: the data of beliefs.history have changed",
            where="beliefs.history.data",
            hint="restore the file, or run anew",
        )
    return config
