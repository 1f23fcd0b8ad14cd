"""Labelled data, (X, y), where a function takes them in place of something else."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from ._validation import check_labels


def is_labelled(data: Any) -> bool:
    """Whether this is a tuple (X, y) of inputs and labels, which may be one-hot."""
    if not isinstance(data, tuple) or len(data) != 2 or isinstance(data[1], tuple):
        return False
    inputs, labels = map(np.shape, data)
    is_one_hot = len(labels) == 2 and labels[:1] == inputs[:1] and labels != inputs
    return len(labels) == 1 or is_one_hot


def rows_by_class(X: ArrayLike, y: ArrayLike) -> list[NDArray[np.float64]]:
    """Rows of labelled data, or images, of each class 0, 1, ..."""
    data = check_array(X, dtype=np.float64, allow_nd=True, input_name="X")
    labels = check_labels(y, data)
    classes = np.unique(labels).tolist()
    if classes != list(range(len(classes))):
        raise ValueError(
            f"y has the labels {str(classes[:5])[1:-1]}; the classes of a task are numbered 0, 1, "
            "...: pass np.unique(y, return_inverse=True)[1]."
        )
    if len(classes) < 2:
        raise ValueError("y has 1 class; expected at least 2.")
    return [data[labels == label] for label in classes]
