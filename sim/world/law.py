"""From a market configuration to the law that the path generator reads."""

import math
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np

from sim.errors import SluicegateError
from sim.state.law import ChainLaw, DiffusionLaw, InsideLaw, JumpLaw, PathLaw, PegLaw
from sim.world.chain import stationary_law, step_matrix
from sim.world.correlation import Repair, is_semidefinite, nearest_correlation, triangular_factor
from sim.world.extent import STEP, check_extent
from sim.world.jump_law import compensator, jump_law, peg_law, per_regime
from sim.world.schema.market import MarketConfig, StakedAsset
from sim.world.schema.run import RunConfig
from sim.world.units import SECONDS_PER_DAY, SECONDS_PER_YEAR

MAX_JUMPS_PER_STEP = 100.0  # expected; more is a step far too long for the model


class Grid(NamedTuple):
    """How finely prices move inside a step."""

    block_seconds: float
    resolution: float  # standard deviation of a log-price between two moves, at most


def law_of(config: RunConfig) -> tuple[PathLaw, list[Repair]]:
    """Law of a run's price paths; see `build_law`."""
    grid = Grid(config.block_seconds, config.resolution)
    return build_law(config.market, config.step_seconds, grid)


def build_law(
    market: MarketConfig, step_seconds: float, grid: Grid | None = None
) -> tuple[PathLaw, list[Repair]]:
    """Per-step law of a market's price paths.

    Parameters
    ----------
    market : MarketConfig
        The market, in annual and daily rates.
    step_seconds : float
        Length of a step, seconds.
    grid : Grid, optional
        Without it prices stand still inside a step.

    Returns
    -------
    PathLaw
        Arrays for :func:`sim.market.paths.fill_path`.
    list of Repair
        Correlation matrices that were not positive semidefinite, and how far they were moved.

    Raises
    ------
    SluicegateError
        If the step is not positive or prices move too far in it, a correlation matrix is too far
        from a valid one, the chain has no stationary law although the start asks for it, or jumps
        are too frequent for the step.
    """
    if not (math.isfinite(step_seconds) and step_seconds > 0.0):
        raise SluicegateError(
            "the step has no length", where="step", value=step_seconds, allowed="seconds, > 0"
        )
    check_extent(market, step_seconds, STEP)
    years = step_seconds / SECONDS_PER_YEAR
    names, risky = tuple(market.assets), market.risky
    pegged = tuple(name for name in names if name not in risky)
    jumps, pegs = jump_law(market, years), peg_law(market, pegged, years)
    _check_jump_counts((jumps.common.rate, jumps.own.arrivals.rate, pegs.jumps.arrivals.rate))
    diffusion, repairs = _diffusion(market, years, jumps)
    law = PathLaw(
        step_years=years,
        price=np.array([_start_price(market, name) for name in names]),
        risky=np.array([names.index(name) for name in risky], dtype=np.int64),
        pegged=np.array([names.index(name) for name in pegged], dtype=np.int64),
        underlying=np.array([_underlying(market, name) for name in pegged], dtype=np.int64),
        risky_stream=_streams(risky),
        pegged_stream=_streams(pegged),
        chain=_chain(market, step_seconds / SECONDS_PER_DAY),
        diffusion=diffusion,
        jumps=jumps,
        peg=pegs,
        inside=_inside(step_seconds, grid, diffusion, pegs),
    )
    return law, repairs


def _inside(
    step_seconds: float, grid: Grid | None, diffusion: DiffusionLaw, pegs: PegLaw
) -> InsideLaw:
    """As few moves as keep the most volatile asset of a regime within the resolution."""
    risky = np.sqrt((diffusion.loading**2).sum(axis=2))
    largest = np.concatenate([risky, pegs.sd.T], axis=1).max(axis=1, initial=0.0)
    every = np.zeros(len(largest), dtype=np.int64)
    if grid is None:
        return InsideLaw(every, 1.0)
    share = grid.block_seconds / step_seconds
    for k, sd in enumerate(largest):
        if sd > grid.resolution:
            every[k] = max(1, int((grid.resolution / sd) ** 2 / share))
    return InsideLaw(every, share)


