"""Base class of flows of fields, and the result of their integration."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import check_features, check_fields, check_numbers, check_positive, plain

_SCALE = 0.1  # standard deviation of initial weights w = sqrt(D) u, the default of nets


@dataclass(frozen=True)
class FlowResult:
    """Time course of several fields, the result of integrating a flow.

    Attributes
    ----------
    times : ndarray of shape (n_times,)
        Times, in the unit of time of the flow, such as learning rate x steps / D.
    history : ndarray of shape (n_times, n_fields, n_features)
        Fields at these times.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.theory import FlowResult
    >>> FlowResult(np.array([0.0, 50.0]), np.ones((2, 3, 12))).fields.shape
    (3, 12)
    """

    times: Array
    history: Array

    @property
    def fields(self) -> Array:
        """Fields at the last time, an array of shape (n_fields, n_features)."""
        return np.asarray(self.history[-1])


class Flow:
    """Base class of flows of fields with `n_features` sites."""

    n_features: int

    def initial_fields(self, n_fields: int, random_state: Any = None) -> Array:
        """Draw normal initial fields with a standard deviation of 0.1 / sqrt(n_features).

        Parameters
        ----------
        n_fields : int
            Number of fields.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the random fields.
        """
        check_positive(n_fields, "n_fields", integer=True)
        noise = as_generator(random_state).standard_normal((n_fields, self.n_features))
        return np.asarray(_SCALE * noise / np.sqrt(self.n_features))

    def _check(self, fields: ArrayLike) -> Array:
        """Return fields as a checked array."""
        u = plain(check_fields(fields, "fields"), "fields")  # the cubes of larger values overflow
        return check_features(u, self.n_features, "fields")

    def _initial(self, start: int | ArrayLike, random_state: Any) -> Array:
        """Return initial fields, which are drawn at random if only their number is given."""
        if isinstance(start, int | np.integer):
            start = self.initial_fields(int(start), random_state)
        return self._check(start)

    @staticmethod
    def _times(end: float, times: ArrayLike | None) -> Array:
        """Return the times at which a flow is stored; by default, the first and the last time."""
        check_positive(end, "end")
        at = np.array([0.0, end]) if times is None else check_numbers(times, "times")
        if at.ndim != 1 or not len(at):
            raise ValueError(
                f"`times` must be a nonempty one-dimensional array, got shape {at.shape}."
            )
        if not (at[0] >= 0.0 and at[-1] <= end * (1.0 + 1e-9) and (np.diff(at) > 0.0).all()):
            raise ValueError(f"`times` must increase and lie between 0 and end={end!r}, got {at}.")
        return at
