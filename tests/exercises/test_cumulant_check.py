"""The checks of exercise 5 name the mistake."""

import numpy as np
import pytest
from checks import check_clone, check_contraction

import rfsk


def along(formula, *, center=True):
    """An answer made of the fourth and second moments of x.a."""

    def contraction(X, a):
        h = X @ a - center * (X @ a).mean()
        return formula(np.mean(h**4), np.mean(h**2))

    return contraction


def per_site(X, a):
    X = X - X.mean(axis=0)
    return np.mean(X**4 @ a) - 3.0 * np.mean(X**2 @ a) ** 2


def cubed(X, a):
    h = X @ a - (X @ a).mean()
    return np.mean(h**3) - 3.0 * np.mean(h**2) ** 2


right = along(lambda m4, m2: m4 - 3.0 * m2**2)

MISTAKES = {
    "That is the fourth moment, which Gaussians have too": along(lambda m4, m2: m4),
    "fourth moment.* And the mean is still in it": along(lambda m4, m2: m4, center=False),
    "The mean is still in it: a cumulant": along(lambda m4, m2: m4 - 3.0 * m2**2, center=False),
    "three ways to pair four factors": along(lambda m4, m2: m4 - m2**2),
    "three ways.* And the mean is": along(lambda m4, m2: m4 - m2**2, center=False),
    "The second moment is not squared": along(lambda m4, m2: m4 - 3.0 * m2),
    "That is the excess kurtosis": along(lambda m4, m2: m4 / m2**2 - 3.0),
    "3 is right at variance 1 only": along(lambda m4, m2: m4 - 3.0),
    "Sums; expected means": along(lambda m4, m2: 500 * (m4 - 3.0 * m2**2)),
    "Sums; expected": along(lambda m4, m2: 500 * m4 - 3.0 * (500 * m2) ** 2),
    "The sign is the other one": along(lambda m4, m2: 3.0 * m2**2 - m4),
    "the third cumulant": lambda X, a: np.mean((X @ a - (X @ a).mean()) ** 3),
    "One power off: the cube": cubed,
    "First the sum x.a, then its powers": per_site,
    "Got 500 numbers, one a sample": lambda X, a: (X @ a) ** 4,
    "Along a single site and along a slope": along(lambda m4, m2: m4 - 2.0 * m2**2),
}


def test_a_right_contraction_passes_and_is_that_of_the_package():
    assert check_contraction(right).passed
    of_rfsk = check_contraction(lambda X, a: rfsk.analysis.cumulant(X).strength(a[None])[0])
    assert of_rfsk.passed, of_rfsk


@pytest.mark.parametrize("reason", MISTAKES)
def test_a_mistake_in_the_contraction_is_named(reason, assert_wrong):
    assert_wrong(check_contraction(MISTAKES[reason]), reason)


def test_pooled_classes_and_the_other_class_are_distinguished_from_the_right_one(assert_wrong):
    X, y = rfsk.make_gp(4000, 20, correlation_length=(1.0, 3.0), random_state=0)
    a = np.ones(20) / np.sqrt(20.0)
    assert check_clone(right(X[y == 1], a), X, y, a).passed
    for value, reason in (
        (right(X, a), "a mixture of two Gaussians of different covariance is no Gaussian"),
        (right(X[y == 0], a), "That is class 0"),
        (along(lambda m4, m2: m4)(X[y == 1], a), "That is the fourth moment"),
        (1e3, "expected contraction of the rows of X_clone of class 1"),
    ):
        assert_wrong(check_clone(value, X, y, a), reason)
