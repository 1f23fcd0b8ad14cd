"""Exercise 3: find the cause of localization."""

from collections.abc import Iterator
from typing import Any

import numpy as np

import rfsk

from ._grading import (
    Array,
    Unanswered,
    Wrong,
    call,
    checked,
    is_close,
    listed,
    mistake_in,
    number,
    numbers,
    require_finite,
    require_seeded,
)

_SAMPLES, _SITES, _LENGTHS, _GAIN = 8000, 20, (1.0, 3.0), 3.0
_SCALE, _OFFSET = 2.0, 0.5
# Five standard errors or more of the _statistics: mean, variance, covariance at distances
# 1, 2 and 4, kurtosis; of each class.
_TOLERANCE = np.tile([0.08, 0.12, 0.15, 0.15, 0.15, 0.12], 2)


@checked
def check_gaussian_control(gaussian_control: Any) -> str:
    """Check gaussian_control(X, y, rng).

    Parameters
    ----------
    gaussian_control : callable
        The student's function.
    """
    X, y = rfsk.make_nlgp(_SAMPLES, _SITES, correlation_length=_LENGTHS, gain=_GAIN, random_state=0)
    X = _SCALE * X + _OFFSET
    on = f"X of shape {X.shape}, mean {_OFFSET} and variance {_SCALE**2:g}, and two classes in y"
    control = _drawn(gaussian_control, X, y, 0, on)
    if control.shape != X.shape:
        raise Wrong(f"The control has shape {control.shape}; expected that of X, {X.shape}.")
    require_finite(control, "The control")
    if np.array_equal(control, X):
        raise Wrong("That is X itself; expected Gaussian inputs with the same covariance.")
    require_seeded(lambda seed: _drawn(gaussian_control, X, y, seed, on), control)
    expected, got = _target(X, y), _statistics(control, y)
    if is_close(got, expected, _TOLERANCE):
        return (
            "Each class has the mean and covariance of its own inputs, and the kurtosis of a "
            "Gaussian, 3. What a net does not learn on this control depends on higher orders."
        )
    if is_close(_statistics(control, np.sort(y)), expected, _TOLERANCE):
        raise Wrong(
            "The distributions are right, but the control is sorted by class, and y is not. Row i "
            "must belong to class y[i]: fill an array of the shape of X class by class."
        )
    raise mistake_in(got, _mistakes(X, y), _TOLERANCE, _in_numbers(got, expected))


def _drawn(function: Any, X: Array, y: Array, seed: int, on: str) -> Array:
    drawn = call(function, X, y, np.random.default_rng(seed), on=on)
    if isinstance(drawn, tuple):
        raise Wrong("Your function returned a tuple; expected the inputs alone. y does not change.")
    return numbers(drawn, "What your function returned")


def _statistics(X: Array, y: Array) -> Array:
    """Mean, variance, covariance at three distances and kurtosis, of each class."""
    found = []
    for label in (0, 1):
        rows = X[y == label] - X[y == label].mean()
        covariances = [np.mean(rows * np.roll(rows, d, axis=1)) for d in (0, 1, 2, 4)]
        found += [X[y == label].mean(), *covariances, np.mean(rows**4) / covariances[0] ** 2]
    return np.array(found)


def _target(X: Array, y: Array) -> Array:
    """Statistics of the right control: those of X, with the kurtosis of a Gaussian."""
    statistics = _statistics(X, y)
    statistics[[5, 11]] = 3.0
    return statistics


def _mistakes(X: Array, y: Array) -> Iterator[tuple[Array, str]]:
    original, right = _statistics(X, y), _target(X, y)
    pooled = np.tile((right[:6] + right[6:]) / 2.0, 2)
    yield pooled, _POOLED
    shuffled = original.copy()
    shuffled[[2, 3, 4, 8, 9, 10]] = 0.0
    yield shuffled, _SHUFFLED
    rng = np.random.default_rng(2)
    yield _statistics(rng.permuted(X, axis=1), y), _SHUFFLED
    yield original, "Covariance and kurtosis are those of X: its rows are only permuted."
    white = right.copy()
    white[[2, 3, 4, 8, 9, 10]] = 0.0
    yield white, "Sites are independent: the covariance between sites is lost."
    yield np.concatenate([right[6:], right[:6]]), "The classes are exchanged."
    no_mean = right.copy()
    no_mean[[0, 6]] = 0.0
    yield no_mean, "The covariance is right, but the mean of each class is missing."
    unit = right.copy()
    unit[[1, 2, 3, 4, 7, 8, 9, 10]] /= _SCALE**2
    yield unit, _CORRELATION
    unit_without_mean = unit.copy()
    unit_without_mean[[0, 6]] = 0.0
    yield unit_without_mean, f"{_CORRELATION} And the mean of each class is missing."
    for scale in (1.0, _SCALE**2):
        for mean in (0.0, _OFFSET):
            yield _bare_kernel(scale, mean), _KERNEL
    uncentered = right.copy()
    uncentered[[1, 2, 3, 4, 7, 8, 9, 10]] += _OFFSET**2
    yield uncentered, "The covariance is too large: it is X'X / n, without subtracting the mean."


