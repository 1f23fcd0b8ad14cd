"""Checks of an analyzer: one row a unit, what must not change a row, and what must be refused."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from ._analyzed import Analyzed, as_columns, is_fitted
from ._checks import NotApplicable

Array = NDArray[np.float64]


def check_fit_returns_self(subject: Analyzed) -> None:
    """`fit` returns the transformer."""
    _needs_transformer(subject)
    if is_fitted(subject.analyzer):
        raise NotApplicable("the analyzer is fitted already, and is checked as it is.")
    analyzer = clone(subject.analyzer)
    returned = analyzer.fit(subject.others)
    if returned is not analyzer:
        raise AssertionError(
            f"fit returned {_short(returned)}; expected the analyzer itself, so that "
            "fit(X).transform(X) and pipelines work. End fit with return self."
        )


def check_refuses_unfitted(subject: Analyzed) -> None:
    """`transform` before `fit` is a NotFittedError."""
    _needs_transformer(subject)
    unfitted = clone(subject.analyzer)
    try:
        unfitted.transform(subject.fields)
    except NotFittedError:
        return
    except Exception as error:
        got = f"raised {type(error).__name__}: {error}"
        raise AssertionError(f"transform before fit {got}; {_WANT_NOT_FITTED}") from error
    raise AssertionError(f"transform before fit gave an answer; {_WANT_NOT_FITTED}")


_WANT_NOT_FITTED = (
    "expected a NotFittedError, which says what to do. Begin transform with "
    "sklearn.utils.validation.check_is_fitted(self), and end what is learnt in fit in an "
    "underscore."
)


def check_one_row_a_unit(subject: Analyzed) -> None:
    """Each field gets one number or one row."""
    answer = np.asarray(subject.measure(subject.fields))
    n_units, n_features = subject.fields.shape
    got = f"{n_units} fields of {n_features} features gave an array of shape {answer.shape}"
    expected = f"expected ({n_units},) or ({n_units}, n_columns), one row a field"
    if answer.ndim == 2 and answer.shape[0] != n_units and answer.shape[1] == n_units:
        raise AssertionError(
            f"{got}, which is transposed; {expected}. Stack measures by np.column_stack."
        )
    if answer.ndim and answer.shape[0] == n_features:
        raise AssertionError(
            f"{got}, one entry a feature; {expected}. Sum over features, axis=1, not over units."
        )
    if answer.ndim == 0:
        raise AssertionError(f"{got}, a single number; {expected}. Sum over axis=1 only.")
    if answer.ndim not in (1, 2) or answer.shape[0] != n_units:
        raise AssertionError(f"{got}; {expected}.")
    if answer.dtype.kind not in "fiub":
        raise AssertionError(f"{got} and dtype {answer.dtype}; expected numbers.")


def check_column_names(subject: Analyzed) -> None:
    """There are as many names as columns, each once."""
    if not subject.is_named:
        raise NotApplicable("the analyzer has no get_feature_names_out.")
    names, n_columns = subject.names, subject.answer.shape[1]
    if len(names) != n_columns or len(set(names)) != n_columns:
        raise AssertionError(
            f"get_feature_names_out() gives {len(names)} names, {names}, of {n_columns} columns; "
            "expected one name a column, each once. Build names and columns in the same order "
            "and under the same conditions."
        )


def check_repeatable(subject: Analyzed) -> None:
    """The same fields give the same answer."""
    again = as_columns(subject.measure(subject.fields))
    if not np.array_equal(again, subject.answer, equal_nan=True):
        raise AssertionError(
            "the same fields gave two different answers; expected equal ones. Draw random numbers "
            "once, in fit, from random_state, and not in transform."
        )


def check_input_unchanged(subject: Analyzed) -> None:
    """The fields are not written to."""
    fields = subject.fields.copy()
    subject.measure_in_place(fields)
    if not np.array_equal(fields, subject.fields):
        raise AssertionError(
            "the analyzer changed the fields it was given; expected them left alone. Write "
            "w = w / scale in place of w /= scale, or make a copy first."
        )


def check_rows_alone(subject: Analyzed) -> None:
    """A row depends on its own field only: not on company, and not on order."""
    order = subject.rng.permutation(len(subject.fields))
    ways = {
        "in another order": (order, order),
        "in smaller company": (np.arange(5), np.arange(5)),
        "alone": (np.array([4]), np.array([4])),
    }
    for how, (rows, kept) in ways.items():
        other = as_columns(subject.measure(subject.fields[rows]))
        column = _first_change(other, subject.answer[kept], np.zeros(other.shape[1]), subject)
        if column is not None:
            raise AssertionError(
                f"column {subject.names[column]!r} of a field changes when it is measured {how}; "
                "expected a row to depend on its own field only. Averages, maxima and ranks over "
                "the population belong into fit, or into a summary of their own."
            )


def check_unchanged_by_scale(subject: Analyzed) -> None:
    """Fields twice as large are measured the same."""
    for factor in (1e-3, 250.0):
        other = as_columns(subject.measure(factor * subject.fields))
        column = _first_change(other, subject.answer, np.zeros(other.shape[1]), subject)
        if column is not None:
            raise AssertionError(
                f"column {subject.names[column]!r} changes when fields are multiplied by {factor:g}"
                f": {_example(other, subject.answer, column)}; expected no change, since the size "
                "of weights tells of training and not of shape. Divide each field by its norm, or "
                "pass expected_failed_checks={'unchanged_by_scale': 'why'}."
            )


def check_unchanged_by_sign(subject: Analyzed) -> None:
    """Negative fields are measured the same, but for columns declared odd."""
    other = as_columns(subject.measure(-subject.fields))
    is_odd = subject.are(subject.odd)
    expected = np.where(is_odd, -subject.answer, subject.answer)
    column = _first_change(other, expected, np.zeros(other.shape[1]), subject)
    if column is not None:
        name = subject.names[column]
        change = "does not change its sign with the field, though it is declared odd"
        if not is_odd[column]:
            change = "changes with the sign of a field"
        raise AssertionError(
            f"column {name!r} {change}: {_example(other, expected, column)}. The sign of a unit is "
            "a matter of its readout: take magnitudes or squares, or say that it is meant, by "
            f"odd={subject.declared(column)} for a column that flips or "
            "expected_failed_checks={'unchanged_by_sign': 'why'}."
        )


def check_unchanged_by_shift(subject: Analyzed) -> None:
    """Fields moved around the lattice are measured the same, but for columns that are positions."""
    axes = tuple(range(1, 1 + len(subject.shape)))
    images = subject.fields.reshape(-1, *subject.shape)
    positions = np.flatnonzero(subject.are(subject.positions))
    sides = np.zeros(subject.answer.shape[1])
    for shift in (tuple(1 for _ in axes), tuple(side // 2 + 1 for side in subject.shape)):
        moved = np.roll(images, shift, axes).reshape(subject.fields.shape)
        other = as_columns(subject.measure(moved))
        expected = subject.answer.copy()
        for number, position in enumerate(positions):
            axis = number % len(axes)
            expected[:, position] += shift[axis]
            sides[position] = subject.shape[axis]
        column = _first_change(other, expected, sides, subject)
        if column is None:
            continue
        name = subject.names[column]
        if column in positions:
            raise AssertionError(
                f"column {name!r} is a position but does not move with a field that is rolled by "
                f"{shift}: {_example(other, expected, column)}; expected it to move by as many "
                "sites, around the seam. Average directions, exp(2 pi i site / side), rather than "
                "sites."
            )
        raise AssertionError(
            f"column {name!r} changes when fields are rolled by {shift} around the lattice: "
            f"{_example(other, expected, column)}; expected no change, as inputs look the same "
            "everywhere. Count distances around the ring, and look for sums that begin at site 0. "
            f"If the column is a position, say so by positions={subject.declared(column)}."
        )


def check_zeros(subject: Analyzed) -> None:
    """A field of zeros, as of a unit that died, is NaN: no number, no error, no warning."""
    fields = subject.fields.copy()
    fields[2] = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            answer = as_columns(subject.measure(fields))
        except Exception as error:
            raise AssertionError(
                f"a field of zeros raised {type(error).__name__}: {error}; expected NaN in its row "
                "and the other rows as ever: units die in training. Divide where the size is "
                "positive only, by np.divide(..., where=size > 0) or under np.errstate."
            ) from error
    others = np.delete(np.arange(len(fields)), 2)
    changed = _first_change(
        answer[others], subject.answer[others], np.zeros(answer.shape[1]), subject
    )
    if changed is not None:
        raise AssertionError("a field of zeros changes the rows of other fields; expected not.")
    is_flag = np.isin(subject.answer, (0.0, 1.0)).all(axis=0)
    said = np.flatnonzero(~np.isnan(answer[2]) & ~(is_flag & (answer[2] == 0.0)))
    if len(said):
        raise AssertionError(
            f"column {subject.names[said[0]]!r} of a field of zeros is {answer[2, said[0]]:g}; "
            "expected NaN, since it has no shape (columns of 0 and 1 may say 0). A number would "
            "go into averages unnoticed."
        )


def check_refuses_estimators(subject: Analyzed) -> None:
    """A net in place of its fields is a TypeError or ValueError."""
    _refused(subject, PCA(2), "an estimator in place of fields", "rfsk.receptive_fields(net)")


def check_refuses_nan(subject: Analyzed) -> None:
    """Fields with NaN are refused."""
    fields = subject.fields.copy()
    fields[1, 0] = np.nan
    _refused(subject, fields, "a field with NaN", "finite numbers: the net may have diverged")


def check_refuses_one_dimension(subject: Analyzed) -> None:
    """A single field has to come as a row."""
    _refused(subject, subject.fields[0], "a 1-D array", "rows: fields[None] is a population of one")


def _refused(subject: Analyzed, given: Any, what: str, wanted: str) -> None:
    remedy = (
        f"expected a ValueError or TypeError that asks for {wanted}. sklearn.utils.check_array("
        "fields, dtype=np.float64) refuses it."
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            subject.measure(given)
    except (ValueError, TypeError):
        return
    except Exception as error:
        got = f"raised {type(error).__name__}: {error}"
        raise AssertionError(f"{what} {got}; {remedy}") from error
    raise AssertionError(f"{what} was measured; {remedy}")


def _needs_transformer(subject: Analyzed) -> None:
    if not subject.is_transformer:
        raise NotApplicable("the analyzer is a function, which is not fitted.")


def _first_change(other: Array, expected: Array, sides: Array, subject: Analyzed) -> int | None:
    """The first column that differs by more than rounding; those with a side around it."""
    changed = _differences(other, expected, sides) > subject.tolerance * _scales(subject.answer)
    changed |= np.isnan(other) != np.isnan(expected)
    columns = np.flatnonzero(changed.any(axis=0))
    return int(columns[0]) if len(columns) else None


def _differences(other: Array, expected: Array, sides: Array) -> Array:
    apart = np.abs(other - expected)
    around = np.where(sides > 0, sides, 1.0)
    circular = np.abs((apart + around / 2) % around - around / 2)
    return np.asarray(np.where(sides > 0, circular, apart))


def _scales(answer: Array) -> Array:
    """Largest magnitude of each column, at least 0.001."""
    return np.asarray(np.maximum(np.nan_to_num(np.abs(answer)).max(axis=0), 1e-3))


def _example(other: Array, expected: Array, column: int) -> str:
    """The unit in which a column changes most."""
    change = np.abs(other[:, column] - expected[:, column])
    unit = int(np.nan_to_num(change, nan=np.inf).argmax())
    was, is_now = expected[unit, column], other[unit, column]
    return f"{is_now:.6g} in place of {was:.6g} in unit {unit}"


def _short(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
