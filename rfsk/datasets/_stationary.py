"""Base classes of stationary fields and of fields that are functions of Gaussian noise."""

import math
from abc import abstractmethod
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .._core._docstrings import shared_entries
from .._core._types import Array, Integers
from ._fourth_order import cumulant_slice, sites_of
from ._kernels import (
    ROUNDING,
    CorrelationLength,
    Kernel,
    check_kernel,
    covariance_matrix,
    lattice_kernel,
    pairwise,
)
from ._model import Sampler
from ._noise_filter import NoiseFilter
from ._pixel_map import PixelMap

latent_entries = shared_entries("""\
shape : int or (int, int)
    Sites of the ring, or (rows, columns) of the torus.
correlation_length : float or (float, float)
    Correlation length xi of the Gaussian field, in sites; in two dimensions, it can be a pair with
    one length per axis.
kernel : {"gaussian", "exponential"}, Matern or callable, default="gaussian"
    exp(-r^2), exp(-r), a `Matern` kernel, or any positive semi-definite function of r, the
    distance in correlation lengths.
boundary : {"periodic", "open"}, default="periodic"
    "periodic" for a ring or torus, on which the kernel is summed over its periodic images and
    divided by its value at zero; "open" for a window of an infinite field, on which the kernel is
    used unchanged.
""")


class StationaryField(Sampler):
    """Base class of fields with zero mean whose distribution is translation-invariant.

    Subclasses define a `shape` and the methods `draw` and `autocovariance`. Subclasses with the
    method `product_moment` also have exact fourth moments and cumulants. Subclasses with the method
    `pixel_quadrature` can be used with most functions of `rfsk.theory`. Sites are on a ring or
    torus unless `boundary` is "open".

    Examples
    --------
    >>> from rfsk import Ising
    >>> covariance = Ising(30, temperature=1.0).covariance()
    """

    boundary: str = "periodic"

    @abstractmethod
    def autocovariance(self) -> Array:
        """Exact covariance of the first site with every site, of shape `shape`.

        Models whose covariance has no closed form raise NotImplementedError.
        """

    def torus_autocovariance(self) -> Array:
        """Autocovariance on a ring or torus that contains the lattice of the field."""
        return self.autocovariance()

    def covariance(self) -> Array:
        """Exact covariance matrix, (n_features, n_features)."""
        return covariance_matrix(self.autocovariance(), self.boundary)

    def gaussian_clone(self) -> "StationaryField":
        """Gaussian field with the same covariance as this field."""
        from ._gaussian_clone import GaussianClone

        return GaussianClone(self)

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel, E x^4 / (E x^2)^2 - 3."""
        return float(self.fourth_cumulant([0] * 4) / self._autocovariance.flat[0] ** 2)

    def pixel_quadrature(self) -> tuple[Array, Array]:
        """Values and weights such that E g(x_i) = weights @ g(values), if a closed form exists."""
        raise NotImplementedError(
            f"{type(self).__name__} has no closed form of the distribution of a pixel; pass "
            "samples, model.sample(n), instead of the model."
        )

    def product_moment(self, sites: Integers) -> Array:
        """Exact moments E x_i x_j x_k x_l, (n,), from which fourth cumulants are computed.

        Parameters
        ----------
        sites : ndarray of int of shape (n, 4)
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no closed form of its fourth moment; estimate it from "
            "samples by rfsk.analysis.cumulant(model.sample(n)), or, instead of a pair of models, "
            "pass samples, one array per class."
        )

    def fourth_moment(self, indices: ArrayLike) -> Array:
        """Exact fourth moments E x_i x_j x_k x_l, one per quadruple (i, j, k, l) of `indices`.

        Models whose fourth moments have no closed form raise NotImplementedError.

        Parameters
        ----------
        indices : array-like of int, of shape (..., 4)
            Indices of sites, which are numbered in row-major order; an index may occur repeatedly.
        """
        sites = sites_of(indices, self.n_features)
        return np.asarray(self.product_moment(sites.reshape(-1, 4)).reshape(sites.shape[:-1]))

    def fourth_cumulant(self, indices: ArrayLike) -> Array:
        """Exact fourth cumulants of sites i, j, k and l.

        A fourth cumulant is E x_i x_j x_k x_l - C_ij C_kl - C_ik C_jl - C_il C_jk, where C is the
        covariance matrix of the field x.

        Parameters
        ----------
        indices : array-like of int, of shape (..., 4)
        """
        return np.asarray(self.fourth_moment(indices) - self._gaussian_moment(np.asarray(indices)))

    def _gaussian_moment(self, sites: Integers) -> Array:
        """Fourth moment of a Gaussian field of covariance C, C_ij C_kl + C_ik C_jl + C_il C_jk."""
        i, j, k, l = np.moveaxis(sites, -1, 0)  # noqa: E741
        C = partial(pairwise, self._autocovariance, boundary=self.boundary)
        return np.asarray(C(i, j) * C(k, l) + C(i, k) * C(j, l) + C(i, l) * C(j, k))

    @cached_property
    def _autocovariance(self) -> Array:
        return self.autocovariance()

    def fourth_cumulant_slice(self) -> Array:
        """Fourth cumulants of the first site and every three sites j, k, l, (n_features,) * 3.

        The lattice can have up to 256 sites.
        """
        return cumulant_slice(self.fourth_cumulant, self.shape, self.boundary == "periodic")


