"""Jumps and pegs of a market configuration, per step."""

import math
from collections.abc import Sequence

import numpy as np

from sim.random import OWN_JUMP_COUNT, OWN_JUMP_SIZE, PEG_JUMP_COUNT, PEG_JUMP_SIZE
from sim.state.law import Arrivals, JumpLaw, OwnJumps, PegLaw
from sim.world.schema.market import MarketConfig, RiskyAsset, StakedAsset
from sim.world.units import DAYS_PER_YEAR

Rates = Sequence[Sequence[float]]  # per row, one value per regime


def jump_law(market: MarketConfig, years: float) -> JumpLaw:
    """Jumps of the risky assets over steps of ``years`` years; without any, rates of zero."""
    common = market.jumps.common if market.jumps is not None else None
    own = market.jumps.own if market.jumps is not None else {}
    sd = np.array([common.sd[name] if common else 0.0 for name in market.risky])
    shared = common.correlation if common else 0.0
    none = (0.0,) * len(market.regimes.names)
    return JumpLaw(
        common=_arrivals([common.rate if common else none], market, years),
        common_mean=np.array([common.mean[name] if common else 0.0 for name in market.risky]),
        common_shared=sd * math.sqrt(shared),
        common_single=sd * math.sqrt(1.0 - shared),
        own=OwnJumps(
            _arrivals([own[n].rate if n in own else none for n in market.risky], market, years),
            np.array([own[n].mean if n in own else 0.0 for n in market.risky]),
            np.array([own[n].sd if n in own else 0.0 for n in market.risky]),
            OWN_JUMP_COUNT,
            OWN_JUMP_SIZE,
        ),
    )


def compensator(jumps: JumpLaw) -> np.ndarray:
    """Return the expected relative jump per step, (R, M), which the drift must take off.

    ``rate * (exp(mean + sd^2 / 2) - 1)``, summed over common and own jumps (Merton 1976).
    """
    common_variance = jumps.common_shared**2 + jumps.common_single**2
    common = np.outer(jumps.common.rate, np.expm1(jumps.common_mean + common_variance / 2.0))
    own = jumps.own
    return common + own.arrivals.rate.T * np.expm1(own.mean + own.sd**2 / 2.0)


def peg_law(market: MarketConfig, names: Sequence[str], years: float) -> PegLaw:
    """Log-bases of the pegged assets ``names`` over steps of ``years`` years.

    The decay and the noise are those of an Ornstein-Uhlenbeck process observed at the steps, so
    a basis has the same law whatever the step; jumps come at the end of their step.
    """
    assets = [asset for n in names if not isinstance(asset := market.assets[n], RiskyAsset)]
    reversion = np.array([a.peg.reversion_per_day for a in assets]) * DAYS_PER_YEAR  # per year
    volatility = per_regime([a.peg.volatility for a in assets], market)
    return PegLaw(
        scale=np.array([a.redemption if isinstance(a, StakedAsset) else a.price for a in assets]),
        carry=np.array(
            [a.staking_yield * years if isinstance(a, StakedAsset) else 0.0 for a in assets]
        ),
        decay=np.exp(-reversion * years),
        sd=volatility * np.sqrt(_noise_time(reversion, years))[:, None],
        jumps=OwnJumps(
            _arrivals([a.peg.jump_rate for a in assets], market, years),
            np.array([a.peg.jump_mean for a in assets]),
            np.array([a.peg.jump_sd for a in assets]),
            PEG_JUMP_COUNT,
            PEG_JUMP_SIZE,
        ),
    )


def _noise_time(reversion: np.ndarray, years: float) -> np.ndarray:
    """Variance of a step's noise per unit of annual variance: (1 - exp(-2 k t)) / 2 k."""
    rate = np.maximum(2.0 * reversion, 1e-12)  # without a pull the limit is t itself
    return -np.expm1(-rate * years) / rate


def _arrivals(rates: Rates, market: MarketConfig, years: float) -> Arrivals:
    rate = per_regime(rates, market) * years
    return Arrivals(rate, np.exp(-rate))


def per_regime(rows: Rates, market: MarketConfig) -> np.ndarray:
    """Rows of one value per regime as a (rows, R) array, also when there are no rows."""
    return np.array(rows, dtype=float).reshape(len(rows), len(market.regimes.names))
