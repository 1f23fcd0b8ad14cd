"""Gaussian input models: a kernel's, another model's clone, any mean and covariance."""

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from .._core._random import as_generator
from .._core._validation import check_lattice_shape, check_positive
from ._kernels import check_kernel, periodic_kernel
from ._stationary import StationaryField

Array = NDArray[np.float64]

_ROUNDING = 1e-10


@dataclass(frozen=True)
class GaussianField(StationaryField):
    """Gaussian field of unit variance on a ring or torus.

    Parameters
    ----------
    shape : int or (int, int)
        Sites of the ring, or (rows, columns) of the torus.
    correlation_length : float
        xi, in sites.
    kernel : {"gaussian", "exponential"}, default="gaussian"
        exp(-(d/xi)^2) or exp(-d/xi), summed over periodic images and divided by its value
        at distance zero, which keeps it positive semi-definite.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> from rfsk.datasets import GaussianField
    >>> model = GaussianField(100, correlation_length=10.0)
    >>> model.sample(3, random_state=0).shape
    (3, 100)
    >>> model.autocovariance()[:2].round(3)
    array([1.  , 0.99])
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    correlation_length: float
    kernel: str = "gaussian"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", check_lattice_shape(self.shape))
        check_kernel(self.shape, self.correlation_length, self.kernel)

    def latent_autocovariance(self) -> Array:
        """Covariance of site 0 with every site, of shape `shape`."""
        return periodic_kernel(self.shape, self.correlation_length, self.kernel)

    def autocovariance(self) -> Array:
        """Covariance of site 0 with every site, of shape `shape`."""
        return self.latent_autocovariance()

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel: zero."""
        return 0.0

    def gaussian_clone(self) -> "GaussianField":
        """The model itself."""
        return self


@dataclass(frozen=True)
class GaussianClone(StationaryField):
    """Gaussian field with the covariance of another stationary model.

    The control of every claim about higher-order structure: equal mean and covariance,
    no cumulant beyond the second.

    Parameters
    ----------
    model : StationaryField
        The model to clone; its `autocovariance` must have a closed form.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.datasets import NLGP, GaussianClone
    >>> model = NLGP(40, correlation_length=4.0, gain=3.0)
    >>> clone = GaussianClone(model)
    >>> bool(np.all(clone.covariance() == model.covariance())), clone.excess_kurtosis()
    (True, 0.0)
    """

    model: StationaryField
    # A pointwise map keeps a covariance positive, but one as steep as the arcsine at 1
    # magnifies its rounding, up to the square root of the machine precision.
    _rounding = 1e-7

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """Sides of the lattice, in sites."""
        return self.model.shape

    def latent_autocovariance(self) -> Array:
        """Covariance of site 0 with every site, of shape `shape`."""
        return self.model.autocovariance()

    def autocovariance(self) -> Array:
        """Covariance of site 0 with every site, of shape `shape`."""
        return self.model.autocovariance()

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel: zero."""
        return 0.0

    def gaussian_clone(self) -> "GaussianClone":
        """The clone itself."""
        return self


@dataclass(frozen=True, eq=False)
class MultivariateGaussian:
    """Gaussian inputs of any mean and covariance, stationary or not.

    Parameters
    ----------
    mean : array-like of shape (n_features,)
        Mean input.
    cov : array-like of shape (n_features, n_features)
        Covariance: symmetric, positive semi-definite up to rounding.

    Raises
    ------
    ValueError
        If the shapes do not fit, or the covariance is not symmetric positive semi-definite.

    Examples
    --------
    >>> from rfsk.datasets import MultivariateGaussian
    >>> model = MultivariateGaussian([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])
    >>> model.sample(4, random_state=0).shape
    (4, 2)
    """

    mean: ArrayLike
    cov: ArrayLike

    def __post_init__(self) -> None:
        center = check_array(self.mean, dtype=np.float64, ensure_2d=False, input_name="mean")
        matrix = check_array(self.cov, dtype=np.float64, input_name="cov", copy=True)
        if center.ndim != 1 or matrix.shape != (center.size, center.size):
            raise ValueError(
                f"mean has shape {center.shape} and cov {matrix.shape}; expected "
                "(n_features,) and (n_features, n_features)."
            )
        scale = np.abs(matrix).max()
        if np.abs(matrix - matrix.T).max() > _ROUNDING * scale:
            raise ValueError("cov is not symmetric; average it with its transpose.")
        smallest = np.linalg.eigvalsh(matrix)[0]
        if smallest < -_ROUNDING * scale:
            raise ValueError(
                f"cov is not positive semi-definite: its smallest eigenvalue is "
                f"{smallest:.3g}. Estimate it from more samples than features, or shrink it."
            )
        object.__setattr__(self, "mean", center)
        object.__setattr__(self, "cov", matrix)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(np.asarray(self.mean).size)

    @property
    def shape(self) -> tuple[int, ...]:
        """The features as one axis."""
        return (self.n_features,)

    @cached_property
    def _root(self) -> Array:
        eigenvalues, vectors = np.linalg.eigh(np.asarray(self.cov))
        return np.asarray(vectors * np.sqrt(np.maximum(eigenvalues, 0.0)))

    def sample(self, n_samples: int, random_state: Any = None) -> Array:
        """Draw inputs, float64 of shape (n_samples, n_features)."""
        check_positive(n_samples, "n_samples", integer=True)
        noise = as_generator(random_state).standard_normal((n_samples, self.n_features))
        return np.asarray(np.asarray(self.mean) + noise @ self._root.T)

    def covariance(self) -> Array:
        """Covariance matrix, (n_features, n_features)."""
        return np.array(self.cov)

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one feature: zero."""
        return 0.0

    def gaussian_clone(self) -> "MultivariateGaussian":
        """The model itself."""
        return self
