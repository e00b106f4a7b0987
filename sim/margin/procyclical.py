"""Anti-procyclical tools: a requirement that is higher in calm so that it rises less in stress.

Each takes the requirement that the engine would ask for now and returns what is asked for. The
three are the choices of Article 28 of Commission Delegated Regulation (EU) 153/2013.
"""

from typing import NamedTuple

from sim.compile import lean


class Tools(NamedTuple):
    """How far each tool goes; zeros switch them off."""

    floor: float  # least requirement, as a share of the long run's
    weight: float  # of the stressed period
    buffer: float  # on top in calm, as a share


@lean
def floored(requirement: float, long_run: float, share: float) -> float:
    """At least a share of the requirement under long-run volatility (Art. 28(1)(c))."""
    return max(requirement, share * long_run)


@lean
def stressed(requirement: float, stress: float, weight: float) -> float:
    """A fixed weight on the requirement of a stressed period (Art. 28(1)(b): at least 25 %)."""
    return (1.0 - weight) * requirement + weight * stress


@lean
def buffered(requirement: float, long_run: float, buffer: float) -> float:
    """A buffer on top that is used up while the requirement rises (Art. 28(1)(a): 25 %).

    In calm (below its long-run level) the whole buffer is charged. Above, what is asked for stays
    where it was until the requirement itself has reached it.
    """
    full = 1.0 + buffer
    return max(requirement, min(full * requirement, full * long_run))


@lean
def calmed(requirement: float, long_run: float, stress: float, tools: Tools) -> float:
    """After all three: stressed weight, then floor, then buffer."""
    blended = stressed(requirement, stress, tools.weight)
    return buffered(floored(blended, long_run, tools.floor), long_run, tools.buffer)
