"""Validation of arguments."""

import math
import numbers
from collections.abc import Collection, Sequence
from typing import Any

import joblib
import numpy as np
import scipy.sparse
from sklearn import utils
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, validate_data

from ._blocks import is_lazy
from ._mistakes import note_axis_order, note_transposed, refuse_activations, refuse_images

# Larger counts need more memory than any machine has; larger numbers exceed single precision.
_MOST, _LARGEST = 2**36, 3e38
_SCALE_FREE = ("fields", "references", "tensor")  # arrays whose scale does not matter


def check_positive(value: Any, name: str, *, integer: bool = False, zero: bool = False) -> None:
    """Raise ValueError unless `value` is finite and positive, or zero if `zero` is True."""
    is_valid = _is_finite(value, numbers.Integral if integer else numbers.Real)
    if not is_valid or value < 0 or (value == 0 and not zero):
        sign = "non-negative" if zero else "positive"
        expected = f"a {sign} integer" if integer else f"{sign} and finite"
        raise ValueError(f"`{name}` must be {expected}, got {value!r}.")
    if value > (most := _MOST if integer else _LARGEST):
        raise ValueError(f"`{name}` is too large; it must be at most {most}.")


def check_number(value: Any, name: str) -> None:
    """Raise ValueError unless `value` is a finite number."""
    if not _is_finite(value, numbers.Real):
        raise ValueError(f"`{name}` must be a finite number, got {value!r}.")
    if abs(value) > _LARGEST:
        raise ValueError(f"`{name}` is too large; it must be at most {_LARGEST}.")


def check_n_jobs(n_jobs: Any) -> int:
    """Return the number of workers that joblib would use."""
    is_valid = _is_finite(n_jobs, numbers.Integral) and 0 < abs(n_jobs) < 2**31
    if n_jobs is not None and not is_valid:
        raise ValueError(
            f"`n_jobs` must be a nonzero integer or None, got {n_jobs!r}. Pass -1 to use all cores."
        )
    return int(joblib.effective_n_jobs(n_jobs))


def _is_finite(value: Any, kind: Any) -> bool:
    is_number = isinstance(value, kind) and not isinstance(value, bool | np.bool_)
    return is_number and (isinstance(value, numbers.Integral) or math.isfinite(value))


def check_option(value: Any, name: str, options: Collection[str]) -> None:
    """Raise ValueError unless `value` is one of `options`."""
    if not isinstance(value, str) or value not in options:
        listed = ", ".join(repr(option) for option in options)
        raise ValueError(f"`{name}` must be one of {listed}, got {value!r}.")


def check_lattice_shape(shape: Any, name: str = "shape") -> tuple[int, ...]:
    """Return the lattice shape as a tuple, (L,) for a ring or (rows, columns) for a torus."""
    sides = entries_of(shape, name)
    valid = [_is_finite(side, numbers.Integral) and 1 <= side <= _MOST for side in sides]
    if len(sides) not in (1, 2) or not all(valid):
        raise ValueError(
            f"`{name}` must be a positive integer for a ring or a pair of them, (rows, columns), "
            f"for a torus, got {shape!r}."
        )
    return sides


def entries_of(values: Any, name: str) -> tuple[Any, ...]:
    """Return the entries of a sequence, or a single number, as a tuple without checking them."""
    return tuple(np.atleast_1d(plain(values, name)).tolist())


