"""P5: debt repaid for collateral seized, and who gets which part.

Rates per USD of debt repaid: whoever repays D receives ``D (1 + gain)`` of collateral at the
engine's prices and pays the fees on top. A venue that states its fees as shares of what is seized
(marginfi) is brought to that form here.
"""

from typing import NamedTuple

import numpy as np

from sim.compile import lean
from sim.liquidation.rounding import ceiled, floored
from sim.state.codes import OF_SEIZED
from sim.state.rows import Row


class Rates(NamedTuple):
    """Per USD of debt repaid."""

    gain: float  # to the liquidator
    fee: float  # to the insurance fund
    protocol: float


class Stock(NamedTuple):
    """Tokens that change hands."""

    amount: float
    price: float  # USD per token
    multiplier: float  # at which it changes hands: 1 + fee for collateral, 1 - fee for debt


class Split(NamedTuple):
    """What a seizure comes to, in tokens of the debt."""

    paid: float  # by the liquidator
    credited: float  # to the account's debt
    insurance: float


class Seizure(NamedTuple):
    """What a repayment comes to, in tokens of the collateral."""

    seized: float
    to_liquidator: float
    protocol: float
    left: float


class Exchange(NamedTuple):
    """What a health-proportional liquidation exchanges."""

    health: float  # weighted collateral over debt
    repaid: float  # debt tokens
    seized: float  # collateral tokens
    worth: float  # USD of debt that the seized collateral pays for


@lean
def rates(row: Row, bonus: float) -> Rates:
    """Bonus and fees per USD of debt repaid, at a bonus on the venue's own basis."""
    scale = 1.0
    if row.basis == OF_SEIZED:
        scale = 1.0 / (1.0 - bonus - row.insurance_fee)
    gain = bonus * (1.0 - row.protocol_share)
    return Rates(gain * scale, row.insurance_fee * scale, (bonus - gain) * scale)


@lean
def split(row: Row, seized: float, price: float, debt_price: float) -> Split:
    """Shares of a seizure (mrgnlabs/marginfi-v2, ``liquidate.rs``).

    The liquidator pays all but its bonus, the account is credited with all but both fees.

    Parameters
    ----------
    row : VENUE_ROW
    seized : float
        Collateral tokens.
    price, debt_price : float
        USD per token, the collateral's biased down and the debt's up.
    """
    worth = seized * price / debt_price
    paid = worth * (1.0 - row.bonus_min)
    credited = worth * (1.0 - row.bonus_min - row.insurance_fee)
    return Split(paid, credited, paid - credited)


@lean
def seize(row: Row, owed: Stock, held: Stock, bonus: float, unit: float) -> Seizure:
    """Collateral for a repayment, its bonus shared with the protocol.

    Rounded as in Aave v3.7 (aave-dao/aave-v3-origin, ``LiquidationLogic.sol``): the account gives
    no more than it must, the protocol gets no less.

    Parameters
    ----------
    row : VENUE_ROW
    owed, held : Stock
        What is repaid, and the account's collateral.
    bonus : float
        Fraction of what is repaid.
    unit : float
        Smallest unit of the collateral; 0 for continuous amounts.
    """
    factor = 1.0 + bonus
    worth = floored(owed.amount * owed.price / held.price, unit)
    seized = min(floored(worth * factor, unit), held.amount)
    extra = seized - floored(seized / factor, unit)
    protocol = ceiled(extra * row.protocol_share, unit)
    return Seizure(seized, seized - protocol, protocol, held.amount - seized)


@lean
def value_left(held: Stock, left: float, unit: float) -> float:
    """Value of what is left, in whole units of the base currency: zero makes it bad debt."""
    return floored(left * held.price, unit)


@lean
def exhausted(value: float) -> bool:
    """Whether what is left is worth nothing, so that the debt has become bad."""
    return value <= 0.0


@lean
def health_factor(held: Stock, owed: Stock, threshold: float) -> float:
    """Weighted collateral over debt."""
    return held.amount * held.price * threshold / (owed.amount * owed.price)


@lean
def health_bonus(health: float, most: float) -> float:
    """Bonus that makes the discount equal to the missing health; none where none is missing.

    Euler EVK (euler-xyz/euler-vault-kit, ``Liquidation.sol``): a USD of collateral costs
    ``max(health, 1 - largest discount)``. Loans of an account whose contracts have brought it below
    maintenance may be healthy by themselves.
    """
    return 1.0 / max(min(1.0, health), 1.0 - most) - 1.0


@lean
def exchange(
    row: Row, debt: tuple[float, float], collateral: tuple[float, float], weight: float
) -> Exchange:
    """Health-proportional liquidation of a whole loan; nothing if it is healthy.

    Parameters
    ----------
    row : VENUE_ROW
    debt, collateral : tuple of float
        Tokens, and USD per token.
    weight : float
        Share of the collateral's value that counts.
    """
    owed = debt[0] * debt[1]
    held = collateral[0] * collateral[1]
    if owed <= 0.0:
        return Exchange(np.inf, 0.0, 0.0, 0.0)
    health = held * weight / owed
    if health > 1.0:
        return Exchange(health, 0.0, 0.0, 0.0)
    factor = 1.0 + health_bonus(health, row.max_discount)
    if held <= owed * factor:
        return Exchange(health, held / factor / debt[1], collateral[0], held / factor)
    return Exchange(health, debt[0], owed * factor / collateral[1], owed)


@lean
def transfer(held: Stock, repaid: Stock, dust: float) -> float:
    """Collateral tokens for a repayment at a fixed bonus; all of it if less than dust differs.

    Drift's ``calculate_asset_transfer_for_liability_transfer``; ``dust`` is USD.
    """
    given = repaid.amount * repaid.price * held.multiplier / (held.price * repaid.multiplier)
    return held.amount if abs(held.amount - given) * held.price < dust else given


@lean
def given_for(repaid: float, bonus: float) -> float:
    """USD of collateral for USD repaid."""
    return repaid * (1.0 + bonus)


@lean
def above_par(factor: float) -> float:
    """Bonus of a venue that states it with the principal (Aave: 10500 basis points)."""
    return factor - 1.0


@lean
def biased(price: float, share: float) -> float:
    """Price moved by a share of itself: down for collateral, up for debt."""
    return price * (1.0 + share)


@lean
def saturated(amount: float, most: float) -> float:
    """Amount in an integer type that ends at ``most``."""
    return min(amount, most)
