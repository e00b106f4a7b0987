"""Fit a market to price files, and write it as a market YAML with its provenance."""

from __future__ import annotations

import argparse

_EPILOG = """\
examples:
  sluicegate calibrate data=prices.parquet
  sluicegate calibrate data=prices.csv.gz out=conf/market/mine.yaml

The data need the columns timestamp, asset, venue, open, high, low, close and volume.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.epilog = _EPILOG
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="settings of the fit")


def execute(arguments: argparse.Namespace) -> int:
    """Run the calibration."""
    from sim.calibration.command import run

    return run(arguments.overrides)
