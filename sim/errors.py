"""The one exception that people are meant to read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

_ABSENT: Any = object()


class SluicegateError(ValueError):
    """Something the user gave is wrong; the message says what, where, and what to do.

    It is a `ValueError`, so that a pydantic validator may raise it: the parts are then kept
    when the validation error is turned back into one of these.

    Parameters
    ----------
    what : str
        What is wrong, as a sentence without a full stop.
    where : str, optional
        The key (dotted path), file or option that is meant.
    value : object, optional
        The offending value.
    allowed : str, optional
        What would be accepted.
    hint : str, optional
        What to try.
    """

    def __init__(
        self,
        what: str,
        where: str | None = None,
        value: Any = _ABSENT,
        allowed: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.what, self.where, self.value = what, where, value
        self.allowed, self.hint = allowed, hint
        super().__init__(self.render())

    def render(self) -> str:
        """Build the message: one line, and a line for each further part that is known."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        lines = [head]
        if self.value is not _ABSENT:
            lines.append(f"  got:     {shorten(self.value)}")
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.hint:
            lines.append(f"  try:     {self.hint}")
        return "\n".join(lines)


class Stopped(SluicegateError):
    """Something outside failed in mid-run; what is finished is kept and can be resumed."""


class Terminated(BaseException):
    """The process was asked to end (SIGTERM); raised so that everything is put away first."""


def gather(problems: list[SluicegateError], limit: int = 8) -> SluicegateError:
    """Put several problems into one error, the first `limit` of them in full.

    Raises
    ------
    ValueError
        If there is no problem at all.
    """
    if not problems:
        raise ValueError("no problem to report")
    if len(problems) == 1:
        return problems[0]
    shown = [problem.render() for problem in problems[:limit]]
    if len(problems) > limit:
        shown.append(f"… and {len(problems) - limit} more")
    return SluicegateError("\n".join([f"{len(problems)} problems", *shown]))


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that `word` was probably meant to be."""
    lowered = {name.lower(): name for name in known}
    match = difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.6)
    return lowered[match[0]] if match else None


def shorten(value: Any, limit: int = 160) -> str:
    """Show a value on one line of at most `limit` characters."""
    scalar = getattr(value, "item", None) if getattr(value, "shape", None) == () else None
    text = " ".join(repr(scalar() if scalar else value).split())  # numpy's 0.5 is 0.5 to people
    return text if len(text) <= limit else text[: limit - 1] + "…"
