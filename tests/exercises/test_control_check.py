"""The checks of exercise 3 name the mistake."""

import numpy as np
import pytest
from checks import check_gaussian_control, check_no_biases, check_swapped_classes

import rfsk


def moments(rows):
    return rows.mean(axis=0), np.cov(rows, rowvar=False)


def clone(moments_of=moments, *, of=lambda label: label):
    """An answer that draws the class `of(label)` for each label."""

    def control(X, y, rng):
        control = np.empty_like(X)
        for label in (0, 1):
            center, covariance = moments_of(X[y == of(label)])
            size = int((y == label).sum())
            control[y == label] = rng.multivariate_normal(center, covariance, size)
        return control

    return control


right = clone()


def other_rows(X, y, rng):
    control = np.empty_like(X)
    for label in (0, 1):
        control[y == label] = rng.permutation(X[y == label])
    return control


def bare_kernel(X, y, rng):
    models = [rfsk.GaussianField(X.shape[1], correlation_length=xi) for xi in (1.0, 3.0)]
    return np.stack([models[label].sample(1, rng)[0] for label in y])


def without_mean(scatter):
    return clone(lambda rows: (np.zeros(rows.shape[1]), scatter(rows, rowvar=False)))


MISTAKES = {
    "Both classes have the same covariance": lambda X, y, rng: rng.multivariate_normal(
        *moments(X), len(X)
    ),
    "shuffling pixels keeps what should go": lambda X, y, rng: rng.permuted(X, axis=1),
    "covariance between sites is gone": lambda X, y, rng: rng.permuted(X, axis=0),
    "its rows are moved, nothing is drawn": other_rows,
    "That is X itself": lambda X, y, rng: X,
    "Sites are independent": clone(lambda rows: (rows.mean(axis=0), np.diag(rows.var(axis=0)))),
    "The classes are exchanged": clone(of=lambda label: 1 - label),
    "the mean of each class is gone": without_mean(np.cov),
    "the matrix of correlations was taken": clone(
        lambda rows: (rows.mean(axis=0), np.corrcoef(rows, rowvar=False))
    ),
    "variance is 1.* And the mean of each class": without_mean(np.corrcoef),
    "Gaussian field of the bare kernel": bare_kernel,
    "inputs that are not centred": clone(lambda X: (X.mean(axis=0), X.T @ X / len(X))),
    "sorted by class, and y is not": lambda X, y, rng: right(X, y, rng)[
        np.argsort(y, kind="stable")
    ],
    "not from NumPy's global generator": lambda X, y, rng: right(X, y, np.random.default_rng()),
    "Two seeds gave the same control": lambda X, y, rng: right(X, y, np.random.default_rng(0)),
    "returned a tuple": lambda X, y, rng: (right(X, y, rng), y),
    "expected that of X, .8000, 20.": lambda X, y, rng: right(X, y, rng)[y == 0],
    "The control: 8000 of 160000": lambda X, y, rng: np.where(
        np.arange(20) == 3, np.nan, right(X, y, rng)
    ),
    "class 0: variance .* own rows": lambda X, y, rng: 3.0 * right(X, y, rng),
    "LinAlgError|ValueError": clone(lambda rows: (rows.mean(axis=0), np.cov(rows))),
}


@pytest.mark.parametrize(
    "control", [right, lambda X, y, rng: rfsk.make_gaussian_clone(X, y, random_state=rng)[0]]
)
def test_a_right_control_passes(control):
    assert check_gaussian_control(control).passed


@pytest.mark.parametrize("reason", MISTAKES)
def test_a_mistake_in_the_control_is_named(reason, assert_wrong):
    assert_wrong(check_gaussian_control(MISTAKES[reason]), reason)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((0.85, "b"), "what the net with biases reaches"),
        ((0.0, "b"), "turn the answers over"),
        ((50, "b"), "not per cent"),
        ((0.63, "b"), "Inputs x and -x are equally frequent"),
        ((0.5, "a"), "whatever the weights"),
        ((0.5, "c"), "ten times the steps"),
        ((0.5, "d"), "expected one of 'a', 'b', 'c'"),
        (("all",), "usual order"),
        (("half",), "they are one group"),
        ((3,), "expected one of 'all'"),
    ],
)
def test_a_wrong_prediction_is_explained(answer, reason, assert_wrong):
    check = check_no_biases if len(answer) == 2 else check_swapped_classes
    assert_wrong(check(*answer), reason)


def test_right_predictions_pass():
    assert check_no_biases(0.5, "b").passed
    assert check_swapped_classes("none").passed
