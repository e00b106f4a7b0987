"""Studies that compare leg-selection rules: which hedges each breaks, and what that loses."""

from sim.reports.tables import Cell, Table, figure_cell, worlds_of
from sim.reports.words import amount, change, interval
from sim.studies.metrics import describe
from sim.studies.result import StudyResult

HEDGES = ("hedges_broken", "hedge_loss", "hedge_loss_positive")
SHORT = {
    "hedges_broken": "Hedges broken, USD of notional",
    "hedge_loss": "Loss on what stayed open, USD, signed",
    "hedge_loss_positive": "Losses alone, USD",
}
RULES = {
    "riskiest": "heaviest debt or contract first, against the lightest collateral",
    "largest_relief": "what raises health most",
    "best_for_liquidator": "what its taker earns most on",
    "relief_per_impact": "most health per USD of charge and slippage",
    "keep_hedges": "what leaves the least unhedged delta",
    "whole_portfolio": "a share of every leg, by auction",
}


def hedge_table(result: StudyResult) -> Table | None:
    """Mean per path by world, and the paired difference to the baseline; nothing if none broke."""
    if not result.happened("hedges_broken"):
        return None
    n = int(result.summary.headline.n.max())
    caption = (
        f"Hedges broken by liquidation or deleveraging: mean per path, and difference (Δ) to "
        f"{result.baseline} on the same paths; 95 % intervals beneath; n = {n:,} paths"
    )
    head = [part for name in HEDGES for part in (SHORT[name], f"Δ to {result.baseline}, USD")]
    shown = Table(caption, head)
    for world in worlds_of(result):
        cells: list[Cell] = []
        for name in HEDGES:
            unit = describe(name).unit
            level = result.summary.figure(world, name, "mean")
            cells.append(figure_cell(shown, level, unit))
            if world == result.baseline:
                cells.append(Cell("baseline"))
                continue
            delta = result.summary.figure(world, name, "delta_mean")
            cells.append(figure_cell(shown, delta, unit, difference=True))
        shown.rows.append((world, cells))
    return shown


def hedge_lines(result: StudyResult) -> list[str]:
    """The same table in plain text, without intervals of the levels; at most 100 columns wide."""
    if hedge_table(result) is None:
        return []
    names = worlds_of(result)
    wide = max(map(len, names))
    columns = ("hedges broken", "loss", "losses alone", f"losses alone, to {result.baseline}")
    lines = ["  ".join(["world".ljust(wide), *(name.ljust(14) for name in columns)])]
    for world in names:
        means = (result.summary.figure(world, name, "mean").value for name in HEDGES)
        delta = result.summary.figure(world, "hedge_loss_positive", "delta_mean")
        span = interval(delta, "USD", difference=True)
        last = "-" if world == result.baseline else f"{change(delta.value)} ({span})"
        cells = [*(amount(mean).ljust(14) for mean in means), last]
        lines.append("  ".join([world.ljust(wide), *cells]))
    n = int(result.summary.headline.n.max())
    note = f"n = {n:,} paths; USD, mean per path; in brackets the 95 % interval of the difference"
    return ["", *(line.rstrip() for line in lines), note]
