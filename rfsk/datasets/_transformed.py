"""Gaussian fields whose pixels are given any marginal law."""

import math
import warnings
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import scipy.special
from numpy.typing import NDArray

from .._core._array import apply_numpy, array_namespace, erf_, erfc
from .._core._validation import check_option, check_positive
from ._distributions import Distribution, check_variance, excess_kurtosis
from ._kernels import CorrelationLength, Kernel
from ._pointwise import PointwiseLaw
from ._stationary import KernelField

Array = NDArray[np.float64]

_NAMES = ("uniform", "sign", "laplace")
_SMALLEST_SHARE = 1e-100  # quantile functions are asked for shares inside (0, 1)
_RESOLVED_SHARE = 1e-15


@dataclass(frozen=True)
class Algebraic:
    """Algebraic marginal law, a value for `marginal`: tails from heavy to none.

    Density ``(1/2) (1 + |x|^k)^(-1 - 1/k)``, which falls as ``|x|^(-k-1)``, scaled to unit
    variance. The excess kurtosis is infinite for k <= 4, 1.285 at k = 5, zero at 5.890 and -1.2,
    that of the uniform law, as k grows.

    Parameters
    ----------
    k : float
        Tail exponent, above 2.

    Raises
    ------
    ValueError
        If k is at most 2, where the variance is infinite.

    Examples
    --------
    >>> from rfsk.datasets import Algebraic
    >>> Algebraic(k=4.0).excess_kurtosis(), round(Algebraic(k=5.0).excess_kurtosis(), 3)
    (inf, 1.285)
    """

    k: float

    def __post_init__(self) -> None:
        check_positive(self.k, "k")
        if self.k <= 2.0:
            raise ValueError(
                f"k={self.k!r} gives the algebraic law an infinite variance; expected k > 2 "
                "(and k > 4 for a finite kurtosis)."
            )

    def _absolute_moment(self, m: float) -> float:
        """E|x|^m before scaling, (1/k) B((m + 1)/k, 1 - m/k), for m < k."""
        beta = scipy.special.beta((m + 1.0) / self.k, 1.0 - m / self.k)
        return float(beta) / self.k

    def excess_kurtosis(self) -> float:
        """Excess kurtosis; infinite for k <= 4."""
        if self.k <= 4.0:
            return math.inf
        return self._absolute_moment(4.0) / self._absolute_moment(2.0) ** 2 - 3.0

    def of_normal(self, z: Any) -> Any:
        """The variable whose share below is that of the standard normal z.

        ``u / (1 - |u|^k)^(1/k)`` with u = erf(z / sqrt 2), scaled; ``1 - |u|`` comes from the
        complementary error function, so that the tail keeps its digits.

        Parameters
        ----------
        z : array
            Numbers of NumPy or torch.
        """
        xp = array_namespace(z)
        beyond = erfc(xp.abs(z) / math.sqrt(2.0))
        with np.errstate(divide="ignore"):  # beyond = 1 at z = 0
            complement = -xp.expm1(self.k * xp.log1p(-beyond))
        u = xp.sign(z) * (1.0 - beyond)
        return u / (math.sqrt(self._absolute_moment(2.0)) * complement ** (1.0 / self.k))


def _laplace_of_normal(z: Any) -> Any:
    """Laplace variable of unit variance whose share below is that of the standard normal z."""
    xp = array_namespace(z)
    beyond = xp.log(erfc(xp.abs(z) / math.sqrt(2.0)))
    return xp.sign(z) * beyond * (-1.0 / math.sqrt(2.0))


Marginal: TypeAlias = "str | Algebraic | Distribution | Callable[[Array], Array]"


