"""An analyzer under check: fields to show it, and its answers as columns."""

import math
import warnings
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from .._core._random import as_generator
from ..exceptions import LikelyMistakeWarning

Array = NDArray[np.float64]
Columns = Sequence[str | int]


class Analyzed:
    """A transformer or function of fields, and the fields that the checks share.

    Parameters
    ----------
    analyzer : transformer or callable
        What is checked; a transformer that is not fitted is fitted to other fields.
    shape : tuple of int
        Lattice of the fields.
    positions, odd : sequence of str or int
        Columns that move with the field, and columns that change their sign with it.
    tolerance : float
        Change that counts as rounding, relative to the largest value of a column.
    random_state : int, Generator, RandomState or None
        Seed of the fields.
    """

    def __init__(
        self,
        analyzer: Any,
        shape: tuple[int, ...],
        positions: Columns,
        odd: Columns,
        tolerance: float,
        random_state: Any,
    ) -> None:
        self.analyzer, self.shape = analyzer, shape
        self.positions, self.odd, self.tolerance = positions, odd, tolerance
        self.rng = as_generator(random_state)
        # Never as many units as features, or a result a feature would look right.
        n_units = 14 if math.prod(shape) == 13 else 13
        self.fields = sample_fields(shape, n_units, self.rng)
        self.others = sample_fields(shape, 11, self.rng)

    @property
    def is_transformer(self) -> bool:
        """Whether it has fit and transform."""
        return hasattr(self.analyzer, "transform")

    @cached_property
    def _measure(self) -> Callable[[Any], Any]:
        measure: Callable[[Any], Any] = self.analyzer
        return measure if not self.is_transformer else self.fitted.transform

    def measure(self, fields: Any) -> Any:
        """Measure a copy of the fields."""
        return self.measure_in_place(fields.copy() if isinstance(fields, np.ndarray) else fields)

    def measure_in_place(self, fields: Any) -> Any:
        """Measure fields; that those of the check may look like a mistake is no matter."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LikelyMistakeWarning)
            return self._measure(fields)

    @cached_property
    def fitted(self) -> Any:
        """The transformer, fitted."""
        if is_fitted(self.analyzer):
            return self.analyzer
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LikelyMistakeWarning)
            return clone(self.analyzer).fit(self.others)

    @cached_property
    def answer(self) -> Array:
        """Measures of the fields, (n_units, n_columns)."""
        return as_columns(self.measure(self.fields))

    @property
    def is_named(self) -> bool:
        """Whether columns have names."""
        return hasattr(self.analyzer, "get_feature_names_out")

    @cached_property
    def names(self) -> list[str]:
        """Names of the columns; their numbers where they have none."""
        if self.is_named:
            return [str(name) for name in self.fitted.get_feature_names_out()]
        return [str(number) for number in range(self.answer.shape[1])]

    def declared(self, column: int) -> str:
        """How a user names a column in `positions` or `odd`."""
        return f"({self.names[column]!r},)" if self.is_named else f"({column},)"

    def are(self, declared: Columns) -> NDArray[np.bool_]:
        """Which columns are declared, by name, pattern of names or number."""
        n_columns = self.answer.shape[1]
        return np.array(
            [
                any(
                    entry % n_columns == column
                    if isinstance(entry, int)
                    else fnmatchcase(name, entry)
                    for entry in declared
                )
                for column, name in enumerate(self.names)
            ],
            dtype=bool,
        )


def is_fitted(analyzer: Any) -> bool:
    """Whether a transformer has been fitted."""
    try:
        check_is_fitted(analyzer)
    except (NotFittedError, TypeError):
        return False
    return True


def as_columns(answer: Any) -> Array:
    """Measures as a matrix with one row a unit."""
    values = np.asarray(answer, dtype=np.float64)
    return values[:, None] if values.ndim == 1 else values


def sample_fields(shape: tuple[int, ...], n_units: int, rng: np.random.Generator) -> Array:
    """Bumps with surrounds, wave packets and smooth noise at random places, all peaks unequal.

    Parameters
    ----------
    shape : tuple of int
        Their lattice.
    n_units : int
        How many.
    rng : Generator
        Draws them.
    """
    sites = np.indices(shape)
    rows = []
    for unit in range(n_units):
        squared, phase, noise = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        width = 0.6 + rng.random() * max(shape) / 8
        for axis, side in enumerate(shape):
            center = rng.random() * side
            apart = (sites[axis] - center + side / 2) % side - side / 2
            squared += apart**2
            phase += (rng.random() - 0.5) * 0.4 * apart
            wave = 2.0 * np.pi * sites[axis] / side
            noise += rng.normal() * np.cos(wave) + rng.normal() * np.sin(wave)
        envelope = np.exp(-0.5 * squared / width**2)
        kinds = (
            envelope,
            envelope * np.cos(2 * np.pi * phase),
            envelope * (1 - squared / width**2),
        )
        rows.append(kinds[unit % 3] * rng.choice([-1.0, 1.0]) + 0.02 * noise)
    return np.stack(rows).reshape(n_units, -1)
