"""What one contract of a listed perpetual is, in names: its quote token and its size."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.market.contract import contract_price, contract_usd
from sim.state.rows import INSTRUMENT
from sim.world.schema.listing import Perpetual
from sim.world.schema.run import RunConfig


def is_inverse(config: RunConfig, venue: str, asset: str) -> bool:
    """Whether a venue's perpetual on an asset is worth 1 USD and settles in the asset."""
    listed = config.venue[venue].perpetuals
    return asset in listed and listed[asset].contract == "inverse"


def quote_asset(config: RunConfig, venue: str, asset: str) -> str:
    """Asset that the perpetual on ``asset`` (or an option) is quoted and settled in."""
    return asset if is_inverse(config, venue, asset) else config.settlement


def kind_row(spec: Perpetual) -> np.void:
    """An instrument row that says no more than whether the contract is inverse."""
    row = np.zeros(1, dtype=INSTRUMENT)[0]
    row["inverse"] = spec.contract == "inverse"
    return row


def contract_and_quote(spec: Perpetual, price: float) -> tuple[float, float]:
    """USD of notional of one contract, and the quote tokens that it costs, at a price in USD."""
    row = kind_row(spec)
    return float(contract_usd(row, price)), float(contract_price(row, price))


def position_of(
    spec: Perpetual, asset: str, settled: str, usd: float, prices: Mapping[str, float]
) -> dict[tuple[str, str], float]:
    """Contracts of ``usd`` (negative: short) bought now, and their quote side.

    Keys are (kind, asset) of the instruments.
    """
    size, _ = contract_and_quote(spec, prices[asset])
    quote = usd if spec.contract == "inverse" else -usd
    return {("perpetual", asset): usd / size, ("quote", settled): quote / prices[settled]}
