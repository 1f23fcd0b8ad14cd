"""Matches that fields reach by chance."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import check_positive
from ._matching import best_placement, check_pair, unit_fields
from ._nulls import random_phases, with_phases
from ._orbits import translation_orbits

_SAME = 0.9  # match from which on two fields get the same phases


def chance_match(
    fields: ArrayLike,
    references: ArrayLike,
    shape: int | tuple[int, ...] | None = None,
    *,
    n_null: int = 99,
    flips: bool = False,
    random_state: Any = None,
) -> Array:
    """Median best match of fields with random phases: the match that fields reach by chance.

    Random Fourier phases keep the spectrum of a field, and therefore its smoothness. Fields that
    are shifts of one another get the same phases, because their matches are not independent.

    Parameters
    ----------
    fields, references : array-like of shapes (n_units, n_features), (n_references, n_features)
        Receptive fields, and the fields that they were matched to.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    n_null : int, default=99
        Number of populations with random phases.
    flips : bool, default=False
        Whether references may be mirrored.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the phases.

    Returns
    -------
    medians : ndarray of shape (n_null,)
        Sorted medians over units of the best match; ``medians[94]`` of 99 is the level of 5 %.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import chance_match
    >>> bump = np.exp(-0.5 * (np.arange(100) - 50.0) ** 2 / 4.0**2)
    >>> bool(chance_match([bump], [np.roll(bump, 30)], random_state=0)[94] < 0.9)
    True
    """
    check_positive(n_null, "n_null", integer=True)
    weights, targets, sides = check_pair(fields, references, shape)
    weights, targets = unit_fields(weights), unit_fields(targets)
    weights, targets = (rows[np.isfinite(rows[:, 0])] for rows in (weights, targets))
    if not len(weights) or not len(targets):
        raise ValueError("All fields or all references are zero; expected some that are not.")
    rng = as_generator(random_state)
    orbits = translation_orbits(weights, sides, min_match=_SAME).labels
    founders = weights[np.unique(orbits, return_index=True)[1]].reshape(-1, *sides)
    medians = np.empty(n_null)
    for i in range(n_null):
        phases = random_phases(sides, len(founders), rng)
        scrambled = unit_fields(with_phases(founders, phases).reshape(len(founders), -1))
        match, *_ = best_placement(scrambled, targets, sides, flips)
        medians[i] = np.median(np.abs(match).max(axis=1)[orbits])
    return np.sort(medians)
