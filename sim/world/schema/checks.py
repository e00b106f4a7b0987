"""Checks that several schemas share: names, lengths and shapes, each with a message that helps."""

from collections.abc import Iterable, Mapping, Sequence

from sim.errors import SluicegateError, closest


def check_known(key: str, name: str, allowed: Iterable[str]) -> None:
    """Refuse a name that is not one of ``allowed``."""
    names = tuple(allowed)
    if name not in names:
        meant = closest(name, names)
        raise SluicegateError(
            "unknown name",
            where=key,
            value=name,
            allowed=", ".join(names) or "(none)",
            hint=f"did you mean {meant!r}?" if meant else None,
        )


def check_exactly(key: str, given: Mapping[str, object], names: Sequence[str], what: str) -> None:
    """Refuse a mapping that does not have exactly one entry for each name."""
    for name in given:
        check_known(key, name, names)
    missing = [name for name in names if name not in given]
    if missing:
        raise SluicegateError(
            f"no entry for the {what} {', '.join(missing)}",
            where=key,
            value=list(given),
            allowed=f"one entry for each of {', '.join(names)}",
        )


def check_distinct(key: str, names: Sequence[str]) -> None:
    """Refuse names that repeat."""
    if len(set(names)) < len(names):
        raise SluicegateError(
            "names repeat", where=key, value=list(names), allowed="each name once"
        )


def check_length(key: str, values: Sequence[object], count: int, what: str) -> None:
    """Refuse a list that does not have one entry per ``what``."""
    if len(values) != count:
        raise SluicegateError(
            f"has {len(values)} entries, one per {what} is needed",
            where=key,
            value=list(values),
            allowed=f"{count} entries",
        )


def check_square(key: str, matrix: Sequence[Sequence[float]], count: int, what: str) -> None:
    """Refuse a matrix that is not square with one row per ``what``."""
    if len(matrix) != count or any(len(row) != count for row in matrix):
        raise SluicegateError(
            f"one row and one column per {what} is needed",
            where=key,
            value=f"{len(matrix)} rows of lengths {[len(row) for row in matrix]}",
            allowed=f"{count} x {count}",
        )


def maintenance_above_initial(what: str, maintenance: float, initial: float) -> SluicegateError:
    """Describe a requirement that is stricter for staying open than for opening."""
    return SluicegateError(
        f"{what}maintenance {maintenance} exceeds initial {initial}",
        value=maintenance,
        allowed=f"maintenance of at most initial = {initial:g}",
        hint="a lower maintenance, or a higher initial",
    )
