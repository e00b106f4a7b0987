"""What a behaviour rule sees and what it may do.

A rule is a small pure function, written once in ``agents/`` and called by the compiled kernel
and by the Mesa laboratory alike::

    @trader_rule
    def act(view: TraderView, params: np.ndarray) -> TraderAction: ...

It is compiled when its file is imported, with a fixed signature, so that the kernel takes any set
of rules as values without being compiled again. Views hold floats only.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numba as nb

Rule = Callable[..., Any]  # a compiled rule

RULE_SLOTS = 8  # rules of one kind that a run can hold; unused slots are padded


class TraderView(NamedTuple):
    """One account as its owner sees it, on the prices that the margin engine publishes."""

    equity: float  # USD
    maintenance: float  # USD
    initial: float  # USD
    wallet: float  # USD the owner holds outside all venues
    spare: float  # USD of free collateral in the owner's other accounts
    opening: float  # USD, equity at the start of the path


class TraderAction(NamedTuple):
    """What the owner does about it."""

    top_up: float  # USD to send to the account
    close: float  # share of every risky leg to close now, in [0, 1]


class LiquidatorView(NamedTuple):
    """One call on offer to a liquidator."""

    notional: float  # USD of debt or contracts that the venue lets it take now
    bonus: float  # gain per USD taken at the markets' prices, before impact; may be negative
    slippage: float  # log-price impact of selling the whole of it
    cost: float  # USD per call
    capacity: float  # USD it can still take in this block
    capital: float  # USD of margin or cash that it can commit


class LiquidatorAction(NamedTuple):
    """How much of the offer it takes."""

    notional: float  # USD; 0 declines


_PARAMS = nb.float64[::1]
TRADER_RULE = nb.typeof(TraderAction(0.0, 0.0))(
    nb.typeof(TraderView(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)), _PARAMS
)
LIQUIDATOR_RULE = nb.typeof(LiquidatorAction(0.0))(
    nb.typeof(LiquidatorView(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)), _PARAMS
)

trader_rule: Callable[..., Rule] = nb.njit(TRADER_RULE, cache=True, error_model="numpy")
liquidator_rule: Callable[..., Rule] = nb.njit(LIQUIDATOR_RULE, cache=True, error_model="numpy")

TRADER_RULES = nb.types.UniTuple(nb.types.FunctionType(TRADER_RULE), RULE_SLOTS)
LIQUIDATOR_RULES = nb.types.UniTuple(nb.types.FunctionType(LIQUIDATOR_RULE), RULE_SLOTS)


class Rules(NamedTuple):
    """The rules of a run, padded to fixed length."""

    traders: tuple[Rule, ...]
    liquidators: tuple[Rule, ...]


def pad(rules: list[Rule]) -> tuple[Rule, ...]:
    """Fill the unused slots with the first rule; kinds never point there."""
    if not 1 <= len(rules) <= RULE_SLOTS:
        raise ValueError(f"{len(rules)} rules given; 1 to {RULE_SLOTS} are possible")
    return tuple(rules) + (rules[0],) * (RULE_SLOTS - len(rules))
