"""What books need, by margin scope and engine, asked of the kernel's own margin engine.

An engine is held fixed while the scope widens: every account of a book, whatever it groups, is
margined by the hub's row of the venue table, under one engine. So figures along a row differ by
grouping alone, and figures down a column by engine alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sim.errors import SluicegateError
from sim.world.books import Placed, Placer, is_hedge, merged
from sim.world.example import Examples, start_prices
from sim.world.layout import Instrument, Layout
from sim.world.schema.book import BookConfig
from sim.world.schema.hub import HubConfig
from sim.world.schema.options import LiquidityCharge
from sim.world.schema.run import RunConfig

SCOPES = ("isolated", "venue", "unified")
DELTA = "delta"  # beside the scopes: the book's net delta, held as one perpetual


class Engine(NamedTuple):
    """A way in which the hub's row combines legs."""

    title: str
    scope: str  # of the world that is built: the hub adds legs up, or uses its own engine
    hub: dict[str, Any]  # what its configuration is set to


class Need(NamedTuple):
    """Requirement at the two levels, USD."""

    initial: float
    maintenance: float


@dataclass(frozen=True)
class Requirement:
    """One book under one engine."""

    book: str
    engine: str
    gross: float  # USD; size of all legs but stable deposits and loans
    delta: float  # USD; sum over underlyings of the absolute net delta
    need: Mapping[str, Need]  # by scope, and DELTA where the underlyings have perpetuals


def engines_of(
    config: RunConfig, grid: str, tail: HubConfig, grids: Sequence[str] = ()
) -> dict[str, Engine]:
    """Engines by name; the grid is the one of venue ``grid``, the tail is that of a hub.

    ``grids`` are the venues that a message may offer instead; those of the run, if left out.
    """
    venue = config.venue[grid]
    if venue.grid is None:
        with_grid = grids or [n for n, spec in config.venue.items() if spec.grid is not None]
        raise SluicegateError(
            "this venue has no scenario grid",
            where="--grid",
            value=grid,
            allowed=", ".join(with_grid) or None,
            hint="sluicegate venues shows G under P2 for those that have one",
        )
    scenarios = {
        "engine": "scenario_grid",
        "grid": venue.grid,
        "contingency": venue.contingency,
    }
    added = " + K" if config.hub.contingency.liquidity != LiquidityCharge() else ""
    return {
        "legs": Engine("leg by leg", "unified", {}),
        "net": Engine(f"netting hub{added}", "hub", {"engine": "net_of_legs"}),
        "grid": Engine(f"scenario grid ({grid})", "hub", scenarios),
        "tail": Engine(f"tail of the return ({_measured(tail)})", "hub", dict(tail)),
    }


def _measured(hub: HubConfig) -> str:
    if hub.tail is None:
        raise SluicegateError("this hub measures no tail", where="hub.tail", hint="hub=tail_risk")
    return f"{hub.tail.measure.upper()} {100 * hub.tail.level:g} %"


def requirements(
    config: RunConfig, books: Mapping[str, BookConfig], engines: Mapping[str, Engine]
) -> list[Requirement]:
    """Measure every book under every engine and scope."""
    _check_engines(config, books, engines)
    return [
        _requirement(config, (name, book), (key, engine))
        for name, book in books.items()
        for key, engine in engines.items()
    ]


def _requirement(
    config: RunConfig, book: tuple[str, BookConfig], engine: tuple[str, Engine]
) -> Requirement:
    run = _under(config, engine[1])
    placer = Placer(Layout(run), start_prices(run))
    legs = legs_of(run, placer, *book)
    delta = net_deltas(run, legs)
    accounts = {scope: grouped(legs, scope) for scope in SCOPES}
    alone = placer.delta_alone(delta)
    if alone is not None:
        accounts[DELTA] = [alone]
    need = {s: _need(run, engine[1].scope, held) for s, held in accounts.items()}
    size = sum(abs(usd) for usd in delta.values())
    return Requirement(book[0], engine[0], gross_of(run, placer, legs), size, need)


