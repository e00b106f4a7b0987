"""P8 as parameters: interest curves, funding, pricing of perpetuals."""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.rows import CURVE, FUNDING, PRICING
from sim.world.schema.accrual import Funding, Interest
from sim.world.schema.listing import Perpetual

FUNDING_KINDS = {
    "twap": codes.TWAP_FUNDING,
    "premium": codes.PREMIUM_FUNDING,
    "velocity": codes.VELOCITY_FUNDING,
    "imbalance": codes.IMBALANCE_FUNDING,
    "adaptive": codes.ADAPTIVE_FUNDING,
}
PRICING_KINDS = {
    "book": codes.BOOK_PRICE,
    "skew": codes.SKEW_PRICE,
    "convex": codes.CONVEX_PRICE,
}


def curve_row(spec: Interest) -> np.void:
    """An interest curve; a kinked one has three points."""
    row = np.zeros(1, dtype=CURVE)[0]
    between = ((spec.kink, spec.at_kink),) if spec.points is None else spec.points
    points = np.array([(0.0, spec.base), *between, (1.0, spec.full)])
    row["count"] = len(points)
    row["utilisation"][: len(points)] = points[:, 0]
    row["rate"][: len(points)] = points[:, 1]
    row["reserve_factor"] = spec.reserve_factor
    row["fee_share"] = spec.fees.share
    row["fee_fixed"] = spec.fees.fixed
    row["insurance_share"] = spec.fees.insurance_share
    row["insurance_fixed"] = spec.fees.insurance_fixed
    return row


def funding_row(spec: Funding, perpetual: Perpetual) -> np.void:
    """Funding of one perpetual."""
    row = np.zeros(1, dtype=FUNDING)[0]
    row["kind"] = FUNDING_KINDS[spec.kind]
    row["premium_time"] = spec.premium_hours * 3600.0
    row["period"] = spec.period_hours * 3600.0
    row["scale"] = 1.0 if perpetual.skew_scale is None else perpetual.skew_scale
    row["velocity"] = spec.max_velocity
    row["rate_max"] = spec.max_rate
    same = ("offset", "cap", "interest", "clamp", "factor", "exponent", "increase", "decrease")
    for name in (*same, "threshold_stable", "threshold_decrease"):
        row[name] = getattr(spec, name)
    return row


def pricing_row(perpetual: Perpetual) -> np.void:
    """What a trade in a perpetual costs."""
    row = np.zeros(1, dtype=PRICING)[0]
    spec = perpetual.pricing
    row["kind"] = PRICING_KINDS[spec.kind]
    row["scale"] = 1.0 if perpetual.skew_scale is None else perpetual.skew_scale
    row["factor_worse"] = spec.factor_worse
    row["factor_better"] = spec.factor_better
    row["exponent"] = spec.exponent
    return row
