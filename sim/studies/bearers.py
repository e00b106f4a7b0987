"""Who bears a loss, in words: read from each venue's waterfall, in the order in which it pays."""

from __future__ import annotations

from sim.world.schema.run import RunConfig
from sim.world.schema.venue import VenueConfig

OWED = {
    "isolated": "at the venue of the position",
    "venue": "at the venue of the account",
    "unified": "at each venue that the account still owes",
    "hub": "at each venue that the account still owes",
}
LAST = {
    "share_value": "depositors of the pool that lent",
    "cash_print": "depositors of the pool that lent",
    "funding_index": "all positions by notional (a loan of another token: its depositors)",
    "providers": "the market maker's pool",
    "deficit": "nobody yet (a deficit on the books)",
}


def has_fund(venue: VenueConfig) -> bool:
    """Whether an insurance fund has anything to start with, or is ever paid a fee."""
    rules = venue.liquidation
    auction = 0.0 if rules.auction is None else rules.auction.fee
    curves = [asset.interest for asset in venue.assets.values() if asset.interest is not None]
    interest = sum(c.fees.insurance_share + c.fees.insurance_fixed for c in curves)
    fees = rules.insurance_fee + rules.perp_insurance_fee + auction + interest
    return venue.insurance + fees > 0.0


def layers(venue: VenueConfig) -> str:
    """Name those who pay a hole at a venue, first to last."""
    terms = venue.waterfall
    found = ["the insurance fund"] if has_fund(venue) else []
    if terms.backstop > 0.0:
        found.append("the backstop pool")
    if venue.perpetuals and terms.deleveraging.ranking != "none":
        found.append("winners of its contracts (auto-deleveraging)")
    return ", then ".join([*found, LAST[terms.socialise]])


def bearers(config: RunConfig, scope: str) -> str:
    """Say who bears a loss under a margin scope, venue by venue; alike venues together."""
    alike: dict[str, list[str]] = {}
    for name, venue in config.venue.items():
        alike.setdefault(layers(venue), []).append(name)
    said = [f"{', '.join(names)}: {text}" for text, names in alike.items()]
    return f"{OWED[scope]}: " + "; ".join(said)
