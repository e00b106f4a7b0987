"""Hedges that calls break, and what the legs left without cover lose until they are closed.

An owner is long L and short S of an underlying, over all of his accounts; min(L, S) is hedged.
"""

from tests.reference import ledger, margin
from tests.reference.world import World

Sides = dict[str, tuple[float, float]]


def sides(w: World, row: int) -> Sides:
    """Units long and short of each underlying, of the owner of a row; empty for the rest."""
    found: Sides = {}
    if row >= w.margined:
        return found
    for b in w.owned[w.accounts[row].owner]:
        for k in ledger.legs(w, b):
            leg = w.instruments[k]
            if leg.asset == w.cash:
                continue
            price = w.published[f"{leg.venue} {leg.group}"]
            units = margin.delta(w, k, ledger.held(w, b, k)) / price
            long, short = found.get(leg.group, (0.0, 0.0))
            found[leg.group] = (long + max(0.0, units), short + max(0.0, -units))
    return found


def note(w: World, row: int, before: Sides) -> None:
    """After a call: what it closed of the open legs, then what it left open."""
    if row >= w.margined:
        return
    note_closed(w, row)
    owner, now = w.accounts[row].owner, sides(w, row)
    for asset in before:
        units = newly_open(w, before[asset], now.get(asset, (0.0, 0.0)))
        if units != 0.0:
            held, paid = w.uncovered.get((owner, asset), (0.0, 0.0))
            w.uncovered[owner, asset] = held + units, paid + units * w.mark[asset]
            w.results["hedges_broken"] += abs(units) * w.mark[asset]


def newly_open(w: World, before: tuple[float, float], now: tuple[float, float]) -> float:
    """Units that a call left without cover, with the sign of their side."""
    lost = min(before) - min(now)
    net, was = now[0] - now[1], before[0] - before[1]
    side = 1.0 if net >= 0.0 else -1.0
    units = min(lost, side * (net - was), abs(net))
    edge = 1e-9 * sum(before)  # a smaller move is rounding
    w.decide(units - edge, 1e-4 * sum(before))
    return side * units if units > edge else 0.0


def note_closed(w: World, row: int) -> None:
    """Whatever is open beyond the net that the owner has now is closed."""
    owner, now = w.accounts[row].owner, sides(w, row)
    for (whose, asset), (held, _) in list(w.uncovered.items()):
        if whose == owner:
            long, short = now.get(asset, (0.0, 0.0))
            net = long - short
            if held > 0.0:
                close(w, whose, asset, held - min(held, max(0.0, net)))
            else:
                close(w, whose, asset, held - max(held, min(0.0, net)))


def close(w: World, owner: int, asset: str, units: float) -> None:
    """Close units of what is open at the mark; what they cost goes with them."""
    if units == 0.0:
        return
    held, paid = w.uncovered.pop((owner, asset))
    share = units / held
    loss = paid * share - units * w.mark[asset]
    w.results["hedge_loss"] += loss
    w.results["hedge_loss_positive"] += max(0.0, loss)
    if units != held:
        w.uncovered[owner, asset] = held - units, paid * (1.0 - share)


def close_all(w: World) -> None:
    """At the horizon."""
    for (owner, asset), (held, _) in list(w.uncovered.items()):
        close(w, owner, asset, held)
