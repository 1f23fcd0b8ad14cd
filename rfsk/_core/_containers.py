"""Conversion of results to the DataFrame or Series type of the inputs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def like_container(rows: NDArray[np.float64], X: Any, index: Any) -> Any:
    """Return `rows` as a DataFrame of the type of `X`, or unchanged if `X` is not a DataFrame."""
    if not hasattr(X, "columns"):
        return rows
    if hasattr(X, "iloc"):
        return type(X)(rows, columns=X.columns, index=X.index[index])
    return type(X)(rows, schema=list(X.columns))


def like_series(values: NDArray[Any], y: Any, index: Any) -> Any:
    """Return `values` as a Series of the type of `y`, or unchanged if `y` is not a Series."""
    if not hasattr(y, "name") or not hasattr(y, "dtype"):
        return values
    if hasattr(y, "iloc"):
        return type(y)(values, index=y.index[index], name=y.name, dtype=y.dtype)
    return type(y)(y.name, values, dtype=y.dtype)
