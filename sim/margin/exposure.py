"""Which legs the engine in a row of the venue table scans, and what they gain when prices move."""

from sim.compile import lean
from sim.state.codes import BALANCE, HUB_GRID, OWN_GRID, PERPETUAL, QUOTE
from sim.state.state import State
from sim.state.world import World


@lean
def hub_row(world: World) -> int:
    """Row of the venue table that is the hub's."""
    return len(world.venues) - 1


@lean
def shelf_index(world: World, venue: int) -> int:
    """Whose scenario values or gains an engine reads: its venue's, or the hub's."""
    return HUB_GRID if venue == hub_row(world) else OWN_GRID


@lean
def is_here(world: World, venue: int, k: int) -> bool:
    """Whether the engine in a row of the venue table scans instrument k."""
    return venue == hub_row(world) or world.instruments[k].venue == venue


@lean
def moves(world: World, venue: int, k: int, quantity: float) -> bool:
    """Whether a leg that is no option follows the underlying in the scenarios.

    An inverse perpetual's delta is in its quote balance.
    """
    kind = world.instruments[k].kind
    if kind == PERPETUAL:
        return bool(world.instruments[k].inverse == 0)
    if kind == QUOTE:
        return bool(world.instruments[k].asset != world.settings[0].cash_asset)
    return kind == BALANCE and (world.offsets[venue, k] != 0.0 or quantity < 0.0)


@lean
def exposure(world: World, state: State, venue: int, k: int, quantity: float) -> float:
    """USD that a leg gains per unit of relative move of its underlying."""
    if world.instruments[k].inverse != 0:
        return 0.0
    if world.instruments[k].kind == PERPETUAL:
        return quantity * state.g[2, k]
    return quantity * (state.g[0, k] if quantity >= 0.0 else state.g[1, k])
