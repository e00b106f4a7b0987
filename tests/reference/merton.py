"""Option values under Merton's jump diffusion (1976), as the series over the number of jumps."""

import math
from statistics import NormalDist
from typing import NamedTuple


class Merton(NamedTuple):
    """Jump diffusion of one asset; annual figures, log sizes of jumps."""

    volatility: float
    rate: float
    mean: float
    sd: float
    interest: float = 0.0


def black_scholes_call(
    spot: float, strike: float, years: float, interest: float, volatility: float
) -> float:
    """Value of a call without jumps (Black and Scholes 1973)."""
    sd = volatility * math.sqrt(years)
    d1 = (math.log(spot / strike) + interest * years) / sd + sd / 2.0
    cdf = NormalDist().cdf
    return spot * cdf(d1) - strike * math.exp(-interest * years) * cdf(d1 - sd)


def merton_call(spot: float, strike: float, years: float, law: Merton, terms: int = 200) -> float:
    """Value of a call; each term is a Black-Scholes value given the number of jumps."""
    jump = math.exp(law.mean + law.sd**2 / 2.0)
    expected = law.rate * jump * years
    total, weight = 0.0, math.exp(-expected)
    for n in range(terms):
        volatility = math.sqrt(law.volatility**2 + n * law.sd**2 / years)
        interest = law.interest - law.rate * (jump - 1.0) + n * math.log(jump) / years
        total += weight * black_scholes_call(spot, strike, years, interest, volatility)
        weight *= expected / (n + 1)
    return total


def merton_put(spot: float, strike: float, years: float, law: Merton) -> float:
    """Value of a put, by put-call parity."""
    discounted = strike * math.exp(-law.interest * years)
    return merton_call(spot, strike, years, law) - spot + discounted
