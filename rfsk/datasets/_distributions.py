"""Frozen distributions of SciPy, which users may pass."""

import math
from typing import Any, Protocol, runtime_checkable

from numpy.typing import ArrayLike

from .._core._types import Array


@runtime_checkable
class Distribution(Protocol):
    """The methods of a frozen distribution of `scipy.stats` that are used here."""

    def ppf(self, q: ArrayLike) -> Array: ...
    def isf(self, q: ArrayLike) -> Array: ...
    def rvs(self, size: int, random_state: Any) -> Array: ...
    def mean(self) -> float: ...
    def var(self) -> float: ...
    def moment(self, order: int) -> float: ...
    def stats(self, moments: str) -> Any: ...
    def support(self) -> tuple[float, float]: ...


def check_variance(distribution: Distribution, name: str) -> None:
    """Raise unless the variance is positive and finite."""
    try:
        variance = float(distribution.var())
    except TypeError as error:
        raise TypeError(
            f"{name} is a family of distributions; expected a frozen one, such as "
            "scipy.stats.gamma(2.0)."
        ) from error
    if not 0.0 < variance < math.inf:
        raise ValueError(
            f"{name} has variance {variance}; expected a distribution whose variance is positive "
            "and finite."
        )


def excess_kurtosis(distribution: Distribution) -> float:
    """Excess kurtosis; infinite where the fourth moment is, which SciPy may report as NaN."""
    kurtosis = float(distribution.stats(moments="k"))
    return math.inf if math.isnan(kurtosis) else kurtosis
