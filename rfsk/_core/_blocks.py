"""Arrays that are read in blocks of rows, such as those of Dask."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def is_lazy(array: Any) -> bool:
    """Whether the array consists of blocks that are computed on request."""
    return hasattr(array, "blocks") and hasattr(array, "rechunk") and hasattr(array, "compute")


def row_blocks(*arrays: Any) -> Iterator[tuple[Any, ...]]:
    """Yield corresponding blocks of rows of equally long arrays, at least one of which is lazy."""
    lazy = next(array for array in arrays if is_lazy(array))
    lengths = [array.shape[0] if is_lazy(array) else len(array) for array in arrays]
    if any(length != lengths[0] for length in lengths):  # also true for NaN, an unknown length
        raise ValueError(
            f"The arrays must have equal and known numbers of rows, got {lengths}. Call "
            "compute_chunk_sizes() on a Dask array of unknown length."
        )
    start = 0
    for n_rows in filter(None, lazy.chunks[0]):  # a Boolean mask can leave empty blocks
        rows = slice(start, start + n_rows)
        yield tuple(array[rows].compute() if is_lazy(array) else array[rows] for array in arrays)
        start += n_rows


def sum_over_blocks(X: Any, function: Callable[[Any], np.ndarray]) -> np.ndarray:
    """Sum ``function(rows)`` over the blocks of rows of a Dask array, in a fixed order."""
    from dask.array import reduction

    def chunk(rows: Any, axis: Any, keepdims: bool) -> np.ndarray:
        return np.asarray(function(rows))[None]

    def add(parts: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
        return np.asarray(parts.sum(axis=0, keepdims=keepdims))

    total = reduction(X, chunk, add, axis=0, dtype=np.float64, meta=np.empty(0))
    return np.asarray(total.compute())


def take_rows(X: Any, rows: np.ndarray) -> np.ndarray:
    """Selected rows of a Dask array; Dask's workers select the rows in their own blocks."""
    X = X.copy()
    if np.isnan(X.shape[0]):
        X.compute_chunk_sizes()
    return np.asarray(X[rows].compute())
