"""Fixed points of the cubic flow and their stability."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._core._types import Array
from .._core._validation import check_positive
from ._cubic_flow import CubicFlow

_MOST_STEPS = 50  # largest number of steps of Newton's method
_TOLERANCE = 1e-12  # tolerance of |du/dt|, relative to the largest |u| times the largest rate
_NEUTRAL = 1e-6  # relative eigenvalue below which a deviation counts as a free shift
# Relative growth rate below which an unstable deviation counts as a shift on the lattice.
_PINNED = 1e-3


@dataclass(frozen=True)
class FixedPoint:
    """Fixed point of a flow and its stability, the result of `fixed_point`.

    Attributes
    ----------
    field : ndarray of shape (n_features,)
        Field u with du/dt = 0.
    eigenvalues : ndarray of shape (n_features,)
        Growth rates of small deviations from the fixed point, largest first. A deviation that
        shifts the field along the lattice has a growth rate of nearly zero.
    eigenvectors : ndarray of shape (n_features, n_features)
        Deviations whose growth rates are the `eigenvalues`, one per row.
    residual : float
        Largest absolute value of an entry of du/dt at the fixed point.

    Examples
    --------
    >>> from rfsk import NLGP, theory
    >>> flow = theory.CubicFlow([NLGP(12, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)])
    >>> theory.fixed_point(flow, [0.3] * 12).is_stable
    False
    """

    field: Array
    eigenvalues: Array
    eigenvectors: Array
    residual: float

    @property
    def is_stable(self) -> bool:
        """Whether all growth rates are at most 1e-3 times the largest magnitude of a growth rate.

        A positive growth rate below 1e-3 times the largest magnitude can belong to a deviation that
        shifts the field along the lattice.
        """
        return bool(self.eigenvalues[0] <= _PINNED * np.abs(self.eigenvalues).max())


def fixed_point(flow: CubicFlow, start: ArrayLike, *, end: float = 0.0) -> FixedPoint:
    """Find a fixed point by following the flow and then applying Newton's method.

    Parameters
    ----------
    flow : CubicFlow
        Flow with one bias.
    start : array-like of shape (n_features,)
        Initial field.
    end : float, default=0.0
        Time for which the flow is followed before Newton's method. To find unstable fixed points,
        use 0, so that Newton's method starts at the initial field.

    Returns
    -------
    point : FixedPoint

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk import NLGP, theory
    >>> flow = theory.CubicFlow([NLGP(20, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)])
    >>> theory.fixed_point(flow, np.exp(-0.5 * (np.arange(20) - 10.0) ** 2), end=100.0).is_stable
    True
    """
    check_positive(end, "end", zero=True)
    if len(flow.bias) != 1:
        raise ValueError(f"`flow` must have one bias, got {len(flow.bias)}.")
    u = np.array(start, dtype=np.float64)
    if end > 0.0:
        u = flow.integrate(u[None], end).fields[0]
    for number in range(_MOST_STEPS + 1):
        jacobian, velocity = flow.jacobian(u), flow.velocity(u[None])[0]
        residual = float(np.abs(velocity).max())
        scale = max(np.abs(u).max() * np.abs(jacobian).sum(axis=1).max(), 1e-300)
        if residual <= _TOLERANCE * scale or number == _MOST_STEPS:
            break
        # The Jacobian is singular for shifts: take the smallest step that solves the equations.
        u = u - np.linalg.lstsq(jacobian, velocity, rcond=_NEUTRAL)[0]
    if not residual <= 1e3 * _TOLERANCE * scale:
        raise RuntimeError(
            f"No fixed point was found in {_MOST_STEPS} steps: |du/dt| is still {residual:.1e}. "
            "Pass an initial field that is closer to a fixed point, or increase `end`."
        )
    eigenvalues, vectors = np.linalg.eigh(0.5 * (jacobian + jacobian.T))
    return FixedPoint(u, eigenvalues[::-1], vectors.T[::-1], residual)
