"""Compiled samplers: heat bath of the phi^4 field, and exact sampling of fields on a ring."""

import math
from functools import reduce
from typing import Any

import numpy as np

from .._core._compiled import compiled
from .._core._types import Array, Integers
from ._transfer import LARGEST_GRID, TOO_NARROW, TransferOperator

_STRIPS = 64
_FEWEST_BINS, _FEWEST_CELLS = 128, 512


class HeatBath:
    r"""Sampler that draws each site of a phi^4 field from its distribution given its neighbours.

    .. math:: f(x; b) \propto \exp(b x - a x^2 / 2 - \lambda x^4 / 4)

    The value x of the site lies in (-edge, edge), and the local field b is the coupling k times the
    sum of the values at neighbouring sites. The sampler divides the range of the local field b into
    bins. For each bin, strips of equal area cover the area under the density f for all b of the
    bin, and x is drawn by rejection sampling from these strips.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        coupling: float,
        mass_squared: float,
        quartic: float,
        edge: float,
        narrowest: float,
    ) -> None:
        width = math.ceil(2.0 * edge / narrowest)
        if width > LARGEST_GRID:
            raise ValueError(TOO_NARROW)
        self.colors = _colors(shape)
        neighbours = _neighbours(shape)
        ends = np.cumsum([len(color) for color in self.colors])
        stiffness = neighbours.shape[1] * coupling
        potential = 0.5 * (mass_squared + stiffness), 0.25 * quartic
        largest = max(stiffness * edge, 1e-9)
        n_bins, n_cells = max(_FEWEST_BINS, width), max(_FEWEST_CELLS, 4 * width)
        self._arguments: Any = (
            *(np.concatenate(self.colors), ends, neighbours, coupling),
            *potential,
            *_strips(*potential, edge, largest, n_bins, n_cells),
        )

    def sweep(self, fields: Array, rng: np.random.Generator) -> None:
        """Draw the values at all sites of `fields`, (n_fields, n_sites), in place.

        The initial values at the sites ``self.colors[0]``, which are drawn first, are not used.
        """
        with rng.bit_generator.lock:
            _sweep(fields, rng, *self._arguments)


def _colors(shape: tuple[int, ...]) -> list[Integers]:
    """Partition of the lattice into sets of sites that are not neighbours of each other."""
    alternate = [np.arange(side) % 2 for side in shape]
    for axis in alternate:
        axis[-1] = 2 if len(axis) % 2 == 1 and len(axis) > 1 else axis[-1]
    n_colors = 2 if max(map(np.max, alternate)) < 2 else 3
    color = reduce(np.add.outer, alternate).ravel()
    sets = [np.flatnonzero(color % n_colors == c) for c in range(n_colors)]
    return [sites for sites in sets if len(sites)]


def _neighbours(shape: tuple[int, ...]) -> Integers:
    """Neighbours of each site, along the axes with more than one site."""
    sites = np.arange(math.prod(shape)).reshape(shape)
    axes = [axis for axis, side in enumerate(shape) if side > 1]
    shifted = [np.roll(sites, shift, axis).ravel() for axis in axes for shift in (1, -1)]
    return np.array(shifted, dtype=np.int64).reshape(2 * len(axes), sites.size).T.copy()


def _strips(
    half_quadratic: float, quarter_quartic: float, edge: float, largest: float, J: int, N: int
) -> tuple[Array, Array, Array, float]:
    r"""Compute the strips of `HeatBath`: edges, log heights, means m_j, and the scale of the bins.

    The first axis of each returned array has one entry per bin of the local field b. A local field
    b belongs to bin floor(sqrt(scale b)). Bin j has midpoint b_j and half-width d_j, and m_j is the
    mean of the value x of a site in the local field b_j. For all b of the bin, with h(x) = a x^2 /
    2 + lambda x^4 / 4,

    .. math::
        \exp(b (x - m_j) - h(x)) \le \exp(b_j (x - m_j) - h(x) + d_j \lvert x - m_j \rvert).

    For each bin of the local field, the strips cover the area under a step function of x with N
    steps, which is an upper bound of the right side of the inequality for exp(b (x - m_j) - h(x)).
    """
    ends = largest * np.linspace(0.0, 1.0, J + 1) ** 2
    middle, half = 0.5 * (ends[1:] + ends[:-1]), 0.5 * np.diff(ends)
    x, step = np.linspace(-edge, edge, N + 1, retstep=True)
    logs = middle[:, None] * x - x**2 * (half_quadratic + quarter_quartic * x**2)
    density = np.exp(logs - logs.max(axis=1, keepdims=True))
    means = density @ x / density.sum(axis=1)
    logs += half[:, None] * np.abs(x - means[:, None]) - (middle * means)[:, None]
    highest = logs.max(axis=1, keepdims=True)
    # Between two grid points, a function exceeds the larger of its two values by at most
    # step^2 / 8 times its largest curvature.
    curvature = 2.0 * half_quadratic + 12.0 * quarter_quartic * np.maximum(x[1:], -x[:-1]) ** 2
    cells = np.maximum(logs[:, 1:], logs[:, :-1]) - highest
    cells += 0.125 * step**2 * np.maximum(curvature, 0.0)
    heights = np.exp(cells)
    areas = heights.sum(axis=1, keepdims=True) * step / _STRIPS
    edges = np.full((J, _STRIPS + 1), edge)
    edges[:, 0] = -edge
    _cut(heights, step, edges, areas)
    widths = np.maximum(np.diff(edges, axis=1), np.finfo(np.float64).tiny)
    return edges, highest + np.log(areas / widths), means, J**2 / largest


@compiled()
def _cut(cells: Array, step: float, edges: Array, areas: Array) -> None:
    """Divide the area under each step function, a row of `cells`, into strips of equal area.

    The edges of the strips are written to `edges`.
    """
    n_strips = edges.shape[1] - 1
    for j in range(len(cells)):
        start, end = edges[j, 0], edges[j, n_strips]
        n = n_strips
        while n == n_strips:
            areas[j, 0] *= 1.02
            n = 0
            highest = 0.0
            for cell in range(cells.shape[1]):
                left = start + cell * step
                highest = max(highest, cells[j, cell])
                while n < n_strips and highest * (left + step - edges[j, n]) > areas[j, 0]:
                    n += 1
                    edges[j, n] = max(left, edges[j, n - 1] + areas[j, 0] / highest)
                    highest = cells[j, cell]
        for strip in range(n + 1, n_strips + 1):
            edges[j, strip] = end


@compiled()
def _sweep(
    fields: Array,
    rng: np.random.Generator,
    sites: Integers,
    ends: Integers,
    neighbours: Integers,
    coupling: float,
    half_quadratic: float,
    quarter_quartic: float,
    edges: Array,
    heights: Array,
    means: Array,
    scale: float,
) -> None:
    n_bins, n_strips = heights.shape
    tilts, bins = np.empty(fields.shape[1]), np.empty(fields.shape[1], np.int64)
    pending = np.empty(fields.shape[1], np.int64)
    for row in range(len(fields)):
        start = 0
        for end in ends:
            for at in range(start, end):
                site = sites[at]
                total = 0.0
                for n in range(neighbours.shape[1]):
                    total += fields[row, neighbours[site, n]]
                tilts[site] = coupling * total
                bins[site] = min(int(math.sqrt(scale * abs(tilts[site]))), n_bins - 1)
                pending[at - start] = site
            n_pending = end - start
            start = end
            # Each round proposes a value for all pending sites and keeps the rejected sites in the
            # list, without branches.
            while n_pending > 0:
                n_rejected = 0
                for at in range(n_pending):
                    site = pending[at]
                    j = bins[site]
                    u = n_strips * rng.random()
                    strip = int(u)
                    left = edges[j, strip]
                    x = left + (u - strip) * (edges[j, strip + 1] - left)
                    log = abs(tilts[site]) * (x - means[j])
                    log -= x * x * (half_quadratic + quarter_quartic * x * x)
                    fields[row, site] = x if tilts[site] >= 0.0 else -x
                    pending[n_rejected] = site
                    n_rejected += rng.standard_exponential() < heights[j, strip] - log
                n_pending = n_rejected


class RingBridges:
    """Sampler of values at given sites of a ring, from their exact joint distribution.

    The first site has value i with a probability proportional to T^side(i, i), where T is the
    transfer operator. Each of the remaining sites has value s with a probability proportional to
    T^m(i, s) T^n(s, j). Here, i and j are the values of the nearest sites that have been drawn, at
    distance m to the left and n to the right.
    """

    def __init__(self, transfer: TransferOperator, side: int, sites: Integers) -> None:
        around = [int(site) for site in (*sites, sites[0] + side)]
        stretches = [(0, len(sites))]
        steps = []  # a site, the known sites to its left and right, and the distances from them
        for left, right in stretches:  # the loop appends to the list
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
        """Draw the values of `fields`, (n_rings, side), at the sites of the sampler, in place."""
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
