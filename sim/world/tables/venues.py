"""A row per venue, and one for the hub; the same of their auctions."""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.rows import AUCTION_ROW, VENUE_ROW
from sim.world.layout import Layout, LedgerRows
from sim.world.schema.beliefs import Halt
from sim.world.schema.explain import validated
from sim.world.schema.liquidation import Selection, Sizing
from sim.world.schema.run import RunConfig, WorldChoice
from sim.world.tables.liquidation import auction_row, fill_pricing, fill_sizing
from sim.world.tables.waterfall import fill_losses

ENGINE = {
    "sum_of_legs": codes.SUM_OF_LEGS,
    "net_of_legs": codes.NET_OF_LEGS,
    "scenario_grid": codes.SCENARIO_GRID,
    "tail_risk": codes.TAIL_RISK,
}


def venue_table(layout: Layout, rows: LedgerRows, hub_nets: bool) -> np.ndarray:
    """One row per venue, and one for the hub."""
    table = np.zeros(len(layout.venues) + 1, dtype=VENUE_ROW)
    table["maker"] = -1
    table["clearing"] = -1
    table["cash"] = -1
    for v, name in enumerate(layout.venues):
        fill_sizing(table[v], layout.config.venue[name].liquidation)
        fill_pricing(table[v], layout.config.venue[name].liquidation)
        fill_losses(table[v], layout.config.venue[name].waterfall)
        fill_halt(table[v], layout.config.venue[name].halt)
        table[v]["cash"] = layout.instrument("balance", name, layout.config.settlement)
        table[v]["engine"] = ENGINE[layout.config.venue[name].engine]
        if name in layout.perpetual_venues:
            place = layout.perpetual_venues.index(name)
            table[v]["maker"] = rows.first_maker + place
            table[v]["clearing"] = rows.first_clearing + place
    fill_sizing(table[-1], layout.config.hub.liquidation)
    if hub_nets:
        table[-1]["engine"] = ENGINE[layout.config.hub.engine]
    return table


def fill_halt(row: np.void, spec: Halt | None) -> None:
    """Write the circuit breaker into a venue's row."""
    if spec is not None:
        row["halt_move"] = spec.move
        row["halt_window"] = spec.window
        row["halt_time"] = spec.seconds


def sizings(config: RunConfig, choice: WorldChoice) -> dict[int, Sizing]:
    """Rows of the venue table whose selection a world replaces, and what stands there then.

    Raises
    ------
    SluicegateError
        If a venue, or the hub, lacks what the rule needs.
    """
    if choice.selection is None:
        return {}
    if choice.scope in ("unified", "hub"):
        return {-1: _selecting(config.hub.liquidation, choice.selection, "hub.liquidation")}
    return {
        v: _selecting(spec.liquidation, choice.selection, f"venue.{name}.liquidation")
        for v, (name, spec) in enumerate(config.venue.items())
    }


def _selecting(spec: Sizing, selection: Selection, where: str) -> Sizing:
    """Return the sizing under another rule; a share of everything has a size of its own."""
    size: str = "to_target" if spec.size == "restore_buffer" else spec.size
    if selection == "whole_portfolio":
        size = "restore_buffer"
    changed = {"selection": selection, "size": size}
    return validated(type(spec), spec.model_dump() | changed, where)


def select_by(table: np.ndarray, config: RunConfig, choice: WorldChoice) -> None:
    """Write the leg-selection rule of a world into its venue table."""
    for row, spec in sizings(config, choice).items():
        fill_sizing(table[row], spec)


def auction_table(layout: Layout) -> np.ndarray:
    """One row per venue, and one for the hub."""
    specs = [layout.config.venue[name].liquidation.auction for name in layout.venues]
    rows = [auction_row(spec) for spec in (*specs, layout.config.hub.liquidation.auction)]
    return np.array([row.item() for row in rows], dtype=AUCTION_ROW)
