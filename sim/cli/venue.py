"""Explain one venue: its parameters by primitive, where they come from, and worked examples."""

from __future__ import annotations

import argparse

from sim.cli._options import add_config_dir

_EPILOG = """\
examples:
  sluicegate venue drift
  sluicegate venue kamino --all               with the parameters that stand at their defaults
  sluicegate venue mine --config-dir my_conf  (my_conf/venue/mine.yaml)

A value marked * is assumed: no public source states it. The examples are small accounts, measured
by the margin engine that simulations use, at the start prices of the default market.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.epilog = _EPILOG
    parser.add_argument("name", metavar="NAME", help="a venue; `sluicegate venues` lists them")
    parser.add_argument("--all", action="store_true", help="show defaults too")
    add_config_dir(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Print the explanation."""
    from sim.reports.venues import explained
    from sim.world.example import venue_run
    from sim.world.library import check_name
    from sim.world.samples import worked

    check_name(arguments.name, arguments.config_dir)
    config = venue_run(arguments.name, arguments.config_dir)
    ((name, venue),) = config.venue.items()
    print(explained(name, venue, worked(config), everything=arguments.all))
    return 0
