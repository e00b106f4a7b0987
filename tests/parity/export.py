"""A built world of the simulator as the plain dictionaries that the reference reads."""

from itertools import pairwise
from typing import Any

import numpy as np

from sim.state import codes
from sim.state.world import BASIS, LONG, NET, SHORT
from sim.world.build import Built, Factory
from sim.world.layout import Instrument, Layout
from sim.world.schema.oracle import Source

Plain = dict[str, Any]
LEVELS = {"initial": codes.INITIAL, "maintenance": codes.MAINTENANCE, "target": codes.TARGET}
KINDS = {codes.BALANCE: "balance", codes.PERPETUAL: "perpetual", codes.QUOTE: "quote"}


def instrument_names(layout: Layout) -> list[str]:
    """Return a name for each instrument."""
    return [f"{row.kind} {row.venue} {row.asset}" for row in layout.instruments]


def market_names(layout: Layout) -> list[str]:
    """Return a name for each market: the asset's, or the perpetual's."""
    names = instrument_names(layout)
    perps = [n for n, row in zip(names, layout.instruments, strict=True) if row.kind == "perpetual"]
    return [*layout.assets, *perps]


def feed_names(layout: Layout) -> list[str]:
    """Return a name for each oracle feed: every venue reads every asset."""
    return [f"{venue} {asset}" for venue in layout.venues for asset in layout.assets]


def holder_names(layout: Layout) -> list[str]:
    """Return a name for each holder of tokens outside the venues."""
    funds = [f"insurance {venue}" for venue in layout.venues]
    pools = [f"backstop {venue}" for venue in layout.venues]
    bots = [f"liquidator {i}" for i in range(len(layout.liquidators))]
    return ["market", "protocol", "transit", *funds, *pools, *bots]


def describe(factory: Factory, built: Built, twin: str) -> Plain:
    """Return everything that a path of this world starts from."""
    layout, world = factory.layout, built.twin(factory.layout, twin)
    opening, settings = built.assembled.opening, world.settings[0]
    names = instrument_names(layout)
    count = int(settings["accounts"])
    owners = [range(a, b) for a, b in pairwise(world.first_account.tolist())]
    return {
        "step": float(settings["step"]),
        "block": float(settings["block"]),
        "rounds": int(settings["rounds"]),
        "feedback": twin,
        "cash": layout.assets[settings["cash_asset"]],
        "level_width": float(settings["level_width"]),
        "assets": list(layout.assets),
        "instruments": instruments(layout, world),
        "markets": markets(factory, world),
        "feeds": feeds(layout),
        "venues": venues(layout, world),
        "weights": {
            "asset": by_level(layout, world.weight[LONG]),
            "liability": by_level(layout, world.weight[SHORT]),
        },
        "ratio": {n: table(names, world.ratio[level]) for n, level in LEVELS.items()},
        "netting": {
            side: {n: table(layout.assets, world.netting[i][level]) for n, level in LEVELS.items()}
            for side, i in (("net", NET), ("basis", BASIS))
        },
        "liquidity": liquidity(layout),
        "accounts": accounts(layout, world),
        "margined": count,
        "owned": [list(rows) for rows in owners],
        "liquidators": liquidators(factory, world),
        "background": {
            side: {m: world.background[i, n].tolist() for n, m in enumerate(market_names(layout))}
            for i, side in enumerate(("falls", "rises"))
        },
        "deficit": int(settings["deficit"]),
        "protocol": int(settings["protocol"]),
        "holdings": [table(names, opening.balance[:, a]) for a in range(opening.balance.shape[1])],
        "wallet": opening.wallet.tolist(),
        "outside": {
            h: table(layout.assets, row)
            for h, row in zip(holder_names(layout), opening.outside, strict=True)
        },
    }


def table(names: list[str] | tuple[str, ...], values: np.ndarray) -> dict[str, float]:
    """Return values by name."""
    return dict(zip(names, np.asarray(values).tolist(), strict=True))


def plain(row: np.void, **extra: Any) -> Plain:
    """Return a record as a dictionary of Python numbers, with some entries replaced."""
    simple = [name for name in row.dtype.names if name not in extra and row[name].shape == ()]
    return {name: row[name].item() for name in simple} | extra


def instruments(layout: Layout, world: Any) -> dict[str, Plain]:
    """Return the instrument table by name."""
    names, places, feed = instrument_names(layout), market_names(layout), feed_names(layout)
    return {
        name: plain(
            row,
            **terms(layout, place),
            kind=KINDS[int(row["kind"])],
            venue=layout.venues[row["venue"]],
            asset=layout.assets[row["asset"]],
            group=layout.assets[row["group"]],
            market=places[row["market"]],
            feed=feed[row["oracle"]],
            quote=names[row["quote"]] if row["quote"] >= 0 else None,
            cash=names[row["cash"]] if row["cash"] >= 0 else None,
        )
        for name, row, place in zip(names, world.instruments, layout.instruments, strict=True)
    }


def terms(layout: Layout, place: Instrument) -> Plain:
    """Return the terms of an instrument as the configuration states them, not as tables."""
    venue = layout.config.venue[place.venue]
    found: Plain = dict.fromkeys(("ratio", "curve", "funding", "pricing"))
    found["gains"] = venue.gains.model_dump()
    if place.kind == "perpetual":
        perpetual = venue.perpetuals[place.asset]
        scale = {"skew_scale": perpetual.skew_scale}
        buffer = {"buffer": venue.liquidation.target.buffer}
        found["ratio"] = perpetual.margin_ratio.model_dump() | scale | buffer
        found["funding"] = venue.funding.model_dump() | scale
        found["pricing"] = perpetual.pricing.model_dump() | scale
    elif place.kind == "balance" and venue.assets[place.asset].interest is not None:
        found["curve"] = venue.assets[place.asset].interest.model_dump()
    return found


