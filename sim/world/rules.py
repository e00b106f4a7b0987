"""Behaviour rules named in the configuration, loaded as values and numbered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba

from sim.errors import SluicegateError
from sim.rules import LIQUIDATOR_RULE, RULE_SLOTS, TRADER_RULE, Rule, Rules, pad
from sim.world.schema.run import RunConfig
from sim.world.targets import resolve_target


@dataclass(frozen=True)
class RuleSet:
    """Compiled rules and the number of each, by dotted name."""

    rules: Rules
    kinds: tuple[dict[str, int], dict[str, int]]


def load_rules(config: RunConfig) -> RuleSet:
    """Load every rule that an archetype or liquidator names.

    Raises
    ------
    SluicegateError
        If a name points outside the allowed packages, does not exist, is not a compiled rule, or
        there are more different rules than the kernel has slots for.
    """
    traders = {
        f"archetype.{n}.behaviour.rule": s.behaviour.rule for n, s in config.archetype.items()
    }
    liquidators = {f"liquidator.{n}.rule": s.rule for n, s in config.liquidator.items()}
    trader_rules, trader_kinds = _load(traders, TRADER_RULE)
    liquidator_rules, liquidator_kinds = _load(liquidators, LIQUIDATOR_RULE)
    if not liquidator_rules:
        from sim.world.idle import decline

        liquidator_rules = [decline]
    rules = Rules(pad(trader_rules), pad(liquidator_rules))
    return RuleSet(rules, (trader_kinds, liquidator_kinds))


def _load(named: dict[str, dict[str, str]], signature: Any) -> tuple[list[Rule], dict[str, int]]:
    found: list[Rule] = []
    kinds: dict[str, int] = {}
    for where, rule in named.items():
        target = rule.get("_target_", "")
        if target in kinds:
            continue
        if len(found) == RULE_SLOTS:
            raise SluicegateError(
                f"more than {RULE_SLOTS} different rules",
                where=where,
                value=target,
                allowed=f"{RULE_SLOTS} at most",
                hint="let rules share a function and differ in its parameters",
            )
        kinds[target] = len(found)
        found.append(_checked(resolve_target(target, where=where), signature, where, target))
    return found, kinds


def _checked(rule: Rule, signature: Any, where: str, target: str) -> Rule:
    """Refuse a function that was not compiled as a rule of this kind."""
    compiled = not getattr(
        numba.config, "DISABLE_JIT", 0
    )  # a debugger runs rules as plain functions
    if compiled and signature not in getattr(rule, "nopython_signatures", ()):
        name = "trader_rule" if signature == TRADER_RULE else "liquidator_rule"
        raise SluicegateError(
            "this function is no rule of the kind that is needed here",
            where=where,
            value=target,
            allowed=f"a function decorated with @{name} (see sim/rules.py)",
        )
    return rule
