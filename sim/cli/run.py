"""Run an experiment, and write its report to results/<experiment>/<UTC time>/."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import cache
from sim.cli._options import add_config_dir

if TYPE_CHECKING:
    from sim.cli.main import Parser
    from sim.studies.result import StudyResult
    from sim.studies.run_folder import RunFolder
    from sim.studies.unfinished import Notes
    from sim.world.schema.run import RunConfig

_EXAMPLES = """\
examples:
  sluicegate run
  sluicegate run paths=50 accounts=500 seed=7 out=/tmp/results
  sluicegate run venue=[drift] archetype=[perp_long,perp_short]
  sluicegate run venue=[kamino,drift,marginfi,mine] --config-dir my_conf
                                                               (my_conf/venue/mine.yaml)
  sluicegate run venue.kamino.liquidation.close_factor=0.5     (any key of any group)
  sluicegate run --config results/scopes/TIME/config.yaml      (the same run again)
"""


def add_arguments(parser: Parser) -> None:
    """Declare the words of this command."""
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="settings; see below for the keys"
    )
    add_config_dir(parser)
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="start from the config.yaml of a run folder instead of from conf/",
    )
    parser.lazy_epilog = _epilog


def execute(arguments: argparse.Namespace) -> int:
    """Compose, validate, simulate, write, and print the summary."""
    if arguments.config is None:
        config = load_config(arguments.overrides, arguments.config_dir)
    else:
        config = reload_config(arguments.config, arguments.overrides, arguments.config_dir)
    repairs = check(config)

    from sim.studies.manifest import begin_manifest
    from sim.studies.run_folder import open_run
    from sim.studies.unfinished import take_notes

    plain = config.model_dump(mode="json", by_alias=True)
    samples = pinned_samples(config, plain)
    manifest = begin_manifest(arguments.command_line, plain)
    data = data_hashes(plain["market"])
    if samples:
        data |= {samples["file"]: samples["sha256"]}
        manifest["tail_samples"] = samples
    manifest |= {"data_sha256": data, "correlation_repairs": repairs}
    notes = take_notes(manifest, plain, arguments.config_dir, paths_of(config))
    with open_run(Path(config.out), config.experiment.name) as run:
        notes.write(run.base)
        result = finish(config, notes, run)
    return shown(run, result)


def finish(config: RunConfig, notes: Notes, run: RunFolder) -> StudyResult:
    """Simulate what is missing of a run, and write its results."""
    from sim.studies.manifest import end_manifest

    result = _simulate(config, run.base)
    # figures need matplotlib and scipy.stats, for which the first path should not wait
    from sim.reports.write import write_run

    resumed = {"resumed_utc": notes.resumed_utc} if notes.resumed_utc else {}
    write_run(run.path, notes.config, result, end_manifest(notes.manifest | resumed))
    return result


def shown(run: RunFolder, result: StudyResult) -> int:
    """Print the summary of a finished run."""
    from sim.interrupts import ended_cleanly
    from sim.reports.console import summary_table

    with ended_cleanly(run.where):
        print(summary_table(result))
        print(f"\nreport: {run.final}/report.html")
    return 0


def paths_of(config: RunConfig) -> int:
    """Paths to simulate, over worlds and twins."""
    return config.paths * len(config.experiment.worlds) * len(config.experiment.twins)


def load_config(overrides: list[str], search_path: list[Path]) -> RunConfig:
    """Compose and validate the configuration of a run."""
    from sim.world.compose import compose
    from sim.world.schema.explain import validated
    from sim.world.schema.run import RunConfig

    return validated(RunConfig, compose(overrides, search_path=search_path))


def reload_config(file: Path, overrides: list[str], search_path: list[Path]) -> RunConfig:
    """Validate a resolved configuration, with plain values set anew."""
    from sim.world.compose import reopen
    from sim.world.schema.explain import validated
    from sim.world.schema.run import RunConfig

    return validated(RunConfig, reopen(file, overrides, search_path))


def check(config: RunConfig) -> dict[str, float]:
    """Refuse what no schema can see, before anything is written or simulated.

    Returns
    -------
    dict of str to float
        By regime, how far its correlation matrix had to be moved (Frobenius norm).
    """
    from sim.world.check import check_run

    repairs = {repair.regime: repair.distance for repair in check_run(config)}
    for regime, distance in repairs.items():
        print(
            f"sluicegate: market.correlation.{regime} is not positive semidefinite; the nearest "
            f"correlation matrix is used instead, {distance:.4g} away (Frobenius norm)",
            file=sys.stderr,
        )
    return repairs


def data_hashes(market: dict[str, Any]) -> dict[str, str]:
    """SHA-256 by name of the price files that the market was fitted to, as it states them."""
    stated = market.get("provenance") or {}
    names, hashes = (str(stated.get(key) or "").split(" + ") for key in ("source", "sha256"))
    return {name: digest for name, digest in zip(names, hashes, strict=False) if digest}


def pinned_samples(config: RunConfig, plain: dict[str, Any]) -> dict[str, Any]:
    """Say where tails take their samples from; the file's hash enters the configuration."""
    if config.beliefs.history is None:
        return {}
    from sim.world.tables import samples_from

    found = samples_from(config)
    plain["beliefs"]["history"]["sha256"] = found["sha256"]
    return found


def _simulate(config: RunConfig, folder: Path) -> StudyResult:
    from sim.cli._progress import progress_bar
    from sim.studies.experiment import run_experiment

    cold = config.compute.kind == "local" and not cache.is_warm()
    if cold:
        print(
            "compiling for this machine (once, and after each change of the program); "
            "progress is shown from the first paths on",
            file=sys.stderr,
        )
    with progress_bar(paths_of(config), wait=cold) as advance:
        result = run_experiment(config, advance, folder)
    if config.compute.kind == "local":
        cache.mark_warm()
    return result


def _epilog() -> str:
    from sim.cli._keys import everyday_keys, menu
    from sim.world.schema.run import RunConfig

    return "\n\n".join([everyday_keys(RunConfig), menu(RunConfig), _EXAMPLES])
