"""A system's YAML from the menu, with the parameters that a vector states put in their place."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from sim.world.schema.explain import validated
from sim.world.schema.venue import VenueConfig

MENU = Path(__file__).resolve().parents[2] / "conf" / "venue"


def configured(system: str, overrides: Mapping[str, Any] | None = None) -> VenueConfig:
    """Return ``conf/venue/SYSTEM.yaml`` with dotted keys replaced, validated as in a run."""
    with (MENU / f"{system}.yaml").open() as file:
        data = deepcopy(next(iter(yaml.safe_load(file).values())))
    for key, value in (overrides or {}).items():
        *path, last = key.split(".")
        place = data
        for name in path:
            place = place.setdefault(name, {})
        place[last] = value
    return validated(VenueConfig, data, where=f"venue.{system}")
