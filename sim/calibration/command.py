"""`sluicegate calibrate`: price files in, a market with its provenance and quality out."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.calibration.figure import quality_svg
from sim.calibration.fit import Fit, fit_market
from sim.calibration.generator import generator_per_day
from sim.calibration.market import add_pegged, market_of, provenance, regime_names
from sim.calibration.quality import Table, compare
from sim.calibration.settings import parse
from sim.calibration.write import check_writable, market_text, write_whole
from sim.world.prices.bars import Bars, take_bars
from sim.world.prices.read import read_prices
from sim.world.schema.explain import validated
from sim.world.schema.market import MarketConfig


def run(overrides: list[str]) -> int:
    """Calibrate a market as the command line asks.

    Parameters
    ----------
    overrides : list of str
        ``key=value`` words; the keys are those of `CalibrateConfig`.

    Returns
    -------
    int
        0.

    Raises
    ------
    SluicegateError
        For settings or price files that cannot be used; nothing is then written.
    """
    config = parse(overrides)
    out = Path(config.out)
    check_writable(out)
    files = [read_prices(path) for path in (config.data, config.pegs) if path is not None]
    bars = take_bars(files[0], config.assets, (config.start, config.end), config.max_gap_share)
    _say("\n".join(bars.notes))
    fit = fit_market(bars.returns, config)
    single = fit_market(bars.returns, config, regimes=1)
    _say(_likelihoods(fit, single, bars))
    market = market_of(fit, bars)
    risky = validated(MarketConfig, market, "the fitted market")
    assumed = add_pegged(market, fit, bars, config, files) if config.pegs is not None else []
    market["provenance"] = provenance(fit, bars, config, files, assumed)
    validated(MarketConfig, market, "the fitted market")
    _say(_regimes(fit, bars))
    table = compare(risky, fit.parameters, bars, config) if config.checks else None
    _write(out, market, overrides, table)
    return 0


def _write(out: Path, market: dict[str, Any], words: list[str], table: Table | None) -> None:
    if table is not None:
        _say(summary(table.rows))
        source = market["provenance"]["source"]
        sheet, picture = out.with_suffix(".quality.csv"), out.with_suffix(".quality.svg")
        write_whole(sheet, table.rows.to_csv(index=False, float_format="%.6g"))
        write_whole(picture, quality_svg(table, f"{out.stem}: fitted to {source}"))
        _say(f"wrote {sheet}\nwrote {picture}")
    write_whole(out, market_text(market, words))  # last: a market is there only when all is
    _say(f"wrote {out}\n{usage(out)}")


def usage(out: Path) -> str:
    """Say how a run takes the fitted market."""
    if out.parent.name == "market":
        return f"use it: sluicegate run market={out.stem} --config-dir {out.parent.parent}"
    return (
        f"to use it, put it into DIR/market/ and say: sluicegate run market={out.stem} "
        "--config-dir DIR"
    )


def _likelihoods(fit: Fit, single: Fit, bars: Bars) -> str:
    count = int(bars.complete.sum())
    lines = [f"{'':<24}{'log-likelihood':>16}{'parameters':>12}{'BIC':>16}"]
    for name, one in ((f"{len(fit.parameters.start)} regimes", fit), ("one regime", single)):
        lines.append(f"{name:<24}{one.log_likelihood:>16.1f}{one.free:>12}{one.bic(count):>16.1f}")
    end = "converged" if fit.converged else "NOT CONVERGED"
    lines.append(f"{end} after {fit.iterations} iterations; {count} complete bars")
    return "\n".join(lines)


def _regimes(fit: Fit, bars: Bars) -> str:
    """Volatility of the diffusion, mean stay and repair of the generator."""
    names = regime_names(len(fit.parameters.start))
    sd = np.sqrt(np.diagonal(fit.parameters.covariance, axis1=1, axis2=2) / bars.years)
    rates, repair = generator_per_day(fit.parameters.transition, bars.seconds / 86_400.0)
    table = pd.DataFrame(sd, index=list(names), columns=list(bars.assets))
    with np.errstate(divide="ignore"):
        table["mean stay, h"] = -24.0 / np.diag(rates)
    note = f"the generator's step matrix differs from the fitted one by at most {repair:.4f}"
    return f"annual volatility of the diffusion\n{table.round(3).to_string()}\n{note}"


def summary(rows: pd.DataFrame) -> str:
    """Quality table in brief: means over assets or pairs, and the item furthest off."""
    lines = [f"{'mean over assets or pairs':<26}{'data':>9}{'simulated':>11}{'worst z':>9}  at"]
    shares = rows["statistic"] == "regime occupancy"
    for row in rows[shares].to_dict("records"):  # they sum to 1: their mean says nothing
        line = f"{row['statistic'] + ', ' + row['of']:<26}"
        line += f"{row['data']:>9.3f}{row['simulated']:>11.3f}"
        lines.append(line + (f"{row['z']:>9.1f}" if np.isfinite(row["z"]) else ""))
    for name, group in rows[~shares].groupby("statistic", sort=False):
        finite = group[np.isfinite(group["z"])]
        data, simulated = group["data"].mean(), group["simulated"].mean()
        line = f"{name:<26}{data:>9.3f}{simulated:>11.3f}"
        if not finite.empty:
            worst = finite.loc[finite["z"].abs().idxmax()]
            line += f"{worst['z']:>9.1f}  {worst['of']}"
            line += "" if worst["meant"] else "  (not fitted)"
        lines.append(line)
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, flush=True)
