"""Fields laid over each other, their peak in the middle of the lattice."""

import numpy as np
from numpy.typing import NDArray

from ..analysis import FieldMatcher

Array = NDArray[np.float64]


def aligned(field: Array, references: Array, shape: tuple[int, ...]) -> Array:
    """Shift and sign the reference that matches a field best so that it lies on it."""
    matcher = FieldMatcher(shape).set_output(transform="default").fit(references)
    match = matcher.transform(field[None])[0]
    reference = references[int(match[1])].reshape(shape)
    shifts = tuple(match[3:].astype(int))
    rolled = np.roll(reference, shifts, axis=tuple(range(len(shape))))
    return np.asarray(match[2] * rolled.ravel())


def centered(values: Array, field: Array, shape: tuple[int, ...]) -> Array:
    """Give values unit length and roll them so that the peak of the field is central, positive."""
    peak = np.abs(field).argmax()
    place = np.unravel_index(peak, shape)
    shifts = tuple(side // 2 - int(site) for side, site in zip(shape, place, strict=True))
    unit = np.sign(field[peak]) * values.reshape(shape) / np.linalg.norm(values)
    return np.roll(unit, shifts, axis=tuple(range(len(shape)))).ravel()
