"""Warnings and errors about likely mistakes in the data passed to a function."""

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray

from ..exceptions import LikelyMistakeWarning
from ._types import Array

_INSIDE = str(Path(__file__).parents[1]), str(Path(sklearn.__file__).parent)
_ENOUGH = 8  # smallest number of rows and columns for a comparison of neighbours with other pairs
_SMOOTH = 0.3  # smallest correlation of neighbouring sites in smooth fields or images
_CLEARLY = 2.0  # smallest suspicious ratio of the correlations along the two axes
_NARROW = 0.25  # largest fraction of sites above half of the peak in a narrow field
_MORE = 1.5  # smallest suspicious ratio of the similarities of neighbouring and distant rows
_ROWS = 2000  # largest number of rows of a class that are examined
_MOST_CLASSES = 100  # largest number of distinct values of y that count as labels
_BEYOND_NOISE = 4.0  # smallest ratio of the squared distance of covariances to sampling noise
_SCALES = (0.33, 5.0)  # range of root mean squares for which the learning rates were tested
_CLEARLY_BETTER = 0.1  # smallest significant difference between accuracy and chance
_BEYOND_CHANCE = 5.0  # smallest significant difference from chance, in standard errors
_ENOUGH_ROWS = 20  # smallest number of rows of a class whose mean is compared
_ENOUGH_TO_COUNT = 100  # smallest number of rows for a comparison of class sizes
_IMBALANCED = 5  # largest unsuspicious ratio of the numbers of rows of two classes
_CLEAR_BLOCK = 50  # smallest number of rows in a block of a single class

_kinds_warned_of: ContextVar[set[Any] | None] = ContextVar("kinds_warned_of", default=None)
_collected: ContextVar[list[str] | None] = ContextVar("collected", default=None)
_ACTIVATION_NAME = re.compile(r"(fcnet|convnet|autoencoder)\d+")


@contextmanager
def warned_once() -> Iterator[None]:
    """Context in which each kind of mistake is reported once."""
    kinds = _kinds_warned_of.get()
    token = _kinds_warned_of.set(set() if kinds is None else kinds)
    try:
        yield
    finally:
        _kinds_warned_of.reset(token)


@contextmanager
def collected_mistakes() -> Iterator[list[str]]:
    """Context that collects the messages of warnings in a list, one per kind of mistake."""
    messages: list[str] = []
    token = _collected.set(messages)
    try:
        with warned_once():
            yield messages
    finally:
        _collected.reset(token)


def warn_likely_mistake(message: str, category: type[Warning] = LikelyMistakeWarning) -> None:
    """Warn of a mistake at the line of user code that called rfsk, maybe through scikit-learn."""
    level, frame = 1, sys._getframe()
    kinds, caller = _kinds_warned_of.get(), sys._getframe(1)
    kind = caller.f_code.co_filename, caller.f_lineno
    if kinds is not None:
        if kind in kinds:
            return
        kinds.add(kind)
    if (messages := _collected.get()) is not None:
        messages.append(message)
        return
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INSIDE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


class Activations(np.ndarray):
    """Array of a net's activations, which functions that expect receptive fields reject.

    NumPy operations on the array return plain arrays.
    """

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array[()] if return_scalar else np.asarray(array)


def refuse_activations(fields: Any) -> None:
    """Raise TypeError if `fields` are activations of a net, as an array or a DataFrame."""
    columns: Any = getattr(fields, "columns", ())
    is_table = len(columns) > 0 and _ACTIVATION_NAME.fullmatch(str(columns[0])) is not None
    if is_table or isinstance(fields, Activations):
        raise TypeError(
            "`fields` must have shape (n_units, n_features), one row per unit, got activations of "
            f"a net, of shape {np.shape(fields)}, one row per input. make_pipeline(FCNet(), "
            "LocalizationAnalyzer()) would measure activations as if they were fields. Fit the net "
            "first, and pass rfsk.receptive_fields(net)."
        )


def refuse_images(X: Any, y: Any = None) -> None:
    """Raise ValueError if `X` is a stack of images instead of an array with one row per image."""
    sides: tuple[int, ...] = tuple(X.shape) if hasattr(X, "shape") else ()
    if len(sides) < 3:
        return
    if len(sides) > 3:
        remedy = (
            "Pass one row per image, without colours: take one channel or the mean over channels, "
            "X.mean(axis=-1) if channels come last, and then X.reshape(len(X), -1)."
        )
    elif y is not None and len(y) == sides[2] != sides[0]:
        remedy = (
            "According to the number of labels, the images lie along the last axis: pass "
            f"X = np.moveaxis(X, -1, 0), then X.reshape(len(X), -1), and image_shape=({sides[0]}, "
            f"{sides[1]})."
        )
    else:
        remedy = (
            "Pass one row per image, X.reshape(len(X), -1), and pass the sides of the images, rows "
            f"first, as the shape: ({sides[1]}, {sides[2]})."
        )
    raise ValueError(f"Found array with dim {len(sides)}, of shape {sides}. {remedy}")


