"""Exercise 4: compare fields with convolutional filters."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rfsk.analysis import match_matrix

from ._grading import (
    Array,
    Wrong,
    call,
    checked,
    is_close,
    listed,
    mistake_in,
    number,
    numbers,
    require_finite,
)

_SITES = 24
_WHAT = (
    "a bump and itself",
    "a bump and itself, shifted by 7 sites",
    "a bump and minus itself",
    "a bump and 5 times itself",
    "a bump and a Fourier mode",
    "noise and noise",
)


def _pairs() -> tuple[Array, Array]:
    """Both fields of each pair of `_WHAT`, one row per pair."""
    sites = np.arange(_SITES)
    bump = np.exp(-0.5 * ((sites - 8) / 2.0) ** 2) + 0.1
    mode = 0.7 * np.sin(2.0 * np.pi * 2 * sites / _SITES)
    noise, other = np.random.default_rng(0).standard_normal((2, _SITES))
    fields = np.stack([bump, bump, bump, bump, bump, noise])
    return fields, np.stack([bump, np.roll(bump, 7), -bump, 5.0 * bump, mode, other])


@checked
def check_match(match: Any) -> str:
    """Check match(field, other), the largest absolute cosine over all shifts around the ring.

    Parameters
    ----------
    match : callable
        The student's function.
    """
    fields, others = _pairs()
    found = []
    for field, other, what in zip(fields, others, _WHAT, strict=True):
        on = f"two fields of {_SITES} sites ({what})"
        value = numbers(call(match, field, other, on=on), "What your function returned")
        if value.size == _SITES:
            raise Wrong(
                f"Got {_SITES} numbers, one per shift; expected one, the largest absolute value."
            )
        found.append(number(value, "The match"))
    got = np.array(found)
    require_finite(got, "The matches")
    expected = np.diag(match_matrix(fields, others))
    if not is_close(got, expected, 1e-9):
        table = listed(_WHAT, got, expected, ".3f")
        otherwise = f"{table}. Compute the largest absolute cosine over all shifts."
        raise mistake_in(got, _mistakes(fields, others), 1e-9, otherwise)
    return "The match of a field with itself is 1 at any position, sign and size."


def _correlations(fields: Array, others: Array, divide: bool = True) -> Array:
    """Circular cross-correlation of each pair, at every shift."""
    products = np.fft.rfft(fields) * np.fft.rfft(others).conj()
    correlations = np.fft.irfft(products, n=fields.shape[1])
    if not divide:
        return np.asarray(correlations)
    lengths = np.linalg.norm(fields, axis=1) * np.linalg.norm(others, axis=1)
    return np.asarray(correlations / lengths[:, None])


def _mistakes(fields: Array, others: Array) -> Iterator[tuple[Array, str]]:
    at_shifts = _correlations(fields, others)
    centered = [rows - rows.mean(axis=1, keepdims=True) for rows in (fields, others)]
    sign = "A bump and its negative must have the match 1, because a unit and its readout may both "
    sign += "change sign. Take the largest absolute value, not the largest value."
    shift = "A bump and the same bump elsewhere must have the match 1: try every shift."
    length = "A field and 5 times this field must match equally: divide by the lengths of both."
    mean = "The means are subtracted. That is Pearson's correlation; a match is a cosine."
    yield at_shifts.max(axis=1), sign
    yield np.abs(at_shifts[:, 0]), shift
    yield at_shifts[:, 0], f"{shift} And a match has no sign."
    products = _correlations(fields, others, divide=False)
    yield np.abs(products).max(axis=1), length
    yield products.max(axis=1), f"{length} And a match has no sign."
    yield np.abs(products).max(axis=1) / _SITES, length
    by_square = np.abs(products).max(axis=1) / (fields**2).sum(axis=1)
    yield by_square, "It is divided twice by the length of the first field; divide by each once."
    lengths = (fields**2).sum(axis=1) * (others**2).sum(axis=1)
    yield np.abs(products).max(axis=1) / lengths, "A length is the square root of a sum of squares."
    yield np.abs(_correlations(*centered)).max(axis=1), mean
    yield np.abs(_correlations(*centered)[:, 0]), f"{mean} And: {shift[0].lower()}{shift[1:]}"
    yield np.abs(at_shifts).mean(axis=1), "That is the mean over shifts; expected the largest."
    mirrored = np.abs(_correlations(fields, others[:, ::-1])).max(axis=1)
    yield mirrored, "One of the fields is mirrored: conjugate one of the Fourier transforms."
    linear = [
        np.abs(np.correlate(f, o, "full")).max() / np.linalg.norm(f) / np.linalg.norm(o)
        for f, o in zip(fields, others, strict=True)
    ]
    yield (
        np.array(linear),
        "The shifts are not circular: the first site follows the last. Use np.roll.",
    )


@checked
def check_chance(level: Any, medians: Any) -> str:
    """Check which median match is more than chance, at a level of 5 %.

    Parameters
    ----------
    level : float
        The student's number.
    medians : ndarray of shape (n_null,)
        Median matches of fields with random phases.
    """
    got = number(level, "level")
    medians = np.sort(np.asarray(medians, dtype=np.float64))
    rank = int(0.95 * (len(medians) + 1)) - 1
    if medians[rank - 1] - 1e-3 <= got <= medians[rank + 1] + 1e-3:
        return (
            f"Of {len(medians)} populations with random phases, 5 % exceed {got:.2f}, although "
            "they are only as smooth as the fields. Such a match is no evidence of similarity."
        )
    raise mistake_in(
        got,
        [
            (np.median(medians), "That is the median of the medians: half of them exceed it."),
            (medians.mean(), "That is the mean of the medians: about half of them exceed it."),
            (medians[-1], "That is the largest median: only 1 in 100 exceeds it, not 5."),
            (medians[len(medians) - 1 - rank], "That is the lower end: 95 % exceed it."),
            (0.05, "That is the level, 5 %. Which match do 5 % of the medians exceed?"),
            (
                0.95,
                "That is the fraction; which match exceeds this fraction of the medians?",
            ),
            (0.0, "Any two smooth fields are similar at some shift: never 0."),
        ],
        5e-3,
        f"Got {got:.3g}. Sort the medians: 5 % of them must be larger than your number.",
    )
