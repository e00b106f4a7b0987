"""Rules named in YAML (``_target_: agents.trader.act``): who may be named, and finding them."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim import cache
from sim.errors import SluicegateError

PACKAGES = ("agents", "scenarios", "sim")
_KEY = "_target_"
_allowed: list[Path] = []


def allow(folders: Sequence[Path]) -> None:
    """Allow modules in `folders` from now on; `compose` says this of its search path."""
    _allowed.extend(folder for folder in folders if folder not in _allowed)


def allowed() -> tuple[Path, ...]:
    """Return the folders that `allow` was told of."""
    return tuple(_allowed)


def _own_functions(module: Any) -> list[str]:
    """Names of what a module defines and one can call."""
    return sorted(
        name
        for name, found in vars(module).items()
        if callable(found) and getattr(found, "__module__", None) == module.__name__
    )


def resolve_target(
    path: str, where: str | None = None, allowed_roots: Sequence[Path] | None = None
) -> Any:
    """Import what ``package.module.name`` names.

    Parameters
    ----------
    path : str
        A name in `agents`, `scenarios` or `sim`, or in a module in one of `allowed_roots`.
    where : str, optional
        The key that holds `path`, for the message.
    allowed_roots : sequence of Path, optional
        Folders that may hold modules of the user's own; those that were allowed before
        (``--config-dir``), if not given.

    Raises
    ------
    SluicegateError
        If the module is not allowed (nothing has been imported then), cannot be imported, or
        does not define the name itself.
    """
    root = check_target(path, _allowed if allowed_roots is None else allowed_roots, where)
    module_name, _, name = path.rpartition(".")
    module = _import(module_name, root, where)
    found = getattr(module, name, None)
    if found is None or not callable(found):
        raise SluicegateError(
            "the module has no such function",
            where,
            path,
            allowed=", ".join(_own_functions(module)) or "none: the module defines no function",
        )
    home = getattr(found, "__module__", None) or ""
    if home != module_name:
        raise SluicegateError(
            f"the function is only imported there; it comes from {home or 'elsewhere'}",
            where,
            path,
            hint="name it in the module that defines it",
        )
    return found


def check_target(
    path: Any, allowed_roots: Sequence[Path] = (), where: str | None = None
) -> Path | None:
    """Check that `path` may be imported, without importing it.

    Returns
    -------
    Path or None
        The user's folder that holds the module; None for a module of this project.
    """
    parts = path.split(".") if isinstance(path, str) else []
    if len(parts) < 2 or not all(part.isidentifier() for part in parts):
        raise SluicegateError(
            "this does not name a function", where, path, "package.module.function"
        )
    if parts[0] in PACKAGES and len(parts) > 2:
        return None
    for root in allowed_roots:
        if (root / f"{parts[0]}.py").is_file() or (root / parts[0] / "__init__.py").is_file():
            _check_free(parts[0], root, where)
            return root
    allowed = ", ".join(f"{package}.…" for package in PACKAGES)
    raise SluicegateError(
        "this function may not be named here",
        where,
        path,
        f"{allowed}, or a module in a folder given with --config-dir",
    )


def check_targets(config: Any, allowed_roots: Sequence[Path] = (), where: str = "") -> None:
    """Check every ``_target_`` below `config`, without importing anything."""
    for key, value in _items(config):
        place = f"{where}.{key}" if where else str(key)
        if key == _KEY:
            check_target(value, allowed_roots, place)
        else:
            check_targets(value, allowed_roots, place)


def _items(config: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(config, Mapping):
        yield from config.items()
    elif isinstance(config, list | tuple):
        yield from enumerate(config)


def _check_free(name: str, root: Path, where: str | None) -> None:
    """Refuse a module name that already means another module."""
    origin = _origin(name)
    taken = origin is not None and not Path(origin).resolve().is_relative_to(root.resolve())
    if taken or name in sys.builtin_module_names:
        raise SluicegateError(
            f"the module name {name!r} is already taken by another library",
            where,
            str(root / name),
            hint="rename your file",
        )


def _origin(name: str) -> str | None:
    """Return the file that ``import name`` leads to at present, if there is one."""
    present = sys.modules.get(name)
    if present is not None:
        return getattr(present, "__file__", None)
    found = importlib.util.find_spec(name)
    return found.origin if found is not None else None


def _import(name: str, root: Path | None, where: str | None) -> Any:
    try:
        if root is None:
            return importlib.import_module(name)
        if str(root) not in sys.path:
            sys.path.append(str(root))  # so that the module finds its neighbours
        with cache.including(root):
            return importlib.import_module(name)
    except Exception as error:
        raise SluicegateError(
            f"the module {name} cannot be imported: {type(error).__name__}: {error}",
            where,
            hint="import the module in Python by itself and mend what it complains of",
        ) from error
