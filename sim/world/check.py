"""What a configuration must fulfil beyond its schema, checked before anything is simulated."""

from __future__ import annotations

from sim.errors import SluicegateError
from sim.world import tables
from sim.world.correlation import Repair
from sim.world.extent import PATH, check_extent
from sim.world.law import law_of
from sim.world.layout import Layout
from sim.world.rules import load_rules
from sim.world.schema.population import ArchetypeConfig, PoolPosition
from sim.world.schema.run import RunConfig


def check_run(config: RunConfig) -> list[Repair]:
    """Check that markets, venues, archetypes and rules fit together.

    Returns
    -------
    list of Repair
        Correlation matrices that were replaced by the nearest valid one.

    Raises
    ------
    SluicegateError
        If they do not; see `Layout`, `law_of`, `load_rules` and the tables.
    """
    check_twins(config)
    layout = Layout(config)
    check_archetypes(layout)
    _, repairs = law_of(config)
    check_extent(config.market, config.steps * config.step_seconds, PATH)
    tables.market_tables(layout)
    tables.oracle_table(layout)
    tables.netting_table(layout)
    for choice in config.experiment.worlds.values():
        tables.sizings(config, choice)
    load_rules(config)
    return repairs


def check_twins(config: RunConfig) -> None:
    """Refuse a run whose tables would have nothing to stand on."""
    twins = config.experiment.twins
    if "full" not in twins:
        raise SluicegateError(
            "every figure is taken, and every world compared, under full feedback; the other "
            "twins only stand beside it",
            where="experiment.twins",
            value=list(twins),
            allowed="a list with 'full' in it",
            hint=f"experiment.twins=[{','.join(('full', *twins))}]",
        )


def check_archetypes(layout: Layout) -> None:
    """Refuse archetypes that hold positions at venues which are not in the run."""
    wanted = {name: _venues(spec) for name, spec in layout.config.archetype.items()}
    absent = {n: [v for v in needs if v not in layout.venues] for n, needs in wanted.items()}
    lost = [f"{name} ({', '.join(venues)})" for name, venues in absent.items() if venues]
    if not lost:
        return
    kept = [name for name, venues in absent.items() if not venues]
    more = [venue for venues in absent.values() for venue in venues]
    all_venues = ",".join(dict.fromkeys([*layout.venues, *more]))
    ways = [f"archetype=[{','.join(kept)}]"] if kept else []
    ways += [f"venue=[{all_venues}]", "other venues in the archetypes' positions"]
    raise SluicegateError(
        f"positions are held at venues that are not in this run: {'; '.join(lost)}",
        where="archetype",
        allowed=f"positions at {', '.join(layout.venues)}",
        hint=" or ".join(ways),
    )


def _venues(spec: ArchetypeConfig) -> list[str]:
    named = [list(p.venues) for p in spec.positions if not isinstance(p, PoolPosition)]
    return list(dict.fromkeys(venue for venues in named for venue in venues))
