"""The same world in plain NumPy, vectorised over accounts: what one would write first.

Included, every step: displaced marks with decay, impact of what is liquidated, interest and funding
on every pool, equity and maintenance requirement of every account leg by leg, and one round of
liquidation in which every account below maintenance is closed whole at the mark.

Left out: oracle delays and averages, owners who act, liquidators (who takes, how much, at what
bonus, with what capital), rounds inside a step, the background book, arbitrage, depth by regime,
the waterfall, double entry. So it does less than the kernel, and its results are its own; only its
margin figures are the kernel's.
"""

import numpy as np

from sim.market.accrual import DAY, YEAR
from sim.market.impact import IMPACT_UNIT
from sim.state import codes
from sim.state.state import State
from sim.state.world import LONG, SHORT, World


class NumpyWorld:
    """One path over all accounts of a world whose venues add up their legs."""

    def __init__(self, world: World, opening: State) -> None:
        self.world = world
        self.accounts = int(world.settings[0]["accounts"])
        held = opening.balance[:, : self.accounts].T
        self.account, self.k = np.nonzero(held)
        self.quantity = held[self.account, self.k]
        self.kind = world.instruments["kind"]
        self.value_at, self.charge_at, self.charge = self._terms()
        self.tiered = np.flatnonzero(self._in_brackets())
        self.ratios = world.instruments["ratio"][self.k[self.tiered]]
        self.pools = opening.pools.copy()
        self.premium = np.zeros(len(self.kind))
        self.funding = np.zeros(len(self.kind))
        self.transient = np.zeros(len(world.markets))
        self.permanent = np.zeros(len(world.markets))
        self.depth = world.markets["depth"]
        self.liquidated = 0.0

    def _terms(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Per leg: entry of g that values it, entry that its requirement scales with, factor."""
        world, k, size = self.world, self.k, np.abs(self.quantity)
        long, kind = self.quantity >= 0.0, self.kind[self.k]
        mode = world.accounts["emode"][self.account]
        penalty = world.instruments["size_penalty"][k]
        growth = penalty * np.sqrt(size)
        asset = world.weight[LONG, codes.MAINTENANCE, mode, k]
        asset = np.where(penalty > 0.0, np.minimum(asset, 1.1 / (1.0 + growth)), asset)
        loan = world.weight[SHORT, codes.MAINTENANCE, mode, k]
        loan = np.where(penalty > 0.0, np.maximum(loan, 0.8 * loan + growth), loan)
        ratio = world.ratio[codes.MAINTENANCE, k]
        ratio = np.where(penalty > 0.0, np.maximum(ratio, 0.8 * ratio + growth), ratio)
        feed = world.oracles[world.instruments["oracle"][k]]
        bias = np.minimum(feed["bias"] * feed["confidence"], feed["bias_cap"])
        asset, loan = asset * (1.0 - bias), loan * (1.0 + bias)
        ratio = np.where(self._in_brackets(), 0.0, ratio)  # see `_brackets`
        rate = np.select(
            [kind == codes.PERPETUAL, kind == codes.QUOTE, long],
            [ratio, 0.0, 1.0 - asset],
            loan - 1.0,
        )
        side = np.where(long, 0, 1) * len(self.kind) + k
        at = np.where(kind == codes.PERPETUAL, 2 * len(self.kind) + k, side)
        return side, at, size * rate

    def _in_brackets(self) -> np.ndarray:
        """Whether a leg's requirement is in brackets of notional."""
        kinds = self.world.instruments["ratio"]["kind"]
        return (self.kind == codes.PERPETUAL)[self.k] & (kinds == codes.TIERED_RATIO)[self.k]

    def _brackets(self, g: np.ndarray) -> np.ndarray:
        """Requirement of the legs in brackets, USD."""
        notional = np.abs(self.quantity[self.tiered]) * g[2, self.k[self.tiered]]
        at = (notional[:, None] > self.ratios["tier"][:, 1:]).sum(axis=1)
        leg = np.arange(len(at))
        rate = self.ratios["rate"][leg, codes.MAINTENANCE, at]
        return notional * rate - self.ratios["deduction"][leg, codes.MAINTENANCE, at]

    def marks(self, fundamental: np.ndarray) -> np.ndarray:
        """Displaced price of every market, USD."""
        rows = self.world.markets
        own = np.where(rows["parent"] < 0, rows["permanent"], 0.0)
        shift = np.sign(self.transient) * (1.0 - own) * np.abs(self.transient) ** rows["exponent"]
        shift = IMPACT_UNIT * (shift + own * self.permanent)
        displaced = np.where(rows["parent"] < 0, shift, shift + shift[rows["parent"]])
        return fundamental[rows["asset"]] * np.exp(displaced)

    def prices(self, marks: np.ndarray) -> np.ndarray:
        """The vector that health reads, (3, K)."""
        table = self.world.instruments
        token = marks[int(self.world.settings[0]["cash_asset"])]
        spot = marks[self.world.oracles["market"][table["oracle"]]]
        perpetual = (marks[table["market"]] - self.funding) * token
        g = np.empty((3, len(table)))
        g[0] = spot * self.pools["deposit_index"]
        g[1] = spot * self.pools["borrow_index"]
        g[2] = spot
        g[:, self.kind == codes.QUOTE] = token
        contracts = self.kind == codes.PERPETUAL
        g[:2, contracts] = perpetual[contracts]
        g[2, contracts] = (spot * token)[contracts]
        return g

    def margin(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Equity and maintenance requirement of every account, USD (A,)."""
        flat = g.ravel()
        equity = np.bincount(self.account, self.quantity * flat[self.value_at], self.accounts)
        required = np.bincount(self.account, self.charge * flat[self.charge_at], self.accounts)
        if len(self.tiered):
            account = self.account[self.tiered]
            required += np.bincount(account, self._brackets(g), self.accounts)
        return equity, required

    def step(self, fundamental: np.ndarray) -> None:
        """Advance by one step."""
        seconds = float(self.world.settings[0]["step"])
        self.transient *= np.exp(-self.world.markets["decay"] * seconds)
        marks = self.marks(fundamental)
        g = self.prices(marks)
        equity, required = self.margin(g)
        below = (equity <= required) & ((required > 0.0) | (equity < 0.0))
        if below.any():
            self._close(np.flatnonzero(below[self.account]), g, marks)
        self._accrue(marks, seconds)

    def _close(self, legs: np.ndarray, g: np.ndarray, marks: np.ndarray) -> None:
        """Sell or buy back the legs of accounts below maintenance, and let the price feel it."""
        k = self.k[legs]
        traded = (self.kind[k] != codes.QUOTE) & (g[2, k] > 0.0)
        usd = np.where(traded, self.quantity[legs] * g[2, k], 0.0)
        markets = self.world.instruments["market"][k]
        flow = -np.bincount(markets, usd, len(marks)) / self.depth
        self.transient += flow
        self.permanent += np.where(self.world.markets["parent"] < 0, flow, 0.0)
        owed = (self.kind[k] == codes.PERPETUAL) | (usd < 0.0)
        self.liquidated += float(np.abs(usd[owed]).sum())
        self.quantity[legs] = 0.0
        self.charge[legs] = 0.0

    def _accrue(self, marks: np.ndarray, seconds: float) -> None:
        table, pools = self.world.instruments, self.pools
        loans = pools["loans"] * pools["borrow_index"]
        deposits = pools["deposits"] * pools["deposit_index"]
        live = (self.kind == codes.BALANCE) & (loans > 0.0) & (deposits > 0.0)
        use = np.minimum(np.where(live, loans / np.where(live, deposits, 1.0), 0.0), 1.0)
        curves = table["curve"]
        rate = [
            np.interp(u, c["utilisation"][: c["count"]], c["rate"][: c["count"]])
            if c["count"]
            else 0.0
            for u, c in zip(use, curves, strict=True)
        ]
        growth = np.where(live, np.array(rate) * seconds / YEAR, 0.0)
        interest = loans * growth * (1.0 - curves["reserve_factor"])
        pools["borrow_index"] *= 1.0 + growth
        pools["deposit_index"] *= 1.0 + np.where(
            live, interest / np.where(live, deposits, 1.0), 0.0
        )
        contracts = self.kind == codes.PERPETUAL
        index = marks[self.world.oracles["market"][table["oracle"]]]
        premium = marks[table["market"]] / index - 1.0
        keep = np.exp(-seconds / np.where(contracts, table["funding"]["premium_time"], 1.0))
        self.premium = premium + (self.premium - premium) * keep
        cap = table["funding"]["cap"]
        rate = np.clip(self.premium + table["funding"]["offset"], -cap, cap)
        self.funding += np.where(contracts, rate * index * seconds / DAY, 0.0)
