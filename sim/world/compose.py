"""From the menu in ``conf/`` and the words of the command line to one plain dictionary.

Hydra composes; it does not validate. Every key is let through, known or not, and the schema
refuses what it does not know: so the message about a wrong key is always the same, and a key that
has a default in the schema can be set without being repeated in the YAML.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException, MissingConfigException
from omegaconf import OmegaConf
from omegaconf.errors import (
    InterpolationResolutionError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from sim.cache import repository
from sim.errors import SluicegateError, closest
from sim.world.targets import allow, check_targets, resolve_target

__all__ = [
    "CONFIG_NAME",
    "choices",
    "compose",
    "default_config_dir",
    "groups",
    "reopen",
    "resolve_target",
]

CONFIG_NAME = "config"
PATHS = (
    "out",
    "beliefs.history.data",
)  # keys whose values are paths, written as the shell has them
YAML_HINT = "look at indentation, colons and brackets near that line"
_CANNOT_DELETE = "Could not delete "  # how Hydra's refusals of ~KEY begin
_SYNTAX = "key=value, group=choice, group=[one,two], +key=value to add, ~key to remove"


def default_config_dir() -> Path:
    """Return the folder ``conf/`` of the installed repository."""
    return repository() / "conf"


def compose(
    overrides: Sequence[str] = (),
    config_dir: Path | None = None,
    search_path: Sequence[Path] = (),
) -> dict[str, Any]:
    """Compose ``config.yaml`` with the overrides into a plain dictionary, references resolved.

    Parameters
    ----------
    overrides : sequence of str
        Words such as ``paths=10``, ``venue=[kamino,mine]``, ``market.drift.BTC=0.1``.
    config_dir : Path, optional
        Folder that holds ``config.yaml`` and a folder per group; ``conf/`` if not given.
    search_path : sequence of Path
        Further folders laid out in the same way, and holding further choices.

    Raises
    ------
    SluicegateError
        If a folder, choice or reference is missing, an override or YAML file cannot be read, or
        a ``_target_`` lies outside the allowed packages.
    """
    main = (config_dir or default_config_dir()).resolve()
    folders = [main, *(folder.expanduser().resolve() for folder in search_path)]
    _check_folders(folders)
    words = [_open_key(word, folders) for word in overrides]
    words += [f"hydra.searchpath=[{','.join(map(_quoted, folders[1:]))}]"]
    try:
        with initialize_config_dir(str(main), version_base="1.3"):
            config = hydra_compose(CONFIG_NAME, overrides=words)
        plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except MissingConfigException as error:
        raise _missing_choice(error, folders) from None
    except yaml.YAMLError as error:
        raise SluicegateError(f"a YAML file cannot be read\n{error}", hint=YAML_HINT) from None
    except UnicodeDecodeError:
        raise _not_utf8(folders) from None
    except (HydraException, OmegaConfBaseException) as error:
        raise _explain(error) from None
    result = {str(key): value for key, value in dict(plain).items()}  # type: ignore[arg-type]
    for name in _emptied(overrides):
        result.setdefault(name, {})  # chosen to be empty, which is not forgotten
    check_targets(result, folders[1:])
    allow(folders[1:])
    return result


def reopen(
    file: Path, overrides: Sequence[str] = (), search_path: Sequence[Path] = ()
) -> dict[str, Any]:
    """Read a resolved configuration, such as a run folder keeps, and set values in it.

    Parameters
    ----------
    file : Path
        The ``config.yaml`` of a run folder.
    overrides : sequence of str
        Words ``key=value``; there are no groups to choose from any more.
    search_path : sequence of Path
        Folders that may hold modules of the user's own.

    Raises
    ------
    SluicegateError
        If the file is missing or no configuration, or a ``_target_`` lies outside the allowed
        packages.
    """
    if not file.is_file():
        raise SluicegateError(
            "there is no such configuration file",
            value=str(file),
            hint="a finished run keeps its own as results/EXPERIMENT/TIME/config.yaml",
        )
    try:
        given = _read_yaml(file)
        if not isinstance(given, dict):
            raise SluicegateError("this is no configuration", str(file), allowed="keys with values")
        config = OmegaConf.create(given)
        for word in overrides:
            override = _parsed(word)
            _refuse_choice(override, word, given)
            OmegaConf.update(config, override.key_or_group, override.value(), merge=True)
        plain = dict(OmegaConf.to_container(config))  # type: ignore[arg-type]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SluicegateError(
            f"a YAML file cannot be read\n{error}", str(file), hint=YAML_HINT
        ) from None
    except OmegaConfBaseException as error:
        raise _explain(error) from None
    folders = [folder.expanduser().resolve() for folder in search_path]
    check_targets(plain, folders)
    allow(folders)
    return {str(key): value for key, value in plain.items()}


def _read_yaml(file: Path) -> Any:
    with file.open(encoding="utf-8") as stream:  # a stream, so that messages name the file
        return yaml.safe_load(stream)


def _refuse_choice(override: Override, word: str, given: dict[str, Any]) -> None:
    """Refuse ``group=choice`` on a resolved configuration: it holds no group, only keys."""
    name = override.key_or_group
    node: Any = given
    for part in name.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    if isinstance(node, dict) and not isinstance(override.value(), dict):
        inside = f"{name}.{next(iter(node), 'KEY')}"
        raise SluicegateError(
            "groups cannot be chosen with --config: its file holds the keys of the run already",
            where=name,
            value=word,
            allowed=f"keys below {name}, such as {inside}…=value",
            hint="leave --config out to choose from conf/",
        )


def choices(group: str, folders: Sequence[Path]) -> list[str]:
    """List the YAML files that may be chosen for `group`."""
    return sorted({file.stem for folder in folders for file in (folder / group).glob("*.yaml")})


def groups(folders: Sequence[Path]) -> list[str]:
    """List the groups: the folders that hold YAML files."""
    return sorted(
        {
            file.parent.relative_to(folder).as_posix()
            for folder in folders
            for file in folder.rglob("*.yaml")
            if file.parent != folder
        }
    )


def _check_folders(folders: Sequence[Path]) -> None:
    """Refuse folders that are not there, and files of one that would be hidden by another."""
    seen: dict[Path, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise SluicegateError(
                "there is no such configuration folder",
                value=str(folder),
                hint="--config-dir takes a folder that is laid out like conf/",
            )
        for file in sorted(folder.rglob("*.yaml")):
            name = file.relative_to(folder)
            first = seen.setdefault(name, file)
            if first != file and first.read_bytes() != file.read_bytes():
                raise SluicegateError(
                    "two configuration files have the same name, so one would hide the other",
                    where=str(file),
                    value=str(first),
                    hint="rename yours, and choose it by its new name",
                )
    if not (folders[0] / f"{CONFIG_NAME}.yaml").is_file():
        raise SluicegateError(
            f"{CONFIG_NAME}.yaml is missing",
            where=str(folders[0]),
            hint="restore the folder conf/ of the repository, or install the package again",
        )


def _open_key(word: str, folders: Sequence[Path]) -> str:
    """Let ``key=value`` set a key that no YAML mentions; choices of a group stay as they are."""
    word = _quoted_path(word)
    override = _parsed(word)
    name = override.key_or_group
    if name == "hydra" or name.startswith("hydra."):
        raise SluicegateError(
            "Hydra's own settings cannot be changed", value=word, hint="use --config-dir DIR"
        )
    if override.is_sweep_override():
        raise SluicegateError(
            "one value is needed, not several", value=word, hint="a list is written key=[a,b]"
        )
    is_group = any((folder / name).is_dir() for folder in folders)
    plain = override.type is OverrideType.CHANGE and override.package is None
    return f"++{word}" if plain and not is_group else word


def _emptied(words: Sequence[str]) -> list[str]:
    """Groups of which nothing was chosen: ``group=[]``."""
    given = [one.key_or_group for one in map(_parsed, words) if one.value() == []]
    return [name for name in given if "." not in name]  # the others are keys: empty lists there


def _parsed(word: str) -> Override:
    try:
        return OverridesParser.create().parse_override(_quoted_path(word))
    except HydraException:
        raise SluicegateError(
            "this is not an override",
            value=word,
            allowed=_SYNTAX,
            hint="quote values with spaces or special characters: \"key='a, b'\"",
        ) from None


def _quoted_path(word: str) -> str:
    """Quote the path in ``out=PATH``: it may have any letters, brackets, commas or spaces."""
    key, sign, value = word.partition("=")
    plain = key.lstrip("+") in PATHS and sign == "=" and value and value[0] not in "'\""
    return f"{key}={_quote(value)}" if plain and "${" not in value else word


def _quoted(folder: Path) -> str:
    return _quote(f"file://{folder}")


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _not_utf8(folders: Sequence[Path]) -> SluicegateError:
    """Name the YAML files that are no text, which the reader does not."""
    strange = []
    for file in sorted({file for folder in folders for file in folder.rglob("*.yaml")}):
        try:
            file.read_bytes().decode()
        except UnicodeDecodeError as error:
            strange.append((str(file), f"{error.object[error.start : error.start + 8]!r}"))
    files, found = zip(*strange, strict=True)
    return SluicegateError(
        f"a YAML file cannot be read: it is not in UTF-8 ({', '.join(found)})",
        where=", ".join(files),
        hint="save it as UTF-8, without accents in another encoding",
    )


def _missing_choice(error: MissingConfigException, folders: Sequence[Path]) -> SluicegateError:
    group, _, choice = (error.missing_cfg_file or "").rpartition("/")
    known = choices(group, folders) if group else groups(folders)
    meant = closest(choice, known)
    return SluicegateError(
        "there is no such choice",
        where=group or None,
        value=choice,
        allowed=", ".join(known) or None,
        hint=f"{group}={meant}"
        if meant and group
        else f"put {choice}.yaml into DIR/{group} and say --config-dir DIR",
    )


def _explain(error: Exception) -> SluicegateError:
    where = getattr(error, "full_key", None) or None
    first = str(getattr(error, "msg", None) or error).split("\n", 1)[0].rstrip(".")
    if isinstance(error, InterpolationResolutionError):
        return SluicegateError(
            f"a reference leads nowhere: {first}",
            where,
            hint="name a key that exists, dotted from the top: ${seed}",
        )
    if isinstance(error, MissingMandatoryValue):
        return SluicegateError(
            "a value is needed here and none was given", where, hint=f"{where or 'KEY'}=VALUE"
        )
    if first.startswith(_CANNOT_DELETE):
        return SluicegateError(
            "this does not exist as a key that could be removed",
            value=first.removeprefix(_CANNOT_DELETE).split("'")[1],
            allowed="~KEY, dotted from the top, of a key that the configuration holds",
            hint="groups are chosen, not removed: venue=[NAME,…]; ~venue.NAME leaves one out",
        )
    lines = list(_without_links(str(error)))
    return SluicegateError(lines[0].rstrip("."), where, hint=" ".join(lines[1:]) or None)


def _without_links(message: str) -> Iterator[str]:
    for line in message.splitlines():
        if line.strip() and "hydra.cc" not in line:
            yield line.strip()
