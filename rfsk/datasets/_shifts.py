"""Random shifts, which make data translation-invariant."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._containers import like_container, like_series
from .._core._mistakes import refuse_images
from .._core._random import as_generator
from .._core._validation import check_array, check_image_shape, check_labels, check_positive


def augment_shifts(
    X: ArrayLike,
    y: ArrayLike | None = None,
    shape: int | tuple[int, ...] | None = None,
    *,
    n_shifts: int = 1,
    random_state: Any = None,
) -> Any:
    """Shift every row of `X` cyclically by a random number of sites on its ring or torus.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,), optional
    shape : int or tuple of int, optional
        Lattice of the features: (rows, columns) for a torus; a ring by default.
    n_shifts : int, default=1
        Number of shifted copies of each row.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the shifts.

    Returns
    -------
    X_shifted : ndarray or DataFrame of shape (n_samples * n_shifts, n_features)
        Shifted rows, float64, or a DataFrame if `X` is one. Row i is a shift of row
        ``i // n_shifts`` of `X`.
    y_shifted : ndarray or Series of shape (n_samples * n_shifts,)
        Labels of the shifted rows; returned only if `y` is given.

    Examples
    --------
    >>> from rfsk import augment_shifts
    >>> augment_shifts([[1.0, 2.0, 3.0]], random_state=1)
    array([[3., 1., 2.]])
    """
    refuse_images(X, y)
    data = check_array(X, "X")
    sides = check_image_shape(shape, data.shape[1])
    check_positive(n_shifts, "n_shifts", integer=True)
    rng = as_generator(random_state)
    rows = np.repeat(np.arange(len(data)), n_shifts)
    shifts = rng.integers(sides, size=(len(rows), len(sides)))
    sites = np.indices(sides).reshape(len(sides), -1)
    sources = np.ravel_multi_index(tuple(sites[:, None] - shifts.T[..., None]), sides, mode="wrap")
    shifted = like_container(data[rows[:, None], sources], X, rows)
    if y is None:
        return shifted
    return shifted, like_series(check_labels(y, data)[rows], y, rows)
