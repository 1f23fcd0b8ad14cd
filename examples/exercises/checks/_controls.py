"""Exercise 3: break the fields."""

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
# Five standard errors or more of what _statistics holds: mean, variance, covariance at distances
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
    on = f"X of shape {X.shape}, of mean {_OFFSET} and variance {_SCALE**2:g}, y of two classes"
    control = _drawn(gaussian_control, X, y, 0, on)
    if control.shape != X.shape:
        raise Wrong(f"The control has shape {control.shape}; expected that of X, {X.shape}.")
    require_finite(control, "The control")
    if np.array_equal(control, X):
        raise Wrong("That is X itself; expected Gaussian inputs of the same covariance.")
    require_seeded(lambda seed: _drawn(gaussian_control, X, y, seed, on), control)
    expected, got = _target(X, y), _statistics(control, y)
    if is_close(got, expected, _TOLERANCE):
        return (
            "Each class has the mean and covariance of its own inputs, and the kurtosis of a "
            "Gaussian, 3. Whatever a net loses on it, it owed to higher orders."
        )
    if is_close(_statistics(control, np.sort(y)), expected, _TOLERANCE):
        raise Wrong(
            "The right distributions in the wrong rows: the control is sorted by class, and y is "
            "not. Row i must have the class y[i]; fill an array of the shape of X, class by class."
        )
    raise mistake_in(got, _mistakes(X, y), _TOLERANCE, _in_numbers(got, expected))


def _drawn(function: Any, X: Array, y: Array, seed: int, on: str) -> Array:
    drawn = call(function, X, y, np.random.default_rng(seed), on=on)
    if isinstance(drawn, tuple):
        raise Wrong("Your function returned a tuple; expected the inputs alone. y stays as it is.")
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
    yield original, "Covariance and kurtosis are those of X: its rows are moved, nothing is drawn."
    white = right.copy()
    white[[2, 3, 4, 8, 9, 10]] = 0.0
    yield white, "Sites are independent: the variance is right, the covariance between sites gone."
    yield np.concatenate([right[6:], right[:6]]), "The classes are exchanged."
    no_mean = right.copy()
    no_mean[[0, 6]] = 0.0
    yield no_mean, "The covariance is right, the mean of each class is gone."
    unit = right.copy()
    unit[[1, 2, 3, 4, 7, 8, 9, 10]] /= _SCALE**2
    yield unit, _CORRELATION
    unit_without_mean = unit.copy()
    unit_without_mean[[0, 6]] = 0.0
    yield unit_without_mean, f"{_CORRELATION} And the mean of each class is gone."
    for scale in (1.0, _SCALE**2):
        for mean in (0.0, _OFFSET):
            yield _bare_kernel(scale, mean), _KERNEL
    uncentered = right.copy()
    uncentered[[1, 2, 3, 4, 7, 8, 9, 10]] += _OFFSET**2
    yield uncentered, "The covariance is X'X / n of inputs that are not centred: too large."


_POOLED = (
    "Both classes have the same covariance, the mean of the two: the control was made of all rows "
    "at once. Then nothing is left to tell the classes apart. Clone each class from its own rows."
)
_SHUFFLED = (
    "The marginal distribution is that of X and the covariance between sites is gone: shuffling "
    "pixels keeps what should go and destroys what should stay."
)
_CORRELATION = (
    "Correlations are right, the variance is 1: the matrix of correlations was taken for the "
    "covariance."
)
_KERNEL = (
    "That is the Gaussian field of the bare kernel. The saturating map changes the covariance "
    "(arcsine law); the control has that of the NLGP, so take it from X."
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
        f"The distribution is another one: {listed(names[off], got[off], expected[off], '.2f')}. "
        "Mean and covariance of each class, of its own rows."
    )


_REASONS = {
    "a": "With odd units and no bias the output at -x is minus the output at x, whatever the "
    "weights. A net can have few parameters or many.",
    "c": "The rate is that of the net with biases, which learns. Try ten times the steps.",
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
        raise Wrong(f"Got {got:g}; expected a fraction, from 0 to 1, not per cent.")
    if abs(got - 0.5) > 0.02:
        raise mistake_in(
            got,
            [
                (0.85, "That is what the net with biases reaches. What does minus an input get?"),
                (0.0, "Always wrong would be as good as always right: turn the answers over."),
            ],
            0.16,
            f"Got {got:g}. Inputs x and -x are equally frequent in a class: add up how often a "
            "net that answers them oppositely is right.",
        )
    choice = _choice(reason, "reason", ("a", "b", "c"))
    if choice != "b":
        raise Wrong(f"The accuracy is right. But reason {choice!r}: {_REASONS[choice]}")
    return (
        "P(x) = P(-x) in both classes, and the output is odd in x: of each pair x, -x one is "
        "right and one wrong. No training changes that."
    )


_SWAPPED = {
    "all": "So it is with the classes in the usual order, where the target 1 belongs to the "
    "long-range class. Which inputs should a rectified unit answer to now?",
    "half": "Half localize in nets of erf units, where two signs of biases make two groups. "
    "Rectified units start with bias 0: they are one group.",
}


@checked
def check_swapped_classes(answer: Any) -> str:
    """Check which rectified units localize when the classes change places.

    Parameters
    ----------
    answer : {"all", "half", "none"}
        The student's prediction.
    """
    choice = _choice(answer, "localized_when_swapped", ("all", "half", "none"))
    if choice != "none":
        raise Wrong(f"{choice!r}: {_SWAPPED[choice]}")
    return (
        "A rectified unit whose target is the short-range class follows what that class has more "
        "of: high frequencies. They make oscillating fields, as the b < 0 units of erf nets do."
    )


def _choice(answer: Any, what: str, options: tuple[str, ...]) -> str:
    if answer is ...:
        raise Unanswered
    if not isinstance(answer, str) or answer.strip().lower() not in options:
        listed = ", ".join(map(repr, options))
        raise Wrong(f"{what} is {str(answer)[:60]!r}; expected one of {listed}.")
    return answer.strip().lower()
