"""``key=value`` words of a command line, where there is no menu to compose from."""

from __future__ import annotations

from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from sim.errors import SluicegateError


def read_words(words: list[str], command: str, example: str) -> dict[str, Any]:
    """Read words such as ``data=prices.csv`` or ``books.mine.BTC=1`` into nested values.

    Raises
    ------
    SluicegateError
        For a word that is no ``key=value``, or a value that cannot be read.
    """
    for word in words:
        if "=" not in word:
            raise SluicegateError(
                "expected key=value", where=command, value=word, hint="data=prices.parquet"
            )
        if word.strip() == "data=":
            raise SluicegateError(
                "no price file is named", where="data", value="", hint="data=prices.parquet"
            )
    try:
        return dict(OmegaConf.to_container(OmegaConf.from_dotlist(words), resolve=True))  # type: ignore[arg-type]
    except (OmegaConfBaseException, YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SluicegateError(
            f"cannot read the settings: {reason}", where=command, hint=example
        ) from error
