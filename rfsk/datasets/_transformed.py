"""Gaussian fields whose pixels are mapped to a given marginal distribution."""

import math
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import scipy.special

from .._core._array import array_namespace, erfc
from .._core._types import Array
from .._core._validation import check_positive
from ._distributions import Distribution, check_distribution, excess_kurtosis, is_distribution
from ._generator_decorator import Classes, family, generator
from ._kernels import CorrelationLength, Kernel
from ._pixel_map import ErfMap, FunctionMap, PixelMap, SignMap, StandardMap
from ._stationary import LatentField, latent_entries

_changing_filters = threading.Lock()
_SMALLEST = 1e-100  # smallest probability for which quantile functions are called
_RESOLVED = 1e-15  # smallest probability for distributions that do not resolve their far tail


@dataclass(frozen=True)
class Algebraic:
    r"""Algebraic distribution, a value for the parameter `marginal` of `TransformedField`.

    .. math:: p(x) = \frac{1}{2} (1 + \lvert x \rvert^k)^{-1 - 1 / k}

    The distribution is scaled to unit variance. With tail exponent k, the density p(x) decays as
    the power -k - 1 of x for large x. The excess kurtosis is infinite for tail exponents k <= 4,
    zero at k = 5.890, and approaches -1.2 for large k.

    Parameters
    ----------
    k : float
        Tail exponent, above 2.

    Examples
    --------
    >>> from rfsk.datasets import Algebraic
    >>> round(Algebraic(k=5.0).excess_kurtosis(), 3)
    1.285
    """

    k: float

    def __post_init__(self) -> None:
        check_positive(self.k, "k")
        if self.k <= 2.0:
            raise ValueError(
                f"`k` must be above 2, got {self.k!r}, at which the algebraic distribution has an "
                "infinite variance. The kurtosis is finite if k > 4."
            )

    def _absolute_moment(self, m: float) -> float:
        """Absolute moment of order m < k before scaling, where k is the tail exponent."""
        beta = scipy.special.beta((m + 1.0) / self.k, 1.0 - m / self.k)
        return float(beta) / self.k

    def excess_kurtosis(self) -> float:
        """Excess kurtosis, which is infinite for tail exponents k <= 4."""
        if self.k <= 4.0:
            return math.inf
        return self._absolute_moment(4.0) / self._absolute_moment(2.0) ** 2 - 3.0

    def of_normal(self, z: Any) -> Any:
        """Quantile of this distribution at the cumulative probability of a standard normal z.

        Parameters
        ----------
        z : array
            Values of z, as a NumPy array or a torch tensor.
        """
        xp = array_namespace(z)
        beyond = erfc(xp.abs(z) / math.sqrt(2.0))
        with np.errstate(divide="ignore"):  # beyond = 1 at z = 0
            complement = -xp.expm1(self.k * xp.log1p(-beyond))
        u = xp.sign(z) * (1.0 - beyond)
        return u / (math.sqrt(self._absolute_moment(2.0)) * complement ** (1.0 / self.k))


def _laplace_of_normal(z: Any) -> Any:
    """Map a standard normal z to the Laplace distribution of unit variance, by its quantiles."""
    xp = array_namespace(z)
    beyond = xp.log(erfc(xp.abs(z) / math.sqrt(2.0)))
    return xp.sign(z) * beyond * (-1.0 / math.sqrt(2.0))


Marginal: TypeAlias = "str | Algebraic | Distribution | Callable[[Array], Array]"

_MAPS: dict[str, Callable[[], PixelMap]] = {
    "uniform": lambda: ErfMap(1.0),
    "sign": SignMap,
    "laplace": lambda: StandardMap(_laplace_of_normal, 3.0),
}


