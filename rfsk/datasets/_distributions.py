"""Checks and moments of frozen distributions of SciPy."""

import math
from typing import Any, TypeAlias

Distribution: TypeAlias = Any


def is_distribution(value: Any) -> bool:
    """Whether `value` is a distribution of `scipy.stats`, frozen or not."""
    return all(hasattr(value, name) for name in ("ppf", "isf", "rvs", "moment", "support"))


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
    """Excess kurtosis; infinite if SciPy reports NaN."""
    kurtosis = float(distribution.stats(moments="k"))
    return math.inf if math.isnan(kurtosis) else kurtosis
