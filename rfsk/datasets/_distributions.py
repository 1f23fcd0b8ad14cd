"""Checks and moments of frozen SciPy distributions."""

import math
from collections.abc import Collection
from typing import Any, TypeAlias

from .._core._validation import check_option

Distribution: TypeAlias = Any


def is_distribution(value: Any) -> bool:
    """Whether `value` is a distribution of `scipy.stats`, frozen or not."""
    return all(hasattr(value, name) for name in ("ppf", "isf", "rvs", "moment", "support"))


def check_distribution(value: Any, name: str, options: Collection[str], others: str = "") -> None:
    """Raise an error unless `value` is in `options` or a frozen distribution of finite variance."""
    if isinstance(value, str):
        check_option(value, name, options)
        return
    if not is_distribution(value):
        raise TypeError(
            f"`{name}` must be one of {tuple(options)}, {others}or a frozen SciPy distribution, "
            f"got {value!r}."
        )
    try:
        variance = float(value.var())
    except TypeError as error:
        raise TypeError(
            f"`{name}` must be a frozen SciPy distribution, such as scipy.stats.gamma(2.0), got a "
            "family of distributions."
        ) from error
    if not 0.0 < variance < math.inf:
        raise ValueError(f"`{name}` must have a positive and finite variance, got {variance}.")


def excess_kurtosis(distribution: Distribution) -> float:
    """Excess kurtosis of a SciPy distribution; infinite if SciPy returns NaN."""
    kurtosis = float(distribution.stats(moments="k"))
    return math.inf if math.isnan(kurtosis) else kurtosis
