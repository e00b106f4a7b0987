"""The law of the exogenous price path, per step, as the compiled generator reads it.

Shapes: N assets, M risky assets, P pegged assets (stable or staked), R regimes.
"""

from typing import NamedTuple

import numpy as np

Floats = np.ndarray  # float64
Ints = np.ndarray  # int64


class ChainLaw(NamedTuple):
    """The regime chain over one step."""

    start: Floats  # (R,) cumulative probability of the first regime
    transition: Floats  # (R, R) cumulative rows of expm(Q dt)


class DiffusionLaw(NamedTuple):
    """Risky log-returns of one step, given the regime."""

    drift: Floats  # (R, M) log-return per step: expected drift - variance/2 - jump compensators
    loading: Floats  # (R, M, M) lower triangular: Cholesky factor x sd of the step's log-return


class Arrivals(NamedTuple):
    """Poisson arrivals per step, by row (an asset, or the common event) and regime."""

    rate: Floats  # (rows, R) expected number per step
    none: Floats  # (rows, R) exp(-rate), the probability of none


class OwnJumps(NamedTuple):
    """Jumps that each row has for itself, and which draws decide them."""

    arrivals: Arrivals  # one row per asset
    mean: Floats  # (rows,) mean log size
    sd: Floats  # (rows,) sd of the log size
    count_purpose: int  # of the draws of how many
    size_purpose: int  # of the draws of how large


class JumpLaw(NamedTuple):
    """Jumps of risky log-prices: common events and each asset's own."""

    common: Arrivals  # one row
    common_mean: Floats  # (M,) mean log size
    common_shared: Floats  # (M,) loading of the size on the event's own normal
    common_single: Floats  # (M,) loading of the size on the asset's normal
    own: OwnJumps  # M rows


class PegLaw(NamedTuple):
    """Pegged prices: scale x exp(carry t + x), with the log-basis x' = decay x + sd z + jumps."""

    scale: Floats  # (P,) USD for a stable, units of underlying for a staked asset
    carry: Floats  # (P,) log growth of the redemption rate per step
    decay: Floats  # (P,) exp(-reversion dt)
    sd: Floats  # (P, R) noise of one step
    jumps: OwnJumps  # P rows


class InsideLaw(NamedTuple):
    """How prices move inside a step."""

    every: Ints  # (R,) blocks between two moves; 0 if prices stand still until the next step
    share: float  # of a step that one block lasts


class PathLaw(NamedTuple):
    """Everything that determines a path, given its seed and number."""

    step_years: float  # years of 365 days
    price: Floats  # (N,) USD at the start; for a staked asset underlying x redemption
    risky: Ints  # (M,) asset of each risky row
    pegged: Ints  # (P,) asset of each pegged row
    underlying: Ints  # (P,) asset that a pegged row multiplies, -1 for a stable
    risky_stream: Ints  # (M,) index of the draws of each risky row, a hash of the asset's name
    pegged_stream: Ints  # (P,) the same for pegged rows
    chain: ChainLaw
    diffusion: DiffusionLaw
    jumps: JumpLaw
    peg: PegLaw
    inside: InsideLaw