@latent_entries
@dataclass(frozen=True)
class TransformedField(LatentField):
    r"""Gaussian field whose pixels are mapped to a marginal distribution.

    .. math:: x = Q(\Phi(z))

    The field x is a function of a Gaussian field z with covariance C, the cumulative distribution
    function Phi of the standard normal distribution, and the quantile function Q of the marginal
    distribution, standardized to zero mean and unit variance ("normal to anything", Cario and
    Nelson, 1997). The covariance of the field is (6/pi) asin(C/2) for "uniform" and (2/pi) asin C
    for "sign", where C is the covariance of the Gaussian field. For other distributions, the
    covariance is computed from a series, with the accuracy that the documentation of `NLGP` states.

    Parameters
    ----------
    @shape @correlation_length
    marginal : str, Algebraic, SciPy distribution or callable, default="laplace"
        Distribution of a pixel, up to location and scale: "uniform", "sign", "laplace",
        `Algebraic(k)`, a frozen SciPy distribution, or a quantile function of an array of
        probabilities. The variance must be finite.
    @kernel @boundary

    Examples
    --------
    >>> from scipy import stats
    >>> from rfsk.datasets import TransformedField
    >>> model = TransformedField(100, correlation_length=5.0, marginal=stats.gamma(4.0))
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    correlation_length: CorrelationLength
    marginal: Marginal = "laplace"
    kernel: Kernel = "gaussian"
    boundary: str = "periodic"

    def __post_init__(self) -> None:
        super().__post_init__()
        if callable(self.marginal) and not is_distribution(self.marginal):
            self.pixel_map.normalization  # noqa: B018  # raises an error if it is not valid
        elif not isinstance(self.marginal, Algebraic):
            others = "Algebraic(k), a quantile function "
            check_distribution(self.marginal, "marginal", _MAPS, others)

    @cached_property
    def pixel_map(self) -> PixelMap:
        marginal: Any = self.marginal
        if isinstance(marginal, str):
            return _MAPS[marginal]()
        if isinstance(marginal, Algebraic):
            return StandardMap(marginal.of_normal, marginal.excess_kurtosis())
        if is_distribution(marginal):
            kurtosis = excess_kurtosis(marginal)
            return FunctionMap(self._of_normal, variance=float(marginal.var()), kurtosis=kurtosis)
        largest = 1.0 - np.finfo(np.float64).epsneg
        return FunctionMap(lambda z: marginal(scipy.special.ndtr(z).clip(_SMALLEST, largest)))

    def _of_normal(self, z: Array) -> Array:
        """Quantile of a SciPy distribution at the cumulative probability of a standard normal z."""
        marginal: Any = self.marginal
        values = np.full(z.shape, np.nan)
        # Compiled code in SciPy warns in the far tail, whatever NumPy's error state is. The filters
        # of warnings are a setting of the process, which threads must not change at the same time.
        with np.errstate(all="ignore"), _changing_filters, warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            for smallest in (_SMALLEST, _RESOLVED):  # SciPy returns NaN in some far tails
                below, above = (np.maximum(scipy.special.ndtr(x), smallest) for x in (z, -z))
                quantiles = np.where(z > 0.0, marginal.isf(above), marginal.ppf(below))
                values = np.where(np.isfinite(values), values, quantiles)
        return np.asarray(values)


@generator
def make_transformed_field(
    shape: int | tuple[int, int] = 100,
    *,
    correlation_length: Sequence[CorrelationLength] = (5.0, 10.0),
    marginal: Marginal = "laplace",
    kernel: Kernel = "gaussian",
    boundary: str = "periodic",
) -> Classes:
    """Draw classes of fields with a given marginal distribution that differ in correlation length.

    Parameters
    ----------
    @shape @correlation_length
    marginal : str, Algebraic, SciPy distribution or callable, default="laplace"
        Distribution of a pixel, see `rfsk.datasets.TransformedField`.
    @kernel @boundary

    Examples
    --------
    >>> from rfsk.datasets import Algebraic, make_transformed_field
    >>> X, y = make_transformed_field(1000, marginal=Algebraic(k=6.0), random_state=0)
    """
    return family(TransformedField, "correlation_length", **locals())
