"""Where a flow comes to rest, and whether it stays there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._validation import check_positive
from ._cubic_flow import CubicFlow

Array = NDArray[np.float64]

_NEUTRAL = 1e-6  # eigenvalues below this share of the largest are those of a free shift
# Growth rates below this share of the largest are those of a bump between two sites.
_PINNED = 1e-3


@dataclass(frozen=True)
class FixedPoint:
    """A field at rest.

    Attributes
    ----------
    field : ndarray of shape (n_features,)
        u, with du/dt = 0.
    eigenvalues : ndarray of shape (n_features,)
        Growth rates of small deviations, largest first. Of a bump on a ring one of them (two on a
        torus) is nearly zero, that of a shift: not quite, since the lattice holds bumps in place.
    eigenvectors : ndarray of shape (n_features, n_features)
        The deviations, one a row.
    residual : float
        Largest ``|du/dt|`` that is left.

    Examples
    --------
    >>> from rfsk import NLGP
    >>> task = [NLGP(12, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)]
    >>> import numpy as np
    >>> from rfsk.theory import CubicFlow, fixed_point
    >>> uniform = fixed_point(CubicFlow(task), 0.3 * np.ones(12))
    >>> round(float(uniform.field.std()), 9), uniform.is_stable
    (0.0, False)
    """

    field: Array
    eigenvalues: Array
    eigenvectors: Array
    residual: float

    @property
    def is_stable(self) -> bool:
        """Whether no deviation grows, but for shifts (by less than 1e-3 of the largest rate)."""
        return bool(self.eigenvalues[0] <= _PINNED * np.abs(self.eigenvalues).max())


def fixed_point(
    flow: CubicFlow, start: ArrayLike, *, end: float = 0.0, max_iter: int = 50, tol: float = 1e-12
) -> FixedPoint:
    """Find the fixed point near a field, by following the flow and then by Newton's method.

    Parameters
    ----------
    flow : CubicFlow
        Of one bias.
    start : array-like of shape (n_features,)
        Where to begin.
    end : float, default=0.0
        Time for which the flow is followed first; with zero an unstable point can be found.
    max_iter : int, default=50
        Most Newton steps.
    tol : float, default=1e-12
        Largest ``|du/dt|``, relative to the largest ``|u|`` times the largest rate, at which it
        stops.

    Returns
    -------
    point : FixedPoint

    Raises
    ------
    RuntimeError
        If no fixed point is found.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk import NLGP
    >>> from rfsk.theory import CubicFlow, fixed_point
    >>> flow = CubicFlow([NLGP(20, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)])
    >>> uniform = fixed_point(flow, 0.3 * np.ones(20))
    >>> bump = fixed_point(flow, np.exp(-0.5 * (np.arange(20) - 10.0) ** 2), end=100.0)
    >>> uniform.is_stable, bump.is_stable
    (False, True)
    """
    check_positive(end, "end", zero=True)
    check_positive(max_iter, "max_iter", integer=True)
    if len(flow.bias) != 1:
        raise ValueError(f"The flow has {len(flow.bias)} biases; expected one.")
    u = np.array(start, dtype=np.float64)
    if end > 0.0:
        u = flow.integrate(u[None], end).fields[0]
    for _ in range(max_iter):
        jacobian = flow.jacobian(u)
        velocity = flow.velocity(u[None])[0]
        scale = np.abs(u).max() * np.abs(jacobian).sum(axis=1).max()
        if np.abs(velocity).max() <= tol * scale:
            break
        # Shifts are free: the smallest step that will do.
        u = u - np.linalg.lstsq(jacobian, velocity, rcond=_NEUTRAL)[0]
    residual = float(np.abs(flow.velocity(u[None])).max())
    jacobian = flow.jacobian(u)
    if not residual <= 1e3 * tol * max(
        np.abs(u).max() * np.abs(jacobian).sum(axis=1).max(), 1e-300
    ):
        raise RuntimeError(
            f"No fixed point within {max_iter} steps: |du/dt| is still {residual:.1e}. Start "
            "closer, or follow the flow for longer (end=)."
        )
    eigenvalues, vectors = np.linalg.eigh(0.5 * (jacobian + jacobian.T))
    return FixedPoint(u, eigenvalues[::-1], vectors.T[::-1], residual)
