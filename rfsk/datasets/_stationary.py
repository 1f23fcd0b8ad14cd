"""Stationary fields: white noise, filtered by a spectrum, mapped point by point."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from .._core._array import array_namespace, as_array_like
from .._core._random import as_generator
from .._core._validation import check_positive
from ._kernels import ROUNDING, covariance_matrix, spectrum

Array = NDArray[np.float64]

_CHUNK = 2**22  # numbers drawn at a time: bounds the working memory beside the output


class InputModel(Protocol):
    """The law of one input vector: what every model of inputs can do."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Sides of the lattice, in sites."""

    @property
    def n_features(self) -> int:
        """Number of sites."""

    def sample(self, n_samples: int, random_state: Any = None) -> Array:
        """Draw inputs, (n_samples, n_features)."""

    def covariance(self) -> Array:
        """Exact covariance, (n_features, n_features)."""

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel."""

    def gaussian_clone(self) -> "InputModel":
        """Gaussian model with the same mean and covariance."""


class StationaryField(ABC):
    """A field on a ring or torus whose law is unchanged by translation.

    Subclasses are frozen dataclasses. They say which autocovariance the latent Gaussian
    field has and how it is mapped point by point.
    """

    shape: tuple[int, ...]
    _rounding: ClassVar[float] = ROUNDING

    @property
    def n_features(self) -> int:
        """Number of sites."""
        return math.prod(self.shape)

    @abstractmethod
    def latent_autocovariance(self) -> Array:
        """Covariance of site 0 with every site of the latent Gaussian field."""

    @abstractmethod
    def autocovariance(self) -> Array:
        """Exact covariance of site 0 with every site of the field, of shape `shape`."""

    @abstractmethod
    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel, E x^4 / (E x^2)^2 - 3."""

    @abstractmethod
    def gaussian_clone(self) -> "StationaryField":
        """Gaussian field with the same covariance."""

    def _latent_scale(self) -> float:
        """Factor of the latent field that the pointwise map expects."""
        return 1.0

    def _pointwise(self, latent: Any) -> Any:
        """Map the scaled latent field to the inputs; may overwrite it."""
        return latent

    @cached_property
    def _filter(self) -> Array:
        eigenvalues = spectrum(self.latent_autocovariance(), self._rounding)
        return self._latent_scale() * np.sqrt(eigenvalues)

    def covariance(self) -> Array:
        """Exact covariance matrix, (n_features, n_features)."""
        return covariance_matrix(self.autocovariance())

    def from_noise(self, noise: Any) -> Any:
        """Turn white noise into fields: the one definition for NumPy and torch.

        Rolling the noise around the ring rolls the field.

        Parameters
        ----------
        noise : array of shape (n_samples, n_features) or (n_samples, *shape)
            Independent standard normal numbers, of NumPy or torch, in single or double
            precision, on any device.

        Returns
        -------
        fields : array of shape (n_samples, n_features)
            In the library, precision and on the device of `noise`.

        Raises
        ------
        ValueError
            If the noise has another shape, or is not of floating point.
        """
        xp = array_namespace(noise)
        n_samples = noise.shape[0]
        if not xp.isdtype(noise.dtype, "real floating"):
            raise ValueError(f"noise has dtype {noise.dtype}; expected single or double floats.")
        if tuple(noise.shape[1:]) not in ((self.n_features,), self.shape):
            raise ValueError(
                f"noise has shape {tuple(noise.shape)}; expected (n_samples, {self.n_features}) "
                f"or (n_samples, {', '.join(map(str, self.shape))})."
            )
        axes = tuple(range(1, 1 + len(self.shape)))
        modes = xp.fft.rfftn(xp.reshape(noise, (n_samples, *self.shape)), axes=axes)
        modes *= as_array_like(self._filter, like=noise)
        latent = xp.fft.irfftn(modes, s=self.shape, axes=axes)
        return self._pointwise(xp.reshape(latent, (n_samples, self.n_features)))

    def sample(self, n_samples: int, random_state: Any = None) -> Array:
        """Draw independent fields.

        Parameters
        ----------
        n_samples : int
            How many fields to draw.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the draw.

        Returns
        -------
        fields : ndarray of shape (n_samples, n_features)
            Float64.

        Raises
        ------
        ValueError
            If `n_samples` is not a positive integer.
        """
        check_positive(n_samples, "n_samples", integer=True)
        rng = as_generator(random_state)
        fields = np.empty((n_samples, self.n_features))
        for rows in _chunks(n_samples, max(1, _CHUNK // self.n_features)):
            noise = rng.standard_normal((rows.stop - rows.start, self.n_features))
            fields[rows] = self.from_noise(noise)
        return fields


def _chunks(n: int, size: int) -> Iterator[slice]:
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
