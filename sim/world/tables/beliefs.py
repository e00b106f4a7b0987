"""P2, term V, and beliefs: filters, tails, and what engines believe at the start of a path."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.errors import SluicegateError
from sim.margin.sampled import tail_rank
from sim.margin.shocks import YEAR
from sim.margin.trials import TRIALS
from sim.market.paths import simulate
from sim.state import codes
from sim.state.rows import BELIEF, TAIL
from sim.world.draws import Draws
from sim.world.law import build_law
from sim.world.layout import Layout
from sim.world.multipliers import es_multiplier, squared_es, squared_var, var_multiplier
from sim.world.schema.beliefs import Predictive, Tail, VolatilityResponse
from sim.world.schema.market import MarketConfig
from sim.world.schema.run import RunConfig
from sim.world.tables.history import past

FIRST_SAMPLE = 1_000_000_000  # number of the first path that engines have seen: no run has it
HISTORY = 4096  # returns that opening beliefs rest on
LONGEST = 3600.0  # s, length of a step of sampled history


def learns(config: RunConfig) -> bool:
    """Whether some engine filters prices."""
    return config.hub.tail is not None or any(
        venue.tail is not None or venue.predictive is not None or venue.volatility.gain > 0.0
        for venue in config.venue.values()
    )


def responds(config: RunConfig) -> bool:
    """Whether some venue's requirements of single legs follow volatility."""
    return any(venue.volatility.gain > 0.0 for venue in config.venue.values())


def observed_every(config: RunConfig) -> float:
    """Seconds between observations: a step, if steps are longer."""
    return max(config.beliefs.every, config.step_seconds)


def belief_table(config: RunConfig) -> np.ndarray:
    """The filter, or no row. (0 or 1,)."""
    table = np.zeros(1 if learns(config) else 0, dtype=BELIEF)
    for row in table:
        row["every"] = observed_every(config)
        row["half_life"] = config.beliefs.half_life
        row["correlation_half_life"] = config.beliefs.correlation_half_life
        row["lag"] = config.beliefs.correlation_lag
    return table


def tail_table(layout: Layout) -> np.ndarray:
    """A row per venue, and one for the hub. (V+1,)."""
    table = np.zeros(len(layout.venues) + 1, dtype=TAIL)
    table["lowest"] = table["highest"] = 1.0
    for v, name in enumerate(layout.venues):
        venue = layout.config.venue[name]
        fill_tail(table[v], venue.tail)
        fill_response(table[v], venue.volatility)
        fill_prediction(table[v], venue.predictive, predictions(layout.config))
    fill_tail(table[-1], layout.config.hub.tail)
    return table


def fill_tail(row: np.void, spec: Tail | None) -> None:
    """Write term V into a venue's row."""
    if spec is None:
        return
    multiplier = var_multiplier if spec.measure == "var" else es_multiplier
    sampled = spec.method == "samples"
    row["method"] = codes.BY_SAMPLES if sampled else codes.BY_COVARIANCE
    row["multiple"] = multiplier(spec.level, spec.freedom) * math.sqrt(spec.horizon)
    row["scale"] = math.sqrt(spec.horizon)
    row["expected"] = spec.measure == "es"
    row["level"] = spec.level
    one = multiplier(spec.level, spec.freedom)
    squared = squared_var if spec.measure == "var" else squared_es
    row["curvature"] = max(1.0, squared(spec.level, spec.freedom) / one**2) if one else 1.0
    row["vol_of_vol"] = spec.vol_of_vol / math.sqrt(YEAR)


def fill_response(row: np.void, volatility: VolatilityResponse) -> None:
    """Write what follows volatility into a venue's row."""
    row["gain"] = volatility.gain
    row["lowest"] = volatility.lowest
    row["highest"] = volatility.highest
    for name in ("floor", "stress_weight", "stress", "buffer"):
        row[name] = getattr(volatility, name)


def predicted(spec: Predictive) -> float:
    """Deviations of a second's return within which insolvency is too likely."""
    return var_multiplier(1.0 - spec.probability) * math.sqrt(spec.delay)


def predictions(config: RunConfig) -> list[float]:
    """The same of all venues with early liquidation, each number once."""
    rules = (venue.predictive for venue in config.venue.values())
    return sorted({predicted(rule) for rule in rules if rule is not None})


