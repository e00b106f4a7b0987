"""From configuration to the parameter tables that the kernel reads."""

from __future__ import annotations

import math

import numpy as np

from sim.errors import SluicegateError
from sim.state import codes
from sim.state.rows import INSTRUMENT, LIQUIDATOR_ROW, MARKET_ROW, ORACLE_ROW, VENUE_ROW
from sim.state.world import BASIS, LONG, NET, SHORT
from sim.world.layout import Layout, LedgerRows
from sim.world.schema.liquidity import Arbitrage
from sim.world.schema.market import StakedAsset
from sim.world.schema.venue import Liquidation, Sizing, VenueConfig

UNLIMITED = np.inf
KINDS = {"balance": codes.BALANCE, "quote": codes.QUOTE, "perpetual": codes.PERPETUAL}
SELECTION = {"riskiest": codes.RISKIEST, "largest_relief": codes.LARGEST_RELIEF}
SIZE = {"close_factor": codes.CLOSE_FACTOR, "to_target": codes.TO_TARGET}
BONUS = {"fixed": codes.FIXED_BONUS, "ltv": codes.LTV_BONUS}
TAKER = {"flash": codes.FLASH, "initial_margin": codes.INITIAL_MARGIN}
LEVEL_NAMES = {codes.INITIAL: "initial", codes.MAINTENANCE: "maintenance"}


def speed(half_life: float | None) -> float:
    """Decay rate of a half-life, 1/s; none decays never."""
    return 0.0 if half_life is None else math.log(2.0) / half_life


def feeds(layout: Layout) -> list[tuple[str, int]]:
    """(venue, market) of every oracle feed: each venue reads each asset's reference market."""
    return [(v, m) for v in layout.venues for m in range(len(layout.assets))]


def oracle_table(layout: Layout) -> np.ndarray:
    """One row per feed."""
    delays = [(m, layout.config.venue[v].oracle.delay) for v, m in feeds(layout)]
    return np.array(delays, dtype=ORACLE_ROW)


def instrument_table(layout: Layout) -> np.ndarray:
    """One row per instrument."""
    table = np.zeros(len(layout.instruments), dtype=INSTRUMENT)
    order = feeds(layout)
    settlement = layout.config.settlement
    for k, row in enumerate(layout.instruments):
        venue = layout.config.venue[row.venue]
        table[k]["kind"] = KINDS[row.kind]
        table[k]["venue"] = layout.venues.index(row.venue)
        table[k]["asset"] = layout.assets.index(row.asset)
        table[k]["group"] = layout.group(row.asset)
        table[k]["market"] = layout.market(row.kind, row.venue, row.asset)
        table[k]["oracle"] = order.index((row.venue, layout.assets.index(row.asset)))
        table[k]["cash"] = layout.instrument("balance", row.venue, settlement)
        table[k]["quote"] = -1
        if row.kind == "perpetual":
            table[k]["quote"] = layout.instrument("quote", row.venue, settlement)
            table[k]["size_penalty"] = venue.perpetuals[row.asset].size_penalty
        _accruals(table[k], venue, row.kind, row.asset)
    return table


def _accruals(row: np.void, venue: VenueConfig, kind: str, asset: str) -> None:
    row["funding_offset"] = venue.funding.offset
    row["funding_cap"] = venue.funding.cap
    row["premium_time"] = venue.funding.premium_hours * 3600.0
    if kind != "balance":
        return
    listing = venue.assets[asset]
    row["size_penalty"] = listing.size_penalty
    if listing.interest is not None:
        row["kink"] = listing.interest.kink
        row["base_rate"] = listing.interest.base
        row["kink_rate"] = listing.interest.at_kink
        row["full_rate"] = listing.interest.full
        row["reserve_factor"] = listing.interest.reserve_factor


