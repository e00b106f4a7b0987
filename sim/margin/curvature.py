"""P2, term V: the largest loss of a curved book while returns stay in an ellipsoid.

A book is a parabola in the returns R of the assets: it gains ``delta R + 1/2 gamma R^2`` per asset
(curvature is an asset's own: an option depends on one underlying), and ``other`` USD per deviation
of what is independent of them. Its largest loss over ``R' C^-1 R + y' y <= radius^2`` is Studer's
maximum loss. With no curvature it is the radius times the book's deviation, value at risk or
expected shortfall of a normal or t law; it is subadditive, because it is a maximum of losses, so
that no grouping of accounts needs more than its parts.

It is found by its dual, which has no gap even where curvature is negative: with ``C = L L'``,
``b = radius L' delta`` and ``B = radius^2 / 2 L' gamma L``, the smallest over lambda of
``lambda + 1/4 b' (lambda + B)^-1 b``, a convex function of one number. Any lambda gives an upper
bound: what is left of the search errs on the safe side.

References
----------
Studer (1997), Maximum Loss for Measurement of Market Risk, ETH dissertation 12397, chapter 3.
Britten-Jones and Schaefer (1999), Non-linear value-at-risk, European Finance Review 2.
Boyd and Vandenberghe (2004), Convex Optimization, appendix B.1 (strong duality of one quadratic
constraint). Golub and Van Loan (2013), Matrix Computations, section 8.5 (Jacobi's method).
"""

import math
from typing import NamedTuple

import numpy as np

from sim.compile import lean

SWEEPS = 30  # of Jacobi's method, which needs about five
HALVINGS = 60  # of the interval in which lambda is sought


class Curved(NamedTuple):
    """A book by asset, and what is overwritten while its largest loss is sought."""

    delta: np.ndarray  # (N,) USD per unit of return
    gamma: np.ndarray  # (N,) USD per unit of return squared
    other: np.ndarray  # (N,) USD per deviation of what no return explains
    order: np.ndarray  # (N,) int64, assets: those with curvature first
    root: np.ndarray  # (N, N) lower triangle L of the covariance, in that order
    form: np.ndarray  # (N, N) the quadratic form B, then its eigenvalues on the diagonal
    slope: np.ndarray  # (N,) the linear form b


@lean
def put_curved_first(book: Curved) -> tuple[int, int]:
    """Order the assets; returns how many are curved, and how many matter at all."""
    curved = 0
    held = 0
    for n in range(book.delta.shape[0]):
        if book.gamma[n] != 0.0:
            for i in range(held, curved, -1):
                book.order[i] = book.order[i - 1]
            book.order[curved] = n
            curved += 1
            held += 1
        elif book.delta[n] != 0.0:
            book.order[held] = n
            held += 1
    return curved, held


@lean
def factorise(book: Curved, covariance: np.ndarray, held: int) -> None:
    """Cholesky's triangle of the covariance of what matters; null directions stay zero."""
    for j in range(held):
        for i in range(j, held):
            left = covariance[book.order[i], book.order[j]]
            for p in range(j):
                left -= book.root[i, p] * book.root[j, p]
            if i == j:
                book.root[j, j] = math.sqrt(max(0.0, left))
            else:
                book.root[i, j] = left / book.root[j, j] if book.root[j, j] > 0.0 else 0.0


@lean
def write_forms(book: Curved, radius: float, curved: int, held: int) -> float:
    """Write b and B over the curved directions; returns the square of b over all others."""
    flat = 0.0
    for p in range(held):
        total = 0.0
        for i in range(p, held):
            total += book.root[i, p] * book.delta[book.order[i]]
        if p < curved:
            book.slope[p] = radius * total
        else:
            flat += radius * radius * total * total
    for p in range(curved):
        for q in range(curved):
            total = 0.0
            for i in range(max(p, q), curved):
                total += book.root[i, p] * book.root[i, q] * book.gamma[book.order[i]]
            book.form[p, q] = 0.5 * radius * radius * total
    for n in range(book.other.shape[0]):
        flat += radius * radius * book.other[n] * book.other[n]
    return flat


@lean
def rotate(book: Curved, curved: int, p: int, q: int) -> None:
    """Turn directions p and q so that the form no longer couples them."""
    angle = 0.5 * (book.form[q, q] - book.form[p, p]) / book.form[p, q]
    tangent = 1.0 / (abs(angle) + math.sqrt(angle * angle + 1.0))
    if angle < 0.0:
        tangent = -tangent
    cosine = 1.0 / math.sqrt(tangent * tangent + 1.0)
    sine = tangent * cosine
    for i in range(curved):
        one, two = book.form[i, p], book.form[i, q]
        book.form[i, p] = cosine * one - sine * two
        book.form[i, q] = sine * one + cosine * two
    for i in range(curved):
        one, two = book.form[p, i], book.form[q, i]
        book.form[p, i] = cosine * one - sine * two
        book.form[q, i] = sine * one + cosine * two
    one, two = book.slope[p], book.slope[q]
    book.slope[p] = cosine * one - sine * two
    book.slope[q] = sine * one + cosine * two


@lean
def diagonalise(book: Curved, curved: int) -> None:
    """Jacobi's method: the form becomes its eigenvalues, and b is seen from their directions."""
    for _ in range(SWEEPS):
        moved = False
        for p in range(curved):
            for q in range(p + 1, curved):
                scale = abs(book.form[p, p]) + abs(book.form[q, q])
                if abs(book.form[p, q]) > 1e-15 * scale:
                    rotate(book, curved, p, q)
                    moved = True
        if not moved:
            return


@lean
def steepness(book: Curved, curved: int, flat: float, x: float) -> float:
    """Minus the derivative of the dual at lambda ``x``, plus one."""
    total = flat / (x * x) if flat > 0.0 else 0.0
    for p in range(curved):
        if book.slope[p] != 0.0:
            total += (book.slope[p] / (x + book.form[p, p])) ** 2
    return 0.25 * total


@lean
def dual(book: Curved, curved: int, flat: float, x: float) -> float:
    """An upper bound of the largest loss, from lambda ``x``, USD."""
    total = flat / x if flat > 0.0 else 0.0
    for p in range(curved):
        if book.slope[p] != 0.0:
            total += book.slope[p] * book.slope[p] / (x + book.form[p, p])
    return x + 0.25 * total


@lean
def largest_loss(book: Curved, covariance: np.ndarray, radius: float) -> float:
    """Largest loss of a book over the ellipsoid, at least zero, USD.

    Parameters
    ----------
    book : Curved
        What it gains; the work space is overwritten.
    covariance : (N, N) float64 ndarray
        Of the returns, over the same time as the radius is about.
    radius : float
        Deviations in every direction.
    """
    curved, held = put_curved_first(book)
    factorise(book, covariance, held)
    flat = write_forms(book, radius, curved, held)
    diagonalise(book, curved)
    length = flat
    least = 0.0
    for p in range(curved):
        length += book.slope[p] * book.slope[p]
        least = max(least, -book.form[p, p])
    if length == 0.0:
        return least
    low = least
    high = least + 0.5 * math.sqrt(length)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if steepness(book, curved, flat, middle) > 1.0:
            low = middle
        else:
            high = middle
    return dual(book, curved, flat, high)
