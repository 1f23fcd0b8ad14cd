"""Stationary fields, whose law no translation changes, and their Gaussian clones."""

import math
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._array import array_namespace, as_array_like
from ._fourth_order import cumulant_slice, cumulant_tensor, pairwise, sites_of
from ._kernels import CorrelationLength, Kernel
from ._lattice_kernels import (
    ROUNDING,
    check_lattice_law,
    covariance_matrix,
    is_dense,
    lattice_kernel,
    spectrum,
    square_root,
)
from ._model import Sampler
from ._modes import few_modes, mode_factors
from ._pointwise import PointwiseLaw

Array = NDArray[np.float64]


class StationaryField(Sampler):
    """A field on a lattice whose law depends on displacements only.

    Subclasses are frozen dataclasses with zero mean. With periodic boundaries, the default,
    displacements are taken around the ring or torus.

    Examples
    --------
    >>> from rfsk import Ising
    >>> from rfsk.datasets import StationaryField
    >>> ring = Ising(30, temperature=1.0)
    >>> isinstance(ring, StationaryField)
    True
    >>> covariance = ring.covariance()
    >>> bool(abs(covariance[0] - covariance[:, 0]).max() < 1e-12)  # a matter of distance only
    True
    """

    boundary: str = "periodic"

    @abstractmethod
    def autocovariance(self) -> Array:
        """Exact covariance of the first site with every site, of shape `shape`."""

    @abstractmethod
    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel, E x^4 / (E x^2)^2 - 3."""

    def _lattice_autocovariance(self) -> Array:
        """Autocovariance on a torus that holds the field: its own, if it is periodic."""
        return self.autocovariance()

    def covariance(self) -> Array:
        """Exact covariance matrix, (n_features, n_features)."""
        return covariance_matrix(self.autocovariance(), self.boundary)

    def gaussian_clone(self) -> "StationaryField":
        """Gaussian field with exactly this covariance."""
        return GaussianClone(self)

    def pixel_quadrature(self) -> tuple[Array, Array]:
        """Values and weights with which expectations over one pixel are sums.

        Returns
        -------
        values : ndarray of shape (n_nodes,)
        weights : ndarray of shape (n_nodes,)
            They add to one: E g(x_i) = weights @ g(values).

        Raises
        ------
        NotImplementedError
            If the law of a pixel has no closed form.

        Examples
        --------
        >>> from rfsk import NLGP
        >>> values, weights = NLGP(10, correlation_length=2.0, gain=1.0).pixel_quadrature()
        >>> round(float(weights @ values**4) - 3.0, 10)  # uniform pixels
        -1.2
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no closed form of the law of a pixel; estimate it from "
            "samples: pass model.sample(n) instead."
        )

    def _moment(self, sites: NDArray[np.int64]) -> Array:
        """Fourth moments at the rows of `sites`, (n, 4) numbers of sites."""
        raise NotImplementedError(
            f"{type(self).__name__} has no closed form of its fourth moment; estimate it from "
            "samples, rfsk.analysis.cumulant(model.sample(n)), or pass samples, one array a class, "
            "where a pair of models is expected."
        )

    def fourth_moment(self, indices: ArrayLike) -> Array:
        """Exact fourth moment E x_i x_j x_k x_l.

        Parameters
        ----------
        indices : array-like of int, of shape (..., 4)
            Numbers of the sites, counted along rows; they may repeat.

        Returns
        -------
        moments : ndarray of shape (...)

        Raises
        ------
        ValueError
            If the indices are not four site numbers.
        NotImplementedError
            If the model has no closed form.
        """
        sites = sites_of(indices, self.n_features)
        return np.asarray(self._moment(sites.reshape(-1, 4)).reshape(sites.shape[:-1]))

    def fourth_cumulant(self, indices: ArrayLike) -> Array:
        """Exact fourth cumulant, the moment without its three pairs of covariances.

        kappa_ijkl = E x_i x_j x_k x_l - C_ij C_kl - C_ik C_jl - C_il C_jk; arguments and
        errors as in `fourth_moment`.

        Parameters
        ----------
        indices : array-like of int, of shape (..., 4)
            Numbers of the sites, as in `fourth_moment`.
        """
        sites = sites_of(indices, self.n_features)
        return np.asarray(self.fourth_moment(sites) - self._gaussian_moment(sites))

    def _gaussian_moment(self, sites: NDArray[np.int64]) -> Array:
        """C_ij C_kl + C_ik C_jl + C_il C_jk: the fourth moment of the Gaussian clone."""
        i, j, k, l = np.moveaxis(sites, -1, 0)  # noqa: E741
        C = partial(pairwise, self._autocovariance, boundary=self.boundary)
        return np.asarray(C(i, j) * C(k, l) + C(i, k) * C(j, l) + C(i, l) * C(j, k))

    @cached_property
    def _autocovariance(self) -> Array:
        return self.autocovariance()

    def fourth_cumulant_slice(self) -> Array:
        """All fourth cumulants that involve the first site, kappa_0jkl.

        On a ring or torus they are all there are, up to translation.

        Returns
        -------
        slice : ndarray of shape (n_features, n_features, n_features)

        Raises
        ------
        ValueError
            If it would have more than 256 sites an axis.
        NotImplementedError
            If the model has no closed form.
        """
        return cumulant_slice(self.fourth_cumulant, self.shape, self.boundary == "periodic")

    def fourth_cumulant_tensor(self) -> Array:
        """All fourth cumulants, (n_features,) * 4; refused above 64 sites. See also the slice."""
        return cumulant_tensor(self.fourth_cumulant, self.shape, self.boundary == "periodic")


