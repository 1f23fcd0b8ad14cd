"""Spiked cumulant model, white inputs with one non-Gaussian direction."""

import math
from dataclasses import KW_ONLY, dataclass
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from .._core._types import Array
from .._core._validation import check_array, check_lattice_shape, check_number, check_positive
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
    r"""Spiked cumulant model, white inputs with one non-Gaussian direction.

    .. math::
        x = S (\sqrt{\beta} h v + z), \quad
        S = I - ( 1 - \frac{1}{\sqrt{1 + \beta}} ) v v^\top

    The latent variable h is a scalar with zero mean and unit variance, v is a unit vector (the
    spike), beta is the signal-to-noise ratio, and z is white Gaussian noise. The matrix S makes the
    covariance of the input x the identity. The fourth cumulant of x is excess(h) (beta / (1 +
    beta))^2 v_i v_j v_k v_l, where excess(h) is the excess kurtosis of h (Szekely, Bardone, Gerace
    and Goldt, NeurIPS 2024).

    If `gaussian_spike` is a vector u, the term g u with a standard normal variable g is added to
    the input x, which gives the mixed cumulant model (Bardone and Goldt, arXiv:2404.08602). With
    `coupling` c, the latent variable h is symmetrically distributed and has the sign of the normal
    variable g with probability (1 + c) / 2, so that E[g h] is c sqrt(2 / pi) times the mean of the
    absolute value of h.

    Parameters
    ----------
    shape : int or (int, int)
        Lattice; only its number of sites matters.
    strength : float
        Signal-to-noise ratio beta.
    spike : array-like of shape (n_features,), optional
        Direction v, which is normalized. By default, all entries of the spike v are equal.
    latent : {"rademacher", "uniform", "laplace"} or SciPy distribution, default="rademacher"
        Distribution of the latent variable h. A frozen SciPy distribution is standardized.
    gaussian_spike : array-like of shape (n_features,), optional
        Vector u, a direction of large variance, which is not normalized; none by default.
    coupling : float, default=0.0
        Dependence c between the signs of the latent variable h and the normal variable g, from -1
        to 1. With c = 0, the variables h and g are independent.

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
    gaussian_spike: ArrayLike | None = None
    coupling: float = 0.0

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
                f"`spike` must be a vector of {self.n_features} numbers that are not all zero, got "
                f"shape {spike.shape} and norm {norm:g}."
            )
        object.__setattr__(self, "spike", spike / norm)
        check_distribution(self.latent, "latent", _LATENTS)
        check_number(self.coupling, "coupling")
        if abs(self.coupling) > 1.0 or (self.coupling and self.gaussian_spike is None):
            raise ValueError(
                "`coupling` must be from -1 to 1, and 0 without `gaussian_spike`, got "
                f"coupling={self.coupling!r} and gaussian_spike={self.gaussian_spike!r}."
            )
        if self.gaussian_spike is not None:
            large = check_array(self.gaussian_spike, "gaussian_spike", ensure_2d=False)
            if large.shape != (self.n_features,):
                raise ValueError(
                    f"`gaussian_spike` must have shape ({self.n_features},), got {large.shape}."
                )
            object.__setattr__(self, "gaussian_spike", large.astype(np.float64))

    @property
    def _distribution(self) -> Distribution:
        return _LATENTS[self.latent] if isinstance(self.latent, str) else self.latent

    def draw(self, n_samples: int, rng: np.random.Generator) -> Array:
        spike, distribution = np.asarray(self.spike), self._distribution
        latent = distribution.rvs(size=n_samples, random_state=rng) - distribution.mean()
        latent /= distribution.std()
        rows = rng.standard_normal((n_samples, self.n_features))
        along = rows @ spike
        if self.gaussian_spike is not None:
            large = rng.standard_normal(n_samples)
            rows += np.outer(large, np.asarray(self.gaussian_spike))
            if self.coupling:
                agrees = rng.random(n_samples) < (1.0 + self.coupling) / 2.0
                latent = np.abs(latent) * np.where(agrees, np.sign(large), -np.sign(large))
        whitened = (math.sqrt(self.strength) * latent + along) / math.sqrt(1.0 + self.strength)
        rows += (whitened - along)[:, None] * spike
        return rows

    @property
    def _directions(self) -> Array:
        """Coefficients of the latent variables h and g in the input x, (2, n_features)."""
        spike = np.asarray(self.spike) * math.sqrt(self.strength / (1.0 + self.strength))
        large = np.zeros_like(spike) if self.gaussian_spike is None else self.gaussian_spike
        return np.stack([spike, np.asarray(large)])

    def _mixed_moment(self, power: int) -> float:
        """Mean of the product of sign(g h) and a power of abs(h), for latent variables g and h."""
        if not self.coupling:
            return 0.0
        latent, mean = self._distribution, self._distribution.mean()
        absolute = latent.expect(lambda h: np.abs((h - mean) / latent.std()) ** power)
        return self.coupling * float(absolute)

    def covariance(self) -> Array:
        """Exact covariance.

        The covariance of the inputs is the identity plus u u' for a `gaussian_spike` u and, if
        `coupling` is not zero, a multiple of u v' + v u' for the spike v.
        """
        spike, large = self._directions
        cross = math.sqrt(2.0 / math.pi) * self._mixed_moment(1) * np.outer(large, spike)
        return np.asarray(np.eye(self.n_features) + np.outer(large, large) + cross + cross.T)

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of the inputs, from second and fourth moments averaged over sites."""
        variances = np.diag(self.covariance())
        fourth = self.fourth_cumulant(np.arange(self.n_features)[:, None].repeat(4, axis=1))
        mean = np.mean(fourth + 3.0 * variances**2)
        return float(mean / variances.mean() ** 2 - 3.0)

    def fourth_cumulant(self, indices: ArrayLike) -> Array:
        """Exact fourth cumulants of features, one per quadruple (i, j, k, l) of `indices`.

        Parameters
        ----------
        indices : array-like of int, of shape (..., 4)
        """
        sites, root = sites_of(indices, self.n_features), math.sqrt(2.0 / math.pi)
        first, third = self._mixed_moment(1), self._mixed_moment(3)
        # Fourth cumulants of h and g with zero to four factors g.
        mixed = (
            excess_kurtosis(self._distribution),
            root * (third - 3.0 * first),
            -4.0 / math.pi * first**2,
            -root * first,
            0.0,
        )
        total = np.zeros(sites.shape[:-1])
        for choice in product((0, 1), repeat=4):
            factors = self._directions[list(choice), sites]
            total += mixed[sum(choice)] * factors.prod(axis=-1)
        return total

    def gaussian_clone(self) -> MultivariateGaussian:
        """Gaussian inputs with the same covariance as this model."""
        zero = np.zeros(self.n_features)
        return MultivariateGaussian(zero, self.covariance(), shape=self.shape)


