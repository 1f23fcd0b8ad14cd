"""Transfer operator of a chain of continuous variables."""

import copy
import math

import numpy as np

from .._core._types import Array, Integers
from ._kernels import Profile

LARGEST_GRID = 1536
_FIRST_GRID = 48
_CONVERGED = 1e-12
TOO_NARROW = (
    f"The weights exp(-S) are too narrow for a grid of {LARGEST_GRID} points; reduce the coupling "
    "or the depth of the wells."
)
_CELLS = 2**21  # number of values computed at a time


class TransferOperator:
    r"""Transfer operator of a ring of continuous variables, on a grid of their values.

    .. math:: p(x) \propto \prod_i \exp ( -V(x_i) - \frac{k}{2} (x_{i+1} - x_i)^2 )

    The potential V is even. The grid, from -`half_width` to `half_width`, is refined until the
    second eigenvalue and the second and fourth moments of a site converge to 1e-12.
    """

    def __init__(
        self, potential: Profile, coupling: float, half_width: float, narrowest: float
    ) -> None:
        n_points = max(_FIRST_GRID, 1 + math.ceil(2.0 * half_width / narrowest))
        while n_points <= LARGEST_GRID:
            self._diagonalise(potential, coupling, half_width, n_points)
            finer = copy.copy(self)
            finer._diagonalise(potential, coupling, half_width, 2 * n_points)
            change = np.abs(finer._summary() - self._summary()).max()
            if change < _CONVERGED * max(1.0, np.abs(finer._summary()).max()):
                return  # the coarser grid has converged
            n_points *= 2
        raise ValueError(TOO_NARROW)

    def _summary(self) -> Array:
        return np.array([self._eigenvalues[1], self.moment(2, None), self.moment(4, None)])

    def _diagonalise(self, potential: Profile, coupling: float, half_width: float, n: int) -> None:
        self.grid = np.linspace(-half_width, half_width, n)
        half = 0.5 * potential(self.grid)
        distance = self.grid[:, None] - self.grid
        exponent = -(half[:, None] + half + 0.5 * coupling * distance**2)
        matrix = np.exp(exponent - exponent.max())
        eigenvalues, vectors = np.linalg.eigh(matrix)
        self._matrix = matrix / eigenvalues[-1]
        self._vectors = vectors[:, ::-1]
        # The operator is positive; negative eigenvalues are rounding errors.
        self._eigenvalues = np.maximum(eigenvalues[::-1] / eigenvalues[-1], 0.0)
        self._field = self._vectors.T @ (self.grid[:, None] * self._vectors)

    @property
    def correlation_length(self) -> float:
        """Correlation length on an infinite chain, from the operator's two largest eigenvalues."""
        with np.errstate(divide="ignore"):
            return float(abs(1.0 / np.log(self._eigenvalues[1])))

    def density(self, side: int | None) -> Array:
        """Probabilities of grid values on a ring of `side` sites (None: on an infinite chain)."""
        if side is None:
            return np.asarray(self._vectors[:, 0] ** 2)
        weights = self._eigenvalues**side
        return np.asarray(self._vectors**2 @ weights / weights.sum())

    def moment(self, power: int, side: int | None) -> float:
        """Moment E x^power of a site on a ring of `side` sites (None: on an infinite chain)."""
        return float(self.density(side) @ self.grid**power)

    def autocovariance(self, side: int) -> Array:
        """Autocovariance E x_0 x_d of a ring, (side,)."""
        powers = self._eigenvalues ** np.arange(side + 1)[:, None]
        squares = self._field**2
        traces = np.einsum("da,ab,db->d", powers[side:0:-1], squares, powers[:side])
        return np.asarray(traces / powers[side].sum())

    def fourth_moment(self, gaps: Integers, side: int) -> Array:
        """Mean products of the values at four sites, (n,), from the gaps between the sites, (n, 4).

        The four gaps between successive sites sum to the number of sites of the ring.
        """
        powers = self._eigenvalues ** np.arange(side + 1)[:, None]
        blocks = np.einsum("ab,gb,bc->gac", self._field, powers, self._field)
        moments = np.empty(len(gaps))
        size = max(1, _CELLS // self._field.size)
        for start in range(0, len(gaps), size):
            first, second, third, fourth = gaps[start : start + size].T
            parts = powers[fourth], blocks[first], powers[second], blocks[third]
            moments[start : start + size] = np.einsum("na,nab,nb,nba->n", *parts, optimize=True)
        return np.asarray(moments / powers[side].sum())

    def power(self, exponent: int) -> Array:
        """Power of the transfer operator, (n_points, n_points), whose largest eigenvalue is one."""
        if exponent == 1:
            return np.asarray(self._matrix)
        vectors = self._vectors * self._eigenvalues**exponent
        return np.asarray(np.maximum(vectors @ self._vectors.T, 0.0))
