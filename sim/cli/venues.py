"""List the venues of the menu, with the variants of the eight primitives that each one uses."""

from __future__ import annotations

import argparse

from sim.cli._options import add_config_dir

_EPILOG = """\
examples:
  sluicegate venues
  sluicegate venues --config-dir my_conf      with those of a folder of your own

A venue is a file conf/venue/NAME.yaml. `sluicegate venue NAME` explains one of them;
`sluicegate run venue=[kamino,drift,NAME]` uses it, where archetypes hold positions there.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.epilog = _EPILOG
    add_config_dir(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Print the list."""
    from sim.reports.venues import library
    from sim.world.library import load_library

    print(library(*load_library(arguments.config_dir)))
    return 0
