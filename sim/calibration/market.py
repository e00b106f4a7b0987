"""Put a fit into the words and units of a market configuration."""

from typing import Any

import numpy as np

from sim._version import __version__
from sim.calibration.fit import Fit
from sim.calibration.generator import generator_per_day
from sim.calibration.mixture import Parameters, expect
from sim.calibration.peg import fit_peg, measure_basis, weather_of
from sim.calibration.settings import CalibrateConfig
from sim.world.chain import stationary_law
from sim.world.prices.bars import Bars
from sim.world.prices.read import PriceFile

DIGITS = 6  # significant; the data do not support more, and files stay readable
SECONDS_PER_DAY = 86_400.0
NAMES = {1: ("calm",), 2: ("calm", "stressed"), 3: ("calm", "stressed", "crash")}


def regime_names(count: int) -> tuple[str, ...]:
    """Names of the regimes, from calm to wild."""
    return NAMES.get(count) or tuple(f"regime_{k + 1}" for k in range(count))


def market_of(fit: Fit, bars: Bars) -> dict[str, Any]:
    """Risky part of a market configuration: assets, regimes, volatility, correlation, jumps."""
    parameters = fit.parameters
    names = regime_names(len(parameters.start))
    generator, _ = generator_per_day(parameters.transition, bars.seconds / SECONDS_PER_DAY)
    sd = np.sqrt(np.diagonal(parameters.covariance, axis1=1, axis2=2))  # (K, N)
    volatility = sd / np.sqrt(bars.years)
    market: dict[str, Any] = {
        "assets": {
            asset: {"kind": "risky", "price": _round(_last(bars.close[:, i]))}
            for i, asset in enumerate(bars.assets)
        },
        "regimes": {
            "names": list(names),
            "generator_per_day": _balanced(generator),
            "start": "stationary",
        },
        "volatility": {a: _round(volatility[:, i]) for i, a in enumerate(bars.assets)},
        "correlation": {
            name: _correlation(parameters.covariance[k]) for k, name in enumerate(names)
        },
    }
    if len(parameters.kinds.own) > 1:
        market["jumps"] = _jumps(parameters, bars)
    return market


def _last(close: np.ndarray) -> float:
    return float(close[np.isfinite(close)][-1])


def _jumps(parameters: Parameters, bars: Bars) -> dict[str, Any]:
    rates = parameters.share / bars.years  # (K, J)
    jumps: dict[str, Any] = {"own": {}}
    kinds = parameters.kinds
    for j in range(1, len(kinds.own)):
        sd = np.sqrt(np.diag(kinds.covariance[j]))
        if kinds.own[j] < 0:
            common = {
                "rate": _round(rates[:, j]),
                "mean": dict(zip(bars.assets, _round(kinds.mean[j]), strict=True)),
                "sd": dict(zip(bars.assets, _round(sd), strict=True)),
                "correlation": _round(kinds.correlation),
            }
            jumps = {"common": common, **jumps}
        else:
            i = int(kinds.own[j])
            jumps["own"][bars.assets[i]] = {
                "rate": _round(rates[:, j]),
                "mean": _round(kinds.mean[j, i]),
                "sd": _round(sd[i]),
            }
    return jumps


def add_pegged(
    market: dict[str, Any], fit: Fit, bars: Bars, config: CalibrateConfig, files: list[PriceFile]
) -> list[str]:
    """Add the pegged assets to a market; return what was assumed about them.

    Parameters
    ----------
    market : dict
        From :func:`market_of`; its `assets` grow.
    files : list of PriceFile
        The `data` file and the `pegs` file.
    """
    occupancy = stationary_law(market["regimes"]["generator_per_day"])
    weather = weather_of(bars, expect(fit.parameters, bars.returns).weights, occupancy)
    assumed = []
    for name, asset in config.pegged.items():
        basis = measure_basis(asset, files[1], files[0])
        peg = {key: _round(value) for key, value in fit_peg(asset, basis, weather).items()}
        if asset.kind == "stable":
            market["assets"][name] = {"kind": "stable", "price": 1.0, "peg": peg}
        else:
            market["assets"][name] = {
                "kind": "staked",
                "underlying": asset.underlying,
                "redemption": asset.redemption,
                "yield": asset.staking_yield,
                "peg": peg,
            }
        assumed.append(_assumption(name, asset.proxy, basis.growth, asset.why))
    return assumed


def _assumption(name: str, proxy: str, growth: float, why: str) -> str:
    measured = f"; the proxy's redemption rate grew {growth:.1%} a year" if growth else ""
    return (
        f"{name}: reversion and volatility are fitted on {proxy} as proxy{measured}; "
        f"jump_rate, jump_mean and jump_sd are assumed: {why}"
    )


def provenance(
    fit: Fit, bars: Bars, config: CalibrateConfig, files: list[PriceFile], assumed: list[str]
) -> dict[str, Any]:
    """Where a fitted market comes from; nothing in it depends on when the fit was made."""
    jumps = (
        f"with latent common and own jumps (share of bars at most {config.jump_share:g} per kind), "
        "second moments matched"
        if config.jumps
        else "without jumps"
    )
    end = "converged" if fit.converged else "NOT converged"
    return {
        "source": " + ".join(file.name for file in files),
        "sha256": " + ".join(file.sha256 for file in files),
        "span": bars.notes[0],
        "n": int(bars.complete.sum()),
        "method": (
            f"{config.regimes}-regime Gaussian hidden Markov model by EM {jumps}; "
            f"{config.restarts} starting points, seed {config.seed}, {end} after "
            f"{fit.iterations} iterations; log-likelihood {fit.log_likelihood:.1f}"
        ),
        "version": __version__,
        "assumed": [
            "drift 0: prices are martingales, an hour's mean return is below its noise",
            "prices are the last closes of the span",
            *assumed,
        ],
    }


def _balanced(generator: np.ndarray) -> list[list[float]]:
    """Round the rates; each diagonal entry is minus the sum of the rounded others."""
    rows = []
    for k, row in enumerate(generator):
        rates = [0.0 if j == k else _round(rate) for j, rate in enumerate(row)]
        rates[k] = 0.0 - round(sum(rates), 9)
        rows.append(rates)
    return rows


def _correlation(covariance: np.ndarray) -> list[list[float]]:
    sd = np.sqrt(np.diag(covariance))
    matrix = np.round(covariance / np.outer(sd, sd), DIGITS)
    np.fill_diagonal(matrix, 1.0)
    return matrix.tolist()


def _round(value: Any) -> Any:
    """Round numbers, also inside sequences, to DIGITS significant digits."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_round(item) for item in value]
    return float(f"{float(value):.{DIGITS}g}")