@dataclass(frozen=True)
class TransformedField(KernelField):
    """Gaussian field mapped point by point to a marginal law: x = Q(Phi(z)).

    "Normal to anything" (Cario and Nelson, 1997): Q is the quantile function of the law that
    each pixel shall have, standardised to zero mean and unit variance.

    Parameters
    ----------
    shape : int or (int, int)
        Sites of the ring, or (rows, columns) of the torus.
    correlation_length : float or (float, float)
        xi of the latent field's kernel, in sites; in two dimensions also a pair, down the
        rows and across the columns.
    marginal : str, Algebraic, SciPy distribution or callable, default="laplace"
        Law of one pixel: "uniform", "sign" or "laplace", `Algebraic(k)`, a frozen distribution of
        SciPy, or a quantile function of an array of shares in (0, 1). Location and scale do not
        matter.
    kernel : {"gaussian", "exponential"}, Matern or callable, default="gaussian"
        Kernel of the latent field, see `GaussianField`.
    boundary : {"periodic", "open"}, default="periodic"
        A ring or torus, or a window on an endless field.

    Raises
    ------
    ValueError
        If a parameter is out of range, or the law's variance is not finite.

    Notes
    -----
    Covariances: uniform (6/pi) asin(C/2), sign (2/pi) asin C, others by a series, see `NLGP`. A
    SciPy distribution costs as much as its quantile function, which for some is found by search.

    Examples
    --------
    >>> from scipy import stats
    >>> from rfsk.datasets import TransformedField
    >>> TransformedField(100, correlation_length=5.0, marginal="laplace").excess_kurtosis()
    3.0
    >>> model = TransformedField(100, correlation_length=5.0, marginal=stats.gamma(4.0))
    >>> round(model.excess_kurtosis(), 3)
    1.5
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    correlation_length: CorrelationLength
    marginal: Marginal = "laplace"
    kernel: Kernel = "gaussian"
    boundary: str = "periodic"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.marginal, str):
            check_option(self.marginal, "marginal", _NAMES)
        elif isinstance(self.marginal, Distribution):
            check_variance(self.marginal, "marginal")
        elif not isinstance(self.marginal, Algebraic):
            if not callable(self.marginal):
                raise TypeError(
                    f"marginal={self.marginal!r}; expected one of {_NAMES}, Algebraic(k), a "
                    "frozen SciPy distribution or a quantile function."
                )
            self._law  # noqa: B018  # raises if the quantile function is unfit

    def _of_normal(self, z: Array) -> Array:
        """Quantile function of the share below z, before standardisation; NumPy only."""
        if self.marginal == "laplace":
            return np.asarray(_laplace_of_normal(z))
        if isinstance(self.marginal, Algebraic):
            return np.asarray(self.marginal.of_normal(z))
        below = np.maximum(scipy.special.ndtr(z), _SMALLEST_SHARE)
        if isinstance(self.marginal, Distribution):
            above = np.maximum(scipy.special.ndtr(-z), _SMALLEST_SHARE)
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                values = np.where(z > 0.0, self.marginal.isf(above), self.marginal.ppf(below))
                if not np.isfinite(values).all():  # a law whose far tail SciPy does not resolve
                    upper = self.marginal.isf(np.maximum(above, _RESOLVED_SHARE))
                    lower = self.marginal.ppf(np.maximum(below, _RESOLVED_SHARE))
                    values = np.where(np.isfinite(values), values, np.where(z > 0, upper, lower))
            return values
        largest = 1.0 - np.finfo(np.float64).epsneg
        return np.asarray(self.marginal(np.minimum(below, largest)))  # type: ignore[operator]

    @cached_property
    def _law(self) -> PointwiseLaw:
        variance = None
        if self.marginal == "laplace" or isinstance(self.marginal, Algebraic):
            variance = 1.0
        elif isinstance(self.marginal, Distribution):
            variance = float(self.marginal.var())
        return PointwiseLaw(self._of_normal, variance)

    def _latent_scale(self) -> float:
        return 1.0 / math.sqrt(2.0) if self.marginal == "uniform" else 1.0

    def _pointwise(self, latent: Any) -> Any:
        xp = array_namespace(latent)
        if self.marginal == "uniform":
            fields = erf_(latent)
            fields *= math.sqrt(3.0)
            return fields
        if self.marginal == "sign":
            return xp.sign(latent)
        if self.marginal == "laplace":
            return _laplace_of_normal(latent)
        if isinstance(self.marginal, Algebraic):
            return self.marginal.of_normal(latent)
        fields = apply_numpy(self._of_normal, latent)
        return (fields - self._law.mean) / math.sqrt(self._law.variance)

    def _map_covariance(self, latent: Array) -> Array:
        latent = np.clip(latent, -1.0, 1.0)
        if self.marginal == "uniform":
            return np.asarray(6.0 / math.pi * np.arcsin(0.5 * latent))
        if self.marginal == "sign":
            return np.asarray(2.0 / math.pi * np.arcsin(latent))
        return self._law.correlation(latent)

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel; infinite where its fourth moment is."""
        if isinstance(self.marginal, str):
            return {"uniform": -1.2, "sign": -2.0, "laplace": 3.0}[self.marginal]
        if isinstance(self.marginal, Algebraic):
            return self.marginal.excess_kurtosis()
        if isinstance(self.marginal, Distribution):
            return excess_kurtosis(self.marginal)
        return self._law.excess_kurtosis
