"""What is known of each population before any path, kept beside the chunks of a run.

So a resumed run builds no population again whose paths are all there, and notices when this machine
would build other worlds than the one on which the run began.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sim.errors import SluicegateError
from sim.studies.chunks import write_atomically

FOLDER = "populations"


@dataclass(frozen=True)
class Opening:
    """A population before its paths.

    Attributes
    ----------
    facts : dict of str to dict
        By world, figures that are constant over paths.
    traded : list of str
        Venues at which a trader holds something.
    shrunk : dict of str to list of str
        By venue, assets in which positions are smaller than drawn.
    digest : str
        Hash of all arrays that its paths are run on.
    """

    facts: dict[str, dict[str, float]]
    traded: list[str]
    shrunk: dict[str, list[str]]
    digest: str


class Openings:
    """Openings of a run, in a folder.

    Parameters
    ----------
    folder : Path
        Where they lie; it is made if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, population: int) -> Opening | None:
        """Look one up; None if it was not built yet."""
        file = self._path(population)
        return Opening(**json.loads(file.read_text())) if file.exists() else None

    def keep(self, population: int, opening: Opening) -> None:
        """Keep one.

        Raises
        ------
        SluicegateError
            If the run began with another one.
        """
        known = self.find(population)
        if known is None:
            write_atomically(self._path(population), json.dumps(asdict(opening)).encode())
        elif known.digest != opening.digest:
            raise SluicegateError(
                f"this machine builds other worlds than the one that began the run (population "
                f"{population})",
                value=opening.digest,
                allowed=known.digest,
                hint="resume where it began, or run it anew",
            )

    def _path(self, population: int) -> Path:
        return self.folder / f"{population}.json"
