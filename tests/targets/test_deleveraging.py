"""How a hole is shared among winners: published target S03."""

import numpy as np
import pytest

from sim.liquidation.adl import CLAIMS, PROFIT, SHARE, WEIGHT, allocate, weight_of
from sim.state.codes import LEVERAGE_WEIGHTED, PRO_RATA, QUEUE
from tests.evidence import check_target, target


def shares(kind: int, profit: list[float], leverage: list[float], deficit: float) -> np.ndarray:
    """USD that each winner gives, and last what nobody could give."""
    claims = np.zeros((CLAIMS, len(profit)))
    claims[PROFIT] = profit
    claims[WEIGHT] = [weight_of(kind, p, x) for p, x in zip(profit, leverage, strict=True)]
    left = allocate(kind, claims, deficit)
    return np.array([*claims[SHARE], left])


def test_s03_allocations() -> None:
    entry = target("S03", "targets/vv_spare.json")
    p = entry["params"]
    by_kind = {k: shares(k, p["pnl"], p["lev"], p["deficit"])
               for k in (PRO_RATA, QUEUE, LEVERAGE_WEIGHTED)}  # fmt: skip
    check_target(entry, "prorata_1", by_kind[PRO_RATA][0])
    check_target(entry, "queue_1", by_kind[QUEUE][0])
    check_target(entry, "riskaware_3", by_kind[LEVERAGE_WEIGHTED][2])
    for name, kind in (("HHI_prorata", PRO_RATA), ("HHI_queue", QUEUE)):
        check_target(entry, name, float(((by_kind[kind] / p["deficit"]) ** 2).sum()))
    check_target(entry, "max_haircut_queue", by_kind[QUEUE][0] / p["pnl"][0])


@pytest.mark.parametrize("kind", [QUEUE, PRO_RATA, LEVERAGE_WEIGHTED])
@pytest.mark.parametrize("deficit", [0.0, 1e-6, 20.0, 99.0, 100.0, 250.0])
def test_shares_add_up_and_nobody_gives_more_than_he_won(kind: int, deficit: float) -> None:
    profit, leverage = [50.0, 30.0, 15.0, 5.0, 0.0], [10.0, 5.0, 20.0, 2.0, 50.0]
    found = shares(kind, profit, leverage, deficit)
    assert found.sum() == pytest.approx(deficit, rel=1e-12, abs=1e-15)
    assert (found[:-1] >= 0.0).all()
    assert (found[:-1] <= np.array(profit) * (1.0 + 1e-12)).all()
    assert found[-1] == pytest.approx(max(0.0, deficit - 100.0), rel=1e-9, abs=1e-9)


def test_a_cap_passes_the_rest_on() -> None:
    """30 between weights 1 : 1 : 2 and profits 5, 20, 20: 5, then 25 at 1 : 2."""
    found = shares(PRO_RATA, [5.0, 20.0, 40.0], [1.0, 1.0, 1.0], 65.0)
    assert found.tolist() == pytest.approx([5.0, 20.0, 40.0, 0.0])
    claims = np.array([[5.0, 20.0, 20.0], [10.0, 10.0, 20.0], [0.0, 0.0, 0.0]])
    assert allocate(PRO_RATA, claims, 30.0) == 0.0
    assert claims[SHARE].tolist() == pytest.approx([5.0, 25.0 / 3.0, 50.0 / 3.0])
