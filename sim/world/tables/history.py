"""P2, term V: samples from a price file, for filtered historical simulation.

Each asset's returns over the horizon, in periods that follow each other without overlap, are
divided by the deviation that a filter believed before each (Barone-Adesi, Giannopoulos and Vosper
1999); the filter is the one that engines use, run over the file's bars from their mean square.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.compile import jit
from sim.errors import SluicegateError
from sim.margin.beliefs import kept
from sim.margin.sampled import ewma
from sim.world.schema.beliefs import Beliefs, SampleHistory

if TYPE_CHECKING:
    from sim.world.prices.bars import Bars

WHERE = "beliefs.history"


class Past(NamedTuple):
    """Samples and where they are from."""

    samples: np.ndarray  # (S, N) returns in units of the deviation believed before each
    provenance: dict[str, Any]


@jit
def _run_filter(returns: np.ndarray, keep: float, believed: np.ndarray) -> None:
    """Write the variance of a bar that was believed before each; missing bars teach nothing."""
    for n in range(returns.shape[1]):
        variance = believed[0, n]
        for t in range(returns.shape[0]):
            believed[t, n] = variance
            if np.isfinite(returns[t, n]):
                variance = ewma(variance, returns[t, n] * returns[t, n], keep)


def past(beliefs: Beliefs, assets: tuple[str, ...], horizon: float, count: int) -> Past:
    """Take the last ``count`` periods of a price file as samples.

    Raises
    ------
    SluicegateError
        If the file lacks an asset or periods, is not the one that was asked for by its hash, or its
        bars do not fit the horizon.
    """
    history = beliefs.history
    if history is None:
        raise ValueError("no history is given")
    return _past(history.model_dump_json(), beliefs.half_life, assets, (horizon, count))


@lru_cache(maxsize=4)
def _past(given: str, half_life: float, assets: tuple[str, ...], size: tuple[float, int]) -> Past:
    from sim.world.prices.bars import take_bars  # pandas takes a second to import
    from sim.world.prices.read import read_prices

    history = SampleHistory.model_validate_json(given)
    file = read_prices(history.data)
    if history.sha256 not in (None, file.sha256):
        raise SluicegateError(
            "this is another price file",
            where=f"{WHERE}.sha256",
            value=file.sha256,
            allowed=history.sha256,
            hint="leave sha256 out to take any file",
        )
    names = _names(history, assets, set(file.rows["asset"].unique()))
    known = tuple(dict.fromkeys(name for name in names if name is not None))
    bars = take_bars(file, known, (history.start, history.end), history.max_gap_share)
    samples, first = _standardised(bars, half_life, size)
    placed = np.zeros((size[1], len(assets)))
    for n, name in enumerate(names):
        if name is not None:
            placed[:, n] = samples[:, known.index(name)]
    placed.setflags(write=False)
    provenance = {
        "file": file.name,
        "sha256": file.sha256,
        "from": bars.times[first].isoformat(),
        "to": bars.times[-1].isoformat(),
        "periods": size[1],
        "horizon_seconds": size[0],
        "assets": dict(zip(assets, names, strict=True)),
        "notes": list(bars.notes),
    }
    return Past(placed, provenance)


def _names(history: SampleHistory, assets: tuple[str, ...], known: set[str]) -> list[str | None]:
    """Name in the file of each of the market's assets; None stands still."""
    for name in history.assets:
        if name not in assets:
            raise SluicegateError(
                "no such asset in the market",
                where=f"{WHERE}.assets",
                value=name,
                allowed=", ".join(assets),
            )
    names = [history.assets.get(name, name) for name in assets]
    absent = [a for a, name in zip(assets, names, strict=True) if name not in (None, *known)]
    if absent:
        raise SluicegateError(
            f"the price file has no {' and no '.join(absent)}",
            where=f"{WHERE}.assets",
            allowed=", ".join(sorted(known)),
            hint=f"assets: {{{absent[0]}: NAME IN THE FILE}}, or null for one that stands still",
        )
    return names


def _standardised(bars: Bars, half_life: float, size: tuple[float, int]) -> tuple[np.ndarray, int]:
    """The last periods without a gap, and the bar at which the first of them starts."""
    horizon, count = size
    length = round(horizon / bars.seconds)
    if length < 1 or abs(length * bars.seconds - horizon) > 1e-6 * horizon:
        raise SluicegateError(
            "the horizon is no multiple of the file's bars",
            where="tail.horizon",
            value=horizon,
            allowed=f"multiples of {bars.seconds:g} s",
        )
    believed = np.zeros_like(bars.returns)
    believed[0] = np.nanmean(bars.returns**2, axis=0)
    _run_filter(bars.returns, kept(half_life, bars.seconds), believed)
    starts = np.arange(len(bars.returns) % length, len(bars.returns), length)
    moved = bars.returns[starts[0] :].reshape(len(starts), length, -1).sum(axis=1)
    whole = np.flatnonzero(np.isfinite(moved).all(axis=1))
    if len(whole) < count:
        raise SluicegateError(
            f"too short: {len(whole)} periods of {horizon:g} s",
            where=f"{WHERE}.data",
            allowed=f"at least the {count} samples of the tail",
            hint="a longer span, fewer samples or a shorter horizon",
        )
    taken = whole[-count:]
    spread = np.sqrt(believed[starts[taken]] * length)
    samples = np.divide(moved[taken], spread, out=np.zeros_like(spread), where=spread > 0.0)
    return samples, int(starts[taken[0]])
