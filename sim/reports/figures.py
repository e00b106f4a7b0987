"""The six figures of the report; each returns None when the study lacks what it shows."""

from collections.abc import Callable

import matplotlib as mpl
from matplotlib.figure import Figure

from sim.reports import cascade_figures, loss_figures
from sim.reports.style import STYLE, svg
from sim.studies.result import StudyResult

Draw = Callable[[StudyResult], Figure | None]
FIGURES: dict[str, Draw] = {
    "creditor-loss": loss_figures.creditor_loss,
    "paired-differences": loss_figures.paired_differences,
    "capital-efficiency": loss_figures.capital_efficiency,
    "generations": cascade_figures.generations,
    "amplification": cascade_figures.amplification,
    "displacement": cascade_figures.displacement,
}


def draw_all(result: StudyResult) -> dict[str, str]:
    """SVG text of every figure that the study can fill, by name."""
    drawn = {}
    with mpl.rc_context(STYLE):
        for name, draw in FIGURES.items():
            figure = draw(result)
            if figure is not None:
                drawn[name] = svg(figure)
    return drawn
