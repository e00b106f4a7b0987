"""Write files whole or not at all."""

import os
from pathlib import Path
from typing import Any

import yaml

from sim.errors import SluicegateError
from sim.interrupts import ended_cleanly

HEADER = """\
# Market fitted by `sluicegate calibrate`; its provenance is at the end of the file.
# Made by:
#   sluicegate calibrate {words}
"""
ANOTHER_FOLDER = "choose a folder that can be written to: out=FOLDER/NAME.yaml"


class _Dumper(yaml.SafeDumper):
    """Blocks for mappings, one line for lists of numbers."""


def _plain_list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.Node:
    flow = all(isinstance(value, (int, float)) for value in values)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=flow)


_Dumper.add_representer(list, _plain_list)


def market_text(market: dict[str, Any], words: list[str]) -> str:
    """YAML of a market, with the command that made it; equal inputs give equal bytes."""
    body = yaml.dump(market, Dumper=_Dumper, sort_keys=False, width=96, allow_unicode=True)
    return HEADER.format(words=" \\\n#     ".join(words)) + body


def check_writable(out: Path) -> None:
    """Refuse, before any work is done, a place where the result could not be written.

    Raises
    ------
    SluicegateError
        If the folder, or the one that it would be made in, cannot be written to, or `out` is a
        folder.
    """
    if out.is_dir() or out.suffix not in (".yaml", ".yml"):
        raise SluicegateError(
            "is no file name of a market", where="out", value=str(out), allowed="NAME.yaml"
        )
    there = next(folder for folder in out.absolute().parents if folder.exists())
    if not there.is_dir():
        raise SluicegateError(
            "is a file, and no folder", where="out", value=str(there), hint=ANOTHER_FOLDER
        )
    if not os.access(there, os.W_OK):
        raise SluicegateError(
            "folder cannot be written to", where="out", value=str(there), hint=ANOTHER_FOLDER
        )


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is complete or not there; its folder is made if it is missing.

    Raises
    ------
    SluicegateError
        If the operating system refuses.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with ended_cleanly():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise SluicegateError(
                f"cannot write: {error.strerror}", where=str(path), hint=ANOTHER_FOLDER
            ) from error
        except BaseException:  # Ctrl-C between the lines
            draft.unlink(missing_ok=True)
            raise