def note_scale(rows: Array) -> None:
    """Warn if the root mean square of the inputs is far from one."""
    size = float(np.sqrt(np.mean(np.square(rows))))
    if size > 0.0 and not _SCALES[0] <= size <= _SCALES[1]:
        warn_likely_mistake(
            f"X has a root mean square of {size:.3g}, but learning rates are meant for inputs of "
            "zero mean and unit variance. Pass X = (X - X.mean()) / X.std()."
        )


def note_one_class(y: NDArray[Any]) -> None:
    """Warn if a block of training data is large and all its rows have the same label."""
    if len(y) >= _CLEAR_BLOCK and np.all(y == y[0]):
        warn_likely_mistake(
            f"All {len(y)} rows of this block have the label {y.tolist()[0]!r}. A net that is "
            "trained on one class at a time forgets the others: shuffle the rows before you divide "
            "them into blocks."
        )


def note_few_rows(X: Array) -> None:
    """Warn if there are fewer rows than features."""
    if len(X) < X.shape[1]:
        warn_likely_mistake(
            f"X has {len(X)} rows and {X.shape[1]} features. A net can fit the noise of so few "
            "rows, and its fields then show this noise."
        )


def note_classes(rows: Array, index: NDArray[np.intp], is_weighted: bool) -> None:
    """Warn if the classes of the rows differ strongly in their number of rows or in their mean."""
    counts = np.bincount(index)
    is_imbalanced = len(rows) >= _ENOUGH_TO_COUNT and counts.max() > _IMBALANCED * counts.min() > 0
    if is_imbalanced and not is_weighted:
        warn_likely_mistake(
            f"The largest class has {counts.max() / counts.min():.0f} times as many rows as the "
            "smallest class, which the net may ignore. Use as many rows of each class, or set "
            "`class_weight` to 'balanced'."
        )
    classes = np.flatnonzero(counts >= _ENOUGH_ROWS)
    if len(classes) < 2:
        return
    learnt = np.random.default_rng(0).permutation(len(rows)) % 2 == 0
    means = np.stack([rows[learnt & (index == label)].mean(axis=0) for label in classes])
    held = ~learnt & np.isin(index, classes)
    # Scores of the classifier that chooses the class with the nearest mean.
    scores = rows[held] @ means.T - 0.5 * np.sum(means**2, axis=1)
    accuracy = float(np.mean(classes[scores.argmax(axis=1)] == index[held]))
    chance = float(counts[classes].max() / counts[classes].sum())
    if accuracy > chance + max(_CLEARLY_BETTER, _BEYOND_CHANCE * 0.5 / np.sqrt(held.sum())):
        warn_likely_mistake(
            "The classes differ in their means: a classifier that uses only the means has accuracy "
            f"{accuracy:.2f} (chance {chance:.2f}). Fields will therefore resemble the means. "
            "control_test compares the fields with those of nets trained on controls, which are "
            "Gaussian inputs with the same means and covariances. To study only correlations, "
            "subtract the mean of each class from its rows."
        )


def note_transposed(fields: Array) -> None:
    """Warn if weights are smoother across units than across sites.

    There is no warning if the units are sorted by the positions of their fields.
    """
    n_rows, n_columns = fields.shape
    if min(n_rows, n_columns) < _ENOUGH:
        return
    repeats = np.all(fields[1:] == fields[:-1], axis=1)
    distinct = fields[np.concatenate([[True], ~repeats])]  # repeated rows are not a sign of error
    if len(distinct) < _ENOUGH or _is_sorted(distinct):
        return
    along, across = _smoothness(distinct, (1, 2)), _smoothness(distinct.T, (1, 2))
    others = _MORE * _similarity_of_distant_rows(distinct)
    if across > max(_SMOOTH, _CLEARLY * along, others):
        warn_likely_mistake(
            f"Fields of shape ({n_rows}, {n_columns}) vary smoothly down their columns (neighbours "
            f"have correlation {across:.2f}) but not along their rows ({along:.2f}): are they "
            "transposed? The shape must be (n_units, n_features), one row per unit; pass fields.T. "
            "The coefs_[0] of an MLPClassifier are transposed; rfsk.receptive_fields(mlp) returns "
            "one row per unit."
        )


