"""P7: who pays, as fields of a venue's row."""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.rows import VENUE_ROW
from sim.world.schema.waterfall import Waterfall
from sim.world.tables.limits import UNLIMITED

RANKING = {
    "none": codes.NO_ADL,
    "queue": codes.QUEUE,
    "pro_rata": codes.PRO_RATA,
    "leverage_weighted": codes.LEVERAGE_WEIGHTED,
}
SOCIALISE = {
    "share_value": codes.BY_DEPOSITORS,
    "cash_print": codes.BY_DEPOSITORS,
    "funding_index": codes.BY_OPEN_INTEREST,
    "providers": codes.BY_PROVIDERS,
    "deficit": codes.BY_NOBODY,
}


def losses_row(spec: Waterfall) -> np.void:
    """Parameters of the loss waterfall, in a row whose other fields are zero."""
    row: np.void = np.zeros(1, dtype=VENUE_ROW)[0]
    fill_losses(row, spec)
    return row


def fill_losses(row: np.void, spec: Waterfall) -> None:
    """Write the loss waterfall into a venue's row."""
    row["insurance_cap"] = UNLIMITED if spec.insurance_cap is None else spec.insurance_cap
    row["adl"] = RANKING[spec.deleveraging.ranking]
    row["adl_capped"] = spec.deleveraging.capped
    pool = spec.deleveraging.pool
    row["adl_pool"] = UNLIMITED if pool is None else pool.enable
    row["adl_pool_target"] = UNLIMITED if pool is None else pool.target
    row["socialise"] = SOCIALISE[spec.socialise]
    row["gate"] = spec.gate_hours * 3600.0
