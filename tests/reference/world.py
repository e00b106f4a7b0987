"""The state of the plain reference: who holds what, in tokens, and what everything costs.

Nothing of the simulator is imported. A world is described by plain dictionaries keyed by names (the
parity test writes them); ledger rows, owners and liquidators are numbered, because their order
matters. Slow on purpose: no indices of shares, no lists of who is near, nothing remembered that can
be counted again.
"""

import math
from types import SimpleNamespace
from typing import Any

INITIAL, MAINTENANCE, TARGET = "initial", "maintenance", "target"


def named(table: dict[str, dict[str, Any]]) -> dict[str, SimpleNamespace]:
    """Rows with attributes instead of keys."""
    return {name: SimpleNamespace(**row) for name, row in table.items()}


class World:
    """Description and state of one path."""

    def __init__(self, d: dict[str, Any]) -> None:
        self.step_length: float = d["step"]
        self.block: float = d["block"]
        self.rounds: int = d["rounds"]
        self.feedback: str = d["feedback"]  # "none", "slippage" or "full"
        self.cash: str = d["cash"]
        self.level_width: float = d["level_width"]
        self.assets: list[str] = d["assets"]
        self.instruments = named(d["instruments"])  # in ledger order
        self.market_rows = named(d["markets"])
        self.feed_rows = named(d["feeds"])
        self.venues = named(d["venues"])
        self.weights: dict = d["weights"]  # side -> level -> emode -> instrument
        self.ratio: dict = d["ratio"]  # level -> instrument
        self.netting: dict = d["netting"]  # "net" or "basis" -> level -> underlying
        self.liquidity: dict[str, dict] = d["liquidity"]  # venue or hub -> charge on large piles
        self.accounts = [SimpleNamespace(**a) for a in d["accounts"]]  # margined first
        self.margined: int = d["margined"]
        self.owned: list[list[int]] = d["owned"]
        self.liquidators = [SimpleNamespace(**x) for x in d["liquidators"]]
        self.background: dict = d["background"]  # "falls" or "rises" -> market -> levels
        self.deficit: int = d["deficit"]
        self.protocol: int = d["protocol"]
        self.holdings: list[dict[str, float]] = [dict(h) for h in d["holdings"]]
        self.wallet: list[float] = list(d["wallet"])
        self.outside: dict = {h: dict(t) for h, t in d["outside"].items()}
        self._start()

    def _start(self) -> None:
        self.time = 0.0
        self.relaxed = 0.0
        self.step_number = 0
        self.regime = ""
        self.fundamental: dict[str, float] = {}
        self.deposit_index = dict.fromkeys(self.instruments, 1.0)  # only to be compared
        self.borrow_index = dict.fromkeys(self.instruments, 1.0)
        self.unseen = dict.fromkeys(self.instruments, 1.0)  # socialised since the last look
        self.funding = dict.fromkeys(self.instruments, 0.0)
        self.premium = dict.fromkeys(self.instruments, 0.0)
        self.own_rate = dict.fromkeys(self.instruments, 0.0)  # funding rates that move themselves
        self.averages: dict[str, SimpleNamespace] = {}  # feed -> what it keeps of the past
        self.seen_low: dict[str, dict[str, float]] = {INITIAL: {}, MAINTENANCE: {}}
        self.seen_high: dict[str, dict[str, float]] = {INITIAL: {}, MAINTENANCE: {}}
        self.seen_band: dict[str, float] = {}  # place of open interest in its band
        self.mark: dict[str, float] = {}
        self.opening_mark: dict[str, float] = {}
        self.displacement: dict[str, float] = {}
        self.transient = dict.fromkeys(self.market_rows, 0.0)
        self.permanent = dict.fromkeys(self.market_rows, 0.0)
        self.depth_share: dict[str, float] = {}
        self.fell = dict.fromkeys(self.market_rows, 0.0)
        self.rose = dict.fromkeys(self.market_rows, 0.0)
        self.samples: list[tuple[float, dict[str, float], dict[str, float]]] = []
        self.cause = [1.0] + [0.0] * 7  # shares by generation of whatever is traded now
        self.descent = {m: [0.0] * 8 for m in self.market_rows}  # of a market's own flow
        self.carried = [[0.0] * 8 for _ in self.liquidators]  # USD that each has taken
        self.alone = {(side, m): 0.0 for side in ("falls", "rises") for m in self.market_rows}
        self.called = {key: [0.0] * 8 for key in self.alone}  # USD triggered, by generation
        self.shown_shift: dict[str, float] = {}  # feed -> log displacement of what it shows
        self.source_shift: dict[tuple[str, int], float] = {}
        self.published: dict[str, float] = {}
        self.seen_value: dict[str, float] = {}  # USD of one contract or quote token held
        self.seen_notional: dict[str, float] = {}  # USD of one token or contract
        self.seen_depth: dict[str, float] = {}  # market -> share of its normal depth
        self.breach: dict[int, float] = {}  # account -> time of its standing breach
        self.generation: dict[int, list[float]] = {}  # of that breach, shares
        self.freed: dict[int, float] = {}  # account -> USD of shortage removed since its breach
        self.partial: dict[int, float] = {}  # account -> time of its last call that left something
        self.auction: dict[int, SimpleNamespace] = {}  # account -> the one that runs
        self.reserved: dict[int, float] = {}  # account -> tokens that bidders of its legs paid in
        self.window: dict[str, tuple[float, float]] = {}  # contract -> start, contracts liquidated
        self.refused: set[int] = set()
        self.liquidated: set[int] = set()
        self.flagged: list[int] = []
        self.source_price: dict[tuple[str, int], float] = {}  # feed, source -> what it shows
        self.shown_at: dict[tuple[str, int], float] = {}  # time of its sample
        self.coming: dict[int, tuple[float, float]] = {}  # account -> tokens, time due
        self.room: list[float] = []
        self.gate: dict[str, float] = {}  # venue -> time until which it lets nothing out
        self.uncovered: dict[tuple[int, str], tuple[float, float]] = {}  # broken: units, USD paid
        self.results: dict[str, float] = dict.fromkeys(RESULTS, 0.0)
        self.results_by_generation = [0.0] * 8
        self.seen_events: set[str] = set()  # what happened, for tests that want to know
        self.margin = math.inf  # smallest relative distance of any decision from its edge

    def decide(self, gap: float, scale: float) -> None:
        """Note how far a decision was from going the other way."""
        if scale > 0.0 and math.isfinite(gap):
            self.margin = min(self.margin, abs(gap) / scale)


RESULTS = (
    "bad_debt", "horizon_shortfall", "insurance_used", "backstop_used", "adl_notional", "adl_loss",
    "socialised_loss", "deficit_left", "gated_hours", "trader_loss", "penalties",
    "liquidated_notional", "liquidated_accounts", "regret_notional", "regret_accounts",
    "solvent_notional",
    "cascade_notional",
    "hedges_broken", "hedge_loss", "hedge_loss_positive", "unfilled_notional", "liquidator_profit",
    "background_notional", "deleveraged_notional", "topped_up", "max_displacement",
    "under_margin_hours", "liquidations",
)  # fmt: skip