def _under(config: RunConfig, engine: Engine) -> RunConfig:
    return config.model_copy(update={"hub": config.hub.model_copy(update=engine.hub)})


def _need(config: RunConfig, scope: str, accounts: Sequence[Mapping[Instrument, float]]) -> Need:
    """Sum over accounts, in a world that holds nobody else."""
    measured = Examples(config, accounts, scope).measure()
    return Need(sum(m.initial for m in measured), sum(m.maintenance for m in measured))


def legs_of(config: RunConfig, placer: Placer, name: str, book: BookConfig) -> list[Placed]:
    """Place a book's legs; hedges come last, when the delta of the others is known."""
    placed: dict[int, Placed] = {}
    for number, leg in enumerate(book.legs):
        if not is_hedge(leg):
            key = f"book.{name}.legs[{number}]"
            placed[number] = placer.place(leg, float(leg.amount) * book.notional, key)
    for number, leg in enumerate(book.legs):
        if is_hedge(leg):
            open_delta = net_deltas(config, list(placed.values())).get(leg.asset, 0.0)
            notional = -open_delta / placer.price(config.settlement)
            placed[number] = placer.place(leg, notional, f"book.{name}.legs[{number}]")
    return [placed[number] for number in sorted(placed)]


def net_deltas(config: RunConfig, legs: Sequence[Placed]) -> dict[str, float]:
    """Net delta by underlying, USD, from the kernel's Greeks."""
    examples = Examples(config, [merged(legs)], "unified")
    held = {i.asset for leg in legs for i in leg.holding if i.kind != "quote"}
    groups = {examples.layout.assets[examples.layout.group(asset)] for asset in held}
    risky = [asset for asset in config.market.assets if asset in groups]
    risky = [asset for asset in risky if config.market.assets[asset].kind != "stable"]
    return {asset: float(examples.deltas(asset)[0]) for asset in risky}


def grouped(legs: Sequence[Placed], scope: str) -> list[dict[Instrument, float]]:
    """Group legs into accounts: one per leg, per venue, or one for all."""
    if scope == "isolated":
        return [merged([leg]) for leg in legs]
    if scope == "venue":
        venues = dict.fromkeys(leg.venue for leg in legs)
        return [merged(leg for leg in legs if leg.venue == venue) for venue in venues]
    return [merged(legs)]


def gross_of(config: RunConfig, placer: Placer, legs: Sequence[Placed]) -> float:
    """Size of all legs, USD of their underlying; stable deposits, loans and quote are no risk."""
    return sum(
        abs(quantity) * placer.price(instrument.asset)
        for leg in legs
        for instrument, quantity in leg.holding.items()
        if instrument.kind != "quote" and config.market.assets[instrument.asset].kind != "stable"
    )


def _check_engines(
    config: RunConfig, books: Mapping[str, BookConfig], engines: Mapping[str, Engine]
) -> None:
    """Refuse underlyings that an engine has no rate for: it would ask nothing for them."""
    layout = Layout(config)
    stable = [a for a, spec in config.market.assets.items() if spec.kind == "stable"]
    for name, book in books.items():
        for number, leg in enumerate(book.legs):
            where = f"book.{name}.legs[{number}].asset"
            if leg.asset not in layout.assets:
                known = ", ".join(layout.assets)
                raise SluicegateError("the market has no such asset", where, leg.asset, known)
            under = layout.assets[layout.group(leg.asset)]
            if under not in stable and under not in config.hub.netting:
                known = ", ".join(config.hub.netting)
                raise SluicegateError("the netting hub has no rate for it", where, under, known)
            for engine in engines.values():
                _check_scan(engine, where, under, under in stable)


def _check_scan(engine: Engine, where: str, under: str, stable: bool) -> None:
    grid = engine.hub.get("grid")
    if grid is None or stable or all(scenario.move == 0.0 for scenario in grid.scenarios):
        return
    if under not in grid.scan_range:
        raise SluicegateError(
            f"the {engine.title} has no scan range for it",
            where,
            under,
            ", ".join(grid.scan_range),
            "another --grid",
        )
