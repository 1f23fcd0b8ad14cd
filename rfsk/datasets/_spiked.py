"""Spiked cumulant: white inputs with one non-Gaussian direction."""

import math
from dataclasses import KW_ONLY, dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from .._core._types import Array
from .._core._validation import check_array, check_lattice_shape, check_positive
from ._distributions import Distribution, check_distribution, excess_kurtosis
from ._fourth_order import sites_of
from ._gaussian import MultivariateGaussian
from ._generator_decorator import Classes, generator
from ._model import InputModel, Sampler

Latent: TypeAlias = "str | Distribution"

_LATENTS: dict[str, Distribution] = {
    "rademacher": stats.bernoulli(0.5),
    "uniform": stats.uniform(),
    "laplace": stats.laplace(),
}


@dataclass(frozen=True, eq=False)
class SpikedCumulant(Sampler):
    """White inputs with one non-Gaussian direction, x = S (sqrt(strength) h v + z).

    h is a scalar of zero mean and unit variance, v a unit vector (the spike), z white Gaussian
    noise, and S = 1 - (1 - 1 / sqrt(1 + strength)) v v' makes the covariance the identity. The
    fourth cumulant is excess(h) (strength / (1 + strength))^2 v_i v_j v_k v_l (Szekely, Bardone,
    Gerace and Goldt, NeurIPS 2024).

    Parameters
    ----------
    shape : int or (int, int)
        Lattice; only its number of sites matters.
    strength : float
        Signal-to-noise ratio, beta in the paper.
    spike : array-like of shape (n_features,), optional
        Direction v, of any length but zero; by default the same at every site.
    latent : {"rademacher", "uniform", "laplace"} or SciPy distribution, default="rademacher"
        Distribution of h; a frozen distribution of SciPy is standardised.

    Examples
    --------
    >>> from rfsk.datasets import SpikedCumulant
    >>> SpikedCumulant(2, strength=1.0, spike=[1.0, 0.0]).fourth_cumulant([0, 0, 0, 0])
    array(-0.5)
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    strength: float
    spike: ArrayLike | None = None
    latent: Latent = "rademacher"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", check_lattice_shape(self.shape))
        check_positive(self.strength, "strength")
        spike = np.ones(self.n_features)
        if self.spike is not None:
            spike = check_array(self.spike, "spike", ensure_2d=False)
        spike = spike / max(float(np.abs(spike).max()), np.finfo(np.float64).tiny)
        norm = float(np.linalg.norm(spike))
        if spike.shape != (self.n_features,) or norm == 0.0:
            raise ValueError(
                f"spike has shape {spike.shape} and length {norm:g}; expected a vector of "
                f"{self.n_features} numbers that are not all zero."
            )
        object.__setattr__(self, "spike", spike / norm)
        check_distribution(self.latent, "latent", _LATENTS)

    @property
    def _distribution(self) -> Distribution:
        return _LATENTS[self.latent] if isinstance(self.latent, str) else self.latent

    def draw(self, n_samples: int, rng: np.random.Generator) -> Array:
        spike, distribution = np.asarray(self.spike), self._distribution
        latent = distribution.rvs(size=n_samples, random_state=rng) - distribution.mean()
        latent /= distribution.std()
        rows = rng.standard_normal((n_samples, self.n_features))
        along = rows @ spike
        whitened = (math.sqrt(self.strength) * latent + along) / math.sqrt(1.0 + self.strength)
        rows += (whitened - along)[:, None] * spike
        return rows

    @property
    def _cumulant_along_spike(self) -> float:
        return excess_kurtosis(self._distribution) * (self.strength / (1.0 + self.strength)) ** 2

    def covariance(self) -> Array:
        """Exact covariance: the identity."""
        return np.eye(self.n_features)

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of pixels, averaged over sites."""
        return self._cumulant_along_spike * float(np.mean(np.asarray(self.spike) ** 4))

    def fourth_cumulant(self, indices: ArrayLike) -> Array:
        """Exact fourth cumulants of features.

        Parameters
        ----------
        indices : array-like of int, of shape (..., 4)
        """
        sites = sites_of(indices, self.n_features)
        return np.asarray(self._cumulant_along_spike * np.asarray(self.spike)[sites].prod(axis=-1))

    def gaussian_clone(self) -> MultivariateGaussian:
        """White Gaussian noise."""
        n = self.n_features
        return MultivariateGaussian(np.zeros(n), np.eye(n), shape=self.shape)


@generator
def make_spiked_cumulant(
    shape: int | tuple[int, int] = 100,
    *,
    strength: float = 5.0,
    spike: ArrayLike | None = None,
    latent: Latent = "rademacher",
) -> Classes:
    """Draw white noise (class 0) and inputs with a spiked fourth cumulant (class 1).

    Parameters
    ----------
    @shape
    strength : float, default=5.0
        Signal-to-noise ratio of the spike.
    spike : array-like of shape (n_features,), optional
        Direction of the spike; by default the same at every site.
    latent : {"rademacher", "uniform", "laplace"} or SciPy distribution, default="rademacher"
        Distribution along the spike.

    Examples
    --------
    >>> from rfsk.datasets import make_spiked_cumulant
    >>> X, y = make_spiked_cumulant(1000, 30, random_state=0)
    """
    spiked = SpikedCumulant(shape, strength=strength, spike=spike, latent=latent)  # type: ignore[arg-type]
    models: list[InputModel] = [spiked.gaussian_clone(), spiked]
    return models, {"class": ("white noise", "spiked"), "strength": strength, "latent": latent}
