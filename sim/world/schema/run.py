"""The whole configuration of a run; everyday keys at the top level, the rest by group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from sim.errors import SluicegateError, closest
from sim.random import MAX_SEED
from sim.world.schema.base import Fraction, Positive, Strict, unit
from sim.world.schema.beliefs import Beliefs
from sim.world.schema.checks import check_distinct, check_known
from sim.world.schema.compute import ComputeConfig
from sim.world.schema.hub import HubConfig
from sim.world.schema.liquidation import Selection
from sim.world.schema.liquidity import LiquidityConfig
from sim.world.schema.market import MarketConfig
from sim.world.schema.population import ArchetypeConfig, LiquidatorConfig, PopulationConfig
from sim.world.schema.venue import VenueConfig

MAX_ROUNDS = 10_000  # of liquidation in one step
GROUPS = ("venue", "archetype", "liquidator")  # several choices each, by name

Scope = Literal["isolated", "venue", "unified", "hub"]
Twin = Literal["full", "slippage", "none"]


class WorldChoice(Strict):
    """One column of the comparison: a margin scope and an arm."""

    scope: Scope
    """grouping of legs into accounts; ``unified`` adds venue requirements, ``hub`` nets legs"""
    relever: Fraction = 0.0
    """share of the initial margin freed against ``venue`` that is redeployed"""
    selection: Selection | None = None
    """leg-selection rule of whoever margins the accounts: the hub in the wide scopes, else all
    venues; their own if left out. ``whole_portfolio`` is sized by ``restore_buffer``"""

    @property
    def arm(self) -> str:
        """Whether positions are kept, or freed margin is put back to work."""
        return "re-levered" if self.relever > 0.0 else "same legs"


class ExperimentConfig(Strict):
    """Which worlds and twins are run on the same paths."""

    name: str = Field("scopes", pattern=r"^[A-Za-z0-9_.-]+$")
    worlds: dict[str, WorldChoice] = Field(min_length=1)
    baseline: str
    twins: tuple[Twin, ...] = Field(("full", "slippage", "none"), min_length=1)

    @model_validator(mode="after")
    def _known(self) -> ExperimentConfig:
        check_known("baseline", self.baseline, self.worlds)
        check_distinct("twins", self.twins)
        return self


class EngineConfig(Strict):
    """How the kernel looks at accounts; no figure depends on it."""

    watch: Literal["lists", "all"] = "lists"
    """``all`` looks at every account every step"""
    skin: Annotated[Positive, Field(lt=0.5)] = 0.015
    """relative price move that a watch list survives"""
    chunk: Annotated[int, Field(ge=1)] | None = None
    """paths handed to a worker at once; as many as take ``compute.task_seconds``, if left out"""


class RunConfig(Strict):
    """A run."""

    paths: Annotated[int, Field(ge=1, le=10_000_000)] = 300
    """simulated futures, each run through every world and twin"""
    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 1440
    """ticks of a path"""
    step_seconds: Annotated[Positive, unit("seconds")] = 60.0
    """length of a tick"""
    block_seconds: Annotated[Positive, unit("seconds")] = 2.0
    """time between liquidation rounds"""
    resolution: Annotated[Positive, Field(le=1.0)] = 0.001
    """inside a step the most volatile price moves on as soon as its standard deviation since the
    last move has reached this fraction; 1 keeps prices still inside a step"""
    accounts: Annotated[int, Field(ge=1, le=1_000_000)] = 5000
    """traders in the population"""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 1
    """all draws follow from it"""
    workers: Annotated[int, Field(ge=1, le=256)] = 2
    """threads; results do not depend on it"""
    out: Annotated[str, Field(min_length=1)] = "results"
    """folder that receives the run folder"""
    settlement: str = "USDC"
    """asset that pays for swaps and settles perpetuals"""
    market: MarketConfig
    liquidity: LiquidityConfig
    venue: dict[str, VenueConfig] = Field(min_length=1)
    hub: HubConfig
    beliefs: Beliefs = Beliefs()
    """what margin engines filter from prices"""
    archetype: dict[str, ArchetypeConfig] = Field(min_length=1)
    population: PopulationConfig = PopulationConfig()
    liquidator: dict[str, LiquidatorConfig] = {}
    experiment: ExperimentConfig
    engine: EngineConfig = EngineConfig()
    compute: ComputeConfig = ComputeConfig()
    """who simulates; no figure depends on it"""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        """Refuse a name in a group that is no entry: a value cannot stand where keys belong."""
        for group in GROUPS if isinstance(data, Mapping) else ():
            entries = data.get(group)
            if isinstance(entries, Mapping):
                _check_entries(group, entries)
        return data

    @model_validator(mode="after")
    def _consistent(self) -> RunConfig:
        if not self.block_seconds <= self.step_seconds <= MAX_ROUNDS * self.block_seconds:
            raise SluicegateError(
                "rounds do not fit the step",
                where="block_seconds",
                value=self.block_seconds,
                allowed=f"at most step_seconds = {self.step_seconds:g}, and at least a "
                f"{MAX_ROUNDS}th of it",
            )
        given = "every" in self.beliefs.model_fields_set
        if given and self.beliefs.every < self.step_seconds:
            raise SluicegateError(
                "engines look at prices once per step at most",
                where="beliefs.every",
                value=self.beliefs.every,
                allowed=f"at least step_seconds = {self.step_seconds:g}",
            )
        tails = [self.hub.tail, *(venue.tail for venue in self.venue.values())]
        if self.beliefs.history and all(t is None or t.method != "samples" for t in tails):
            raise SluicegateError(
                "no engine measures its tail by samples",
                where="beliefs.history",
                hint="tail.method=samples at a venue or the hub, or leave the history out",
            )
        if self.settlement not in self.market.assets:
            raise _no_settlement(self.settlement, self.market)
        return self


def _check_entries(group: str, entries: Mapping[str, Any]) -> None:
    known = [name for name, entry in entries.items() if isinstance(entry, Mapping | BaseModel)]
    for name, entry in entries.items():
        if name not in known:
            meant = closest(str(name), known)
            raise SluicegateError(
                f"unknown {group}, and no keys with values are given for it",
                where=f"{group}.{name}",
                value=entry,
                allowed=", ".join(known) or "keys with values",
                hint=f"did you mean {meant!r}? A new one is a file: {group}/{name}.yaml below "
                "--config-dir DIR"
                if meant
                else f"a file {group}/{name}.yaml below --config-dir DIR",
            )


def _no_settlement(name: str, market: MarketConfig) -> SluicegateError:
    assets = market.assets
    stables = [asset for asset, spec in assets.items() if spec.kind == "stable"]
    meant = closest(name, stables)
    if meant:
        hint = f"did you mean {meant!r}?"
    elif stables:
        hint = f"settlement={stables[0]}"
    else:
        hint = (
            "this market holds no stable; a fitted one gets it from "
            "`sluicegate calibrate … pegs=FILE` with prices of one"
        )
    return SluicegateError(
        "unknown name", where="settlement", value=name, allowed=", ".join(assets), hint=hint
    )
