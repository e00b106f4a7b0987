"""Run an experiment, and write its report to results/<experiment>/<UTC time>/."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sim import cache

if TYPE_CHECKING:
    from sim.cli.main import Parser
    from sim.studies.result import StudyResult
    from sim.world.schema.run import RunConfig

_EXAMPLES = """\
examples:
  sluicegate run
  sluicegate run paths=50 accounts=500 seed=7 out=/tmp/results
  sluicegate run venue=[kamino,drift]
  sluicegate run venue=[kamino,mine] --config-dir my_conf      (my_conf/venue/mine.yaml)
  sluicegate run venue.kamino.liquidation.close_factor=0.5     (any key of any group)
"""


def add_arguments(parser: Parser) -> None:
    """Declare the words of this command."""
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="settings; see below for the keys"
    )
    parser.add_argument(
        "--config-dir",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="a folder with further choices, laid out as conf/ (may be repeated)",
    )
    parser.lazy_epilog = _epilog


def execute(arguments: argparse.Namespace) -> int:
    """Compose, validate, simulate, write, and print the summary."""
    config = load_config(arguments.overrides, arguments.config_dir)

    from sim.studies.manifest import begin_manifest, end_manifest
    from sim.studies.run_folder import open_run

    plain = config.model_dump(mode="json", by_alias=True)
    manifest = begin_manifest(arguments.command_line, plain)
    with open_run(Path(config.out), config.experiment.name) as run:
        result = _simulate(config)
        # figures need matplotlib and scipy.stats, for which the first path should not wait
        from sim.reports.console import summary_table
        from sim.reports.write import write_run

        write_run(run.path, plain, result, end_manifest(manifest))
    print(summary_table(result))
    print(f"\nreport: {run.final}/report.html")
    return 0


def load_config(overrides: list[str], search_path: list[Path]) -> RunConfig:
    """Compose and validate the configuration of a run."""
    from sim.world.compose import compose
    from sim.world.schema.explain import validated
    from sim.world.schema.run import RunConfig

    return validated(RunConfig, compose(overrides, search_path=search_path))


def _simulate(config: RunConfig) -> StudyResult:
    from sim.cli._progress import progress_bar
    from sim.studies.experiment import run_experiment

    cold = not cache.is_warm()
    if cold:
        print(
            "compiling for this machine (once, and after each change of the program); "
            "progress is shown from the first paths on",
            file=sys.stderr,
        )
    runs = config.paths * len(config.experiment.worlds) * len(config.experiment.twins)
    with progress_bar(runs, wait=cold) as advance:
        result = run_experiment(config, advance)
    cache.mark_warm()
    return result


def _epilog() -> str:
    from sim.cli._keys import everyday_keys, menu
    from sim.world.schema.run import RunConfig

    return "\n\n".join([everyday_keys(RunConfig), menu(), _EXAMPLES])
