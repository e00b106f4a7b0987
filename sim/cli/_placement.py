"""Refuse to start when our package names lead to somebody else's folders."""

from __future__ import annotations

import json
from importlib import metadata, util
from pathlib import Path
from urllib.parse import unquote, urlparse

from sim.cache import PACKAGES, repository
from sim.errors import SluicegateError

_HINT = "use an environment of its own: make run, or .venv/bin/sluicegate; unset PYTHONPATH"


def check() -> None:
    """Check that `sim`, `agents` and `scenarios` are those of this distribution.

    Raises
    ------
    SluicegateError
        Naming the package that resolves elsewhere.
    """
    home = distribution_folder() or repository()
    for name in PACKAGES:
        found = package_folder(name)
        expected = home / name
        if found is None and not expected.is_dir():
            continue
        if found is None or found.resolve() != expected.resolve():
            raise SluicegateError(
                f"the package {name!r} is not the one of this installation",
                value=str(found),
                allowed=str(expected),
                hint=_HINT,
            )


def package_folder(name: str) -> Path | None:
    """Return the folder that ``import name`` would read, without importing it."""
    found = util.find_spec(name)
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent


def distribution_folder() -> Path | None:
    """Return the folder that the installed distribution is read from; None if not installed."""
    try:
        distribution = metadata.distribution("sluicegate")
    except metadata.PackageNotFoundError:
        return None
    address = json.loads(distribution.read_text("direct_url.json") or "{}")
    if address.get("dir_info", {}).get("editable"):
        return Path(unquote(urlparse(address["url"]).path))
    return Path(str(distribution.locate_file("")))