class LatentField(StationaryField):
    """Base class of fields obtained from white noise by a linear filter and a map of each pixel.

    Subclasses are frozen dataclasses with the parameters `shape`, `correlation_length`, `kernel`
    and `boundary` of `GaussianField`. Subclasses that are not Gaussian define a `pixel_map`.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk import NLGP
    >>> noise = np.random.default_rng(0).standard_normal((5, 30))
    >>> X = NLGP(30, correlation_length=3.0, gain=3.0).from_noise(noise)
    """

    correlation_length: CorrelationLength
    kernel: Kernel
    rounding: ClassVar[float] = ROUNDING

    def __post_init__(self) -> None:
        check_kernel(self)

    def latent_torus(self) -> Array:
        """Autocovariance of the latent Gaussian field on the lattice of the white noise."""
        return lattice_kernel(self.shape, self.correlation_length, self.kernel, self.boundary)

    @cached_property
    def pixel_map(self) -> PixelMap:
        """Map of the latent field to pixels; the identity map by default."""
        return PixelMap()

    @cached_property
    def noise_filter(self) -> NoiseFilter:
        """Linear map from white noise to the latent field times the scale of `pixel_map`."""
        torus = self.latent_torus()
        return NoiseFilter(torus, self.shape, self.boundary, self.pixel_map.scale, self.rounding)

    def latent_autocovariance(self) -> Array:
        """Autocovariance of the latent Gaussian field, of shape `shape`."""
        return np.array(self.noise_filter.torus[tuple(slice(side) for side in self.shape)])

    def autocovariance(self) -> Array:
        return self.pixel_map.correlation(self.latent_autocovariance())

    def torus_autocovariance(self) -> Array:
        return self.pixel_map.correlation(self.noise_filter.torus)

    def excess_kurtosis(self) -> float:
        return self.pixel_map.excess_kurtosis()

    def pixel_quadrature(self) -> tuple[Array, Array]:
        return self.pixel_map.quadrature()

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """Shape of the lattice of the noise, which can be larger than the lattice of the field."""
        return self.noise_filter.torus.shape

    def from_noise(self, noise: Any) -> Any:
        """Transform white noise into fields, (n_samples, n_features).

        Parameters
        ----------
        noise : array of shape (n_samples, prod(noise_shape)) or (n_samples,) + noise_shape
            NumPy array or torch tensor of standard normal numbers in single or double precision.
            The fields have the type and precision of `noise`.
        """
        return self.pixel_map.forward(self.noise_filter(noise))

    def draw(self, n_samples: int, rng: np.random.Generator) -> Array:
        noise = rng.standard_normal((n_samples, math.prod(self.noise_shape)))
        return np.asarray(self.from_noise(noise))


class Gaussian(LatentField):
    """Base class of Gaussian fields."""

    def gaussian_clone(self) -> StationaryField:
        """Return the model itself."""
        return self

    def pixel_quadrature(self) -> tuple[Array, Array]:
        values, weights = super().pixel_quadrature()
        return math.sqrt(self._autocovariance.flat[0]) * values, weights

    def product_moment(self, sites: Integers) -> Array:
        return self._gaussian_moment(sites)