_POOLED = (
    "Both classes have the same covariance, because the control was made from all rows at once. "
    "Then nothing distinguishes the classes. Make each class from its own rows."
)
_SHUFFLED = (
    "The marginal distribution is that of X, and the covariance between sites is lost. Shuffling "
    "does the opposite of what you need: keep the covariance, and replace the distribution."
)
_CORRELATION = (
    "The correlations are right, but the variance is 1: the correlation matrix was used instead of "
    "the covariance."
)
_KERNEL = (
    "That is a Gaussian process with the kernel of z. The saturating map changes the covariance. "
    "The control has the covariance of the NLGP, so compute it from X."
)


def _bare_kernel(scale: float, mean: float) -> Array:
    found: list[float] = []
    for length in _LENGTHS:
        covariance = scale * rfsk.GaussianField(_SITES, correlation_length=length).autocovariance()
        found += [mean, *covariance[[0, 1, 2, 4]], 3.0]
    return np.array(found)


def _in_numbers(got: Array, expected: Array) -> str:
    moments = ("mean", "variance", "covariance of neighbours", "covariance at two sites")
    moments = (*moments, "covariance at four sites", "kurtosis")
    names = np.array([f"class {label}: {moment}" for label in (0, 1) for moment in moments])
    off = np.flatnonzero(np.abs(got - expected) > _TOLERANCE)[:4]
    return (
        f"The control differs from X: {listed(names[off], got[off], expected[off], '.2f')}. "
        "Compute the mean and covariance of each class from its own rows."
    )


_REASONS = {
    "a": "With odd units and no bias the output at -x is minus the output at x, whatever the "
    "weights are and however many there are.",
    "c": "The net with biases learns at this learning rate. Try ten times as many steps.",
}


@checked
def check_no_biases(accuracy: Any, reason: Any) -> str:
    """Check the accuracy predicted for a net without biases, and why.

    Parameters
    ----------
    accuracy : float
        The student's prediction.
    reason : {"a", "b", "c"}
        The student's choice.
    """
    got = number(accuracy, "accuracy_without_biases")
    if 1.0 < got <= 100.0:
        raise Wrong(f"Got {got:g}; expected a fraction from 0 to 1, not a percentage.")
    if abs(got - 0.5) > 0.02:
        raise mistake_in(
            got,
            [
                (0.85, "The net with biases reaches this. How is minus an input classified here?"),
                (0.0, "A net that is always wrong is always right if you invert its answers."),
            ],
            0.16,
            f"Got {got:g}. Inputs x and -x are equally frequent in a class, and this net assigns "
            "them to opposite classes. How often is it right?",
        )
    choice = _choice(reason, "reason", ("a", "b", "c"))
    if choice != "b":
        raise Wrong(f"The accuracy is right, but not reason {choice!r}. {_REASONS[choice]}")
    return (
        "P(x) = P(-x) in both classes, and the output is odd in x. The net classifies one of each "
        "pair x, -x correctly and the other one wrongly. Training cannot change this."
    )


_SWAPPED = {
    "all": "That is the result in the usual order, in which the long-range class has the target 1. "
    "To which inputs should a ReLU unit respond now?",
    "half": "Half of the units localize in nets of erf units, where the sign of the bias makes two "
    "groups. ReLU units start with bias 0 and form one group.",
}


@checked
def check_swapped_classes(answer: Any) -> str:
    """Check how many ReLU units localize when the classes are exchanged.

    Parameters
    ----------
    answer : {"all", "half", "none"}
        The student's prediction.
    """
    choice = _choice(answer, "localized_when_swapped", ("all", "half", "none"))
    if choice != "none":
        raise Wrong(f"Not {choice!r}. {_SWAPPED[choice]}")
    return (
        "A ReLU unit whose target is the short-range class responds to the high frequencies "
        "that this class has more of. Its field oscillates, as for erf units with negative bias."
    )


def _choice(answer: Any, what: str, options: tuple[str, ...]) -> str:
    if answer is ...:
        raise Unanswered
    if not isinstance(answer, str) or answer.strip().lower() not in options:
        listed = ", ".join(map(repr, options))
        raise Wrong(f"{what} is {str(answer)[:60]!r}; expected one of {listed}.")
    return answer.strip().lower()
