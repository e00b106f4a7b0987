"""From a market configuration to the law that the path generator reads."""

import math
from zlib import crc32

import numpy as np

from sim.errors import SluicegateError
from sim.state.law import Arrivals, ChainLaw, DiffusionLaw, JumpLaw, PathLaw, PegLaw
from sim.world.chain import stationary_law, step_matrix
from sim.world.correlation import Repair, is_semidefinite, nearest_correlation, triangular_factor
from sim.world.schema.market import MarketConfig, RiskyAsset, StableAsset, StakedAsset

DAYS_PER_YEAR = 365.0
SECONDS_PER_DAY = 86_400.0
MAX_JUMPS_PER_STEP = 100.0  # expected; more is a step far too long for the model


def build_law(market: MarketConfig, step_seconds: float) -> tuple[PathLaw, list[Repair]]:
    """Per-step law of a market's price paths.

    Parameters
    ----------
    market : MarketConfig
        The market, in annual and daily rates.
    step_seconds : float
        Length of a step, seconds.

    Returns
    -------
    PathLaw
        Arrays for :func:`sim.market.paths.fill_path`.
    list of Repair
        Correlation matrices that were not positive semidefinite and what was done to them.

    Raises
    ------
    SluicegateError
        If the step is not positive, a correlation matrix is too far from a valid one, the chain
        has no stationary law although the start asks for it, or jumps are too frequent for the
        step.
    """
    if not (math.isfinite(step_seconds) and step_seconds > 0.0):
        raise SluicegateError(f"step length is {step_seconds} s; it must be positive and finite")
    years = step_seconds / (SECONDS_PER_DAY * DAYS_PER_YEAR)
    names = tuple(market.assets)
    pegged = tuple(name for name in names if name not in market.risky)
    jumps = _jumps(market, years)
    diffusion, repairs = _diffusion(market, years, jumps)
    law = PathLaw(
        step_years=years,
        price=np.array([_start_price(market, name) for name in names]),
        risky=np.array([names.index(name) for name in market.risky], dtype=np.int64),
        pegged=np.array([names.index(name) for name in pegged], dtype=np.int64),
        underlying=np.array([_underlying(market, name) for name in pegged], dtype=np.int64),
        risky_stream=_streams(market.risky),
        pegged_stream=_streams(pegged),
        chain=_chain(market, step_seconds / SECONDS_PER_DAY),
        diffusion=diffusion,
        jumps=jumps,
        peg=_pegs(market, pegged, years),
    )
    _check_jump_counts(law)
    return law, repairs


def _start_price(market: MarketConfig, name: str) -> float:
    asset = market.assets[name]
    if isinstance(asset, StakedAsset):
        return asset.redemption * _start_price(market, asset.underlying)
    return asset.price


def _underlying(market: MarketConfig, name: str) -> int:
    asset = market.assets[name]
    return list(market.assets).index(asset.underlying) if isinstance(asset, StakedAsset) else -1


def _streams(names: tuple[str, ...]) -> np.ndarray:
    """Index of each asset's draws: a hash of its name, so that a market with one asset more,
    or in another order, moves nobody else's draws."""
    streams = np.array([crc32(name.encode()) for name in names], dtype=np.int64)
    if len(set(streams.tolist())) < len(names):
        raise SluicegateError(f"two of the asset names {', '.join(names)} share a hash; rename one")
    return streams


def _chain(market: MarketConfig, step_days: float) -> ChainLaw:
    generator = market.regimes.generator_per_day
    return ChainLaw(
        start=_cumulative(start_law(market)),
        transition=_cumulative(step_matrix(generator, step_days)),
    )


def start_law(market: MarketConfig) -> np.ndarray:
    """Probability of each regime at the start of a path, shape (R,)."""
    start, names = market.regimes.start, market.regimes.names
    if start == "stationary":
        return stationary_law(market.regimes.generator_per_day)
    if isinstance(start, str):
        return np.array([float(name == start) for name in names])
    return np.array(start)


def _cumulative(probabilities: np.ndarray) -> np.ndarray:
    sums = np.cumsum(probabilities, axis=-1)
    sums[..., -1] = 1.0  # a uniform draw is below 1, so the last regime always catches it
    return sums


