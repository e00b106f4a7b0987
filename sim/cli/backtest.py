"""Run margin engines over history or simulation, and test how often losses exceed what they ask."""

from __future__ import annotations

import argparse
from pathlib import Path

from sim.cli.main import Parser

_EXAMPLES = """\
examples:
  sluicegate backtest data=prices.parquet
  sluicegate backtest data=prices.csv.gz start=2022-01-01 engine=[fhs,var] book=pair
  sluicegate backtest data=prices.parquet engine=fixed engines.fixed.venue=hyperliquid
  sluicegate backtest engine=fhs engines.fhs.floor=0.8 days=4000      (simulated, seed=1)
  sluicegate backtest data=prices.parquet book=mine books.mine.BTC=1 books.mine.ETH=-0.6

The data need the columns timestamp, asset, venue, open, high, low, close and volume.
engines.NAME.key=value changes an engine or, with a kind, adds one:
  fixed        a venue's own requirement (venue, at: initial or maintenance, notional)
  parametric   EWMA volatility and correlation (measure: var or es, level, freedom, decay,
               correlation_decay, correlation_lag)
  historical   past returns, scaled to today's volatility (measure, level, filtered, decay, window)
each with floor, stress_weight and buffer against procyclicality.
"""


def add_arguments(parser: Parser) -> None:
    """Declare the words of this command."""
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="settings; see below for the keys"
    )
    parser.lazy_epilog = _epilog


def execute(arguments: argparse.Namespace) -> int:
    """Run, write and print."""
    from sim.interrupts import ended_cleanly
    from sim.studies.backtest import run_backtest
    from sim.studies.backtest_settings import parse
    from sim.studies.manifest import begin_manifest, end_manifest
    from sim.studies.run_folder import open_run

    config = parse(arguments.overrides)
    plain = config.model_dump(mode="json", by_alias=True)
    data = [] if config.data is None else [Path(config.data)]
    with open_run(Path(config.out), "backtest") as run:
        manifest = begin_manifest(
            arguments.command_line, plain, [file for file in data if file.is_file()]
        )
        found = run_backtest(config)
        from sim.reports.backtest import console_table, write_backtest

        write_backtest(run.path, plain, found, end_manifest(manifest))
    with ended_cleanly(run.where):
        print("\n".join(found.history.notes), end="\n\n")
        print(console_table(found))
        print(f"\nreport: {run.final}/requirement.svg")
    return 0


def _epilog() -> str:
    from sim.cli._keys import everyday_keys
    from sim.studies.backtest_settings import BOOKS, ENGINES, BacktestConfig

    defaults = f"engines: {', '.join(ENGINES)}; books: {', '.join(BOOKS)}"
    return "\n\n".join([everyday_keys(BacktestConfig, {}), defaults, _EXAMPLES])
