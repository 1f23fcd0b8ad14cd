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
        on = f"X of shape {X.shape}, mean {_OFFSET}, and a of shape ({_SITES},), {what}"
        value = numbers(call(contraction, X, a, on=on), "What your function returned")
        if value.size == len(X):
            raise Wrong(
                f"Got {len(X)} numbers, one per sample; expected one: average over the samples."
            )
        found.append(number(value, "The contraction"))
    expected = np.array([_contraction(X, a) for a in directions])
    # In units of the fourth moment, so that both directions have the same tolerance.
    units = np.array([_moments(X, a)[0] for a in directions])
    got = np.array(found)
    if not is_close(got / units, expected / units, 1e-9):
        mistakes = ((np.array(value) / units, reason) for value, reason in _mistakes(X, directions))
        raise mistake_in(
            got / units,
            mistakes,
            1e-9,
            f"{listed(names, got, expected, '.4g')}. Subtract the mean of x.a. Then compute the "
            "mean of the fourth power minus 3 times the square of the mean square.",
        )
    return "This is zero for Gaussian inputs along every direction, and negative for an NLGP."


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
    moment = "That is the fourth moment, which Gaussian inputs have too. Subtract the part that "
    moment += "the covariance determines, three times the square of the variance."
    centered = "The mean is not subtracted: a cumulant needs x.a minus its mean."
    three = "There are 3 ways to pair four factors: subtract 3 times the square of the variance."
    yield each(lambda fourth, _: fourth), moment
    yield [fourth for fourth, _ in raw], f"{moment} And the mean is not subtracted."
    yield [fourth - 3.0 * second**2 for fourth, second in raw], centered
    yield each(lambda fourth, second: fourth - second**2), three
    yield [fourth - second**2 for fourth, second in raw], f"{three} And the mean is not subtracted."
    square = "The second moment is not squared, so the two terms have different units."
    yield each(lambda fourth, second: fourth - 3.0 * second), square
    kurtosis = "That is the excess kurtosis. Do not divide by the square of the variance."
    yield each(lambda fourth, second: fourth / second**2 - 3.0), kurtosis
    yield each(lambda fourth, _: fourth - 3.0), "Subtracting 3 is right only if the variance is 1."
    n, sums = len(X), "Those are sums; expected means."
    yield each(lambda fourth, second: n * (fourth - 3.0 * second**2)), sums
    yield each(lambda fourth, second: n * fourth - 3.0 * (n * second) ** 2), sums
    yield each(lambda fourth, second: 3.0 * second**2 - fourth), "The sign is wrong."
    cubes = [np.mean((X @ a - (X @ a).mean()) ** 3) for a in directions]
    yield cubes, "That is the third cumulant; expected the fourth."
    yield (
        [np.mean((h - h.mean()) ** 3) - 3.0 * np.var(h) ** 2 for h in (X @ a for a in directions)],
        "The first term is the cube of x.a; expected the fourth power.",
    )
    sites = [((X - X.mean(axis=0)) ** 4 @ a, (X - X.mean(axis=0)) ** 2 @ a) for a in directions]
    yield (
        [f.mean() - 3.0 * s.mean() ** 2 for f, s in sites],
        "The powers are those of the sites. Compute the sum x.a first, then its powers.",
    )


@checked
def check_control(on_control: Any, X_control: Any, y: Any, a: Any) -> str:
    """Check the contraction of class 1 of the control.

    Parameters
    ----------
    on_control : float
        The student's number.
    X_control : ndarray of shape (n_samples, n_features)
        The control.
    y : ndarray of shape (n_samples,)
        Labels.
    a : ndarray of shape (n_features,)
        The direction.
    """
    got = number(on_control, "on_control")
    of_class = {label: _contraction(X_control[y == label], a) for label in (0, 1)}
    scale = _moments(X_control[y == 1], a)[0]
    pooled = _contraction(X_control, a)
    # Wide enough for a contraction without subtracting the mean, which is nearly zero here.
    if is_close(got, of_class[1], 1e-3 * scale):
        return (
            f"This is {got / scale:+.3f} of the fourth moment: zero apart from sampling noise. For "
            f"both classes together it would be {pooled / _moments(X_control, a)[0]:+.2f}."
        )
    mistakes = [
        (
            pooled,
            "Both classes are in it. A mixture of two Gaussians with different covariances is not "
            "Gaussian, and its fourth cumulant is not zero. Take class 1 alone.",
        ),
        (of_class[0], "That is class 0; expected class 1."),
        (scale, "That is the fourth moment; expected the cumulant."),
    ]
    raise mistake_in(
        got,
        mistakes,
        5e-3 * scale,
        f"Got {got:.4g}; expected contraction(X_control[y == 1], a).",
    )
