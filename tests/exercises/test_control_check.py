"""The checks of exercise 3 tell which mistake was made."""

import numpy as np
import pytest
from checks import check_gaussian_control, check_no_biases, check_swapped_classes

import rfsk


def clone(X, y, rng, *, law=lambda rows: (rows.mean(axis=0), np.cov(rows, rowvar=False))):
    control = np.empty_like(X)
    for label in (0, 1):
        rows = X[y == label]
        control[y == label] = rng.multivariate_normal(*law(rows), len(rows))
    return control


def with_law(law):
    return lambda X, y, rng: clone(X, y, rng, law=law)


def sorted_by_class(X, y, rng):
    return clone(X, y, rng)[np.argsort(y, kind="stable")]


def pooled(X, y, rng):
    return rng.multivariate_normal(X.mean(axis=0), np.cov(X, rowvar=False), len(X))


def other_rows(X, y, rng):
    control = np.empty_like(X)
    for label in (0, 1):
        control[y == label] = rng.permutation(X[y == label])
    return control


def bare_kernel(X, y, rng):
    control = np.empty_like(X)
    for label, length in ((0, 1.0), (1, 3.0)):
        model = rfsk.GaussianField(X.shape[1], correlation_length=length)
        control[y == label] = model.sample(int((y == label).sum()), rng)
    return control


def exchanged(X, y, rng):
    control = np.empty_like(X)
    for label in (0, 1):
        rows = X[y == 1 - label]
        law = rows.mean(axis=0), np.cov(rows, rowvar=False)
        control[y == label] = rng.multivariate_normal(*law, int((y == label).sum()))
    return control


MISTAKES = {
    "Both classes have the same covariance": pooled,
    "shuffling pixels keeps what should go": lambda X, y, rng: rng.permuted(X, axis=1),
    "covariance between sites is gone": lambda X, y, rng: rng.permuted(X, axis=0),
    "its rows are moved, nothing is drawn": other_rows,
    "That is X itself": lambda X, y, rng: X,
    "Sites are independent": with_law(lambda X: (X.mean(axis=0), np.diag(X.var(axis=0)))),
    "The classes are exchanged": exchanged,
    "the mean of each class is gone": with_law(
        lambda X: (np.zeros(X.shape[1]), np.cov(X, rowvar=False))
    ),
    "the matrix of correlations was taken": with_law(
        lambda X: (X.mean(axis=0), np.corrcoef(X, rowvar=False))
    ),
    "variance is 1.* And the mean of each class": with_law(
        lambda X: (np.zeros(X.shape[1]), np.corrcoef(X, rowvar=False))
    ),
    "Gaussian field of the bare kernel": bare_kernel,
    "inputs that are not centred": with_law(lambda X: (X.mean(axis=0), X.T @ X / len(X))),
    "sorted by class, and y is not": sorted_by_class,
    "not from NumPy's global generator": lambda X, y, rng: clone(X, y, np.random.default_rng()),
    "Two seeds gave the same control": lambda X, y, rng: clone(X, y, np.random.default_rng(0)),
    "returned a tuple": lambda X, y, rng: (clone(X, y, rng), y),
    "expected that of X, .8000, 20.": lambda X, y, rng: clone(X, y, rng)[y == 0],
    "The control: 8000 of 160000": lambda X, y, rng: np.where(
        np.arange(20) == 3, np.nan, clone(X, y, rng)
    ),
    "class 0: variance .* own rows": lambda X, y, rng: 3.0 * clone(X, y, rng),
    "LinAlgError|ValueError": with_law(lambda X: (X.mean(axis=0), np.cov(X))),
}


def test_a_right_control_passes():
    verdict = check_gaussian_control(clone)
    assert verdict.passed, verdict
    of_rfsk = check_gaussian_control(
        lambda X, y, rng: rfsk.make_gaussian_clone(X, y, random_state=rng)[0]
    )
    assert of_rfsk.passed, of_rfsk


@pytest.mark.parametrize("reason", MISTAKES)
def test_a_mistake_in_the_control_is_named(reason):
    verdict = check_gaussian_control(MISTAKES[reason])
    assert verdict.status == "wrong"
    with pytest.raises(ValueError, match=reason):
        raise ValueError(verdict.message)


@pytest.mark.parametrize(
    ("accuracy", "reason", "said"),
    [
        (0.85, "b", "what the net with biases reaches"),
        (0.0, "b", "turn the answers over"),
        (50, "b", "not per cent"),
        (0.63, "b", "Inputs x and -x are equally frequent"),
        (0.5, "a", "whatever the weights"),
        (0.5, "c", "ten times the steps"),
        (0.5, "d", "expected one of 'a', 'b', 'c'"),
    ],
)
def test_a_wrong_prediction_without_biases_is_explained(accuracy, reason, said):
    verdict = check_no_biases(accuracy, reason)
    assert verdict.status == "wrong"
    assert said in verdict.message
    assert check_no_biases(0.5, "b").passed


@pytest.mark.parametrize(
    ("answer", "said"),
    [("all", "usual order"), ("half", "they are one group"), (3, "expected one of 'all'")],
)
def test_a_wrong_prediction_of_the_swap_is_explained(answer, said):
    verdict = check_swapped_classes(answer)
    assert verdict.status == "wrong"
    assert said in verdict.message
    assert check_swapped_classes("none").passed
