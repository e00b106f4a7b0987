"""Implied volatility: a level that follows the regime, a smile in moneyness, a term structure.

``vol = level x (term / reference)**slope x (1 + skew x + smile x^2)`` with the standardised
log-moneyness ``x = log(strike / forward) / sqrt(years / reference)``, so the smile travels with
spot (sticky moneyness) and flattens with maturity as smiles do (J. Gatheral, "The Volatility
Surface", 2006, ch. 7). The level moves towards its regime's, and jumps with spot: by ``spot_beta``
of the log-return, downwards moves raising it.
"""

import math
from typing import NamedTuple

from sim.compile import lean
from sim.numerics import exp, log, power

LOWEST = 0.01  # 1/sqrt(year); a smile cannot push volatility below
HIGHEST = 10.0
FARTHEST = 3.0  # standardised moneyness beyond which the smile is flat
SHORTEST = 3600.0 / (365.0 * 86400.0)  # years; the term structure is flat below


class SurfaceTerms(NamedTuple):
    """Shape of the volatility surface of one underlying."""

    skew: float  # per unit of standardised moneyness
    smile: float  # per unit squared
    slope: float  # exponent of the term structure
    reference: float  # years, the term at which the level holds


class Term(NamedTuple):
    """What all strikes of one expiry have in common."""

    width: float  # log-moneyness that counts as one standardised unit
    level: float  # at-the-money volatility, 1/sqrt(year)


@lean
def at_term(terms: SurfaceTerms, level: float, years: float) -> Term:
    """The surface at a time to expiry; ``level`` is the at-the-money one at the reference term."""
    term = max(years, SHORTEST) / terms.reference
    return Term(math.sqrt(term), level * power(term, terms.slope))


@lean
def strike_volatility(terms: SurfaceTerms, term: Term, moneyness: float) -> float:
    """Volatility at ``moneyness = log(strike / forward)`` of one expiry, 1/sqrt(year)."""
    x = min(FARTHEST, max(-FARTHEST, moneyness / term.width))
    smile = 1.0 + terms.skew * x + terms.smile * x * x
    return min(HIGHEST, max(LOWEST, term.level * smile))


@lean
def implied_volatility(
    terms: SurfaceTerms, level: float, strike: float, forward: float, years: float
) -> float:
    """Volatility of one strike and term, 1/sqrt(year).

    Parameters
    ----------
    terms : SurfaceTerms
        Shape.
    level : float
        At-the-money volatility at the reference term.
    strike, forward : float
        Quote per unit.
    years : float
        Time to expiry.
    """
    return strike_volatility(terms, at_term(terms, level, years), log(strike / forward))


@lean
def next_level(level: float, regime_level: float, keep: float, shock: float) -> float:
    """Level after a step: it decays towards its regime's, and spot's move shifts it.

    Parameters
    ----------
    level, regime_level : float
        Now, and where it is drawn, 1/sqrt(year).
    keep : float
        Share of the distance that remains after the step.
    shock : float
        Log-change that the move of spot causes: ``-spot_beta x log-return``.
    """
    drawn = regime_level + (level - regime_level) * keep
    return min(HIGHEST, max(LOWEST, drawn * exp(shock)))
