"""Pulses on a ring, a simple example of inputs with sharp edges."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np

from .._core._types import Array, Integers
from .._core._validation import check_lattice_shape, check_one_per_class, check_positive
from ._generator_decorator import Classes, family, generator
from ._stationary import StationaryField


@dataclass(frozen=True)
class Pulses(StationaryField):
    """Single pulses on a ring: +1 on an arc of the ring and -1 elsewhere, or the reverse.

    Each sample contains one pulse of random position, length and sign.

    Parameters
    ----------
    shape : int
        Sites of the ring.
    length : (int, int)
        Range (lo, hi) of pulse lengths, with 1 <= lo < hi <= shape. The length of a pulse is
        uniform on lo, ..., hi - 1 sites.

    Examples
    --------
    >>> from rfsk.datasets import Pulses
    >>> Pulses(8, length=(2, 4)).sample(1, random_state=1)
    array([[-1., -1., -1., -1.,  1.,  1., -1., -1.]])
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    length: tuple[int, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", check_lattice_shape(self.shape))
        if len(self.shape) != 1:
            raise ValueError(f"`shape` must be the number of sites of a ring, got {self.shape!r}.")
        if np.shape(self.length) != (2,):
            raise ValueError(f"`length` must be a pair (lo, hi) of integers, got {self.length!r}.")
        for bound in self.length:
            check_positive(bound, "length", integer=True)
        lowest, end = (int(bound) for bound in self.length)
        if not lowest < end <= self.shape[0]:
            raise ValueError(
                f"`length` must be (lo, hi) with lo < hi <= {self.shape[0]}, the number of sites, "
                f"got {self.length!r}."
            )
        object.__setattr__(self, "length", (lowest, end))

    def autocovariance(self) -> Array:
        """Exact covariance of two sites.

        The covariance at distance d on a ring of L sites is the mean of 1 - 4 min(d, L - d, l, L -
        l) / L over the pulse lengths l.
        """
        side = self.shape[0]
        d, lengths = np.arange(side), np.arange(*self.length)[:, None]
        shortest = np.minimum(np.minimum(d, side - d), np.minimum(lengths, side - lengths))
        return np.asarray(1.0 - 4.0 / side * shortest.mean(axis=0))

    def pixel_quadrature(self) -> tuple[Array, Array]:
        return np.array([-1.0, 1.0]), np.array([0.5, 0.5])

    def product_moment(self, sites: Integers) -> Array:
        """Exact fourth moments, one per row of `sites`, of the values at the four sites of the row.

        A fourth moment is 1 - 2 f, where f is the probability that a pulse covers one or three of
        the four sites, which may coincide.
        """
        starts, moments = np.arange(self.n_features), np.zeros(len(sites))
        offsets = (sites[:, :, None] - starts) % self.n_features
        for length in range(*self.length):
            odd = np.logical_xor.reduce(offsets < length, axis=1)
            moments += 1.0 - 2.0 * odd.mean(axis=1)
        return moments / (self.length[1] - self.length[0])

    def draw(self, n_samples: int, rng: np.random.Generator) -> Array:
        side = self.n_features
        lengths = rng.integers(*self.length, size=(n_samples, 1), dtype=np.int32)
        starts = rng.integers(side, size=(n_samples, 1), dtype=np.int32)
        signs = rng.choice(np.array([-1.0, 1.0]), size=(n_samples, 1))
        offset = (np.arange(side, dtype=np.int32) - starts) % np.int32(side)
        return np.where(offset < lengths, signs, -signs)


@generator
def make_pulses(
    shape: int = 100, *, length: Sequence[tuple[int, int]] = ((5, 15), (15, 30))
) -> Classes:
    """Draw classes of single pulses on a ring that differ in the length of the pulse.

    Parameters
    ----------
    shape : int, default=100
        Sites of the ring.
    length : sequence of (int, int), default=((5, 15), (15, 30))
        Range (lo, hi) of pulse lengths of each class, in sites; hi is excluded.

    Examples
    --------
    >>> from rfsk.datasets import make_pulses
    >>> X, y = make_pulses(1000, 60, random_state=0)
    """
    ranges = check_one_per_class(length, "length", example="((5, 15), (15, 30))")
    return family(Pulses, "length", shape=shape, length=ranges)
