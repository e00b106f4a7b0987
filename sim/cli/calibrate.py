"""Fit a market to price files, and write it as a market YAML with its provenance."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.cli.main import Parser

_EXAMPLES = """\
examples:
  sluicegate calibrate data=prices.parquet
  sluicegate calibrate data=prices.csv.gz assets=[BTC,ETH] out=my_conf/market/mine.yaml
  sluicegate run market=mine --config-dir my_conf

The data need the columns timestamp, asset, venue, open, high, low, close and volume.
"""


def add_arguments(parser: Parser) -> None:
    """Declare the words of this command."""
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="settings; see below for the keys"
    )
    parser.lazy_epilog = _epilog


def execute(arguments: argparse.Namespace) -> int:
    """Run the calibration."""
    from sim.calibration.command import run

    return run(arguments.overrides)


def _epilog() -> str:
    from sim.calibration.settings import CalibrateConfig
    from sim.cli._keys import all_keys

    return "\n\n".join([all_keys(CalibrateConfig), _EXAMPLES])
