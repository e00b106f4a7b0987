"""The venues of the menu and of the user's own folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.errors import SluicegateError, closest
from sim.world.compose import choices, compose, default_config_dir
from sim.world.schema.explain import validated
from sim.world.schema.venue import VenueConfig

GROUP = "venue"


def load_library(search_path: Sequence[Path] = ()) -> tuple[dict[str, VenueConfig], dict[str, str]]:
    """Validate every venue.

    Parameters
    ----------
    search_path : sequence of Path
        Folders with further choices.

    Returns
    -------
    dict of str to VenueConfig
        The venues by name.
    dict of str to str
        What is wrong with the others, by name.
    """
    names = choices(GROUP, _folders(search_path))
    plain = compose([f"{GROUP}=[{','.join(names)}]"], search_path=search_path)[GROUP]
    venues: dict[str, VenueConfig] = {}
    broken: dict[str, str] = {}
    for name, data in plain.items():
        try:
            venues[name] = validated(VenueConfig, data, where=f"{GROUP}.{name}")
        except SluicegateError as error:
            broken[name] = " ".join(str(error).split())
    return venues, broken


def check_name(name: str, search_path: Sequence[Path] = ()) -> None:
    """Refuse a name that no file has.

    Raises
    ------
    SluicegateError
        Suggesting the nearest one.
    """
    known = choices(GROUP, _folders(search_path))
    if name not in known:
        meant = closest(name, known)
        raise SluicegateError(
            "there is no such venue",
            value=name,
            allowed=", ".join(known),
            hint=f"sluicegate venue {meant}" if meant else "sluicegate venues",
        )


def with_grid(search_path: Sequence[Path] = ()) -> list[str]:
    """List the venues that have a scenario grid."""
    venues, _ = load_library(search_path)
    return sorted(name for name, venue in venues.items() if venue.grid is not None)


def _folders(search_path: Sequence[Path]) -> list[Path]:
    return [default_config_dir(), *(folder.expanduser() for folder in search_path)]
