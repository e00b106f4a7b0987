"""Moving tokens, contracts and quote between rows and holders; pools counted by hand."""

from tests.reference.world import World


def held(w: World, row: int, k: str) -> float:
    """Tokens, contracts or quote of instrument k on a row; negative when owed."""
    return w.holdings[row].get(k, 0.0)


def legs(w: World, row: int) -> list[str]:
    """Instruments that a row holds or owes, in order."""
    return [k for k in w.instruments if held(w, row, k) != 0.0]


def post(w: World, k: str, row: int, amount: float, hair: float = 0.0) -> None:
    """Add to a row's balance; no more than a hair of it is nothing."""
    before = held(w, row, k)
    after = before + amount
    if abs(after) <= hair:
        after = 0.0
    if after != 0.0 and amount != 0.0:
        w.decide(after, max(abs(before), abs(amount)))  # an exact zero, or clearly none
    w.holdings[row][k] = after


def hand(w: World, holder: str, asset: str, amount: float) -> None:
    """Add to a holder outside the venues."""
    w.outside[holder][asset] += amount


def deposits(w: World, k: str) -> float:
    """Everything deposited in a pool."""
    return sum(max(0.0, row.get(k, 0.0)) for row in w.holdings)


def loans(w: World, k: str) -> float:
    """Everything lent by a pool."""
    return sum(max(0.0, -row.get(k, 0.0)) for row in w.holdings)


def pool_cash(w: World, k: str) -> float:
    """What a pool can pay out."""
    return deposits(w, k) - loans(w, k)


def settle_if_flat(w: World, row: int, k: str, hair: float = 0.0) -> None:
    """After the last contract at a venue is gone, its quote balance becomes cash there."""
    perpetual = w.instruments[k]
    for other, leg in w.instruments.items():
        if leg.kind == "perpetual" and leg.quote == perpetual.quote and held(w, row, other) != 0.0:
            return
    clearing = w.venues[perpetual.venue].clearing
    gain = held(w, row, perpetual.quote)
    w.holdings[row][perpetual.quote] = 0.0
    post(w, perpetual.quote, clearing, gain)
    post(w, perpetual.cash, row, gain, hair)
    post(w, perpetual.cash, clearing, -gain)