@generator
def make_spiked_cumulant(
    shape: int | tuple[int, int] = 100,
    *,
    strength: float = 5.0,
    spike: ArrayLike | None = None,
    latent: Latent = "rademacher",
    gaussian_spike: ArrayLike | None = None,
    coupling: float = 0.0,
) -> Classes:
    """Draw white noise (class 0) and inputs of the spiked cumulant model (class 1).

    Parameters
    ----------
    @shape
    strength : float, default=5.0
        Signal-to-noise ratio of the spike.
    spike : array-like of shape (n_features,), optional
        Direction of the spike; its entries are equal by default.
    latent : {"rademacher", "uniform", "laplace"} or SciPy distribution, default="rademacher"
        Distribution of the latent variable along the spike.
    gaussian_spike : array-like of shape (n_features,), optional
        Vector whose direction has a large variance in class 1; none by default.
    coupling : float, default=0.0
        Dependence between the signs of the latent variables along `spike` and along
        `gaussian_spike`.

    Examples
    --------
    >>> from rfsk.datasets import make_spiked_cumulant
    >>> X, y = make_spiked_cumulant(1000, 30, random_state=0)
    """
    options = {"latent": latent, "gaussian_spike": gaussian_spike, "coupling": coupling}
    spiked = SpikedCumulant(shape, strength=strength, spike=spike, **options)  # type: ignore[arg-type]
    n = spiked.n_features
    noise = MultivariateGaussian(np.zeros(n), np.eye(n), shape=spiked.shape)
    models: list[InputModel] = [noise, spiked]
    return models, {"class": ("white noise", "spiked"), "strength": strength, **options}