def markets(factory: Factory, world: Any) -> dict[str, Plain]:
    """Return the market table by name, with the depth factor of each regime."""
    layout, names = factory.layout, market_names(factory.layout)
    regimes = factory.config.market.regimes.names
    return {
        name: plain(
            row,
            asset=layout.assets[row["asset"]],
            parent=names[row["parent"]] if row["parent"] >= 0 else None,
            recovery=row["depth_recovery"].item(),
            depth_factor=table(regimes, world.depth_factor[:, m]),
        )
        for m, (name, row) in enumerate(zip(names, world.markets, strict=True))
    }


def feeds(layout: Layout) -> dict[str, Plain]:
    """Return the oracle feeds by name, each with the markets that it reads."""
    found: dict[str, Plain] = {}
    for venue in layout.venues:
        oracle = layout.config.venue[venue].oracle
        for asset in layout.assets:
            read = [
                {"market": market, "delay": late(source.delay, oracle.delay), "weight": weight}
                for source in oracle.sources
                for market, weight in traded(layout, venue, asset, source)
            ] or [{"market": asset, "delay": oracle.delay, "weight": 1.0}]
            market = read[0]["market"] if len(read) == 1 else asset
            found[f"{venue} {asset}"] = oracle.model_dump() | {"read": read, "market": market}
    return found


def late(own: float | None, common: float) -> float:
    """Return a source's delay."""
    return common if own is None else own


def traded(layout: Layout, venue: str, asset: str, source: Source) -> list[tuple[str, float]]:
    """Return the markets that a source of a venue's price stands for, with their weight."""
    if source.market == "spot":
        return [(asset, source.weight)]
    own, others = source.market == "own", source.market == "others"
    return [
        (f"perpetual {name} {asset}", source.weight)
        for name, spec in layout.config.venue.items()
        if asset in spec.perpetuals
        and (name == (venue if own else source.market) or (others and name != venue))
    ]


def venues(layout: Layout, world: Any) -> dict[str, Plain]:
    """Return the terms of each venue and of the hub."""
    return {
        name: plain(
            row,
            nets=row["engine"] == codes.NET_OF_LEGS,
            **liquidations(layout, name),
            **losses(layout, name),
        )
        for name, row in zip((*layout.venues, "hub"), world.venues, strict=True)
    }


def liquidations(layout: Layout, name: str) -> Plain:
    """Return the rules of liquidation of a venue or the hub, as the configuration states them."""
    own = layout.config.venue.get(name)
    spec = layout.config.hub.liquidation if own is None else own.liquidation
    rules = spec.model_dump()
    named = ("selection", "size", "close_of", "full_health", "full_below", "cooldown", "min_left")
    found: Plain = {key: rules[key] for key in (*named, "strict", "window", "auction")}
    if own is None:  # the hub decides which leg and how much; the price is the leg's venue's
        return found
    bonus = rules["bonus"]
    priced = {key: rules[key] for key in ("taker", "perp_price", "book")}
    return found | priced | {"bonus": bonus["kind"], "of_seized": bonus["of"] == "seized"}


def liquidity(layout: Layout) -> dict[str, Plain]:
    """Return what venues and hub charge for large positions, as the configuration states it."""
    config, found = layout.config, {}
    for name, spec in {**config.venue, "hub": config.hub}.items():
        rule = spec.contingency.liquidity
        least, target = rule.multiple.maintenance, spec.liquidation.target
        by_level = {
            "initial": least + rule.multiple.initial_extra,
            "maintenance": least,
            "target": least * target.health * (1.0 + target.buffer),
        }
        found[name] = {**rule.model_dump(), "multiple": by_level}
    return found


def losses(layout: Layout, name: str) -> Plain:
    """Return who pays at a venue when an account cannot, as the configuration states it."""
    venue = layout.config.venue.get(name)
    if venue is None:
        return {"waterfall": None, "taker_profit": None}
    profit = venue.liquidation.taker_profit
    return {"waterfall": venue.waterfall.model_dump(), "taker_profit": profit}


def by_level(layout: Layout, weight: np.ndarray) -> dict[str, list[dict[str, float]]]:
    """Return weights by level, efficiency mode and instrument."""
    names = instrument_names(layout)
    return {n: [table(names, row) for row in weight[level]] for n, level in LEVELS.items()}


def accounts(layout: Layout, world: Any) -> list[Plain]:
    """Return one entry per ledger row."""
    names, places = instrument_names(layout), (*layout.venues, "hub")
    return [
        plain(row, venue=places[row["venue"]], cash=names[row["cash"]], habits=habits.tolist())
        for row, habits in zip(world.accounts, world.behaviour, strict=True)
    ]


def liquidators(factory: Factory, world: Any) -> list[Plain]:
    """Return one entry per liquidator, with the name of its rule."""
    layout, holders = factory.layout, holder_names(factory.layout)
    kinds = {n: target.rsplit(".", 1)[-1] for target, n in factory.rule_set.kinds[1].items()}
    return (
        [
            plain(
                row,
                holder=holders[row["holder"]],
                rule=kinds[int(row["rule"])],
                least_profit=float(world.strategy[i, 0]),
            )
            for i, row in enumerate(world.liquidators)
        ]
        if layout.liquidators
        else []
    )
