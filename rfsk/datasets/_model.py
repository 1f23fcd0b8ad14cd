"""Protocol and base class of input models."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any, ClassVar, Protocol

import numpy as np

from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import check_positive

Take = Callable[[int], Array]


class InputModel(Protocol):
    """Protocol of input models, which are distributions of an input vector.

    Any object with the members of this protocol can be the input model of one label in a
    `Discrimination`.
    Some functions of rfsk need further methods of `StationaryField`, such as `excess_kurtosis` and
    `autocovariance`.

    Examples
    --------
    >>> from rfsk import NLGP
    >>> NLGP(30, correlation_length=3.0, gain=3.0).covariance().shape
    (30, 30)
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of sites along each axis of the lattice."""

    @property
    def n_features(self) -> int:
        """Number of sites."""

    def sample(self, n_samples: int, random_state: Any = None) -> Array:
        """Draw inputs, (n_samples, n_features).

        Parameters
        ----------
        n_samples : int
        random_state : int, Generator, RandomState or None, default=None
        """

    def covariance(self) -> Array:
        """Exact covariance, (n_features, n_features)."""

    def gaussian_clone(self) -> "InputModel":
        """Gaussian model with the same mean and covariance as this model."""


class Sampler(ABC):
    """Base class of input models.

    Subclasses define `shape` and `draw`. The class attribute `block_size` is the number of values
    that are drawn at a time, and limits the use of memory.

    Examples
    --------
    >>> from rfsk.datasets import Sampler
    >>> class Noise(Sampler):
    ...     shape = (4,)
    ...
    ...     def draw(self, n_samples, rng):
    ...         return rng.standard_normal((n_samples, 4))
    >>> X = Noise().sample(1000, random_state=0)
    """

    shape: tuple[int, ...]
    block_size: ClassVar[int] = 2**17

    @property
    def n_features(self) -> int:
        """Number of sites."""
        return math.prod(self.shape)

    @abstractmethod
    def draw(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw independent inputs, (n_samples, n_features), in float64.

        Parameters
        ----------
        n_samples : int
        rng : numpy.random.Generator
        """

    def __getstate__(self) -> dict[str, Any]:
        """Attributes to be pickled: all attributes except cached properties."""
        return {
            name: value
            for name, value in self.__dict__.items()
            if not isinstance(getattr(type(self), name, None), cached_property)
        }

    def _open(self, rng: np.random.Generator, n_samples: int | None) -> Take:
        """Return a function of n that draws the next n inputs.

        `n_samples` is the total number of inputs, or None if it is not known.
        """
        return partial(self.draw, rng=rng)

    def stream(self, random_state: Any = None) -> Take:
        """Return an endless stream, a function of n that draws the next n inputs, (n, n_features).

        Parameters
        ----------
        random_state : int, Generator, RandomState or None, default=None
            Seed of the stream.
        """
        take = self._open(as_generator(random_state), None)
        return lambda n: next(self._cut(take, n, n))

    def _cut(self, take: Take, n_samples: int, chunk_size: int) -> Iterator[Array]:
        """Draw inputs in blocks of `block_size` values; yield chunks of `chunk_size` rows."""
        n_rows = max(1, self.block_size // self.n_features)
        block, left = np.empty((0, self.n_features)), n_samples
        for start in range(0, n_samples, chunk_size):
            chunk = np.empty((min(chunk_size, n_samples - start), self.n_features))
            filled = 0
            while filled < len(chunk):
                if len(block) == 0:
                    block = take(min(n_rows, left))
                    left -= len(block)
                part, block = np.split(block, [len(chunk) - filled])
                chunk[filled : filled + len(part)] = part
                filled += len(part)
            yield chunk

    def chunks(
        self, n_samples: int, chunk_size: int | None = None, random_state: Any = None
    ) -> Iterator[Array]:
        """Yield, in chunks, the inputs that `sample` draws, for data larger than the memory.

        Parameters
        ----------
        n_samples : int
        chunk_size : int, optional
            Number of rows per chunk; by default a chunk has about 100,000 values.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the draw.
        """
        check_positive(n_samples, "n_samples", integer=True)
        if chunk_size is None:
            chunk_size = max(1, self.block_size // self.n_features)
        check_positive(chunk_size, "chunk_size", integer=True)
        return self._cut(self._open(as_generator(random_state), n_samples), n_samples, chunk_size)

    def sample(self, n_samples: int, random_state: Any = None) -> Array:
        """Draw inputs, (n_samples, n_features).

        Parameters
        ----------
        n_samples : int
        random_state : int, Generator, RandomState or None, default=None
            Seed of the draw.
        """
        check_positive(n_samples, "n_samples", integer=True)
        take = self._open(as_generator(random_state), n_samples)
        return next(self._cut(take, n_samples, n_samples))
