"""MatchingDisplay: which field matches which reference."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._validation import check_fields, check_image_shape, check_matrix
from ..analysis import match_matrix
from ._style import new_axes

Array = NDArray[np.float64]

_MOST_TICKS = 10


class MatchingDisplay:
    """Matrix of the matches of fields with references, over shifts and signs.

    Build it with `from_fields`.

    Parameters
    ----------
    match : array-like of shape (n_units, n_references)
        Largest cosines.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.plotting import MatchingDisplay
    >>> fields = np.random.default_rng(0).standard_normal((6, 20))
    >>> display = MatchingDisplay.from_fields(np.roll(fields, 3, axis=1), fields[:4])
    """

    def __init__(self, match: ArrayLike) -> None:
        self.match = check_matrix(match, "match")

    @classmethod
    def from_fields(
        cls,
        fields: ArrayLike,
        references: ArrayLike,
        shape: int | tuple[int, ...] | None = None,
        *,
        ax: Any = None,
        names: tuple[str, str] = ("field", "reference"),
    ) -> "MatchingDisplay":
        """Match fields to references, leaving fields of zeros out, and draw the matrix.

        Parameters
        ----------
        fields : array-like of shape (n_units, n_features)
            Receptive fields.
        references : array-like of shape (n_references, n_features)
            What they are held against.
        shape : int or tuple of int, optional
            Lattice of the features, a ring by default.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        names : (str, str), default=("field", "reference")
            What rows and columns are called.

        Returns
        -------
        display : MatchingDisplay
        """
        weights, targets = (
            rows[np.any(rows != 0.0, axis=1)]
            for rows in (check_fields(fields), check_fields(references, "references"))
        )
        if not len(weights) or not len(targets):
            raise ValueError("All fields or all references are zero; expected some that are not.")
        sides = check_image_shape(shape, weights.shape[1])
        return cls(match_matrix(weights, targets, sides)).plot(ax=ax, names=names)

    def plot(
        self, *, ax: Any = None, names: tuple[str, str] = ("field", "reference")
    ) -> "MatchingDisplay":
        """Draw the matrix, rows in the order of their best reference and of how good it is.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        names : (str, str), default=("field", "reference")
            What rows and columns are called.

        Returns
        -------
        self : MatchingDisplay
        """
        n_rows, n_columns = self.match.shape
        size = (2.2 + 0.25 * min(n_columns, 20), 1.2 + 0.1 * min(n_rows, 60))
        self.ax_ = new_axes(ax, figsize=size)
        self.figure_ = self.ax_.figure
        best = self.match.argmax(axis=1)
        order = np.lexsort((-self.match.max(axis=1), best))
        self.image_ = self.ax_.imshow(
            self.match[order], cmap="cividis", vmin=0.0, vmax=1.0, aspect="auto"
        )
        # Edged in white, to be seen on the dark end of the scale as well.
        self.ax_.plot(
            best[order],
            np.arange(n_rows),
            "o",
            color="black",
            markersize=3.5,
            markeredgecolor="white",
            markeredgewidth=0.6,
        )
        self.ax_.set(
            xlabel=names[1],
            ylabel=f"{names[0]}, by best match",
            xticks=_ticks(n_columns),
            yticks=_ticks(n_rows),
        )
        self.figure_.colorbar(self.image_, ax=self.ax_, label="match over shifts")
        return self


def _ticks(n: int) -> NDArray[np.intp]:
    """All of a few places, or the ends."""
    return np.arange(n) if n <= _MOST_TICKS else np.array([0, n - 1])
