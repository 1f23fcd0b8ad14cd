"""Array operations whose implementation depends on the array library."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
from array_api_compat import array_namespace, device, is_numpy_array, is_torch_array

__all__ = ["apply_numpy", "array_namespace", "as_array_like", "erf_", "erfc"]


def erf_(x: Any) -> Any:
    """Apply the error function in place and return `x`."""
    if is_torch_array(x):
        return x.erf_()
    return scipy.special.erf(x, out=x)


def erfc(x: Any) -> Any:
    """Complementary error function, accurate for large `x`."""
    if is_torch_array(x):
        return array_namespace(x).special.erfc(x)
    return scipy.special.erfc(x)


def as_array_like(values: Any, like: Any) -> Any:
    """Convert `values` to an array with the library, device and precision of `like`."""
    xp = array_namespace(like)
    return xp.asarray(values, dtype=like.dtype, device=device(like))


def apply_numpy(function: Callable[[Any], Any], x: Any) -> Any:
    """Apply a NumPy function to an array of any library and return an array of that library."""
    if is_numpy_array(x):
        return np.asarray(function(x), dtype=x.dtype)
    values = np.asarray(x.cpu() if is_torch_array(x) else x)
    return as_array_like(function(values.astype(np.float64)), like=x)
