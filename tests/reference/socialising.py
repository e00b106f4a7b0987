"""Who bears a debt that no fund paid: five kinds of rule, one per venue."""

from tests.reference import ledger
from tests.reference.world import World


def socialised(w: World, row: int, k: str, owed: float) -> float:
    """Tokens of a debt that others bear, by the rule of the venue that lent."""
    rule = w.venues[w.instruments[k].venue].waterfall["socialise"]
    borne = 0.0
    if rule == "providers":
        borne = by_the_maker(w, row, k, owed)
    elif rule == "funding_index":
        borne = by_positions(w, row, k, owed) or by_depositors(w, row, k, owed)
    elif rule in ("share_value", "cash_print"):
        borne = by_depositors(w, row, k, owed)
    if borne > 0.0:
        w.results["socialised_loss"] += borne * w.seen_notional[k]
    return borne


def by_depositors(w: World, row: int, k: str, owed: float) -> float:
    """Every depositor of the pool loses in proportion."""
    total = ledger.deposits(w, k)
    borne = min(owed, total)
    if borne <= 0.0:
        return 0.0
    w.seen_events.add("borne by depositors")
    left = 1.0 - borne / total
    if left < 1e-12:  # all of it, but for rounding
        left = 0.0
    for holdings in w.holdings:
        if holdings.get(k, 0.0) > 0.0:
            holdings[k] *= left
    if left > 0.0:  # else all are at zero, and whoever deposits next starts anew
        w.deposit_index[k] *= left
        w.unseen[k] *= left
    ledger.post(w, k, row, borne)
    return borne


def by_positions(w: World, row: int, k: str, owed: float) -> float:
    """Everybody with contracts that settle in the token pays by their notional, on either side.

    What they pay in quote, the clearing account pays in tokens.
    """
    clearing = w.venues[w.instruments[k].venue].clearing
    contracts = [j for j, leg in w.instruments.items() if leg.kind == "perpetual" and leg.cash == k]
    size = {
        (b, j): abs(ledger.held(w, b, j)) * w.seen_notional[j]
        for b in range(len(w.holdings))
        for j in contracts
    }
    total = sum(size.values())
    if total > 0.0:
        w.decide(total - 1e-6, total)
    if total <= 1e-6:  # what rounding leaves of closed positions
        return 0.0
    w.seen_events.add("borne by positions")
    for (b, j), usd in size.items():
        paid = owed * usd / total
        ledger.post(w, w.instruments[j].quote, b, -paid)
        ledger.post(w, w.instruments[j].quote, clearing, paid)
    ledger.post(w, k, clearing, -owed)
    ledger.post(w, k, row, owed)
    return owed


def by_the_maker(w: World, row: int, k: str, owed: float) -> float:
    """The other side of every trade pays out of its tokens at the venue."""
    maker = w.venues[w.instruments[k].venue].maker
    if maker < 0 or w.instruments[k].asset != w.cash:
        return 0.0
    borne = min(owed, ledger.held(w, maker, k))
    if borne <= 0.0:
        return 0.0
    w.seen_events.add("borne by the maker")
    ledger.post(w, k, maker, -borne)
    ledger.post(w, k, row, borne)
    return borne