def fill_prediction(row: np.void, spec: Predictive | None, known: list[float]) -> None:
    """Write the rule of early liquidation into a venue's row."""
    if spec is None:
        return
    level = 1.0 - spec.probability
    row["predictive"] = predicted(spec)
    row["predictive_curvature"] = max(1.0, squared_var(level) / var_multiplier(level) ** 2)
    row["predictive_shelf"] = codes.GRIDS + known.index(predicted(spec))


def sampled_tails(config: RunConfig) -> list[Tail]:
    """Tails that are measured by samples; they share one set, so they must agree on it."""
    tails = [venue.tail for venue in config.venue.values()] + [config.hub.tail]
    found = [tail for tail in tails if tail is not None and tail.method == "samples"]
    for tail in found[1:]:
        if (tail.horizon, tail.samples) != (found[0].horizon, found[0].samples):
            raise SluicegateError(
                "engines that measure tails by samples share one set of them",
                where="tail",
                value=f"horizon {tail.horizon:g}, samples {tail.samples}",
                allowed=f"horizon {found[0].horizon:g}, samples {found[0].samples}, as at another "
                "engine",
            )
    return found


def sample_tables(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Joint returns in units of their deviations (S, N), and the largest by asset (N,)."""
    tails = sampled_tails(layout.config)
    if not tails:
        return np.zeros((0, len(layout.assets))), np.zeros(len(layout.assets))
    if layout.config.beliefs.history is not None:
        size = tails[0].horizon, tails[0].samples
        samples = past(layout.config.beliefs, tuple(layout.assets), *size).samples
        return samples, np.abs(samples).max(axis=0)
    drawn = returns(layout, tails[0].horizon, tails[0].samples)
    spread = np.sqrt(np.mean(drawn**2, axis=0))
    samples = np.divide(drawn, spread, out=np.zeros_like(drawn), where=spread > 0.0)
    return samples, np.abs(samples).max(axis=0)


def samples_from(config: RunConfig) -> dict[str, Any]:
    """Where the samples are from, if from a price file; else nothing."""
    if config.beliefs.history is None:
        return {}
    tail = sampled_tails(config)[0]
    return past(config.beliefs, tuple(config.market.assets), tail.horizon, tail.samples).provenance


def vol_sample_tables(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Own moves of log-volatilities, normal with unit deviation, and the largest by asset."""
    tails = sampled_tails(layout.config)
    samples = tails[0].samples if tails else 0
    drawn = np.zeros((samples, len(layout.assets)))
    if any(tail.vol_of_vol > 0.0 for tail in tails):
        from scipy import stats  # takes a second to import, and few runs need it

        draws = Draws(layout.config.seed, FIRST_SAMPLE, samples)
        for n, name in enumerate(layout.assets):
            drawn[:, n] = stats.norm.ppf(draws.uniform(f"tail.vol_of_vol.{name}"))
        drawn /= np.sqrt(np.mean(drawn**2, axis=0))
    return drawn, np.abs(drawn).max(axis=0, initial=0.0)


def trials_kept(config: RunConfig) -> int:
    """Moves in which engines of term V value an option, the most of any."""
    tails = [venue.tail for venue in config.venue.values()] + [config.hub.tail]
    if all(tail is None for tail in tails):
        return 0
    return max([TRIALS, *(tail.samples for tail in sampled_tails(config))])


def worst_kept(config: RunConfig) -> int:
    """Most losses of a sample that a measure looks at."""
    tails = sampled_tails(config)
    return max((t.samples - tail_rank(t.samples, t.level) for t in tails), default=0)


def long_run(layout: Layout) -> np.ndarray:
    """Covariance of returns that engines believe at the start of a path, 1/s. (N, N)."""
    every = observed_every(layout.config)
    seen = returns(layout, every, HISTORY)
    return seen.T @ seen / (len(seen) * every)


def returns(layout: Layout, seconds: float, count: int) -> np.ndarray:
    """Log-returns over some seconds from the market's long run, on paths that no run has."""
    steps = math.ceil(seconds / LONGEST)
    law, _ = build_law(steady(layout.config.market), seconds / steps)
    prices, _ = simulate(law, layout.config.seed, count, steps, FIRST_SAMPLE)
    change: np.ndarray = np.log(prices[:, -1] / prices[:, 0])
    return change


def steady(market: MarketConfig) -> MarketConfig:
    """The market, started from its stationary law unless its regimes never change."""
    if not np.any(np.asarray(market.regimes.generator_per_day)):
        return market
    regimes = market.regimes.model_copy(update={"start": "stationary"})
    return market.model_copy(update={"regimes": regimes})
