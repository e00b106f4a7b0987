"""Compare what books need by margin scope and engine, in one table."""

from __future__ import annotations

import argparse
from pathlib import Path

from sim.cli._options import add_config_dir

_EPILOG = """\
examples:
  sluicegate requirements                           all books of conf/book/
  sluicegate requirements short_straddle covered_call
  sluicegate requirements --csv requirements.csv    the same figures as a file
  sluicegate requirements book.short_straddle.notional=1e7
  sluicegate requirements delta_neutral hub.netting.BTC.basis.initial=0.03
  sluicegate requirements --grid deribit            another venue's scenario grid
  sluicegate requirements hub=concentration book.delta_neutral.notional=1e8
  sluicegate requirements mine --config-dir my_conf (my_conf/book/mine.yaml)

scopes: an account per leg (isolated), per venue, or one over all venues (unified).
engines: leg by leg (weights, ratios, option books, as venues without a grid add them up); the
netting hub (a rate on net delta and one on what is hedged; "+ K": and the hub's charge for large
positions); a venue's scenario grid; the tail of the return as in conf/hub/tail_risk.yaml. Each
engine margins the accounts of every scope, so along a row only the grouping differs.
its delta alone: the same engine for the book's net delta, held as one perpetual.
Prices are the start prices of the default market.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "overrides", nargs="*", metavar="BOOK | key=value", help="books (all if none), and keys"
    )
    parser.add_argument(
        "--grid", default="derive", metavar="VENUE", help="whose scenario grid (default: derive)"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the figures there too")
    add_config_dir(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Print the table."""
    from sim.reports.requirements import table, write_csv
    from sim.world.books import load_books, venues_of
    from sim.world.compose import compose
    from sim.world.example import placed_run
    from sim.world.library import check_name, with_grid
    from sim.world.requirements import engines_of, requirements

    words = [word for word in arguments.overrides if "=" in word]
    names = [word for word in arguments.overrides if "=" not in word]
    books = load_books(names, arguments.config_dir, words)
    venues = list(dict.fromkeys([*venues_of(books.values()), arguments.grid]))
    for venue in venues:
        check_name(venue, arguments.config_dir)
    plain = compose([f"venue=[{','.join(venues)}]", *words], search_path=arguments.config_dir)
    plain.pop("book", None)
    config = placed_run(plain)
    listed = f"venue=[{','.join(venues)}]"
    measuring = compose([listed, "hub=tail_risk"], search_path=arguments.config_dir)
    measuring.pop("book", None)
    has_grid = config.venue[arguments.grid].grid is not None
    grids = [] if has_grid else with_grid(arguments.config_dir)
    engines = engines_of(config, arguments.grid, placed_run(measuring).hub, grids)
    found = requirements(config, books, engines)
    if arguments.csv is not None:
        write_csv(found, arguments.csv)
    print(table(found, books, engines))
    return 0
