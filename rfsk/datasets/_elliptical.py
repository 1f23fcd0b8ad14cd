"""Elliptical fields, which differ from Gaussian fields only in the distribution of their norm."""

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import scipy.stats
from scipy.special import poch

from .._core._array import apply_numpy, array_namespace
from .._core._types import Array, Integers
from .._core._validation import check_option, check_positive
from ._distributions import Distribution, is_distribution
from ._gaussian import GaussianField
from ._generator_decorator import Classes, family, generator
from ._kernels import CorrelationLength, Kernel
from ._stationary import StationaryField, latent_entries


@dataclass(frozen=True)
class StudentT:
    """Student's t distribution, a value for the parameter `radial` of `EllipticalField`.

    With ``radial=StudentT(df)``, all pixels of a Gaussian field are divided by one random number.

    Parameters
    ----------
    df : float
        Degrees of freedom, above 2. The excess kurtosis of a pixel is 6 / (df - 4), or infinite for
        df <= 4.

    Examples
    --------
    >>> from rfsk.datasets import EllipticalField, StudentT
    >>> field = EllipticalField(40, correlation_length=2.0, radial=StudentT(df=6.0))
    """

    df: float

    def __post_init__(self) -> None:
        check_positive(self.df, "df")
        if self.df <= 2.0:
            raise ValueError(
                f"`df` must be above 2, got {self.df!r}, at which Student's t has an infinite "
                "variance. The kurtosis is finite if df > 4."
            )


Radial: TypeAlias = "str | StudentT | Distribution"


