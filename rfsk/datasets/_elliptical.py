"""Elliptical fields: non-Gaussian in their size only, Gaussian in every shape."""

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.special
import scipy.stats
from numpy.typing import NDArray

from .._core._array import apply_numpy, array_namespace
from .._core._validation import check_option, check_positive
from ._distributions import Distribution
from ._kernels import CorrelationLength, Kernel
from ._stationary import KernelField, StationaryField

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StudentT:
    """Student's t, a value for `radial`: a Gaussian field divided by one common random size.

    Parameters
    ----------
    df : float
        Degrees of freedom, above 2; the excess kurtosis of a pixel is 6 / (df - 4), infinite
        for df <= 4.

    Raises
    ------
    ValueError
        If df is at most 2, where the variance is infinite.

    Examples
    --------
    >>> from rfsk import EllipticalField
    >>> from rfsk.datasets import StudentT
    >>> field = EllipticalField(40, correlation_length=2.0, radial=StudentT(6.0))
    >>> round(field.excess_kurtosis(), 6)
    3.0
    """

    df: float

    def __post_init__(self) -> None:
        check_positive(self.df, "df")
        if self.df <= 2.0:
            raise ValueError(
                f"df={self.df!r} gives Student's t an infinite variance; expected df > 2 (and "
                "df > 4 for a finite kurtosis)."
            )


Radial: TypeAlias = "str | StudentT | Distribution"


@dataclass(frozen=True)
class EllipticalField(KernelField):
    """Elliptical field x = r Lambda u on a ring or torus.

    u is uniform on the unit sphere of all sites, Lambda the square root of the covariance and
    r an independent length with E r^2 = n_features, so that pixels have unit variance. Its
    fourth cumulant is a multiple of that of pairs of covariances: pixels can have any kurtosis,
    yet nothing in it is local (compare Lufkin, Saxe and Grant, NeurIPS 2024).

    Parameters
    ----------
    shape : int or (int, int)
        Sites of the ring, or (rows, columns) of the torus.
    correlation_length : float or (float, float)
        xi, in sites; in two dimensions also a pair, down the rows and across the columns.
    radial : "shell", StudentT or SciPy distribution, default="shell"
        Law of r: one fixed length, the length of Student's t, or a frozen distribution of SciPy
        on the positive numbers, scaled to E r^2 = n_features.
    kernel : {"gaussian", "exponential"}, Matern or callable, default="gaussian"
        Kernel of the covariance, wrapped around the lattice; see `GaussianField`.

    Raises
    ------
    ValueError
        If a parameter is out of range, or E r^2 is not finite.

    Notes
    -----
    The length is a function of the noise: ``|noise|^2`` is chi-squared with n_features degrees of
    freedom and independent of the direction, so that its share below is the share of r.

    Examples
    --------
    >>> from rfsk.datasets import EllipticalField, StudentT
    >>> shell = EllipticalField(100, correlation_length=5.0)
    >>> round(shell.excess_kurtosis(), 4)  # -6 / (n_features + 2)
    -0.0588
    >>> EllipticalField(100, correlation_length=5.0, radial=StudentT(df=7.0)).excess_kurtosis()
    2.0
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    correlation_length: CorrelationLength
    radial: Radial = "shell"
    kernel: Kernel = "gaussian"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.radial, str):
            check_option(self.radial, "radial", ("shell",))
        elif not isinstance(self.radial, StudentT):
            if not isinstance(self.radial, Distribution):
                raise TypeError(
                    f"radial={self.radial!r}; expected 'shell', StudentT(df) or a frozen SciPy "
                    "distribution."
                )
            lowest, second = self.radial.support()[0], float(self.radial.moment(2))
            if lowest < 0.0 or not 0.0 < second < math.inf:
                raise ValueError(
                    f"radial starts at {lowest} and has E r^2 = {second}; expected a law of "
                    "lengths, not negative, whose second moment is positive and finite."
                )

    def _radial_moment(self, order: int) -> float:
        assert isinstance(self.radial, Distribution)
        moment = float(self.radial.moment(order))
        return math.inf if math.isnan(moment) else moment  # as SciPy has some that are infinite

    def _length(self, norm: Array) -> Array:
        """Length of an input from the norm of its noise: the quantile at the norm's own share."""
        if self.radial == "shell":
            return np.full_like(norm, math.sqrt(self.n_features))
        chi2 = scipy.stats.chi2(self.n_features)
        squared = norm**2
        below, above = chi2.cdf(squared), chi2.sf(squared)
        if isinstance(self.radial, StudentT):
            df = self.radial.df
            law = scipy.stats.f(self.n_features, df)
            quantile = np.where(below < 0.5, law.ppf(below), law.isf(above))
            return np.asarray(np.sqrt(self.n_features * (df - 2.0) / df * quantile))
        assert isinstance(self.radial, Distribution)
        quantile = np.where(below < 0.5, self.radial.ppf(below), self.radial.isf(above))
        return np.asarray(quantile * math.sqrt(self.n_features / self._radial_moment(2)))

    def from_noise(self, noise: Any) -> Any:
        """Turn white noise into fields; see `LatentField.from_noise`.

        Parameters
        ----------
        noise : array of shape (n_samples, n_sites) or (n_samples,) + noise_shape
            Independent standard normal numbers, as there.
        """
        fields = super().from_noise(noise)
        xp = array_namespace(noise)
        norm = xp.linalg.vector_norm(xp.reshape(noise, (noise.shape[0], self.n_features)), axis=1)
        fields *= (apply_numpy(self._length, norm) / norm)[:, None]
        return fields

    def pixel_quadrature(self) -> tuple[Array, Array]:
        """Not known in closed form, nor needed: projections are all of the law of a pixel."""
        return StationaryField.pixel_quadrature(self)

    def mean_absolute(self) -> float:
        """E|x_i|: that of the length times that of one coordinate of a unit vector."""
        n = self.n_features
        log_gamma = scipy.special.gammaln
        coordinate = math.exp(log_gamma(0.5 * n) - log_gamma(0.5 * (n + 1))) / math.sqrt(math.pi)
        if self.radial == "shell":
            return math.sqrt(n) * coordinate
        if isinstance(self.radial, StudentT):
            df = self.radial.df
            ratio = math.exp(log_gamma(0.5 * (df + 1)) - log_gamma(0.5 * df))
            return 2.0 * ratio * math.sqrt((df - 2.0) / math.pi) / (df - 1.0)
        mean = float(self.radial.moment(1)) / math.sqrt(self._radial_moment(2))  # type: ignore[union-attr]
        return math.sqrt(n) * mean * coordinate

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel, 3 D / (D + 2) E r^4 / (E r^2)^2 - 3."""
        if isinstance(self.radial, StudentT):
            return 6.0 / (self.radial.df - 4.0) if self.radial.df > 4.0 else math.inf
        spread = 1.0
        if self.radial != "shell":
            spread = self._radial_moment(4) / self._radial_moment(2) ** 2
        return 3.0 * self.n_features / (self.n_features + 2.0) * spread - 3.0

    def _moment(self, sites: NDArray[np.int64]) -> Array:
        if math.isinf(self.excess_kurtosis()):
            raise ValueError(f"The fourth moment of radial={self.radial!r} is infinite.")
        return np.asarray((1.0 + self.excess_kurtosis() / 3.0) * self._gaussian_moment(sites))
