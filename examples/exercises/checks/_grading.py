"""Shared functions of the checks: call an answer, read its result and identify the mistake."""

import functools
import warnings
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._verdict import Verdict

Array = NDArray[np.float64]
Mistake: TypeAlias = tuple[ArrayLike, str]  # its result, and the message

_BLANK = "Replace each ... with your answer and run again. The notebook has hints."
_USUALLY = {
    "NameError": "A name is misspelt, or the cell that defines it has not been run.",
    "AttributeError": "A method or module is misspelt, or the object has another type.",
    "TypeError": "A function got an argument of the wrong type, or too many or too few.",
    "IndexError": "An index or axis is larger than the array allows. Print its shape.",
    "KeyError": "A key does not exist. Print the keys.",
    "ZeroDivisionError": "A denominator is zero.",
    "LinAlgError": "A matrix is not square, or singular. Print its shape.",
    "RecursionError": "The function calls itself endlessly.",
}


class Unanswered(Exception):  # noqa: N818
    """There is no answer yet."""


class Wrong(Exception):  # noqa: N818
    """The answer is wrong; the message says why."""


def checked(check: Callable[..., str]) -> Callable[..., Verdict]:
    """Turn a function that raises `Unanswered` or `Wrong`, or returns a comment into a check.

    The check never raises an exception. It hides warnings, because the verdict explains them.
    """

    @functools.wraps(check)
    def wrapper(*answers: Any) -> Verdict:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                return Verdict("passed", check(*answers))
            except Unanswered:
                return Verdict("unanswered", _BLANK)
            except Wrong as error:
                return Verdict("wrong", str(error))
            except Exception as error:
                return Verdict(
                    "wrong",
                    f"The check cannot evaluate its arguments ({_in_words(error)}). "
                    "Compare them with the text above the cell.",
                )

    return wrapper


def call(function: Any, *arguments: Any, on: str) -> Any:
    """Call an answer with copies of the arguments, which `on` describes in words."""
    if function is ...:
        raise Unanswered
    if not callable(function):
        raise Wrong(
            f"Got {type(function).__name__}; expected a function. Pass its name, without "
            "parentheses."
        )
    try:
        result = function(*(_copy(argument) for argument in arguments))
    except Exception as error:
        if "ellipsis" in str(error).lower():
            raise Unanswered from None
        raise Wrong(
            f"Your function raised {_in_words(error)} when called with {on}. {_usual_cause(error)}"
        ) from None
    if result is ...:
        raise Unanswered
    if result is None:
        raise Wrong("Your function returned None. Does it end in a return statement?")
    return result


def _copy(argument: Any) -> Any:
    return argument.copy() if isinstance(argument, np.ndarray) else argument


def _in_words(error: Exception) -> str:
    words = str(error).splitlines()[0][:200] if str(error) else "no message"
    return f"{type(error).__name__}: {words}"


def _usual_cause(error: Exception) -> str:
    words = str(error)
    if any(word in words for word in ("broadcast", "shape", "align", "matmul", "dimension")):
        return "Usually the shapes of two arrays do not match. Print both in the line before."
    name = type(error).__name__
    return _USUALLY.get(name, "Call your function by hand on a small input and look at each step.")


def numbers(value: Any, what: str) -> Array:
    """Real numbers of an answer, as an array; finite or not."""
    if value is ...:
        raise Unanswered
    if value is None:
        raise Wrong(f"{what} is None; expected numbers.")
    if callable(value):
        raise Wrong(f"{what} is a function; expected its result. Are the parentheses missing?")
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O" and any(item is ... for item in array.flat):
            raise Unanswered
        if array.dtype.kind == "c":
            raise Wrong(
                f"{what} is complex. Transform back with the inverse of the real Fourier "
                "transform, np.fft.irfft."
            )
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise Wrong(f"{what} is of type {type(value).__name__}; expected numbers.") from None


def number(value: Any, what: str) -> float:
    """One finite number."""
    array = numbers(value, what)
    if array.size != 1:
        raise Wrong(f"{what} has shape {array.shape}; expected one number, for example a mean.")
    if not np.isfinite(array).all():
        raise Wrong(f"{what} is {float(array.flat[0])}; expected a finite number. {NOT_FINITE}")
    return float(array.flat[0])


NOT_FINITE = "Look for a division by zero, or the square root of a negative number."


def require_finite(array: Array, what: str) -> None:
    """Refuse NaN and infinity."""
    n_bad = int((~np.isfinite(array)).sum())
    if n_bad:
        raise Wrong(f"{what}: {n_bad} of {array.size} numbers are NaN or infinite. {NOT_FINITE}")


def is_close(got: ArrayLike, expected: ArrayLike, tolerance: ArrayLike) -> bool:
    """Whether all numbers agree within `tolerance`."""
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        return False
    return bool((np.abs(got - expected) <= tolerance).all())


def listed(names: Iterable[str], got: ArrayLike, expected: ArrayLike, digits: str) -> str:
    """Names, results and expected numbers, where the last two differ."""
    rows = zip(names, np.ravel(got), np.ravel(expected), strict=True)
    return "; ".join(
        f"{name} {value:{digits}} (expected {target:{digits}})"
        for name, value, target in rows
        if f"{value:{digits}}" != f"{target:{digits}}"
    )


def require_seeded(draw: Callable[[int], Array], first: Array) -> None:
    """Refuse draws that do not depend on their seed, or on more than it."""
    if not np.array_equal(draw(0), first):
        raise Wrong(
            "Two calls with the same seed gave different numbers. Draw all numbers with the "
            "argument rng, not with NumPy's global generator or with one that has no seed."
        )
    if np.array_equal(draw(1), first):
        raise Wrong(
            "Two different seeds gave the same numbers. Your function makes a generator with a "
            "fixed seed; draw with the argument rng instead."
        )


def mistake_in(
    got: ArrayLike, mistakes: Iterable[Mistake], tolerance: ArrayLike, otherwise: str
) -> Wrong:
    """Return the mistake that explains a result, the nearest of several, or `otherwise`."""
    fitting = [
        (float(np.abs(np.asarray(got) - would_give).max()), reason)
        for would_give, reason in mistakes
        if is_close(got, would_give, tolerance)
    ]
    return Wrong(min(fitting)[1] if fitting else otherwise)
