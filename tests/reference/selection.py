"""Which offer of an account its venue puts first."""

import math
from types import SimpleNamespace

from tests.reference import auction, margin, portfolio, taking
from tests.reference.offers import health_after, left_after, offers
from tests.reference.world import MAINTENANCE, World


def chosen(w: World, row: int) -> SimpleNamespace | None:
    """The offer that the rule of the account's venue puts first; the earlier one of equals."""
    rule = w.venues[w.accounts[row].venue].selection
    if rule == "whole_portfolio":
        return portfolio.offer(w, row)
    best, best_score = None, 0.0
    for offer in offers(w, row):
        score = preference(w, rule, row, offer)
        if best is not None and math.inf not in (score, best_score):
            near(w, rule, row, score - best_score)
        if best is None or score > best_score:
            best, best_score = offer, score
    return best


def near(w: World, rule: str, row: int, gap: float) -> None:
    """Note how near two offers are; two legs with the same weights are equal, and are meant to."""
    if rule == "riskiest":
        return
    w.decide(gap, 1.0 if rule == "relief_per_impact" else margin.gross(w, row))


def preference(w: World, rule: str, row: int, offer: SimpleNamespace) -> float:
    """How much a rule prefers an offer; a running auction is not dropped for another."""
    if offer.collateral is not None and auction.runs(w, row, offer.leg, offer.collateral):
        return math.inf
    offer.notional = offer.full  # all of it, as far as preferring goes
    if rule == "best_for_liquidator":
        gain = taking.true_gain(w, row, offer) - taking.cost_of_selling(w, row, offer)
        return offer.full * gain
    if rule == "relief_per_impact":
        return relief_per_cost(w, row, offer)
    if rule == "keep_hedges":
        deltas = margin.deltas(w, left_after(w, row, offer, offer.full))
        return -sum(abs(net) for asset, net in deltas.items() if asset != w.cash)
    if rule == "largest_relief":
        return health_after(w, MAINTENANCE, row, offer, offer.full)
    return heaviest(w, row, offer)


def relief_per_cost(w: World, row: int, offer: SimpleNamespace) -> float:
    """Health gained per USD that the account and the market charge for closing all of it."""
    now, then = (health_after(w, MAINTENANCE, row, offer, usd) for usd in (0.0, offer.full))
    cost = max(0.0, offer.charge) + taking.cost_of_selling(w, row, offer)
    return (then - now) / (offer.full * max(cost, 1e-9))


def heaviest(w: World, row: int, offer: SimpleNamespace) -> float:
    """Ratio of a contract, or by how much the debt weighs more than the collateral."""
    if offer.collateral is None:
        return w.ratio[MAINTENANCE][offer.leg]
    emode = w.accounts[row].emode
    heavy = w.weights["liability"][MAINTENANCE][emode][offer.leg]
    return heavy - w.weights["asset"][MAINTENANCE][emode][offer.collateral]
