"""Arrays that are read in blocks of rows, as Dask's are."""

import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def is_lazy(array: Any) -> bool:
    """Whether this is an array of blocks that are computed when asked for."""
    return hasattr(array, "blocks") and hasattr(array, "rechunk") and hasattr(array, "compute")


def row_blocks(*arrays: Any) -> Iterator[tuple[Any, ...]]:
    """Yield matching blocks of rows, each computed only when its turn comes.

    Parameters
    ----------
    *arrays : arrays of equal length
        At least one of them lazy; its blocks are those of all.

    Raises
    ------
    ValueError
        If the lengths differ or are unknown.
    """
    for rows in _row_slices(*arrays):
        yield tuple(array[rows].compute() if is_lazy(array) else array[rows] for array in arrays)


def _row_slices(*arrays: Any) -> Iterator[slice]:
    """Rows of each block of the first lazy array."""
    lazy = next(array for array in arrays if is_lazy(array))
    lengths = [len(array) if not is_lazy(array) else array.shape[0] for array in arrays]
    if any(length != lengths[0] for length in lengths):  # true for an unknown one, which is NaN
        raise ValueError(
            f"The arrays have {lengths} rows; expected equal, known lengths "
            "(Dask: compute_chunk_sizes())."
        )
    start = 0
    for n_rows in filter(None, lazy.chunks[0]):  # masks leave empty blocks
        yield slice(start, start + n_rows)
        start += n_rows


class LazyBlocks:
    """Blocks of a lazy array, or of its rows of one class, to be read as often as needed.

    Where a Dask client is at work, functions of a block run on the cluster and only what they
    return travels; elsewhere blocks are computed one at a time.

    Parameters
    ----------
    X : Dask array of shape (n_samples, n_features)
    y : array of shape (n_samples,), optional
        Labels, lazy or not.
    target : optional
        The class whose rows are meant.
    """

    def __init__(self, X: Any, y: Any = None, target: Any = None) -> None:
        self.arrays = (X,) if y is None else (X, y)
        self.target = target
        list(_row_slices(*self.arrays))  # lengths, checked before any work

    def __iter__(self) -> Iterator[Any]:
        for block in row_blocks(*self.arrays):
            yield _rows(self.target, *block)

    def map(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """``function(rows, *arguments)`` of each block, in their order."""
        if not _has_client():
            return [function(rows, *arguments) for rows in self]
        import dask

        return list(dask.compute(*self._delayed(function, arguments)))

    def total(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Sum of ``function(rows, *arguments)`` over blocks, always in the same order."""
        if not _has_client():
            found = (function(rows, *arguments) for rows in self)
            return sum(found, next(found))
        import dask

        add, parts = dask.delayed(operator.add), self._delayed(function, arguments)
        while len(parts) > 1:
            pairs = [parts[i : i + 2] for i in range(0, len(parts), 2)]
            parts = [add(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        return parts[0].compute()

    def _delayed(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> list[Any]:
        import dask

        shared = [dask.delayed(a) if isinstance(a, np.ndarray) else a for a in arguments]
        call = dask.delayed(_on_block)
        return [
            call(function, shared, self.target, *(array[rows] for array in self.arrays))
            for rows in _row_slices(*self.arrays)
        ]


def _on_block(function: Callable[..., Any], arguments: list[Any], target: Any, *block: Any) -> Any:
    return function(_rows(target, *block), *arguments)


def _rows(target: Any, X: Any, y: Any = None) -> Any:
    return X if y is None else X[np.asarray(y) == target]


def _has_client() -> bool:
    """Whether a Dask client of this process would run what is computed."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    try:
        distributed.default_client()
    except ValueError:
        return False
    return True
