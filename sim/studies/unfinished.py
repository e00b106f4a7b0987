"""Runs that stopped before their end: what they have noted to be resumed, and who may resume them.

A run notes its manifest, configuration and hashes in its hidden folder before the first path. It
can be resumed once a chunk lies beside the notes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sim import cache, locks
from sim.errors import SluicegateError, Stopped, Terminated
from sim.studies import chunks
from sim.studies.manifest import config_hash, library_versions

PARTIAL = ".partial-"
NOTES = "run.json"
REDO = "the same command without `resume` runs it anew"


@dataclass(frozen=True)
class Notes:
    """What a run noted before its first path.

    Attributes
    ----------
    manifest : dict
        As it was at the start.
    config : dict
        The resolved configuration; its hash is in the manifest.
    sources : str
        Hash of the program.
    folders : list of str
        The user's own configuration folders.
    folders_sha256 : str
        Hash of the Python files in them.
    paths : int
        All paths, over worlds and twins.
    resumed_utc : list of str
        When it was resumed before.
    """

    manifest: dict[str, Any]
    config: dict[str, Any]
    sources: str
    folders: list[str]
    folders_sha256: str
    paths: int
    resumed_utc: list[str]

    def write(self, base: Path) -> None:
        """Keep the notes in the folder of the run."""
        chunks.write_atomically(base / NOTES, json.dumps(vars(self)).encode())


def take_notes(
    manifest: Mapping[str, Any], config: Mapping[str, Any], folders: Iterable[Path], paths: int
) -> Notes:
    """Notes of a run that is about to start."""
    own = [folder.expanduser().resolve() for folder in folders]
    found = cache.source_hash(own)
    names = [str(folder) for folder in own]
    return Notes(dict(manifest), dict(config), cache.sources(), names, found, paths, [])


def read_notes(base: Path) -> Notes:
    """Read the notes of a run.

    Raises
    ------
    SluicegateError
        If there are none, or they are not ours.
    """
    try:
        return Notes(**json.loads((base / NOTES).read_text()))
    except (OSError, ValueError, TypeError):
        raise SluicegateError(
            "this is no unfinished run that could be resumed",
            value=str(base),
            hint="`sluicegate resume` lists those there are",
        ) from None


def noted_now(notes: Notes) -> Notes:
    """The same notes with the present time as that of a further start."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Notes(**{**vars(notes), "resumed_utc": [*notes.resumed_utc, now]})


def differences(notes: Notes) -> list[str]:
    """What has changed since the run began, in words; results would not be those of one run."""
    found = []
    if cache.sources() != notes.sources:
        commit = notes.manifest.get("commit", {}).get("hash") or "unknown"
        found.append(f"the program has changed (the run began at commit {commit})")
    if config_hash(notes.config) != notes.manifest["config_sha256"]:
        found.append("its noted configuration has been edited")
    if cache.source_hash(map(Path, notes.folders)) != notes.folders_sha256:
        found.append(f"rules in {', '.join(notes.folders)} have changed")
    before = notes.manifest.get("versions", {})
    changed = [name for name, now in library_versions().items() if before.get(name) != now]
    if changed:
        found.append(f"other versions are installed: {', '.join(changed)}")
    return found


def check_unchanged(notes: Notes, base: Path) -> None:
    """Refuse to go on with another program, configuration or rules.

    Raises
    ------
    SluicegateError
        Saying what differs.
    """
    found = differences(notes)
    if found:
        raise SluicegateError(
            f"this run cannot be resumed: {'; '.join(found)}",
            value=str(base),
            hint=f"restore what it began with; or {REDO}, and "
            f"`sluicegate resume --discard {base}` removes it",
        )


def partials(parent: Path) -> list[Path]:
    """Hidden folders of an experiment, those of living processes among them."""
    return sorted(folder for folder in parent.glob(f"{PARTIAL}*") if folder.is_dir())


def resumable(base: Path) -> bool:
    """Whether a run has noted itself and finished a chunk."""
    return (base / NOTES).is_file() and chunks.count_paths(base / chunks.FOLDER) > 0


def forget(base: Path) -> None:
    """Make a run one that cannot be resumed."""
    (base / NOTES).unlink(missing_ok=True)


def unfinished_runs(place: Path) -> list[Path]:
    """Find what can be resumed in a folder of results, or of one experiment; newest last."""
    parents = [place, *(folder for folder in place.glob("*") if folder.is_dir())]
    found = [base for parent in parents for base in partials(parent) if resumable(base)]
    idle = [base for base in found if not locks.in_use(base)]
    return sorted(idle, key=lambda base: (base / NOTES).stat().st_mtime)


def stays(base: Path, reason: BaseException) -> bool:
    """Whether to keep what a stopped run has done.

    Not where input is to blame, and not where somebody has thought better of it in the first
    minute: that leaves nothing behind.
    """
    wrong = isinstance(reason, SluicegateError) and not isinstance(reason, Stopped)
    if wrong or not resumable(base):
        return False
    notes = read_notes(base)
    lasted = datetime.now(UTC) - datetime.fromisoformat(notes.manifest["started_utc"])
    wanted = not isinstance(reason, KeyboardInterrupt | Terminated)
    return wanted or lasted.total_seconds() >= notes.config["compute"]["keep_after"]


def explained(reason: BaseException, base: Path) -> BaseException:
    """The same exception, saying how to go on."""
    done, notes = chunks.count_paths(base / chunks.FOLDER), read_notes(base)
    how = f"{done / notes.paths * 100:.0f} % is kept, to go on: sluicegate resume {base}"
    if isinstance(reason, KeyboardInterrupt | Terminated):
        return type(reason)("; ".join([*map(str, reason.args), how]))
    if isinstance(reason, Stopped):
        return Stopped(reason.what, reason.where, hint="; ".join(filter(None, [reason.hint, how])))
    reason.add_note(how)
    return reason
