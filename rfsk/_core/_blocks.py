"""Arrays that are read in blocks of rows, as Dask's are."""

from collections.abc import Iterator
from typing import Any


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
    lazy = next(array for array in arrays if is_lazy(array))
    lengths = [len(array) if not is_lazy(array) else array.shape[0] for array in arrays]
    if any(length != lengths[0] for length in lengths):  # true for an unknown one, which is NaN
        raise ValueError(
            f"The arrays have {lengths} rows; expected equal, known lengths "
            "(Dask: compute_chunk_sizes())."
        )
    start = 0
    for n_rows in filter(None, lazy.chunks[0]):  # masks leave empty blocks
        rows = slice(start, start + n_rows)
        yield tuple(array[rows].compute() if is_lazy(array) else array[rows] for array in arrays)
        start += n_rows
