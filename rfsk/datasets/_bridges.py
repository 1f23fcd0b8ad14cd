"""Exact samples of rings of grid values, by bisection in compiled code."""

import numpy as np

from .._core._compiled import compiled
from .._core._types import Array, Integers
from ._transfer import TransferOperator


class RingBridges:
    """Exact samples of the `sites`, in increasing order, of rings with a transfer operator T.

    The first site follows the diagonal of T^side, each later one T^m(left, .) T^m'(., right).
    """

    def __init__(self, transfer: TransferOperator, side: int, sites: Integers) -> None:
        around = [int(site) for site in (*sites, sites[0] + side)]
        stretches = [(0, len(sites))]
        steps = []  # a site, the sites left and right of it, and its distances from them
        for left, right in stretches:  # a list that grows while it is read
            if right - left > 1:
                middle = (left + right) // 2
                stretches += [(left, middle), (middle, right)]
                start, site, end = around[left], around[middle], around[right]
                steps.append((site, start, end % side, site - start, end - site))
        exponents = sorted({side, *(distance for step in steps for distance in step[3:])})
        numbered = [(*step[:3], *map(exponents.index, step[3:])) for step in steps]
        self._steps = np.array(numbered, dtype=np.int64).reshape(-1, 5)
        self._powers = np.array([transfer.power(exponent) for exponent in exponents])
        self._diagonal = self._powers[exponents.index(side)].diagonal().cumsum()
        self._grid, self._first = transfer.grid, around[0]

    def draw(self, fields: Array, rng: np.random.Generator) -> None:
        """Draw the sites of rings, (n_rings, side), in place."""
        uniform = rng.random((len(fields), 1 + len(self._steps)))
        states = np.empty(fields.shape, dtype=np.int64)
        states[:, self._first] = np.searchsorted(
            self._diagonal, uniform[:, 0] * self._diagonal[-1], side="right"
        )
        _draw(fields, uniform, states, self._grid, self._steps, self._powers)
        fields[:, self._first] = self._grid[states[:, self._first]]


@compiled()
def _draw(
    fields: Array, uniform: Array, states: Integers, grid: Array, steps: Integers, powers: Array
) -> None:
    for row in range(len(fields)):
        for step in range(len(steps)):
            site, left, right, a, b = steps[step]
            to_left, to_right = powers[a, states[row, left]], powers[b, states[row, right]]
            threshold = uniform[row, step + 1] * (to_left @ to_right)
            total, state = 0.0, 0
            while total <= threshold and state < len(grid):
                total += to_left[state] * to_right[state]
                state += 1
            states[row, site] = state - 1
            fields[row, site] = grid[state - 1]