def start_law(market: MarketConfig) -> np.ndarray:
    """Probability of each regime at the start of a path, shape (R,)."""
    start, names = market.regimes.start, market.regimes.names
    if start == "stationary":
        return stationary_law(market.regimes.generator_per_day)
    if isinstance(start, str):
        return np.array([float(name == start) for name in names])
    return np.array(start)


def _chain(market: MarketConfig, step_days: float) -> ChainLaw:
    transition = step_matrix(market.regimes.generator_per_day, step_days)
    return ChainLaw(_cumulative(start_law(market)), _cumulative(transition))


def _cumulative(probabilities: np.ndarray) -> np.ndarray:
    sums = np.cumsum(probabilities, axis=-1)
    sums[..., -1] = 1.0  # a draw is below 1, so the last regime always catches it
    return sums


def _start_price(market: MarketConfig, name: str) -> float:
    asset = market.assets[name]
    if isinstance(asset, StakedAsset):
        return asset.redemption * _start_price(market, asset.underlying)
    return asset.price


def _underlying(market: MarketConfig, name: str) -> int:
    asset = market.assets[name]
    return list(market.assets).index(asset.underlying) if isinstance(asset, StakedAsset) else -1


def _streams(names: Sequence[str]) -> np.ndarray:
    """Index of each asset's draws: a hash of its name.

    So a market with one asset more, or in another order, moves nobody else's draws.
    """
    streams = [crc32(name.encode()) for name in names]
    if len(set(streams)) < len(names):
        raise SluicegateError(
            "two asset names have the same hash", where="assets", value=list(names), hint="rename"
        )
    return np.array(streams, dtype=np.int64)


def _diffusion(
    market: MarketConfig, years: float, jumps: JumpLaw
) -> tuple[DiffusionLaw, list[Repair]]:
    volatility = per_regime([market.volatility[name] for name in market.risky], market).T
    growth = np.array([market.drift.get(name, 0.0) for name in market.risky])
    drift = growth * years - volatility**2 * years / 2.0 - compensator(jumps)
    factors, repairs = _correlation_factors(market)
    loading = factors * (volatility * math.sqrt(years))[:, :, None]
    # One memory layout for every market: another one would compile the kernel anew.
    return DiffusionLaw(np.ascontiguousarray(drift), np.ascontiguousarray(loading)), repairs


def _correlation_factors(market: MarketConfig) -> tuple[np.ndarray, list[Repair]]:
    size = len(market.risky)
    factors, repairs = np.zeros((len(market.regimes.names), size, size)), []
    for row, regime in enumerate(market.regimes.names if size > 0 else ()):
        matrix = np.array(market.correlation[regime])
        if not is_semidefinite(matrix):
            given, matrix = matrix, nearest_correlation(matrix)
            repair = Repair(regime, market.risky, float(np.linalg.norm(matrix - given)))
            _check_repair(repair, market.max_correlation_repair)
            repairs.append(repair)
        factors[row] = triangular_factor(matrix)
    return factors, repairs


def _check_repair(repair: Repair, allowed: float) -> None:
    if repair.distance > allowed:
        raise SluicegateError(
            "the matrix is not positive semidefinite, and the nearest correlation matrix is "
            f"{repair.distance:.4g} away (Frobenius norm; {', '.join(repair.assets)})",
            where=f"market.correlation.{repair.regime}",
            value=repair.distance,
            allowed=f"a distance of at most market.max_correlation_repair = {allowed:g}",
            hint="check the entries, or raise that bound to accept the repair",
        )


def _check_jump_counts(rates: tuple[np.ndarray, ...]) -> None:
    largest = max(float(rate.max()) for rate in rates if rate.size > 0)
    if largest > MAX_JUMPS_PER_STEP:
        raise SluicegateError(
            "the market expects too many jumps in one step",
            where="market.jumps",
            value=largest,
            allowed=f"at most {MAX_JUMPS_PER_STEP:g} per step",
            hint="take a shorter step or lower the jump rates",
        )
