"""Controls that keep the means or the marginal distributions of data, and shifted data."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from rfsk import NLGP, augment_shifts, make_gaussian_clone, make_ising, make_nlgp

X, Y = make_nlgp(2000, 30, correlation_length=(2.0, 4.0), random_state=0)
X[Y == 1] += np.linspace(0.0, 2.0, 30)
DIGITS, TARGET = load_digits(return_X_y=True)


def by_class(rows, labels):
    return [rows[labels == label] for label in np.unique(labels)]


def test_mean_control_is_white_noise_about_the_class_means():
    clone, labels = make_gaussian_clone(X, Y, keep="mean", random_state=0)
    for ours, theirs in zip(by_class(clone, labels), by_class(X, Y), strict=True):
        variance, error = np.trace(np.cov(theirs.T)) / 30, 5.0 / np.sqrt(len(ours))
        np.testing.assert_allclose(np.cov(ours.T), variance * np.eye(30), atol=2 * error * variance)
        np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), rtol=1e-10)
        assert np.trace(np.cov(ours.T)) == pytest.approx(30 * variance)


DATA = {
    "nlgp": (*make_nlgp(2000, 100, random_state=0), 0.005),
    "ising": (*make_ising(2000, 30, random_state=0), 0.05),
    "digits": (DIGITS, TARGET % 2, 0.06),
}


@pytest.mark.parametrize("name", DATA)
def test_marginals_are_those_of_the_data_and_covariances_nearly_so(name):
    data, labels, bound = DATA[name]
    clone, _ = make_gaussian_clone(data, labels, keep="marginals", random_state=0)
    for ours, theirs in zip(by_class(clone, labels), by_class(data, labels), strict=True):
        np.testing.assert_array_equal(np.sort(ours, axis=0), np.sort(theirs, axis=0))
        covariance = np.cov(theirs.T)
        error = np.linalg.norm(np.cov(ours.T) - covariance) / np.linalg.norm(covariance)
        assert error < bound
        assert np.mean(ours != theirs) > 0.1


def test_marginals_control_of_a_gaussian_copula_has_its_higher_moments():
    """An NLGP is such a copula, and its fourth moments differ from those of its Gaussian clone."""
    model = NLGP(20, correlation_length=3.0, gain=3.0)
    data = model.sample(4000, random_state=0)
    fourth = model.fourth_moment([[0, 0, 1, 1], [0, 0, 3, 3], [0, 1, 2, 3]])

    def moments(rows):
        products = [rows * np.roll(rows, -1, 1), rows * np.roll(rows, -3, 1)]
        four = rows * np.roll(rows, -1, 1) * np.roll(rows, -2, 1) * np.roll(rows, -3, 1)
        return np.array([(products[0] ** 2).mean(), (products[1] ** 2).mean(), four.mean()])

    clone = make_gaussian_clone(data, keep="marginals", random_state=1)
    np.testing.assert_allclose(moments(clone), fourth, atol=0.03)
    gaussian = make_gaussian_clone(data, random_state=1)
    assert np.abs(moments(gaussian) - fourth).min() > 0.1


def test_marginals_of_constant_features_and_of_few_rows():
    constant = np.column_stack([X[:50, :3], np.full(50, 0.1)])
    for rows in (constant, np.ones((4, 2)), X[:2]):
        clone = make_gaussian_clone(rows, keep="marginals", random_state=0)
        np.testing.assert_array_equal(np.sort(clone, axis=0), np.sort(rows, axis=0))


def test_marginals_control_breaks_ties_at_random():
    rows = np.repeat(np.eye(2), 50, axis=0)
    clones = [make_gaussian_clone(rows, keep="marginals", random_state=seed) for seed in range(4)]
    assert len({clone.tobytes() for clone in clones}) == 4


@pytest.mark.parametrize("shape", [None, (5, 6)], ids=["ring", "torus"])
def test_shifted_rows_are_rolled_rows_and_keep_their_labels(shape):
    shifted, labels = augment_shifts(X[:40], Y[:40], shape, n_shifts=3, random_state=0)
    np.testing.assert_array_equal(labels, np.repeat(Y[:40], 3))
    sides = shape or (30,)
    found = []
    for row, lattice in zip(shifted, np.repeat(X[:40], 3, axis=0), strict=True):
        rolled = [np.roll(lattice.reshape(sides), i, range(len(sides))) for i in np.ndindex(sides)]
        found += np.flatnonzero(np.all(row == np.reshape(rolled, (30, 30)), axis=1)).tolist()
    assert len(found) == 120  # all rows are different translations
    assert len(set(found)) > 25


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (partial(augment_shifts, X, shape=(4, 5)), r"30, got \(4, 5\), which has 20 sites"),
        (partial(augment_shifts, X, n_shifts=0), "`n_shifts` must be a positive integer, got 0"),
        (partial(augment_shifts, X, Y[:5]), "inconsistent numbers of samples"),
        (partial(augment_shifts, X.reshape(-1, 5, 6)), "Pass one row per image"),
        (
            partial(make_gaussian_clone, X, Y, keep="mode"),
            "`keep` must be one of 'mean', 'covariance'",
        ),
        (partial(make_gaussian_clone, [[1.0, np.nan], [0.0, 1.0]]), "X contains NaN"),
        (
            partial(make_gaussian_clone, np.eye(3), [0, 0, 1]),
            "at least 2 rows in `y`, got 1 of class .*1",
        ),
        (partial(make_gaussian_clone, np.eye(4), [0, 0, np.nan, 1]), "Input y.* contains NaN"),
    ],
)
def test_invalid_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("change", [make_gaussian_clone, augment_shifts])
def test_pandas_inputs_give_pandas_outputs(change):
    index = pd.Index(list("abcdefgh"))
    frame = pd.DataFrame(X[:8], index=index).add_prefix("site ")
    y = pd.Series(["short", "long"] * 4, index=index, name="length", dtype="category")
    rows, labels = change(frame, y, random_state=0)
    expected, names = change(frame.to_numpy(), y.to_numpy(), random_state=0)
    pd.testing.assert_frame_equal(rows, pd.DataFrame(expected, index, frame.columns))
    pd.testing.assert_series_equal(labels, pd.Series(names, index, y.dtype, "length"))
    assert isinstance(change(frame, random_state=0), pd.DataFrame)
    assert augment_shifts(frame, n_shifts=2).index.tolist() == list("aabbccddeeffgghh")


@pytest.mark.parametrize("change", [make_gaussian_clone, augment_shifts])
def test_polars_inputs_give_polars_outputs(change):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(X[:8], schema=[f"site {i}" for i in range(30)])
    y = pl.Series("length", ["short", "long"] * 4)
    rows, labels = change(frame, y, random_state=0)
    expected, names = change(frame.to_numpy(), y.to_numpy(), random_state=0)
    assert (type(rows), rows.columns) == (pl.DataFrame, frame.columns)
    np.testing.assert_array_equal(rows.to_numpy(), expected)
    assert (type(labels), labels.name, labels.to_list()) == (pl.Series, "length", names.tolist())
