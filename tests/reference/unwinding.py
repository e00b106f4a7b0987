"""Liquidators sell what they took, each at his speed."""

from types import SimpleNamespace

from tests.reference import contract, generations, ledger, margin, market, trading
from tests.reference.world import INITIAL, World


def unwind(w: World) -> bool:
    """Liquidators sell tokens and contracts they hold, each at their speed."""
    moved = False
    for number, him in enumerate(w.liquidators):
        w.cause = generations.shares(w.carried[number])
        budget = him.unwind * w.block
        moved = take_out(w, him, budget) or moved
        for asset in w.assets:
            tokens = w.outside[him.holder][asset]
            if asset != w.cash and tokens != 0.0:
                most = budget / w.mark[asset]
                market.swap(w, him.holder, asset, -max(-most, min(most, tokens)))
                moved = True
        for k, leg in w.instruments.items():
            contracts = ledger.held(w, him.row, k)
            if leg.kind == "perpetual" and contracts != 0.0:
                most = budget / contract.dollars(leg, w.mark[leg.market])
                part = -max(-most, min(most, contracts))
                moved = trading.take_from_book(w, k, him.row, part) != 0.0 or moved
    return moved


def take_out(w: World, him: SimpleNamespace, budget: float) -> bool:
    """Coin that contracts settled in leaves the venue; coin and cash owed there are repaid."""
    moved = repay_cash(w, him)
    for k, leg in w.instruments.items():
        amount = ledger.held(w, him.row, k)
        if leg.kind != "balance" or leg.asset == w.cash or amount == 0.0:
            continue
        most = budget / w.mark[leg.asset]
        part = max(-most, min(most, amount))
        if part > 0.0:
            payable = ledger.pool_cash(w, k)
            if payable <= 1e-12 * ledger.deposits(w, k):
                continue
            equity, initial = margin.assess(w, INITIAL, him.row)
            w.decide(equity - initial, margin.gross(w, him.row))
            part = min(part, payable, max(0.0, equity - initial) / w.mark[leg.asset])
        else:
            market.swap(w, him.holder, leg.asset, -part)
        if part == 0.0:
            continue
        ledger.post(w, k, him.row, -part)
        ledger.hand(w, him.holder, leg.asset, part)
        moved = True
    return moved


def repay_cash(w: World, him: SimpleNamespace) -> bool:
    """Cash that a liquidator owes at a venue is paid back from what he has outside."""
    moved = False
    for k, leg in w.instruments.items():
        owed = -ledger.held(w, him.row, k)
        if leg.kind == "balance" and leg.asset == w.cash and owed > 0.0:
            part = min(owed, w.outside[him.holder][w.cash])
            if part > 0.0:
                ledger.hand(w, him.holder, w.cash, -part)
                ledger.post(w, k, him.row, part)
                moved = True
    return moved
