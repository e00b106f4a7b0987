"""P4: how much must change hands to clear a margin shortage, and what it costs.

Drift's closed forms (drift-labs/protocol-v2, ``programs/drift/src/math/liquidation.rs``): closing
one unit frees its requirement and costs the liquidator's and the insurance fund's fees.
"""

import numpy as np

from sim.compile import lean
from sim.liquidation.rounding import floored
from sim.state.rows import Row


@lean
def contracts_to_cover(
    shortage: float, ratio: float, fee: float, insurance_fee: float, price: float, quote: float
) -> float:
    """Contracts whose closing clears a shortage; infinite if none does.

    Parameters
    ----------
    shortage : float
        USD of requirement, buffer included, less collateral.
    ratio : float
        Requirement per USD of notional, buffer included.
    fee, insurance_fee : float
        Per USD of notional, to the liquidator and to the insurance fund.
    price, quote : float
        Of a contract in quote tokens, and of a quote token in USD.
    """
    freed = price * quote * (ratio - fee) - price * insurance_fee
    return shortage / freed if ratio > fee and freed > 0.0 else np.inf


@lean
def debt_to_cover(
    shortage: float,
    asset: tuple[float, float],
    liability: tuple[float, float],
    price: float,
    insurance_fee: float,
    step: float,
) -> float:
    """Tokens of debt whose repayment out of collateral clears a shortage; infinite if none does.

    Parameters
    ----------
    asset, liability : tuple of float
        Weight, and multiplier (1 + fee and 1 - fee) at which it changes hands.
    price : float
        USD per token of debt.
    step : float
        The product of weights is cut to multiples of it, the program's precision; 0: exact. The
        kernel tries sizes out on the account instead and needs no such product.
    """
    if asset[0] >= liability[0]:
        return np.inf
    given = floored(asset[0] * asset[1] / liability[1], step)
    freed = price * (liability[0] - given) - price * insurance_fee * liability[0]
    return shortage / freed if freed > 0.0 else np.inf


@lean
def insurance_fee(
    row: Row, shortage: float, notional: float, ratio: float, fee: float, most: float
) -> float:
    """Insurance fee of a perpetual: most, but only of what its margin leaves after the shortage."""
    if row.insurance_share <= 0.0:
        return most
    if notional <= 0.0 or ratio <= fee:
        return 0.0
    return min(most, row.insurance_share * max(0.0, ratio - fee - shortage / notional))


@lean
def insurance_fee_of_debt(
    shortage: float,
    value: float,
    asset: tuple[float, float],
    liability: tuple[float, float],
    most: float,
) -> float:
    """Insurance fee of a loan, per USD repaid; arguments as for `debt_to_cover`."""
    if asset[0] >= liability[0] or value <= 0.0 or liability[1] <= 0.0:
        return 0.0
    left = max(0.0, liability[0] - asset[0] * asset[1] / liability[1])
    return min(most, max(0.0, left - shortage / value) / liability[0])


@lean
def grown(row: Row, fee: float, elapsed: float) -> float:
    """Liquidator's fee ``elapsed`` seconds after the breach: nobody came, so it grows.

    Whole periods since the breach count once the grace time is over.
    """
    if row.fee_growth <= 0.0 or elapsed < row.fee_grace:
        return fee
    return max(fee, min(row.fee_max, fee + floored(elapsed, row.fee_period) * row.fee_growth))


@lean
def throttle(row: Row, shortage: float, freed: float, elapsed: float) -> float:
    """Share of what would clear a shortage that may be taken now.

    So that a liquidation is spread over time, only a share of the whole shortage, growing with
    the time since the first call, may have been freed so far. Small shortages are not worth it.
    """
    if row.throttle_duration <= 0.0 or shortage < row.throttle_small or shortage <= 0.0:
        return 1.0
    step = row.throttle_step
    share = min(1.0, floored(elapsed / row.throttle_duration, step) + row.throttle_initial)
    return min(1.0, floored(max(0.0, share * (shortage + freed) - freed) / shortage, step))


@lean
def notional(quantity: float, price: float, quote: float) -> float:
    """USD of a quantity at a price in quote tokens."""
    return abs(quantity) * price * quote
