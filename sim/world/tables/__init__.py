"""From configuration to the parameter tables that the kernel reads, one file per table."""

from sim.world.tables.addons import charges_doubt, charges_liquidity, sees_depth
from sim.world.tables.beliefs import (
    belief_table,
    learns,
    long_run,
    predictions,
    responds,
    sample_tables,
    samples_from,
    tail_table,
    trials_kept,
    vol_sample_tables,
    worst_kept,
)
from sim.world.tables.feeds import feeds, longest_delay, oracle_table, reads_views
from sim.world.tables.instruments import instrument_table
from sim.world.tables.liquidators import liquidator_tables
from sim.world.tables.margin import margin_tables, netting_table
from sim.world.tables.markets import background_table, market_tables
from sim.world.tables.options import (
    book_table,
    contingency_table,
    grid_tables,
    haircut_tables,
    option_margin_table,
    option_table,
    surface_tables,
)
from sim.world.tables.venues import auction_table, select_by, sizings, venue_table

__all__ = [
    "auction_table",
    "background_table",
    "belief_table",
    "book_table",
    "charges_doubt",
    "charges_liquidity",
    "contingency_table",
    "feeds",
    "grid_tables",
    "haircut_tables",
    "instrument_table",
    "learns",
    "liquidator_tables",
    "long_run",
    "longest_delay",
    "margin_tables",
    "market_tables",
    "netting_table",
    "option_margin_table",
    "option_table",
    "oracle_table",
    "predictions",
    "reads_views",
    "responds",
    "sample_tables",
    "samples_from",
    "sees_depth",
    "select_by",
    "sizings",
    "surface_tables",
    "tail_table",
    "trials_kept",
    "venue_table",
    "vol_sample_tables",
    "worst_kept",
]