class LatentField(StationaryField):
    """A field made of white noise, filtered by a spectrum and mapped point by point.

    Open boundaries are drawn by the square root of their covariance matrix, or, beyond 1024
    sites, cut from a torus so large that its covariance on the lattice is that of the open plane.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk import NLGP
    >>> model = NLGP(30, correlation_length=3.0, gain=3.0)
    >>> noise = np.random.default_rng(0).standard_normal((5, 30))
    >>> rolled = model.from_noise(np.roll(noise, 4, axis=1))
    >>> bool(np.allclose(rolled, np.roll(model.from_noise(noise), 4, axis=1)))
    True
    """

    _rounding: ClassVar[float] = ROUNDING

    @abstractmethod
    def _latent_on_lattice(self) -> Array:
        """Autocovariance of the latent Gaussian field on what is filled with noise."""

    def _map_covariance(self, latent: Array) -> Array:
        """Covariance of two pixels from that of the latent field; identity by default."""
        return latent

    def _latent_scale(self) -> float:
        """Factor of the latent field that the pointwise map expects."""
        return 1.0

    def _pointwise(self, latent: Any) -> Any:
        """Map the scaled latent field to the inputs; may overwrite it."""
        return latent

    @cached_property
    def _latent(self) -> Array:
        return self._latent_on_lattice()

    @cached_property
    def _filter(self) -> Array:
        return self._latent_scale() * np.sqrt(spectrum(self._latent, self._rounding))

    @cached_property
    def _root(self) -> Array:
        return self._latent_scale() * square_root(self._latent, self._rounding)

    @cached_property
    def _modes(self) -> Array | None:
        """Functions whose random sum is the scaled latent field; None if they are many."""
        if self._latent.shape != self.shape or self.boundary != "periodic":
            return None
        self._filter  # noqa: B018  # raises if the covariance is not positive
        modes = few_modes(self._latent)
        return None if modes is None else self._latent_scale() * modes

    @property
    def _named_map(self) -> tuple[str, float] | None:
        """Name and factor of the pointwise map, if it is the identity, erf, tanh or the sign."""
        return None

    @cached_property
    def _mode_factors(self) -> tuple[Array, Array, Array] | None:
        """Modes down rows and across columns, and amplitudes; None if filtering is faster."""
        if self.boundary == "periodic" and self._latent.shape == self.shape:
            self._filter  # noqa: B018  # raises if the covariance is not positive
            factors = mode_factors(self._latent)
        elif is_dense(self.shape, self.boundary) and self.n_features <= 256:
            return np.ones((1, 1)), self._root, np.ones((1, len(self._root)))
        else:
            return None
        return None if factors is None else (*factors[:2], self._latent_scale() * factors[2])

    def _crop(self, lattice: Array) -> Array:
        return np.array(lattice[tuple(slice(side) for side in self.shape)])

    def latent_autocovariance(self) -> Array:
        """Covariance of the first site with every site of the latent Gaussian field."""
        return self._crop(self._latent)

    def autocovariance(self) -> Array:
        """Exact covariance of the first site with every site, of shape `shape`."""
        return self._map_covariance(self.latent_autocovariance())

    def _lattice_autocovariance(self) -> Array:
        return self._map_covariance(self._latent)

    def pixel_quadrature(self) -> tuple[Array, Array]:
        """Nodes of a Gaussian quadrature, mapped as the field is; see `StationaryField`."""
        scale = self._latent_scale()
        return PointwiseLaw(lambda z: self._pointwise(scale * z), variance=1.0).quadrature()

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """Sides of the lattice to fill with noise: `shape`, or a larger torus to cut it from."""
        return self._latent.shape

    def from_noise(self, noise: Any) -> Any:
        """Turn white noise into fields: the one definition for NumPy and torch.

        With periodic boundaries, rolling the noise around the ring rolls the field.

        Parameters
        ----------
        noise : array of shape (n_samples, n_sites) or (n_samples,) + noise_shape
            Independent standard normal numbers, of NumPy or torch, in single or double
            precision, on any device; n_sites is the product of `noise_shape`, which is `shape`
            unless the boundary is open and the lattice large.

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
        n_samples, lattice = noise.shape[0], self.noise_shape
        if not xp.isdtype(noise.dtype, "real floating"):
            raise ValueError(f"noise has dtype {noise.dtype}; expected single or double floats.")
        if tuple(noise.shape[1:]) not in ((math.prod(lattice),), lattice):
            expected = f"(n_samples, {math.prod(lattice)})"
            if len(lattice) > 1:
                expected += f" or (n_samples, {', '.join(map(str, lattice))})"
            raise ValueError(f"noise has shape {tuple(noise.shape)}; expected {expected}.")
        if is_dense(self.shape, self.boundary):
            flat = xp.reshape(noise, (n_samples, self.n_features))
            return self._pointwise(flat @ as_array_like(self._root, like=noise))
        axes = tuple(range(1, 1 + len(lattice)))
        modes = xp.fft.rfftn(xp.reshape(noise, (n_samples, *lattice)), axes=axes)
        modes *= as_array_like(self._filter, like=noise)
        latent = xp.fft.irfftn(modes, s=lattice, axes=axes)
        if lattice != self.shape:
            latent = latent[(slice(None), *(slice(side) for side in self.shape))]
        return self._pointwise(xp.reshape(latent, (n_samples, self.n_features)))

    def _fill(self, buffers: Iterator[Array], rng: np.random.Generator) -> Iterator[Array]:
        n_sites = math.prod(self.noise_shape)
        for rows in buffers:
            rows[:] = self.from_noise(rng.standard_normal((len(rows), n_sites)))
            yield rows


class KernelField(LatentField):
    """A latent field whose covariance is a kernel, laid on the lattice."""

    correlation_length: CorrelationLength
    kernel: Kernel

    def __post_init__(self) -> None:
        check_lattice_law(self)

    def _latent_on_lattice(self) -> Array:
        return lattice_kernel(self.shape, self.correlation_length, self.kernel, self.boundary)


class GaussianLaw(LatentField):
    """What Gaussian fields share: no cumulant beyond the second."""

    _named_map = ("identity", 1.0)

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel: zero."""
        return 0.0

    def gaussian_clone(self) -> StationaryField:
        """The model itself."""
        return self

    def _moment(self, sites: NDArray[np.int64]) -> Array:
        return self._gaussian_moment(sites)


@dataclass(frozen=True)
class GaussianClone(GaussianLaw):
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

    def __post_init__(self) -> None:
        if not isinstance(self.model, StationaryField):
            raise TypeError(
                f"model={self.model!r}; expected a stationary field. Other models have "
                "gaussian_clone(), data make_gaussian_clone."
            )
        self._latent  # noqa: B018  # raises if the covariance has no closed form

    # A pointwise map keeps a covariance positive, but one as steep as the arcsine at 1
    # magnifies its rounding, up to the square root of the machine precision.
    _rounding = 1e-7

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """Sides of the lattice, in sites."""
        return self.model.shape

    @property
    def boundary(self) -> str:  # type: ignore[override]
        """Boundary of the model."""
        return self.model.boundary

    def _latent_on_lattice(self) -> Array:
        return self.model._lattice_autocovariance()
