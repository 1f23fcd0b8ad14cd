"""Exact samples of rings of grid values, by bisection in compiled code."""

import numpy as np
from numpy.typing import NDArray

from .._core._compiled import compiled
from .._core._types import Array, Integers
from ._transfer import TransferOperator

_BLOCKS = 8  # blocks of states; the probabilities of blocks are added up beforehand


class RingBridges:
    """Exact samples of the `sites`, in increasing order, of rings with a transfer operator T.

    The first site follows the diagonal of T^side, each later one T^m(left, .) T^m'(., right).
    """

    def __init__(self, transfer: TransferOperator, side: int, sites: Integers) -> None:
        around = [int(site) for site in (*sites, sites[0] + side)]
        stretches = [(0, len(sites))]
        parts = []  # a site, the sites left and right of it, and its distances from them
        for left, right in stretches:  # a list that grows while it is read
            if right - left > 1:
                middle = (left + right) // 2
                stretches += [(left, middle), (middle, right)]
                start, site, end = around[left], around[middle], around[right]
                parts.append((site, start, end % side, (site - start, end - site)))
        pairs = sorted({part[-1] for part in parts})
        exponents = sorted({distance for pair in pairs for distance in pair})
        n = len(transfer.grid)
        size = -(-n // _BLOCKS)
        self._grid = np.pad(transfer.grid, (0, size * _BLOCKS - n), mode="edge")
        powers = np.zeros((2 + len(exponents), n, size * _BLOCKS))
        powers[0, :, :n] = transfer.power(side).diagonal()
        powers[1] = 1.0
        for power, exponent in zip(powers[2:], exponents, strict=True):
            power[:, :n] = transfer.power(exponent)
        self._powers = powers.reshape(-1, n, _BLOCKS, size)
        factors = [(0, 1)] + [(2 + exponents.index(a), 2 + exponents.index(b)) for a, b in pairs]
        self._sums = np.empty((len(factors), n, n, _BLOCKS))
        for sums, (a, b) in zip(self._sums, factors, strict=True):
            to_left, to_right = self._powers[a].swapaxes(0, 1), self._powers[b].transpose(1, 2, 0)
            sums[:] = (to_left @ to_right).cumsum(axis=0).transpose(1, 2, 0)
        steps = [(sites[0], sites[0], sites[0], 0)]
        steps += [(*part[:3], 1 + pairs.index(part[-1])) for part in parts]
        # Unsigned integers, which are cheaper as indices.
        self._steps = np.array([(*step, *factors[step[-1]]) for step in steps], dtype=np.uint64)

    def draw(self, fields: Array, rng: np.random.Generator) -> None:
        """Draw the sites of rings, (n_rings, side), in place."""
        states = np.zeros(fields.shape[1], dtype=np.uint64)
        with rng.bit_generator.lock:
            _draw(fields, rng, states, self._grid, self._steps, self._powers, self._sums)


@compiled()
def _draw(
    fields: Array,
    rng: np.random.Generator,
    states: NDArray[np.uint64],
    grid: Array,
    steps: NDArray[np.uint64],
    powers: Array,
    sums: Array,
) -> None:
    size = powers.shape[3]
    for row in range(len(fields)):
        for step in range(len(steps)):
            site, pair, a, b = steps[step, 0], steps[step, 3], steps[step, 4], steps[step, 5]
            left, right = states[steps[step, 1]], states[steps[step, 2]]
            threshold = rng.random() * sums[pair, left, right, _BLOCKS - 1]
            # Counting is faster than a search, whose end the processor would have to predict.
            block, below = np.uint64(0), 0.0
            for n in range(_BLOCKS - 1):
                is_below = sums[pair, left, right, n] <= threshold
                block += np.uint64(is_below)
                below = sums[pair, left, right, n] if is_below else below
            state = block * np.uint64(size)
            for n in range(size - 1):
                below += powers[a, left, block, n] * powers[b, right, block, n]
                state += np.uint64(below <= threshold)
            states[site] = state
            fields[row, site] = grid[state]
