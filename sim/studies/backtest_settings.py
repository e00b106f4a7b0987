"""What `sluicegate backtest` accepts: books, engines, and the history they are run over."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sim.calibration.settings import Span
from sim.errors import SluicegateError
from sim.world.compose import choices, default_config_dir
from sim.world.schema.base import Count, Finite, Fraction, Natural, NonNegative, Positive, Strict
from sim.world.schema.checks import check_known
from sim.world.schema.explain import validated
from sim.world.words import read_words

Level = Annotated[float, Field(gt=0.5, lt=1.0)]
Decay = Annotated[float, Field(gt=0.0, lt=1.0)]


class AntiProcyclical(Strict):
    """What keeps a requirement from rising when it is least wanted; all off by default."""

    floor: Fraction = 0.0
    """least requirement, as a share of its own long-run mean"""
    stress_weight: Fraction = 0.0
    """weight on the highest requirement there has been"""
    buffer: NonNegative = 0.0
    """added in calm, used up while the requirement rises"""


class FixedEngine(AntiProcyclical):
    """What a venue of the menu asks for the book, as a share of notional (W, T)."""

    kind: Literal["fixed"]
    venue: str = "drift"
    at: Literal["initial", "maintenance"] = "initial"
    notional: Positive = 100_000.0
    """gross size of the account that is measured, USD"""


class ParametricEngine(AntiProcyclical):
    """Standard deviation of the book under filtered volatility and correlation, times a law's."""

    kind: Literal["parametric"]
    measure: Literal["var", "es"] = "var"
    level: Level = 0.99
    freedom: Annotated[float, Field(gt=2.0)] | None = None
    """degrees of freedom of Student's t; null: normal"""
    decay: Decay = 0.94
    """per period, of the variances"""
    correlation_decay: Decay = 0.97
    """per period, of the correlations"""
    correlation_lag: Natural = 0
    """periods by which the believed correlations are late"""


class HistoricalEngine(AntiProcyclical):
    """Quantile or tail mean of past returns, scaled to the present volatility if filtered."""

    kind: Literal["historical"]
    measure: Literal["var", "es"] = "var"
    level: Level = 0.99
    filtered: bool = True
    decay: Decay = 0.94
    window: Annotated[int, Field(ge=50)] = 500
    """past periods that are looked at, or as many as there are"""


Engine = Annotated[FixedEngine | ParametricEngine | HistoricalEngine, Field(discriminator="kind")]
ENGINES: dict[str, dict[str, Any]] = {
    "fixed": {"kind": "fixed"},
    "var": {"kind": "parametric"},
    "var_lagged": {"kind": "parametric", "correlation_lag": 30},
    "es": {"kind": "parametric", "measure": "es", "level": 0.975, "freedom": 4.0},
    "fhs": {"kind": "historical"},
    "fhs_calmed": {"kind": "historical", "floor": 0.8, "stress_weight": 0.25, "buffer": 0.25},
}
BOOKS: dict[str, dict[str, float]] = {
    "long_btc": {"BTC": 1.0},
    "long_sol": {"SOL": 1.0},
    "basket": {"BTC": 1.0, "ETH": 1.0, "SOL": 1.0},
    "pair": {"SOL": 1.0, "ETH": -1.0},
}


class BacktestConfig(Span):
    """Settings of a backtest; every key is an everyday key of the command line."""

    data: str | None = None
    """price file: CSV, CSV.gz or Parquet with bars; left out, the market is simulated"""
    market: str = "default"
    """market of the menu that is simulated where there is no data"""
    days: Annotated[int, Field(ge=1, le=100_000)] = 1500
    """length of the simulation; it must hold warmup + 2 periods of `hours`"""
    seed: Natural = 1
    """of the simulation"""
    hours: Positive = 24.0
    """margin period: the requirement is set, and the loss is counted that long after"""
    level: Level = 0.99
    """coverage that every engine is judged against"""
    warmup: Annotated[int, Field(ge=30)] = 250
    """periods that engines may learn from before they are judged"""
    rise_periods: Count = 5
    """periods within which the largest rise of the requirement is taken"""
    books: dict[str, dict[str, Finite]] = Field(min_length=1)
    """signed notionals by asset; only their proportions matter"""
    engines: dict[str, Engine] = Field(min_length=1)
    """engines by name"""
    out: str = "results"
    """folder that receives the folder of the backtest"""

    @model_validator(mode="after")
    def _books_hold_something(self) -> BacktestConfig:
        for name, book in self.books.items():
            if not any(book.values()):
                raise SluicegateError(
                    "the book holds nothing",
                    where=f"books.{name}",
                    value=book,
                    allowed="at least one asset with a size other than 0",
                )
        return self

    @model_validator(mode="after")
    def _on_the_menu(self) -> BacktestConfig:
        """Refuse names that the menu lacks here, where the key that gave them is known."""
        named = {
            f"engines.{name}.venue": ("venue", engine.venue)
            for name, engine in self.engines.items()
            if isinstance(engine, FixedEngine)
        }
        if self.data is None:
            named["market"] = ("market", self.market)
        for key, (group, name) in named.items():
            check_known(key, name, choices(group, [default_config_dir()]))
        return self

    @property
    def assets(self) -> tuple[str, ...]:
        """Assets that some book holds, in the order of their appearance."""
        held = [asset for book in self.books.values() for asset, size in book.items() if size]
        return tuple(dict.fromkeys(held))


def parse(words: list[str]) -> BacktestConfig:
    """Read ``key=value`` words into validated settings, laid over the default engines and books.

    ``engine=[fhs,var]`` and ``book=pair`` choose among those there are; ``engines.NAME.key=value``
    and ``books.NAME.ASSET=share`` change or add one.

    Raises
    ------
    SluicegateError
        For a word that is no ``key=value``, an unknown key, or a value out of range.
    """
    given = read_words(words, "backtest", "engine=[fhs,var] book=pair")
    for many, one, defaults in (("engines", "engine", ENGINES), ("books", "book", BOOKS)):
        whole = _laid_over(defaults, given.get(many, {}), many)
        chosen = given.pop(one, None)
        names = [chosen] if isinstance(chosen, str) else chosen
        for name in names or []:
            check_known(one, name, whole)
        given[many] = {name: whole[name] for name in names or whole}
    return validated(BacktestConfig, given, "")


def _laid_over(defaults: dict[str, Any], changes: Any, where: str) -> dict[str, Any]:
    """Lay changes over what is there: one value may change, and `NAME=null` drops an entry."""
    if not isinstance(changes, dict):
        raise SluicegateError("names with settings are meant", where, changes, f"{where}.NAME.key=")
    whole: dict[str, Any] = {name: dict(entry) for name, entry in defaults.items()}
    for name, change in changes.items():
        known = whole.get(name, {})
        whole[name] = known | change if isinstance(change, dict) else change
    return {name: entry for name, entry in whole.items() if entry is not None}
