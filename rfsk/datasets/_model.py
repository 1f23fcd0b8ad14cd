"""What every model of inputs can do, and how all of them are drawn."""

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from .._core._random import as_generator
from .._core._validation import check_positive

Array = NDArray[np.float64]


class InputModel(Protocol):
    """The law of one input vector: what every model of inputs can do.

    Any object with these members can be a class of a `Discrimination`.

    Examples
    --------
    >>> from rfsk import NLGP
    >>> model = NLGP(30, correlation_length=3.0, gain=3.0)
    >>> model.shape, model.n_features, model.covariance().shape
    ((30,), 30, (30, 30))
    >>> model.sample(5, random_state=0).shape
    (5, 30)
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Sides of the lattice, in sites."""

    @property
    def n_features(self) -> int:
        """Number of sites."""

    def sample(self, n_samples: int, random_state: Any = None) -> Array:
        """Draw inputs, (n_samples, n_features).

        Parameters
        ----------
        n_samples : int
            How many inputs to draw.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the draw.
        """

    def covariance(self) -> Array:
        """Exact covariance, (n_features, n_features)."""

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel."""

    def gaussian_clone(self) -> "InputModel":
        """Gaussian model with the same mean and covariance."""


class Sampler(ABC):
    """Drawing, at once or in chunks, for models that know how to draw a few rows."""

    shape: tuple[int, ...]
    # Numbers drawn at a time: what stays in cache, and bounds the memory beside the output.
    _numbers_at_a_time: ClassVar[int] = 2**17

    @property
    def n_features(self) -> int:
        """Number of sites."""
        return math.prod(self.shape)

    @abstractmethod
    def _fill(self, buffers: Iterator[Array], rng: np.random.Generator) -> Iterator[Array]:
        """Fill one array of rows after another with inputs, and yield it."""

    def __getstate__(self) -> dict[str, Any]:
        """Parameters only: what was computed from them is left out of pickles."""
        names = [field.name for field in dataclasses.fields(self)]  # type: ignore[arg-type]
        return {name: self.__dict__[name] for name in names}

    @property
    def _default_chunk(self) -> int:
        return max(1, self._numbers_at_a_time // self.n_features)

    def chunks(
        self, n_samples: int, chunk_size: int | None = None, random_state: Any = None
    ) -> Iterator[Array]:
        """Draw inputs chunk by chunk, where all of them would not fit in memory.

        Parameters
        ----------
        n_samples : int
            How many inputs to draw in all.
        chunk_size : int, optional
            Rows of a chunk; by default so many that a chunk has about a hundred thousand numbers.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the draw. `sample` with this seed gives the same rows as the chunks of
            the default size.

        Yields
        ------
        inputs : ndarray of shape (at most chunk_size, n_features)
            Float64.

        Raises
        ------
        ValueError
            If a size is not a positive integer.

        Examples
        --------
        >>> from rfsk.datasets import NLGP
        >>> model = NLGP(100, correlation_length=10.0, gain=3.0)
        >>> [chunk.shape for chunk in model.chunks(500, 200, random_state=0)]
        [(200, 100), (200, 100), (100, 100)]
        """
        check_positive(n_samples, "n_samples", integer=True)
        if chunk_size is None:
            chunk_size = self._default_chunk
        check_positive(chunk_size, "chunk_size", integer=True)
        rng = as_generator(random_state)
        starts = range(0, n_samples, chunk_size)
        sizes = (min(chunk_size, n_samples - start) for start in starts)
        return self._fill((np.empty((size, self.n_features)) for size in sizes), rng)

    def sample(self, n_samples: int, random_state: Any = None) -> Array:
        """Draw inputs.

        Parameters
        ----------
        n_samples : int
            How many inputs to draw.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the draw.

        Returns
        -------
        inputs : ndarray of shape (n_samples, n_features)
            Float64.

        Raises
        ------
        ValueError
            If `n_samples` is not a positive integer.
        """
        check_positive(n_samples, "n_samples", integer=True)
        rng = as_generator(random_state)
        inputs = np.empty((n_samples, self.n_features))
        size = self._default_chunk
        for _ in self._fill((inputs[i : i + size] for i in range(0, n_samples, size)), rng):
            pass
        return inputs
