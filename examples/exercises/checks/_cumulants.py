"""Exercise 5: the fourth cumulant explains the fields."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import rfsk

from ._grading import Array, Wrong, call, checked, is_close, listed, mistake_in, number, numbers

_SITES, _OFFSET, _SCALE = 12, 0.4, 1.5


@checked
def check_contraction(contraction: Any) -> str:
    """Check contraction(X, a), the fourth cumulant of the inputs along a.

    Parameters
    ----------
    contraction : callable
        The student's function.
    """
    model = rfsk.NLGP(_SITES, correlation_length=2.0, gain=3.0)
    X = _SCALE * model.sample(500, random_state=0) + _OFFSET
    directions = np.stack([np.eye(_SITES)[3], np.linspace(-1.0, 2.0, _SITES)])
    found = []
    names = ("Along a single site", "along a slope")
    for a, what in zip(directions, ("a single site", "a slope"), strict=True):
        on = f"X of shape {X.shape}, of mean {_OFFSET}, and a of shape ({_SITES},), {what}"
        value = numbers(call(contraction, X, a, on=on), "What your function returned")
        if value.size == len(X):
            raise Wrong(
                f"Got {len(X)} numbers, one a sample; expected one: a cumulant is made of means."
            )
        found.append(number(value, "The contraction"))
    expected = np.array([_contraction(X, a) for a in directions])
    # In units of the fourth moment, so that one tolerance does for both directions.
    units = np.array([_moments(X, a)[0] for a in directions])
    got = np.array(found)
    if not is_close(got / units, expected / units, 1e-9):
        mistakes = ((np.array(value) / units, reason) for value, reason in _mistakes(X, directions))
        raise mistake_in(
            got / units,
            mistakes,
            1e-9,
            f"{listed(names, got, expected, '.4g')}. The mean fourth power minus three "
            "times the square of the mean square, of x.a without its mean.",
        )
    return "Zero for Gaussians along every direction, negative for saturated pixels."


def _moments(X: Array, a: Array) -> tuple[float, float]:
    """Fourth and second moment of x.a, centred."""
    h = X @ a - (X @ a).mean()
    return float(np.mean(h**4)), float(np.mean(h**2))


def _contraction(X: ArrayLike, a: ArrayLike) -> float:
    fourth, second = _moments(np.asarray(X), np.asarray(a))
    return fourth - 3.0 * second**2


def _mistakes(X: Array, directions: Array) -> Iterator[tuple[Any, str]]:
    def each(formula: Any) -> list[float]:
        return [formula(*_moments(X, a)) for a in directions]

    raw = [(np.mean((X @ a) ** 4), np.mean((X @ a) ** 2)) for a in directions]
    moment = "That is the fourth moment, which Gaussians have too: what the covariance alone makes "
    moment += "of it, three times the square of the variance, is not taken off."
    centered = "The mean is still in it: a cumulant is of x.a minus its mean."
    three = (
        "There are three ways to pair four factors: the square of the variance goes off 3 times."
    )
    yield each(lambda fourth, _: fourth), moment
    yield [fourth for fourth, _ in raw], f"{moment} And the mean is still in it."
    yield [fourth - 3.0 * second**2 for fourth, second in raw], centered
    yield each(lambda fourth, second: fourth - second**2), three
    yield [fourth - second**2 for fourth, second in raw], f"{three} And the mean is still in it."
    square = "The second moment is not squared: then the two terms have different units."
    yield each(lambda fourth, second: fourth - 3.0 * second), square
    kurtosis = (
        "That is the excess kurtosis, divided by the square of the variance; the cumulant is "
    )
    kurtosis += "not divided."
    yield each(lambda fourth, second: fourth / second**2 - 3.0), kurtosis
    yield each(lambda fourth, _: fourth - 3.0), "3 is right at variance 1 only; here it is another."
    n = len(X)
    yield each(lambda fourth, second: n * (fourth - 3.0 * second**2)), "Sums; expected means."
    yield each(lambda fourth, second: n * fourth - 3.0 * (n * second) ** 2), "Sums; expected means."
    yield each(lambda fourth, second: 3.0 * second**2 - fourth), "The sign is the other one."
    cubes = [np.mean((X @ a - (X @ a).mean()) ** 3) for a in directions]
    yield cubes, "One power off: that is the third cumulant, zero where P(x) = P(-x)."
    yield (
        [np.mean((h - h.mean()) ** 3) - 3.0 * np.var(h) ** 2 for h in (X @ a for a in directions)],
        "One power off: the cube of x.a; expected the fourth power.",
    )
    sites = [((X - X.mean(axis=0)) ** 4 @ a, (X - X.mean(axis=0)) ** 2 @ a) for a in directions]
    yield (
        [f.mean() - 3.0 * s.mean() ** 2 for f, s in sites],
        "Powers are taken of the sites, then summed with a. First the sum x.a, then its powers.",
    )


@checked
def check_clone(on_clone: Any, X_clone: Any, y: Any, a: Any) -> str:
    """Check the contraction of one class of the Gaussian clone, over its fourth moment.

    Parameters
    ----------
    on_clone : float
        The student's number.
    X_clone : ndarray of shape (n_samples, n_features)
        The clone.
    y : ndarray of shape (n_samples,)
        Labels.
    a : ndarray of shape (n_features,)
        The direction.
    """
    got = number(on_clone, "on_clone")
    of_class = {label: _contraction(X_clone[y == label], a) for label in (0, 1)}
    scale = _moments(X_clone[y == 1], a)[0]
    pooled = _contraction(X_clone, a)
    # Wide enough for a student whose contraction leaves the mean in, which is nearly zero here.
    if is_close(got, of_class[1], 1e-3 * scale):
        return (
            f"{got / scale:+.3f} of the fourth moment: zero but for sampling. Of both classes in "
            f"one it would be {pooled / _moments(X_clone, a)[0]:+.2f}, though all is Gaussian."
        )
    mistakes = [
        (
            pooled,
            "Both classes in one: a mixture of two Gaussians of different covariance is no "
            "Gaussian. Its cumulant holds three times the square of half their difference. Take "
            "class 1 alone.",
        ),
        (of_class[0], "That is class 0; asked for is class 1."),
        (scale, "That is the fourth moment; expected the cumulant."),
    ]
    raise mistake_in(
        got,
        mistakes,
        5e-3 * scale,
        f"Got {got:.4g}; expected contraction of the rows of X_clone of class 1, along a.",
    )
