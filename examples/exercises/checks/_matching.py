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
    "a bump and itself, 7 sites on",
    "a bump and minus itself",
    "a bump and 5 times itself",
    "a bump and a Fourier mode",
    "noise and noise",
)


def _pairs() -> tuple[Array, Array]:
    """Fields and others, a row a pair, as `_WHAT` says."""
    sites = np.arange(_SITES)
    bump = np.exp(-0.5 * ((sites - 8) / 2.0) ** 2) + 0.1
    wave = 0.7 * np.sin(2.0 * np.pi * 2 * sites / _SITES)
    noise, other = np.random.default_rng(0).standard_normal((2, _SITES))
    fields = np.stack([bump, bump, bump, bump, bump, noise])
    return fields, np.stack([bump, np.roll(bump, 7), -bump, 5.0 * bump, wave, other])


@checked
def check_match(match: Any) -> str:
    """Check match(field, other), the largest |cosine| over all shifts around the ring.

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
                f"Got {_SITES} numbers, one a shift; expected one, the largest of their sizes."
            )
        found.append(number(value, "The match"))
    got = np.array(found)
    require_finite(got, "The matches")
    expected = np.diag(match_matrix(fields, others))
    if not is_close(got, expected, 1e-9):
        table = listed(_WHAT, got, expected, ".3f")
        otherwise = f"{table}. The largest |cosine| over all shifts."
        raise mistake_in(got, _mistakes(fields, others), 1e-9, otherwise)
    return "1 for a field and itself, at any place, of either sign and of any length."


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
    sign = "A bump and minus itself should match fully: a unit and its readout may both change "
    sign += "sign. Take the largest size, not the largest value."
    shift = (
        "A bump and the same bump elsewhere should match fully: try every shift around the ring."
    )
    length = "Five times a field should match as the field does: divide by the lengths of both."
    mean = "The means are subtracted. That is Pearson's correlation; a match is a cosine."
    yield at_shifts.max(axis=1), sign
    yield np.abs(at_shifts[:, 0]), shift
    yield at_shifts[:, 0], f"{shift} And a match has no sign."
    products = _correlations(fields, others, divide=False)
    yield np.abs(products).max(axis=1), length
    yield products.max(axis=1), f"{length} And a match has no sign."
    yield np.abs(products).max(axis=1) / _SITES, length
    by_square = np.abs(products).max(axis=1) / (fields**2).sum(axis=1)
    yield by_square, "It is divided by the length of the first field twice; expected both, once."
    lengths = (fields**2).sum(axis=1) * (others**2).sum(axis=1)
    yield np.abs(products).max(axis=1) / lengths, "Lengths are square roots of sums of squares."
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
        "The shifts are not circular: beyond the last site comes the first. Roll, or use FFTs.",
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
            f"Of {len(medians)} populations with random phases 5 % exceed {got:.2f}, though each "
            "has the smoothness of the fields. A match of so much says nothing yet."
        )
    raise mistake_in(
        got,
        [
            (np.median(medians), "That is the median of chance: half of chance exceeds it."),
            (medians.mean(), "That is the mean of chance: about half of chance exceeds it."),
            (medians[-1], "That is the largest; one in a hundred exceeds it. Asked for is 5 %."),
            (medians[len(medians) - 1 - rank], "That is the lower end: 95 % of chance exceeds it."),
            (0.05, "That is the level, 5 %. Which match do 5 % of the medians exceed?"),
            (
                0.95,
                "That is the fraction; which match exceeds this fraction of the medians?",
            ),
            (0.0, "Smooth fields match each other somewhere, whatever they are: never 0."),
        ],
        5e-3,
        f"Got {got:.3g}. Sort the medians: 5 % of them should lie above your number.",
    )