def _diffusion(
    market: MarketConfig, years: float, jumps: JumpLaw
) -> tuple[DiffusionLaw, list[Repair]]:
    volatility = _rows([market.volatility[name] for name in market.risky], market).T  # (R, M)
    drift = np.array([market.drift.get(name, 0.0) for name in market.risky])
    factors, repairs = _correlation_factors(market)
    loading = factors * (volatility * math.sqrt(years))[:, :, None]
    variance = volatility**2 * years
    # The compensators keep E[S_T]/S_0 at exp(drift T) with jumps on (Merton 1976).
    compensator = _common_compensator(jumps) + _own_compensator(jumps)
    return DiffusionLaw(drift * years - variance / 2.0 - compensator, loading), repairs


def _common_compensator(jumps: JumpLaw) -> np.ndarray:
    variance = jumps.common_shared**2 + jumps.common_single**2
    return np.outer(jumps.common.rate, np.expm1(jumps.common_mean + variance / 2.0))


def _own_compensator(jumps: JumpLaw) -> np.ndarray:
    return jumps.own.rate.T * np.expm1(jumps.own_mean + jumps.own_sd**2 / 2.0)


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
            f"correlation.{repair.regime}: the matrix of {', '.join(repair.assets)} is not "
            f"positive semidefinite, and the nearest correlation matrix is {repair.distance:.4g} "
            f"away (Frobenius), more than max_correlation_repair = {allowed:g}; "
            "check the entries, or raise that bound to accept the repair"
        )


def _jumps(market: MarketConfig, years: float) -> JumpLaw:
    common = market.jumps.common if market.jumps is not None else None
    own = market.jumps.own if market.jumps is not None else {}
    size, regimes = len(market.risky), len(market.regimes.names)
    sd = np.array([common.sd[name] if common else 0.0 for name in market.risky])
    shared = common.correlation if common else 0.0
    none = (0.0,) * regimes
    return JumpLaw(
        common=_arrivals([common.rate if common else none], market, years),
        common_mean=np.array([common.mean[name] if common else 0.0 for name in market.risky]),
        common_shared=sd * math.sqrt(shared),
        common_single=sd * math.sqrt(1.0 - shared),
        own=_arrivals([own[n].rate if n in own else none for n in market.risky], market, years),
        own_mean=np.array([own[n].mean if n in own else 0.0 for n in market.risky]).reshape(size),
        own_sd=np.array([own[n].sd if n in own else 0.0 for n in market.risky]).reshape(size),
    )


def _pegs(market: MarketConfig, names: tuple[str, ...], years: float) -> PegLaw:
    assets = [market.assets[name] for name in names]
    pegs = [asset.peg for asset in assets if not isinstance(asset, RiskyAsset)]
    reversion = np.array([peg.reversion_per_day for peg in pegs]) * DAYS_PER_YEAR  # per year
    volatility = _rows([peg.volatility for peg in pegs], market)
    return PegLaw(
        scale=np.array([a.redemption if isinstance(a, StakedAsset) else a.price for a in assets]),
        carry=np.array(
            [a.staking_yield * years if isinstance(a, StakedAsset) else 0.0 for a in assets]
        ),
        decay=np.exp(-reversion * years),
        sd=volatility * np.sqrt(_discounted_time(reversion, years))[:, None],
        jumps=_arrivals([peg.jump_rate for peg in pegs], market, years),
        jump_mean=np.array([peg.jump_mean for peg in pegs]),
        jump_sd=np.array([peg.jump_sd for peg in pegs]),
    )


def _discounted_time(reversion: np.ndarray, years: float) -> np.ndarray:
    """Variance of the noise over a step per unit of annual variance: (1 - e^(-2kt)) / 2k."""
    rate = 2.0 * reversion
    return np.where(rate > 0.0, -np.expm1(-rate * years) / np.where(rate > 0.0, rate, 1.0), years)


def _arrivals(rates: list[tuple[float, ...]], market: MarketConfig, years: float) -> Arrivals:
    rate = _rows(rates, market) * years
    return Arrivals(rate, np.exp(-rate))


def _rows(rows: list[tuple[float, ...]], market: MarketConfig) -> np.ndarray:
    """Rows of one value per regime as a (len(rows), R) array, also when there are none."""
    return np.array(rows, dtype=float).reshape(len(rows), len(market.regimes.names))


def _check_jump_counts(law: PathLaw) -> None:
    rates = (law.jumps.common.rate, law.jumps.own.rate, law.peg.jumps.rate)
    largest = max((float(rate.max()) for rate in rates if rate.size > 0), default=0.0)
    if largest > MAX_JUMPS_PER_STEP:
        raise SluicegateError(
            f"the market expects up to {largest:.4g} jumps in one step, more than "
            f"{MAX_JUMPS_PER_STEP:g}; take a shorter step or lower the jump rates"
        )
