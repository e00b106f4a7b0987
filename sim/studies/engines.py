"""Margin engines over a history: what each would have asked for, before each period was known."""

from __future__ import annotations

from functools import singledispatch
from typing import NamedTuple

import numpy as np

from sim.compile import jit
from sim.errors import SluicegateError
from sim.margin import procyclical, sampled
from sim.margin.procyclical import Tools
from sim.studies.backtest_settings import (
    AntiProcyclical,
    FixedEngine,
    HistoricalEngine,
    ParametricEngine,
)
from sim.world.contracts import position_of, quote_asset
from sim.world.example import Examples, Holding, start_prices, venue_run
from sim.world.multipliers import es_multiplier, var_multiplier

Floats = np.ndarray


class Case(NamedTuple):
    """A book and the returns that it met; T periods, N assets."""

    assets: tuple[str, ...]
    exposure: Floats  # (N,) signed shares of gross notional
    returns: Floats  # (T, N)
    first: int  # the first period that an engine is judged on


class Beliefs(NamedTuple):
    """What a filter believed before each period."""

    volatility: Floats  # (T, N)
    correlation: Floats  # (T, N, N)


@singledispatch
def requirement(engine: AntiProcyclical, case: Case) -> Floats:
    """Requirement of a book before each period, as a share of gross notional, (T,).

    What it says of periods before ``case.first`` only serves the anti-procyclical tools.
    """
    raise TypeError(f"{type(engine).__name__} is no margin engine")


@requirement.register
def _fixed(engine: FixedEngine, case: Case) -> Floats:
    return np.full(len(case.returns), fixed_share(engine, case.assets, case.exposure))


@requirement.register
def _parametric(engine: ParametricEngine, case: Case) -> Floats:
    multiplier = var_multiplier if engine.measure == "var" else es_multiplier
    decay = (engine.decay, engine.correlation_decay)
    beliefs = filtered(case.returns, case.first, decay)
    late = np.maximum(0, np.arange(len(case.returns)) - engine.correlation_lag)
    spread = [
        sampled.deviation(case.exposure, beliefs.volatility[t], beliefs.correlation[late[t]])
        for t in range(len(case.returns))
    ]
    return multiplier(engine.level, engine.freedom) * np.array(spread)


@requirement.register
def _historical(engine: HistoricalEngine, case: Case) -> Floats:
    measure = sampled.value_at_risk if engine.measure == "var" else sampled.expected_shortfall
    beliefs = filtered(case.returns, case.first, (engine.decay, engine.decay))
    scale = beliefs.volatility if engine.filtered else np.ones_like(case.returns)
    needed = np.zeros(len(case.returns))
    for t in range(case.first // 2, len(needed)):
        past = slice(max(0, t - engine.window), t)
        losses = np.empty(past.stop - past.start)
        sampled.sampled_losses(case.exposure, case.returns[past], scale[past], scale[t], losses)
        losses.sort()
        needed[t] = max(0.0, measure(losses, engine.level))
    needed[: case.first // 2] = needed[case.first // 2]
    return needed


def calmed(engine: AntiProcyclical, raw: Floats) -> Floats:
    """Requirement after the anti-procyclical tools: stressed weight, then floor, then buffer.

    The long run is the mean of what the engine has asked for so far, the stress its highest.
    """
    long_run = np.cumsum(raw) / np.arange(1, raw.size + 1)
    worst = np.maximum.accumulate(raw)
    tools = Tools(engine.floor, engine.stress_weight, engine.buffer)
    asked = np.empty_like(raw)
    for t in range(raw.size):
        asked[t] = procyclical.calmed(raw[t], long_run[t], worst[t], tools)
    return asked


def filtered(returns: Floats, warmup: int, decay: tuple[float, float]) -> Beliefs:
    """Run the filters; they start from the moments of the warm-up, which is not judged."""
    start = returns[:warmup]
    beliefs = Beliefs(np.empty_like(returns), np.empty((*returns.shape, returns.shape[1])))
    covariance = start.T @ start / len(start)
    _run_filters(returns, np.diag(covariance).copy(), covariance, decay, beliefs)
    return beliefs


@jit
def _run_filters(
    returns: Floats,
    variance: Floats,
    covariance: Floats,
    decay: tuple[float, float],
    beliefs: Beliefs,
) -> None:
    for t in range(returns.shape[0]):
        beliefs.volatility[t] = np.sqrt(variance)
        sampled.believed(covariance, beliefs.correlation[t])
        sampled.update(variance, covariance, returns[t], decay)


def fixed_share(engine: FixedEngine, assets: tuple[str, ...], exposure: Floats) -> float:
    """What a venue's own margin engine asks for the book, per unit of gross notional.

    An asset is held as the venue's perpetual where it lists one, else as a deposit or loan.
    """
    config = venue_run(engine.venue)
    (venue,) = config.venue.values()
    prices = dict(zip(config.market.assets, start_prices(config), strict=True))
    holding: dict[tuple[str, str], float] = {}
    for asset, share in zip(assets, exposure, strict=True):
        if share == 0.0:
            continue
        if asset not in venue.perpetuals and asset not in venue.assets:
            raise SluicegateError(
                f"{asset} is not listed there",
                where="venue",
                value=engine.venue,
                allowed=", ".join(dict.fromkeys([*venue.perpetuals, *venue.assets])),
            )
        kind = "perpetual" if asset in venue.perpetuals else "balance"
        usd = share * engine.notional
        if kind == "balance":
            holding[kind, asset] = usd / prices[asset]
        else:
            settled = quote_asset(config, engine.venue, asset)
            spec = venue.perpetuals[asset]
            for key, amount in position_of(spec, asset, settled, usd, prices).items():
                holding[key] = holding.get(key, 0.0) + amount
    return _asked(engine, Examples(config, [holding]), holding)


def _asked(engine: FixedEngine, examples: Examples, holding: Holding) -> float:
    (measured,) = examples.measure()
    found = measured.initial if engine.at == "initial" else measured.maintenance
    return found / engine.notional
