"""Frozen distributions of SciPy, as laws that users may pass."""

import math
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@runtime_checkable
class Distribution(Protocol):
    """What is asked of a frozen distribution of `scipy.stats`."""

    def ppf(self, q: ArrayLike) -> Array:
        """Quantile function."""

    def isf(self, q: ArrayLike) -> Array:
        """Quantile function of the share above."""

    def rvs(self, size: int, random_state: Any) -> Array:
        """Draw."""

    def mean(self) -> float:
        """Mean."""

    def var(self) -> float:
        """Variance."""

    def moment(self, order: int) -> float:
        """Moment about zero."""

    def stats(self, moments: str) -> Any:
        """Moments by letter."""

    def support(self) -> tuple[float, float]:
        """Smallest and largest value."""


def check_variance(distribution: Distribution, name: str) -> None:
    """Raise unless the variance is positive and finite."""
    try:
        variance = float(distribution.var())
    except TypeError as error:
        raise TypeError(
            f"{name} is a family of laws; expected a frozen distribution, such as "
            "scipy.stats.gamma(2.0)."
        ) from error
    if not 0.0 < variance < math.inf:
        raise ValueError(
            f"{name} has variance {variance}; expected a law whose variance is positive and finite."
        )


def excess_kurtosis(distribution: Distribution) -> float:
    """Excess kurtosis; infinite where the fourth moment is, which SciPy may report as NaN."""
    kurtosis = float(distribution.stats(moments="k"))
    return math.inf if math.isnan(kurtosis) else kurtosis
