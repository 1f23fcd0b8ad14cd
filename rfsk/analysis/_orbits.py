"""Groups of components that are shifts of one another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._types import Array
from .._core._validation import check_fields_on, check_positive
from ._matching import signed_matches

_ROUNDING = 1e-9


@dataclass(frozen=True)
class TranslationOrbits:
    """Components grouped by the field that they are shifts of; see `translation_orbits`.

    Attributes
    ----------
    labels : ndarray of int of shape (n_units,)
        Orbit of each component, numbered by first appearance; -1 for one of zeros.
    shifts : ndarray of int of shape (n_units, n_axes)
        Shift that rolls the first component of the orbit onto this one.
    signs : ndarray of int of shape (n_units,)
        Relative sign of the two, +1 or -1.
    match : ndarray of shape (n_units,)
        Cosine of the two after shift and sign; NaN for a component of zeros.

    Examples
    --------
    >>> from rfsk.analysis import translation_orbits
    >>> translation_orbits([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).n_orbits
    1
    """

    labels: NDArray[np.intp]
    shifts: NDArray[np.intp]
    signs: NDArray[np.intp]
    match: Array

    @property
    def n_orbits(self) -> int:
        """Number of different fields."""
        return int(self.labels.max(initial=-1)) + 1


def translation_orbits(
    fields: ArrayLike, shape: int | tuple[int, ...] | None = None, *, min_match: float = 0.95
) -> TranslationOrbits:
    """Group components that are shifts, up to sign, of one field.

    Each component joins the orbit whose first member it matches best, or begins a new one.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    min_match : float, default=0.95
        Smallest cosine, over shifts and sign, with the first member of an orbit.

    Returns
    -------
    orbits : TranslationOrbits

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import translation_orbits
    >>> bump = np.exp(-np.arange(-15.0, 15.0) ** 2 / 9)
    >>> orbits = translation_orbits([bump, np.cos(0.4 * np.pi * np.arange(30)), -np.roll(bump, 11)])
    >>> orbits.labels, orbits.shifts[:, 0], orbits.signs
    (array([0, 1, 0]), array([ 0,  0, 11]), array([ 1,  1, -1]))
    """
    check_positive(min_match, "min_match")
    if min_match > 1.0:
        raise ValueError(f"min_match={min_match!r}; expected at most 1.")
    weights, sides = check_fields_on(fields, shape)
    labels, match = np.full(len(weights), -1), np.full(len(weights), np.nan)
    shifts, signs = np.zeros((len(weights), len(sides)), dtype=np.intp), np.ones_like(labels)
    signed, placed = signed_matches(weights, sides)
    founders: list[int] = []
    for unit in np.flatnonzero(np.any(weights != 0.0, axis=1)).tolist():
        cosines = signed[unit, founders]
        best = int(np.abs(cosines).argmax()) if founders else -1
        if founders and abs(cosines[best]) >= min_match - _ROUNDING:
            labels[unit], match[unit] = best, abs(cosines[best])
            signs[unit] = 1 if cosines[best] >= 0 else -1
            shifts[unit] = np.unravel_index(placed[unit, founders[best]], sides)
        else:
            labels[unit], match[unit] = len(founders), 1.0
            founders.append(unit)
    return TranslationOrbits(labels, shifts, signs, match)
