"""Means of repeated measurements, and how well they are known."""

import math
from typing import Any

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike


def mean_and_error(values: ArrayLike) -> tuple[float, float, int]:
    """Mean, its standard error (NaN for fewer than two) and number of values that are not NaN."""
    numbers = np.asarray(values, dtype=np.float64)
    numbers = numbers[~np.isnan(numbers)]
    n = len(numbers)
    mean = float(numbers.mean()) if n else math.nan
    return mean, float(numbers.std(ddof=1)) / n**0.5 if n > 1 else math.nan, n


def half_width(error: Any, n: Any, confidence: float = 0.95) -> Any:
    """Half the width of the confidence interval of a normal mean, of its standard error."""
    quantile = scipy.stats.t.ppf(0.5 + confidence / 2.0, np.maximum(np.asarray(n) - 1, 1))
    return error * quantile
