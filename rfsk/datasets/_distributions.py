"""Checks and moments of frozen distributions of SciPy."""

import math
from collections.abc import Collection
from typing import Any, TypeAlias

from .._core._validation import check_option

Distribution: TypeAlias = Any


def is_distribution(value: Any) -> bool:
    """Whether `value` is a distribution of `scipy.stats`, frozen or not."""
    return all(hasattr(value, name) for name in ("ppf", "isf", "rvs", "moment", "support"))


def check_distribution(value: Any, name: str, options: Collection[str], others: str = "") -> None:
    """Raise unless `value` is an option or a frozen distribution of finite variance."""
    if isinstance(value, str):
        check_option(value, name, options)
        return
    if not is_distribution(value):
        raise TypeError(
            f"{name}={value!r}; expected one of {tuple(options)}, {others}or a frozen SciPy "
            "distribution."
        )
    try:
        variance = float(value.var())
    except TypeError as error:
        raise TypeError(
            f"{name} is a family of distributions; expected a frozen one, such as "
            "scipy.stats.gamma(2.0)."
        ) from error
    if not 0.0 < variance < math.inf:
        raise ValueError(f"{name} has variance {variance}; expected a positive and finite one.")


def excess_kurtosis(distribution: Distribution) -> float:
    """Excess kurtosis; infinite if SciPy reports NaN."""
    kurtosis = float(distribution.stats(moments="k"))
    return math.inf if math.isnan(kurtosis) else kurtosis