@latent_entries
@dataclass(frozen=True)
class EllipticalField(StationaryField):
    r"""Elliptical field on a ring or torus.

    .. math:: x = r \Lambda u

    In x = r Lambda u, the direction u is uniform on the unit sphere in n_features dimensions,
    Lambda is the square root of the covariance C, and the length r is independent of u with E r^2 =
    n_features, so that pixels have unit variance. The distribution of the length r sets the
    kurtosis of the pixels. The fourth cumulant of a field with covariance C is proportional to C_ij
    C_kl + C_ik C_jl + C_il C_jk and has no local structure (compare Lufkin, Saxe and Grant, NeurIPS
    2024).

    Parameters
    ----------
    @shape @correlation_length
    radial : "shell", StudentT or SciPy distribution, default="shell"
        Distribution of the length r of an input: "shell" for a constant, `StudentT` for inputs with
        Student's t distribution, or a frozen SciPy distribution on the positive numbers with finite
        variance. The scale of this distribution is ignored.
    @kernel

    Examples
    --------
    >>> from rfsk.datasets import EllipticalField
    >>> round(EllipticalField(100, correlation_length=5.0).excess_kurtosis(), 4)
    -0.0588
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    correlation_length: CorrelationLength
    radial: Radial = "shell"
    kernel: Kernel = "gaussian"

    def __post_init__(self) -> None:
        for name in ("shape", "correlation_length"):
            object.__setattr__(self, name, getattr(self.latent, name))
        if isinstance(self.radial, str):
            check_option(self.radial, "radial", ("shell",))
        elif not isinstance(self.radial, StudentT):
            if not is_distribution(self.radial):
                raise TypeError(
                    "`radial` must be 'shell', StudentT(df) or a frozen SciPy distribution, got "
                    f"{self.radial!r}."
                )
            lowest, second = self.radial.support()[0], float(self.radial.moment(2))
            if lowest < 0.0 or not 0.0 < second < math.inf:
                raise ValueError(
                    "`radial` must be a distribution of non-negative lengths with a positive and "
                    f"finite second moment, got lower limit {lowest} and second moment {second}."
                )

    @cached_property
    def latent(self) -> GaussianField:
        """Gaussian field with the same covariance as this elliptical field."""
        length = self.correlation_length
        return GaussianField(self.shape, correlation_length=length, kernel=self.kernel)

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """Shape of the white noise that `from_noise` transforms, equal to `shape`."""
        return self.shape

    def autocovariance(self) -> Array:
        return self.latent.autocovariance()

    def from_noise(self, noise: Any) -> Any:
        """Transform white noise into fields; see `LatentField.from_noise`.

        Parameters
        ----------
        noise : array of shape (n_samples, n_features) or (n_samples,) + shape
        """
        fields = self.latent.from_noise(noise)
        xp = array_namespace(noise)
        norm = xp.linalg.vector_norm(xp.reshape(noise, (noise.shape[0], self.n_features)), axis=1)
        fields *= (apply_numpy(self._length, norm) / norm)[:, None]
        return fields

    def draw(self, n_samples: int, rng: np.random.Generator) -> Array:
        return np.asarray(self.from_noise(rng.standard_normal((n_samples, self.n_features))))

    def _length(self, norm: Array) -> Array:
        """Length r of each input, from the quantile function of r and the norm of the noise."""
        n, radial, chi2 = self.n_features, self.radial, scipy.stats.chi2(self.n_features)
        if radial == "shell":
            return np.full_like(norm, math.sqrt(n))
        below, above = chi2.cdf(norm**2), chi2.sf(norm**2)
        distribution: Any = scipy.stats.f(n, radial.df) if isinstance(radial, StudentT) else radial
        quantile = np.where(below < 0.5, distribution.ppf(below), distribution.isf(above))
        if isinstance(radial, StudentT):
            return np.asarray(np.sqrt(n * (radial.df - 2.0) / radial.df * quantile))
        return np.asarray(quantile * math.sqrt(n / radial.moment(2)))  # type: ignore[union-attr]

    def _moment(self, order: int) -> float:
        """Moment E r^order of the length r, scaled so that E r^2 is the number of sites."""
        n, m, radial = self.n_features, 0.5 * order, self.radial
        if radial == "shell":
            return float(n**m)
        if isinstance(radial, StudentT):
            if radial.df <= order:
                return math.inf
            return float((radial.df - 2.0) ** m * poch(0.5 * n, m) * poch(0.5 * radial.df, -m))
        distribution: Any = radial
        moment = float(distribution.moment(order) * (n / distribution.moment(2)) ** m)
        return math.inf if math.isnan(moment) else moment  # SciPy returns NaN for some moments

    def mean_absolute(self) -> float:
        """Mean absolute value of a pixel."""
        return self._moment(1) / (math.sqrt(math.pi) * float(poch(0.5 * self.n_features, 0.5)))

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel, 3 E r^4 / (D (D + 2)) - 3 for length r and D sites."""
        n = self.n_features
        return 3.0 * self._moment(4) / (n * (n + 2.0)) - 3.0

    def product_moment(self, sites: Integers) -> Array:
        if math.isinf(self.excess_kurtosis()):
            raise ValueError(
                f"`radial` must have a finite fourth moment for this result, got {self.radial!r}."
            )
        return np.asarray((1.0 + self.excess_kurtosis() / 3.0) * self.latent.product_moment(sites))


@generator
def make_elliptical(
    shape: int | tuple[int, int] = 100,
    *,
    correlation_length: Sequence[CorrelationLength] = (5.0, 10.0),
    radial: Radial = "shell",
    kernel: Kernel = "gaussian",
) -> Classes:
    """Draw classes of elliptical fields that differ in their correlation length.

    The distribution `radial` sets the kurtosis of the pixels. Whatever the distribution of their
    norm, elliptical fields have a fourth cumulant without local structure, and nets trained on
    elliptical fields do not learn localized receptive fields.

    Parameters
    ----------
    @shape @correlation_length
    radial : "shell", StudentT or SciPy distribution, default="shell"
        Distribution of the norm of an input, see `rfsk.datasets.EllipticalField`.
    @kernel

    Examples
    --------
    >>> from rfsk.datasets import StudentT, make_elliptical
    >>> X, y = make_elliptical(1000, radial=StudentT(df=5.0), random_state=0)
    """
    return family(EllipticalField, "correlation_length", **locals())
