"""Gaussian input models, defined by a kernel or by a mean and covariance."""

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from .._core._types import Array
from .._core._validation import check_array, check_image_shape
from ._kernels import CorrelationLength, Kernel
from ._model import Sampler
from ._stationary import Gaussian, latent_entries

_ROUNDING = 1e-10


@latent_entries
@dataclass(frozen=True)
class GaussianField(Gaussian):
    """Gaussian field of unit variance on a lattice.

    Parameters
    ----------
    @shape @correlation_length @kernel @boundary

    Examples
    --------
    >>> from rfsk.datasets import GaussianField
    >>> GaussianField(100, correlation_length=10.0).autocovariance()[:2].round(3)
    array([1.  , 0.99])
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    correlation_length: CorrelationLength
    kernel: Kernel = "gaussian"
    boundary: str = "periodic"


@dataclass(frozen=True, eq=False)
class MultivariateGaussian(Sampler):
    """Gaussian inputs with a given mean and covariance, stationary or not.

    Parameters
    ----------
    mean, cov : array-like of shape (n_features,) and (n_features, n_features)
        Mean and covariance. The covariance must be symmetric and positive semi-definite.
    shape : int or (int, int), default=()
        Lattice of the features; by default a single axis.

    Examples
    --------
    >>> from rfsk.datasets import MultivariateGaussian
    >>> model = MultivariateGaussian([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])
    """

    mean: ArrayLike
    cov: ArrayLike
    _: KW_ONLY
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        mean = check_array(self.mean, "mean", ensure_2d=False, copy=True)
        cov = check_array(self.cov, "cov", copy=True)
        if mean.ndim != 1 or cov.shape != (mean.size, mean.size):
            raise ValueError(
                "`mean` and `cov` must have shapes (n_features,) and (n_features, n_features), got "
                f"{mean.shape} and {cov.shape}."
            )
        scale = np.abs(cov).max()
        if np.abs(cov - cov.T).max() > _ROUNDING * scale:
            raise ValueError("`cov` must be symmetric; average it with its transpose.")
        smallest = np.linalg.eigvalsh(cov)[0]
        if smallest < -_ROUNDING * scale:
            raise ValueError(
                "`cov` must be positive semi-definite, but its smallest eigenvalue is "
                f"{smallest:.3g}. Estimate it from more samples than features, or regularize it by "
                "shrinkage."
            )
        object.__setattr__(self, "shape", check_image_shape(self.shape or None, mean.size))
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "cov", cov)

    @cached_property
    def _root(self) -> Array:
        eigenvalues, vectors = np.linalg.eigh(np.asarray(self.cov))
        return np.asarray(vectors * np.sqrt(np.maximum(eigenvalues, 0.0)))

    def draw(self, n_samples: int, rng: np.random.Generator) -> Array:
        rows = rng.standard_normal((n_samples, self.n_features)) @ self._root.T
        return np.asarray(rows + np.asarray(self.mean))

    def covariance(self) -> Array:
        """Covariance matrix."""
        return np.array(self.cov)

    def excess_kurtosis(self) -> float:
        """Excess kurtosis, which is zero."""
        return 0.0

    def gaussian_clone(self) -> "MultivariateGaussian":
        """Return the model itself."""
        return self
