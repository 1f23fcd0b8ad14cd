"""One name for an array operation, whichever library holds the array.

Input models are written once and run on NumPy and on torch. The Array API standard covers
what they need except the error function, which is dispatched here.
"""

from typing import Any

import scipy.special
from array_api_compat import array_namespace, device, is_torch_array

__all__ = ["array_namespace", "as_array_like", "erf_"]


def erf_(x: Any) -> Any:
    """Error function in place: ``x`` is overwritten and returned."""
    if is_torch_array(x):
        return x.erf_()
    return scipy.special.erf(x, out=x)


def as_array_like(values: Any, like: Any) -> Any:
    """Array of `values` in the library, on the device and in the precision of `like`."""
    xp = array_namespace(like)
    return xp.asarray(values, dtype=like.dtype, device=device(like))
