"""P7: auto-deleveraging. Winners close against a bankrupt account at the price that leaves it zero.

It starts when an account's equity is below zero and the funds of the venue cannot pay the hole.
Its contracts are closed against holders of the other side at the bankruptcy price; what each of
them loses against the mark is his share of the hole. Shares follow a ranking:

``QUEUE``: one after the other by profit x leverage, each until his contracts are gone (Hyperliquid
docs: (mark/entry) x (notional/account value); BitMEX and Binance alike).
``PRO_RATA``: all at once, in proportion to profit.
``LEVERAGE_WEIGHTED``: all at once, in proportion to profit x leverage (Chitra 2025,
arXiv 2512.01112, compares the three).

Under a capped rule nobody gives more than his own profit.
"""

import numpy as np

from sim.compile import lean
from sim.state.codes import PRO_RATA, QUEUE

# Columns of a claim table: one row per ledger row
PROFIT = 0  # USD, the most that he can be asked for
WEIGHT = 1  # what his share is in proportion to, or his place in the queue
SHARE = 2  # USD that he gives
CLAIMS = 3

MOST_ROUNDS = 64  # each exhausts somebody or gives everything
ROUNDING = 1e-14  # of a deficit


@lean
def weight_of(kind: int, profit: float, leverage: float) -> float:
    """What a winner's share is in proportion to, or his rank in the queue."""
    return profit if kind == PRO_RATA else profit * leverage


@lean
def first_in_queue(claims: np.ndarray) -> int:
    """Row with the highest weight among those who have given nothing; -1 if none is left."""
    best = -1
    for i in range(claims.shape[1]):
        waiting = claims[SHARE, i] == 0.0 and claims[PROFIT, i] > 0.0
        if waiting and (best < 0 or claims[WEIGHT, i] > claims[WEIGHT, best]):
            best = i
    return best


@lean
def one_by_one(claims: np.ndarray, deficit: float) -> float:
    """Share a deficit along the queue; return what nobody could give."""
    left = deficit
    while left > 0.0:
        i = first_in_queue(claims)
        if i < 0:
            return left
        claims[SHARE, i] = min(claims[PROFIT, i], left)
        left -= claims[SHARE, i]
    return 0.0


@lean
def all_at_once(claims: np.ndarray, deficit: float) -> float:
    """Share a deficit in proportion to the weights, nobody above his profit; return the rest."""
    left = deficit
    for _ in range(MOST_ROUNDS):
        total = 0.0
        for i in range(claims.shape[1]):
            if claims[SHARE, i] < claims[PROFIT, i]:
                total += claims[WEIGHT, i]
        if left <= 0.0 or total <= 0.0:
            break
        rate, given = left / total, 0.0
        for i in range(claims.shape[1]):
            room = claims[PROFIT, i] - claims[SHARE, i]
            if room > 0.0:
                part = min(room, rate * claims[WEIGHT, i])
                claims[SHARE, i] += part
                given += part
        left -= given
        if left <= ROUNDING * deficit:
            return 0.0
    return max(left, 0.0)


@lean
def allocate(kind: int, claims: np.ndarray, deficit: float) -> float:
    """Share a deficit among winners by a ranking.

    Parameters
    ----------
    kind : int
        ``QUEUE``, ``PRO_RATA`` or ``LEVERAGE_WEIGHTED``.
    claims : (CLAIMS, n) float64 ndarray
        Rows ``PROFIT`` (USD, >= 0) and ``WEIGHT`` are read, ``SHARE`` is written, USD.
    deficit : float
        USD to be shared, >= 0.

    Returns
    -------
    float
        USD that nobody could give. Shares and it add up to the deficit.
    """
    for i in range(claims.shape[1]):
        claims[SHARE, i] = 0.0
    if kind == QUEUE:
        return one_by_one(claims, deficit)
    return all_at_once(claims, deficit)


@lean
def pool_profit_ratio(profit: float, pool: float) -> float:
    """Traders' open profit over what the pool that owes it holds (GMX v2 ``pnlToPoolFactor``)."""
    return profit / pool if pool > 0.0 else float("inf")


@lean
def open_profit(contracts: float, entry: float, price: float) -> float:
    """Profit of contracts (negative: short) bought at ``entry``, quote tokens."""
    return contracts * (price - entry)


@lean
def contracts_of(notional: float, entry: float) -> float:
    """Contracts that a notional bought at its entry price."""
    return notional / entry


@lean
def must_deleverage(ratio: float, threshold: float) -> bool:
    """Whether a pool owes too much of itself to winners."""
    return ratio > threshold