def _is_sorted(rows: Array) -> bool:
    """Whether rows have narrow peaks whose positions differ little between successive rows."""
    n_columns, sizes = rows.shape[1], np.abs(rows)
    height = sizes.max(axis=1)
    clear = sizes[height >= 0.5 * np.median(height)]
    is_wide = np.mean(clear >= 0.5 * clear.max(axis=1, keepdims=True)) > _NARROW
    steps = np.abs(np.diff(clear.argmax(axis=1)))
    steps = np.minimum(steps, n_columns - steps)[steps > 0]
    # If the order of the rows is random, the mean distance of successive peaks is a quarter of the
    # ring.
    return not is_wide and steps.size > 0 and bool(steps.mean() <= n_columns / 8)


def _similarity_of_distant_rows(rows: Array) -> float:
    """Root mean square cosine between rows with distant indices, corrected for noise.

    The function returns the larger of two values: one for rows of the same half of the array whose
    indices differ by a quarter of the number of rows, and one for corresponding rows of both
    halves. In an `FCNet`, the initial biases are positive in the first half of the units and
    negative in the second half.
    """
    alive = _unit_rows(rows)
    quarter, half = len(alive) // 4, len(alive) // 2
    products = alive[:-quarter] * alive[quarter:]
    within = np.concatenate([products[: half - quarter], products[half:]])
    across = alive[:half] * alive[half : 2 * half]
    return max(_beyond_noise(part.sum(axis=1), rows.shape[1]) for part in (within, across))


def note_axis_order(rows: Array, shape: tuple[int, ...], name: str) -> None:
    """Warn if flattened images are smoother when the two sides of `shape` are exchanged."""
    if len(shape) != 2 or shape[0] == shape[1] or min(shape) < 2 or len(rows) < _ENOUGH:
        return
    # In a flattened image, the distance between a pixel and the one below it is the number of
    # columns. The mean brightness is subtracted because it correlates pixels at any distance.
    contrast = rows - rows.mean(axis=1, keepdims=True)
    stated, exchanged = (_smoothness(contrast, (lag,)) for lag in (shape[1], shape[0]))
    if exchanged > _SMOOTH and exchanged > _CLEARLY * stated:
        warn_likely_mistake(
            f"With {name}={shape}, (rows, columns), vertically neighbouring pixels have the "
            f"correlation {stated:.2f}; with {name}={shape[::-1]}, the correlation is "
            f"{exchanged:.2f}: are the sides exchanged? Pass the number of rows first."
        )


def note_pooled_classes(rows: Array, y: Any) -> None:
    """Warn if rows are pooled although the covariances of their classes differ."""
    labels = np.asarray(y) if y is not None else np.empty(0)
    if labels.shape != (len(rows),):
        return
    names, counts = np.unique(labels, return_counts=True)
    if not 2 <= len(names) <= _MOST_CLASSES or counts.min() < 2:
        return
    parts = [rows[labels == name][:_ROWS] for name in names[np.argsort(counts)[-2:]]]
    covariances = [np.atleast_2d(np.cov(part, rowvar=False)) for part in parts]
    mean = 0.5 * (covariances[0] + covariances[1])
    # Expected squared distance between the covariances of two samples of one Gaussian distribution.
    noise = (np.trace(mean) ** 2 + np.sum(mean**2)) * sum(1.0 / len(part) for part in parts)
    if np.sum((covariances[0] - covariances[1]) ** 2) > _BEYOND_NOISE * noise:
        warn_likely_mistake(
            f"y has {len(names)} classes whose covariances differ, and target=None pools them into "
            "one distribution. Pooling adds 3 sym(D D) to the cumulant, where D is half the "
            "difference of the covariances and sym is the symmetric part. The cumulant is then not "
            "zero even for Gaussian classes. Choose target=<label>, 'within' or 'difference', or "
            "pass no y if all rows have the same distribution."
        )


def _smoothness(rows: Array, lags: tuple[int, ...]) -> float:
    """Root mean square correlation between columns at distances `lags`, corrected for noise."""
    alive = _unit_rows(rows)
    correlations = [(alive[:, :-lag] * alive[:, lag:]).sum(axis=1) for lag in lags]
    return _beyond_noise(correlations, rows.shape[1])


def _unit_rows(rows: Array) -> Array:
    """Nonzero rows, scaled to unit length without overflow."""
    alive = rows[np.any(rows, axis=1)]
    alive = alive / np.abs(alive).max(axis=1, keepdims=True)
    return np.asarray(alive / np.linalg.norm(alive, axis=1, keepdims=True))


def _beyond_noise(cosines: Any, n_columns: int) -> float:
    """Root mean square of cosines, after subtracting their mean square for noise, 1 / n_columns."""
    if not np.size(cosines):
        return 0.0
    return float(np.sqrt(max(0.0, np.mean(np.square(cosines)) - 1.0 / n_columns)))
