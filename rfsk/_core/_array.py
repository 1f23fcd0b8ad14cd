"""Array operations that depend on the library that holds the array."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
from array_api_compat import array_namespace, device, is_numpy_array, is_torch_array

__all__ = ["apply_numpy", "array_namespace", "as_array_like", "erf_", "erfc"]


def erf_(x: Any) -> Any:
    """Error function in place: ``x`` is overwritten and returned."""
    if is_torch_array(x):
        return x.erf_()
    return scipy.special.erf(x, out=x)


def erfc(x: Any) -> Any:
    """Complementary error function, exact in the tail."""
    if is_torch_array(x):
        return array_namespace(x).special.erfc(x)
    return scipy.special.erfc(x)


def as_array_like(values: Any, like: Any) -> Any:
    """Array of `values` in the library, on the device and in the precision of `like`."""
    xp = array_namespace(like)
    return xp.asarray(values, dtype=like.dtype, device=device(like))


def apply_numpy(function: Callable[[Any], Any], x: Any) -> Any:
    """Apply a NumPy function to an array of any library; the result is of that library."""
    if is_numpy_array(x):
        return np.asarray(function(x), dtype=x.dtype)
    values = np.asarray(x.cpu() if is_torch_array(x) else x)
    return as_array_like(function(values.astype(np.float64)), like=x)
