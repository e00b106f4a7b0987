"""A backtest: engines and books over a history, exceedances, their tests, procyclicality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.errors import SluicegateError
from sim.studies import coverage
from sim.studies.backtest_settings import BacktestConfig, Engine
from sim.studies.engines import Case, calmed, requirement
from sim.studies.history import History, load_history
from sim.studies.procyclicality import largest_rise, peak_to_trough


class Backtest(NamedTuple):
    """What a backtest found."""

    config: BacktestConfig
    history: History
    table: pd.DataFrame  # a row per engine and book
    series: pd.DataFrame  # time, engine, book, requirement, loss: shares of gross notional


def run_backtest(config: BacktestConfig) -> Backtest:
    """Run every engine on every book."""
    history = load_history(config)
    rows: list[dict[str, Any]] = []
    series: list[pd.DataFrame] = []
    for book, shares in config.books.items():
        case = _case(config, history, shares)
        loss = -(case.returns @ case.exposure)[config.warmup :]
        for name, engine in config.engines.items():
            needed = _required(name, engine, case)
            rows.append({"engine": name, "book": book, **judged(config, needed, loss)})
            series.append(_line(history, name, book, needed, loss))
    return Backtest(config, history, pd.DataFrame(rows), pd.concat(series, ignore_index=True))


def judged(config: BacktestConfig, needed: np.ndarray, loss: np.ndarray) -> dict[str, Any]:
    """Exceedances with their tests, and procyclicality.

    Parameters
    ----------
    config : BacktestConfig
        Level and number of periods of a rise.
    needed, loss : (T,) float64 ndarray
        Requirement before, and loss after each period, shares of gross notional.
    """
    beyond = loss > needed
    count, periods = int(beyond.sum()), len(loss)
    unconditional = coverage.kupiec(count, periods, config.level)
    clustering = coverage.independence(coverage.transitions(beyond))
    both = coverage.conditional_coverage(unconditional, clustering)
    excess = (loss - needed)[beyond]
    return {
        "periods": periods,
        "exceedances": count,
        "expected": periods * (1.0 - config.level),
        "kupiec_lr": unconditional.statistic,
        "kupiec_p": unconditional.p_value,
        "independence_lr": clustering.statistic,
        "independence_p": clustering.p_value,
        "conditional_lr": both.statistic,
        "conditional_p": both.p_value,
        "zone": coverage.traffic_light(count, periods, config.level),
        "green_at_double_rate": coverage.green_rate(periods, config.level, 2 * (1 - config.level)),
        "mean_requirement": float(needed.mean()),
        "peak_to_trough": peak_to_trough(needed),
        "largest_rise": largest_rise(needed, config.rise_periods),
        "mean_excess": float(excess.mean()) if count else 0.0,
        "worst_excess": float(excess.max()) if count else 0.0,
    }


def _case(config: BacktestConfig, history: History, shares: Mapping[str, float]) -> Case:
    held = np.array([shares.get(asset, 0.0) for asset in history.assets])
    return Case(history.assets, held / np.abs(held).sum(), history.returns, config.warmup)


def _required(name: str, engine: Engine, case: Case) -> np.ndarray:
    try:
        raw = requirement(engine, case)
    except SluicegateError as error:
        if error.where != "venue":  # the engine's own key
            raise
        where = f"engines.{name}.venue"
        raise SluicegateError(error.what, where, error.value, error.allowed, error.hint) from None
    return calmed(engine, raw)[case.first :]


def _line(
    history: History, engine: str, book: str, needed: np.ndarray, loss: np.ndarray
) -> pd.DataFrame:
    time = history.start[len(history.start) - len(loss) :]
    return pd.DataFrame(
        {"time": time, "engine": engine, "book": book, "requirement": needed, "loss": loss}
    )