def check_image_shape(
    image_shape: Any, n_features: int, name: str = "shape", *, n_rows: int | None = None
) -> tuple[int, ...]:
    """Return the shape of a lattice with `n_features` sites.

    If `image_shape` is None, the lattice is a ring. One side may be -1, which stands for
    `n_features` divided by the other side.
    """
    if image_shape is None:
        return (n_features,)
    sides = entries_of(image_shape, name)
    if sides.count(-1) == 1:
        rest = math.prod(side for side in sides if side != -1)
        if rest > 0 and n_features % rest == 0:
            image_shape = tuple(n_features // rest if side == -1 else side for side in sides)
    shape = check_lattice_shape(image_shape, name)
    if math.prod(shape) != n_features:
        hint = " The data have as many rows: are they transposed? Pass fields.T, one row per unit."
        raise ValueError(
            f"`{name}` must have as many sites as the data have features, {n_features}, got "
            f"{image_shape!r}, which has {math.prod(shape)} sites."
            f"{hint if n_rows == math.prod(shape) else ''}"
        )
    return shape


def _refuse_other_than_fields(fields: Any) -> None:
    """Raise an error if `fields` is a net, its activations or a stack of images."""
    if hasattr(fields, "get_params"):
        raise TypeError(
            "`fields` must be an array of shape (n_units, n_features), got an instance of "
            f"{type(fields).__name__}. Pass rfsk.receptive_fields(estimator)."
        )
    refuse_activations(fields)
    sides: tuple[int, ...] = tuple(fields.shape) if hasattr(fields, "shape") else ()
    if len(sides) == 3:
        raise ValueError(
            f"`fields` must have shape (n_units, n_features), one row per unit, got {sides}. If "
            "the fields are images, pass fields.reshape(len(fields), -1) and the shape "
            f"({sides[1]}, {sides[2]}), rows first. If the second axis is a time lag, choose one "
            "lag, such as fields[:, 0] for the first."
        )


def plain(
    values: Any, name: str, *, numeric: bool = True, most: float = _LARGEST, finite: bool = True
) -> Any:
    """Check that array-like values are real numbers, and return them, with tensors detached.

    Raise ValueError or TypeError if the values are not real numbers, and for NaN and infinite
    values unless `finite` is False. If `numeric` is False, the entries are not checked.
    """
    if isinstance(values, np.ma.MaskedArray):
        remedy = f"{name}.filled(value), or the rows without masked entries"
        raise ValueError(f"`{name}` must not be a masked array; pass {remedy}.")
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.double() if values.is_floating_point() else values
    if is_lazy(values) or scipy.sparse.issparse(values):
        return values
    try:
        array = np.asarray(values)
        if numeric and array.dtype.kind in "cmM":
            raise ValueError(f"got dtype {array.dtype}. Complex data not supported, nor dates")
        array = array.astype(np.float64) if numeric and array.dtype.kind in "OSUV" else array
    except (TypeError, ValueError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"`{name}` must be an array of real numbers: {error}.") from error
    if not numeric:
        _refuse_missing(values, array, name)
        return values
    largest = max(float(array.max()), -float(array.min())) if array.size else 0.0
    if finite and array.ndim > 1 and not math.isfinite(largest):
        _refuse_missing(values, array, name)
    if most < largest < math.inf:
        raise ValueError(
            f"`{name}` has values too large for single precision; scale them to unit variance."
        )
    return values


def _refuse_missing(values: Any, array: np.ndarray, name: str) -> None:
    """Raise ValueError that names the place of the first NaN or infinite value, if there is one."""
    if array.ndim == 0 or array.dtype.kind not in "fO":
        return
    import pandas as pd  # recognizes None and pandas.NA, too

    is_missing = pd.isna(array) if array.dtype.kind == "O" else ~np.isfinite(array)
    if not np.any(is_missing):
        return
    place = np.argwhere(is_missing)[0].tolist()
    kind = "infinity" if array.dtype.kind == "f" and np.isinf(array[*place]) else "NaN"
    where = [f"row {place[0]}"] if array.ndim < 3 else [f"image {place[0]}", f"pixel {place[1:]}"]
    if array.ndim == 2:
        names = list(getattr(values, "columns", range(array.shape[1])))
        where.append(f"column {names[place[1]]!r}")
    raise ValueError(
        f"Input {name} contains {kind}, first in {', '.join(where)} (counted from 0). Remove such "
        "rows, or replace the values."
    )


def check_array(values: Any, name: str, **options: Any) -> np.ndarray:
    """Return real numbers as a float64 array, with the options of scikit-learn's `check_array`."""
    most, finite = math.inf if name in _SCALE_FREE else _LARGEST, options.get("ensure_all_finite")
    values = plain(values, name, most=most, finite=finite is not False)
    return np.asarray(utils.check_array(values, dtype=np.float64, input_name=name, **options))


def check_numbers(values: Any, name: str) -> np.ndarray:
    """Return real numbers as a float64 array of any shape."""
    array = np.asarray(plain(values, name), dtype=np.float64)
    assert_all_finite(array, input_name=name)
    return array


def check_features(rows: np.ndarray, n_features: int, name: str) -> np.ndarray:
    """Return `rows`; raise ValueError unless each row has `n_features` features."""
    if rows.shape[1:] != (n_features,):
        raise ValueError(f"`{name}` must have {n_features} features, got shape {rows.shape}.")
    return rows


def check_fields(fields: Any, name: str = "fields") -> np.ndarray:
    """Return receptive fields as a float64 array of shape (n_units, n_features)."""
    _refuse_other_than_fields(fields)
    weights = check_array(fields, name)
    note_transposed(weights)
    return weights


def check_fields_on(
    fields: Any, shape: Any, *, with_diverged: bool = False
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return fields and their lattice; set non-finite fields to zero if `with_diverged` is True."""
    _refuse_other_than_fields(fields)
    weights = check_array(fields, "fields", ensure_all_finite=not with_diverged)
    if with_diverged:
        weights = np.where(np.isfinite(weights).all(axis=1, keepdims=True), weights, 0.0)
    return weights, _lattice_of(weights, shape)


def learn_fields(analyzer: Any, fields: Any, shape: Any) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return fields and their lattice; store the number and names of features in `analyzer`."""
    weights = validate_fields(analyzer, fields, reset=True)
    return weights, _lattice_of(weights, shape)


def validate_fields(analyzer: Any, fields: Any, *, reset: bool = False) -> np.ndarray:
    """Return fields after checking the number and names of their features against `analyzer`."""
    _refuse_other_than_fields(fields)
    fields = plain(fields, "fields", most=math.inf)
    return np.asarray(validate_data(analyzer, fields, dtype=np.float64, reset=reset))


def _lattice_of(fields: np.ndarray, shape: Any) -> tuple[int, ...]:
    """Lattice of fields; warn if `fields` seem transposed or the sides of the lattice exchanged."""
    n_units, n_features = fields.shape
    sides = check_image_shape(shape, n_features, n_rows=n_units)
    if shape is None or n_units == n_features:  # otherwise the shape would not fit
        note_transposed(fields)
    note_axis_order(fields, sides, "shape")
    return sides


def validate_inputs(estimator: Any, X: Any, y: Any = "no_validation", **options: Any) -> Any:
    """Check inputs, and labels if given, by scikit-learn's `validate_data`, and return them."""
    labels = None if isinstance(y, str) else y
    refuse_images(X, labels)
    y = plain(y, "y", numeric=False)
    _refuse_one_hot(labels)
    return validate_data(estimator, plain(X, "X"), y, **options)


def check_one_per_class(
    values: Any, name: str, n_classes: int | None = None, example: str = "(5.0, 10.0)"
) -> Sequence[Any]:
    """Return `values` as a sequence of at least two entries, one per class."""
    is_list = isinstance(values, list | tuple)
    entries = tuple(values) if is_list else entries_of(values, name)
    if len(entries) < 2 or (n_classes is not None and len(entries) != n_classes):
        expected = "at least two values" if n_classes is None else f"{n_classes} values"
        raise ValueError(
            f"`{name}` must have {expected}, one per class, for example {example}, got {values!r}."
        )
    return entries


def check_layer(layer: Any, n_layers: int) -> int:
    """Return the non-negative index of a hidden layer; negative indices count from the last."""
    is_number = isinstance(layer, numbers.Integral) and not isinstance(layer, bool | np.bool_)
    if not is_number or not -n_layers <= layer < n_layers:
        raise ValueError(
            f"`layer` must be the index of a hidden layer, from 0 to {n_layers - 1} or -1 for the "
            f"last, got {layer!r}."
        )
    return int(layer) % n_layers


def _refuse_one_hot(y: Any) -> None:
    """Raise ValueError if `y` has several columns."""
    sides = y.shape if hasattr(y, "shape") else np.asarray(y).shape
    if len(sides) == 2 and sides[1] > 1:
        raise ValueError(
            f"`y` must contain one label per row and have shape ({sides[0]},), got shape {sides}. "
            "If the labels are one-hot, pass y.argmax(axis=1)."
        )


def check_labels(y: Any, data: np.ndarray, target: Any = None) -> np.ndarray:
    """Return labels as an array, one per row of `data`.

    If labels are missing, the error message gives the value of `target`.
    """
    if y is None:
        reason = "" if target is None else f" if target={target!r} selects a class"
        raise ValueError(f"`y` must not be None{reason}; pass one label per row.")
    y = plain(y, "y", numeric=False)
    _refuse_one_hot(y)
    labels = np.asarray(column_or_1d(y, warn=True))
    assert_all_finite(labels, input_name="y")
    if len(data) != len(labels) == data.shape[-1]:
        raise ValueError(
            f"`X` must have one row per label, got shape {data.shape} and {len(labels)} labels. If "
            "each column is a sample, transpose `X`."
        )
    check_consistent_length(data, labels)
    check_classification_targets(labels)
    return labels


def rows_of_class(data: np.ndarray, labels: np.ndarray, target: Any) -> np.ndarray:
    """Return the rows of one class; raise ValueError if the class has fewer than two rows."""
    rows = np.asarray(data[labels == target])
    if len(rows) < 2:
        raise ValueError(
            f"The class target={target!r} must have at least 2 rows in `y`, got {len(rows)}. The "
            f"labels in `y` are {np.unique(labels).tolist()}."
        )
    return rows


def is_labelled(data: Any) -> bool:
    """Whether `data` is a tuple (X, y) of inputs and labels, which may be one-hot."""
    if not isinstance(data, tuple) or len(data) != 2 or isinstance(data[1], tuple):
        return False
    if hasattr(data[0], "covariance"):  # two input models
        return False
    inputs, labels = map(np.shape, data)
    is_one_hot = len(labels) == 2 and labels[:1] == inputs[:1] and labels != inputs
    return len(labels) == 1 or is_one_hot


def rows_by_class(X: Any, y: Any) -> list[np.ndarray]:
    """Return the rows, or images, of each class 0, 1, ... of labelled data."""
    data = check_array(X, "X", allow_nd=True)
    labels = check_labels(y, data)
    classes = np.unique(labels).tolist()
    if classes != list(range(len(classes))):
        raise ValueError(
            "`y` must contain the labels 0, 1, ..., which number the classes of a task, got the "
            f"labels {str(classes[:5])[1:-1]}. Pass np.unique(y, return_inverse=True)[1]."
        )
    if len(classes) < 2:
        raise ValueError("`y` must contain at least 2 classes, got 1.")
    return [data[labels == label] for label in classes]