def market_tables(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """One row per market, and the depth factor of each regime (R, M)."""
    liquidity = layout.config.liquidity
    table = np.zeros(layout.markets, dtype=MARKET_ROW)
    table["parent"] = -1
    table["permanent"] = liquidity.impact.permanent
    table["exponent"] = liquidity.impact.exponent
    table["decay"] = speed(liquidity.impact.half_life)
    table["depth_recovery"] = speed(liquidity.depth_half_life)
    table["arbitrage_cap"] = UNLIMITED
    for name in liquidity.spot:
        if name not in layout.assets:
            raise SluicegateError(
                f"{name!r} is not an asset of the market",
                where="liquidity.spot",
                allowed=", ".join(layout.assets),
            )
    for n, name in enumerate(layout.assets):
        spec = liquidity.spot.get(name)
        table[n]["asset"] = n
        table[n]["depth"] = UNLIMITED if spec is None or spec.depth is None else spec.depth
        if isinstance(layout.config.market.assets[name], StakedAsset):
            _child(table[n], layout.group(name), liquidity.staked)
    for row in layout.instruments:
        if row.kind == "perpetual":
            m = layout.market(row.kind, row.venue, row.asset)
            depth = layout.config.venue[row.venue].perpetuals[row.asset].depth
            table[m]["asset"] = layout.assets.index(row.asset)
            table[m]["depth"] = UNLIMITED if depth is None else depth
            _child(table[m], layout.assets.index(row.asset), liquidity.perpetual)
    return table, _depth_factors(layout)


def _child(row: np.void, parent: int, arbitrage: Arbitrage) -> None:
    row["parent"] = parent
    row["arbitrage"] = speed(arbitrage.half_life)
    row["arbitrage_cap"] = UNLIMITED if arbitrage.cap is None else arbitrage.cap


def _depth_factors(layout: Layout) -> np.ndarray:
    regimes = layout.config.market.regimes.names
    given = layout.config.liquidity.depth_factor
    missing = [name for name in regimes if name not in given]
    unknown = [name for name in given if name not in regimes]
    if missing or unknown:
        raise SluicegateError(
            f"regimes do not match the market's (missing: {missing}, unknown: {unknown})",
            where="liquidity.depth_factor",
            allowed=", ".join(regimes),
        )
    column = np.array([given[name] for name in regimes])
    return np.repeat(column[:, None], layout.markets, axis=1)


def background_table(layout: Layout) -> np.ndarray:
    """Cumulative trigger notional: density falls off exponentially with distance."""
    shape = layout.config.liquidity.background
    distance = np.arange(shape.levels + 1) * shape.width
    notional = np.zeros((2, layout.markets, shape.levels + 1))
    for name, spec in layout.config.liquidity.spot.items():
        if spec.depth is not None and spec.lambda_ratio > 0.0:
            density = spec.lambda_ratio * spec.depth / 0.01
            total = density * shape.reach * -np.expm1(-distance / shape.reach)
            notional[:, layout.assets.index(name), :] = total
    return notional


def margin_tables(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Weights (2, LEVELS, C, K) and perpetual ratios (LEVELS, K)."""
    modes, count = 1 + len(layout.emodes), len(layout.instruments)
    weight = np.ones((2, codes.LEVELS, modes, count))
    long_weight, short_weight = weight[LONG], weight[SHORT]
    ratio = np.zeros((codes.LEVELS, count))
    for k, row in enumerate(layout.instruments):
        venue = layout.config.venue[row.venue]
        for level, name in LEVEL_NAMES.items():
            if row.kind == "perpetual":
                ratio[level, k] = getattr(venue.perpetuals[row.asset].margin_ratio, name)
            elif row.kind == "balance":
                listing = venue.assets[row.asset]
                long_weight[level, :, k] = getattr(listing.asset_weight, name)
                short_weight[level, :, k] = getattr(listing.liability_weight, name)
        target = venue.liquidation.target
        ratio[codes.TARGET, k] = ratio[codes.MAINTENANCE, k]
        if row.kind == "perpetual":
            ratio[codes.TARGET, k] += target.buffer
    _emodes(layout, long_weight, short_weight)
    long_weight[codes.TARGET] = long_weight[codes.MAINTENANCE]
    health = [
        layout.config.venue[row.venue].liquidation.target.health for row in layout.instruments
    ]
    short_weight[codes.TARGET] = short_weight[codes.MAINTENANCE] * np.array(health)
    return weight, ratio


def _emodes(layout: Layout, long_weight: np.ndarray, short_weight: np.ndarray) -> None:
    for number, (venue, mode) in enumerate(layout.emodes, start=1):
        for asset, weights in layout.config.venue[venue].emodes[mode].items():
            k = layout.instrument("balance", venue, asset)
            for level, name in LEVEL_NAMES.items():
                if weights.asset_weight is not None:
                    long_weight[level, number, k] = getattr(weights.asset_weight, name)
                if weights.liability_weight is not None:
                    short_weight[level, number, k] = getattr(weights.liability_weight, name)


def netting_table(layout: Layout) -> np.ndarray:
    """The hub's rates on net delta and on hedged notional, (2, LEVELS, N)."""
    table = np.zeros((2, codes.LEVELS, len(layout.assets)))
    for name, rate in layout.config.hub.netting.items():
        if name not in layout.assets:
            raise SluicegateError(
                f"{name!r} is not an asset of the market",
                where="hub.netting",
                allowed=", ".join(layout.assets),
            )
        n = layout.assets.index(name)
        for level, key in LEVEL_NAMES.items():
            table[NET, level, n] = getattr(rate.net, key)
            table[BASIS, level, n] = getattr(rate.basis, key)
    target = layout.config.hub.liquidation.target
    table[:, codes.TARGET] = table[:, codes.MAINTENANCE] * target.health
    charged = table[NET, codes.MAINTENANCE] > 0.0
    table[NET, codes.TARGET] += np.where(charged, target.buffer, 0.0)
    return table


def venue_table(layout: Layout, rows: LedgerRows, hub_nets: bool) -> np.ndarray:
    """One row per venue, and one for the hub."""
    table = np.zeros(len(layout.venues) + 1, dtype=VENUE_ROW)
    table["maker"] = -1
    table["clearing"] = -1
    for v, name in enumerate(layout.venues):
        _sizing(table[v], layout.config.venue[name].liquidation)
        _pricing(table[v], layout.config.venue[name].liquidation)
        if name in layout.perpetual_venues:
            place = layout.perpetual_venues.index(name)
            table[v]["maker"] = rows.first_maker + place
            table[v]["clearing"] = rows.first_clearing + place
    _sizing(table[-1], layout.config.hub.liquidation)
    table[-1]["engine"] = codes.NET_OF_LEGS if hub_nets else codes.SUM_OF_LEGS
    return table


def _sizing(row: np.void, spec: Sizing) -> None:
    row["selection"] = SELECTION[spec.selection]
    row["size"] = SIZE[spec.size]
    row["close_factor"] = spec.close_factor
    row["full_ltv"] = np.nan if spec.full_ltv is None else spec.full_ltv  # nan: never
    row["dust"] = spec.dust
    row["max_notional"] = UNLIMITED if spec.max_notional is None else spec.max_notional


def _pricing(row: np.void, spec: Liquidation) -> None:
    row["bonus"] = BONUS[spec.bonus.kind]
    row["bonus_min"] = spec.bonus.min
    row["bonus_max"] = spec.bonus.min if spec.bonus.max is None else spec.bonus.max
    row["bonus_bad_debt"] = spec.bonus.bad_debt
    row["protocol_share"] = spec.bonus.protocol_share
    row["insurance_fee"] = spec.insurance_fee
    row["perp_fee"] = spec.perp_fee
    row["perp_insurance_fee"] = spec.perp_insurance_fee
    row["taker"] = TAKER[spec.taker]


def liquidator_tables(
    layout: Layout, rows: LedgerRows, kinds: dict[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """One row per liquidator, and the parameters (minimum profit,) of its rule."""
    count = len(layout.liquidators)
    table = np.zeros(count, dtype=LIQUIDATOR_ROW)
    strategy = np.zeros((count, 1))
    first_holder = layout.holders - count
    for i, name in enumerate(layout.liquidators):
        spec = layout.config.liquidator[name]
        table[i]["row"] = rows.accounts + i
        table[i]["holder"] = first_holder + i
        table[i]["rule"] = kinds[spec.rule["_target_"]]
        table[i]["latency"] = spec.latency
        table[i]["capacity"] = spec.capacity
        table[i]["cost"] = spec.cost
        table[i]["unwind"] = spec.unwind
        strategy[i, 0] = spec.min_profit
    return table, strategy
