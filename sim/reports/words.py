"""Numbers and findings in words that say no more than the interval does."""

import math
import re

from sim.studies.metrics import describe
from sim.studies.statistics import Estimate

MINUS = "\N{MINUS SIGN}"
NOT_DEFINED = "not defined"
FEWEST_PATHS = 20  # on which a direction is claimed
NEGLIGIBLE = 1e-6  # of gross notional: interest and rounding of accounts that are grouped otherwise
NEXT_TO_NOTHING = f"{NEGLIGIBLE * 100:.6f}".rstrip("0") + " % of gross notional"
CENT = 0.01
SCALES = ((1e12, " T"), (1e9, " bn"), (1e6, " M"), (1e3, " k"), (1.0, ""))
STATISTICS = {
    "mean": "mean",
    "p_positive": "P(> 0)",
    "var_95": "VaR 95",
    "es_95": "ES 95",
    "var_99": "VaR 99",
    "es_99": "ES 99",
}
QUANTITY = {
    kind: f"Difference in {'mean per path' if kind == 'mean' else name}"
    for kind, name in STATISTICS.items()
}


def scaled(value: float) -> str:
    """Three significant digits with a magnitude: 1234567 gives 1.23 M."""
    size = abs(float(f"{value:.3g}"))
    sign = MINUS if value < 0 and size > 0 else ""
    divisor, suffix = next((s for s in SCALES if size >= s[0]), SCALES[-1])
    mantissa = size / divisor
    decimals = max(0, 2 - math.floor(math.log10(mantissa))) if mantissa else 0
    text = f"{mantissa:.{min(decimals, 6)}f}"
    return f"{sign}{trimmed(text) if size < 1 else text}{suffix}"


def three_digits(value: float) -> str:
    """Three significant digits without a magnitude: 1.4 gives 1.40."""
    return f"{value:#.3g}".rstrip(".").replace("-", MINUS) if value else "0"


def trimmed(text: str) -> str:
    """Drop zeros that end a decimal fraction: $1.00 M gives $1 M, 2.50 gives 2.5."""
    return re.sub(r"(\.\d*?)0+(?=\D|$)", lambda found: found[1].rstrip("."), text)


def amount(value: float, unit: str = "USD") -> str:
    """Write a value in its unit, for people: $1.23 M, 4.5 %, 1.43×."""
    if math.isnan(value):
        return NOT_DEFINED
    if unit == "USD":
        return _dollars(value)
    if unit == "fraction":
        return f"{three_digits(value * 100)} %"
    if unit == "×":
        return f"{three_digits(value)}×"
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{value:,.0f}".replace("-", MINUS)
    return scaled(value)


def _dollars(value: float) -> str:
    """Write an amount of money; of less than a cent only that it is less."""
    if 0.0 < abs(value) < CENT:
        return "< $0.01" if value > 0.0 else f"> {MINUS}$0.01"
    cents = f"{value:.2f}".replace("-", MINUS)
    text = cents if 0.0 < abs(value) < 1.0 else scaled(value)
    return f"{MINUS}${text[1:]}" if text.startswith(MINUS) else f"${text}"


def change(value: float, unit: str = "USD") -> str:
    """Write a difference with its sign."""
    text = amount(value, unit)
    if unit == "fraction":
        text = text.replace("%", "pp")  # a difference of shares is in percentage points
    if value > 0:
        return text.replace("$", "+$") if text.startswith("<") else f"+{text}"
    return text


def interval(figure: Estimate, unit: str = "USD", *, difference: bool = False) -> str:
    """Write an interval; an open side is said to be open."""
    write = change if difference else amount
    low, high = figure.low, figure.high
    if math.isnan(low) and math.isnan(high):
        return "no interval"
    if math.isnan(high):
        return f"≥ {write(low, unit)}"
    if math.isnan(low):
        return f"≤ {write(high, unit)}"
    return f"{write(low, unit)} to {write(high, unit)}"


def unit_of(metric: str, statistic: str) -> str:
    """Name the unit of a statistic: probabilities and ratios have their own."""
    kind = statistic.removeprefix("delta_")
    if kind == "p_positive":
        return "fraction"
    if kind.startswith(("amplification", "branching")):
        return "×"
    return "fraction" if kind == "flow_share" else describe(metric).unit


def is_rounding(difference: float, gross: float) -> bool:
    """Whether a difference is bookkeeping: nothing beside the gross notional (NaN: unknown)."""
    return abs(difference) <= NEGLIGIBLE * gross


def verdict(figure: Estimate, gross: float = math.nan) -> str:
    """Word of a paired difference: lower, higher, or why neither is said.

    A direction is named only when the whole interval lies on one side of zero, on enough paths,
    and the difference is not negligible beside the gross notional.
    """
    if math.isnan(figure.low) or math.isnan(figure.high):
        return "no interval"
    if figure.n < FEWEST_PATHS:
        return "too few paths"
    if all(is_rounding(value, gross) for value in (figure.low, figure.value, figure.high)):
        return "negligible"
    if figure.high < 0:
        return "lower"
    return "higher" if figure.low > 0 else "no difference shown"


def finding(
    metric: str,
    statistic: str,
    worlds: tuple[str, str],
    figure: Estimate,
    gross: float = math.nan,
) -> str:
    """Put one paired difference into a sentence with its interval and n.

    Parameters
    ----------
    metric, statistic : str
        For example `creditor_loss` and `mean`.
    worlds : tuple of str
        The world and the baseline it is compared with.
    figure : Estimate
        The difference, world minus baseline.
    gross : float
        Gross notional, USD, beside which a difference may be negligible.
    """
    name, unit = describe(metric).label, unit_of(metric, statistic)
    world, base = worlds
    support = f"n = {figure.n:,} paths"
    if statistic.startswith(("var", "es")):
        support += f", {figure.n_tail} in the tail"
    size = f"{QUANTITY[statistic]}: {change(figure.value, unit)}"
    span = f"95 % interval {interval(figure, unit, difference=True)}, {support}"
    said = verdict(figure, gross)
    caution = f" Caution: {figure.note}." if figure.note else ""
    if said == "no interval":
        if math.isnan(figure.value):
            return f"{name} in {world} against {base}: {NOT_DEFINED} ({figure.note})."
        if figure.value == 0.0 and statistic == "mean":
            return (
                f"{name}: no difference between {base} and {world} was seen "
                f"({figure.note}). So no direction is claimed."
            )
        return (
            f"{name} in {world} against {base}. {size} ({support}). No interval can be given, "
            f"so no direction is claimed.{caution}"
        )
    unsaid = {
        "too few paths": f"{name} in {world} against {base}: no direction is claimed from fewer "
        f"than {FEWEST_PATHS} paths.",
        "negligible": f"{name}: no difference between {base} and {world} beyond bookkeeping (less "
        f"than {NEXT_TO_NOTHING}).",
        "no difference shown": f"{name}: no difference between {base} and {world} is shown.",
    }
    head = unsaid.get(said, f"{name} is {said} in {world} than in {base}.")
    return f"{head} {size} ({span}).{caution}"
