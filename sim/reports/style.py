"""Look of the figures, and SVG bytes that depend on the data alone."""

import io
import re
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

# Okabe and Ito (2008): told apart with every common form of colour blindness, and in grey.
SCOPE_COLOURS = {"isolated": "#000000", "venue": "#0072B2", "unified": "#D55E00", "hub": "#009E73"}
SPARE_COLOURS = ("#CC79A7", "#E69F00", "#56B4E9", "#6B6B6B")
GREY = "#6B6B6B"
WIDTH = 7.1  # inches: the text width of an A4 page
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "svg.hashsalt": "sluicegate",
    "svg.fonttype": "path",
    "path.simplify": True,
}


@dataclass(frozen=True)
class Look:
    """How one world is drawn everywhere."""

    colour: str
    dashed: bool

    @property
    def line(self) -> str:
        """Line style."""
        return "--" if self.dashed else "-"

    @property
    def fill(self) -> str:
        """Marker face: hollow when re-levered."""
        return "white" if self.dashed else self.colour


def looks(worlds: pd.DataFrame) -> dict[str, Look]:
    """One colour for a world, its scope's for the re-levered arm, which is dashed and hollow."""
    spare = iter(SPARE_COLOURS * len(worlds))
    colours = dict(SCOPE_COLOURS)
    found = {}
    for row in worlds.to_dict("records"):
        relevered = row.get("arm") == "re-levered"
        stem = str(row["scope"] if relevered and "scope" in row else row["world"])
        colour = colours[stem] if stem in colours else colours.setdefault(stem, next(spare))
        found[str(row["world"])] = Look(colour, relevered)
    return found


def new_figure(height: float) -> Figure:
    """Empty figure of page width; call inside `mpl.rc_context(STYLE)`."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def svg(figure: Figure) -> str:
    """Draw as SVG without date or creator: equal figures give equal bytes."""
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    return buffer.getvalue().decode()


def inline(text: str, name: str) -> str:
    """Strip the prolog and make ids unique, so that several figures can stand on one page."""
    body = text[text.index("<svg") :]
    return re.sub(r'((?<![\w-])id="|url\(#|xlink:href="#)', rf"\g<1>{name}-", body)
