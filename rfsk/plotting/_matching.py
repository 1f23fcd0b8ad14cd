"""MatchingDisplay: matches of fields with references."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .._core._types import Shape
from .._core._validation import check_array
from ..analysis import match_matrix
from ._display import Display
from .style import MATCH_COLORS


class MatchingDisplay(Display):
    """Matrix of the matches of fields with references, maximized over shifts and signs.

    Parameters
    ----------
    match : array-like of shape (n_units, n_references)
        Match of each field with each reference, the largest absolute cosine over all shifts.

    Attributes
    ----------
    ax_, figure_, image_ : matplotlib Axes, Figure and AxesImage

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.plotting import MatchingDisplay
    >>> fields = np.random.default_rng(0).standard_normal((6, 20))
    >>> display = MatchingDisplay.from_fields(np.roll(fields, 3, axis=1), fields[:4])
    """

    def __init__(self, match: ArrayLike) -> None:
        self.match = check_array(match, "match")

    @classmethod
    def from_fields(
        cls,
        fields: ArrayLike,
        references: ArrayLike,
        shape: int | Shape | None = None,
        **options: Any,
    ) -> Self:
        """Draw the matches of fields with references as a matrix; omit fields of norm zero.

        Parameters
        ----------
        fields, references : array-like of shape (n_units, n_features), (n_references, n_features)
            Receptive fields, and the reference fields with which they are compared.
        shape : int or tuple of int, optional
            Lattice of the features, a ring by default.
        **options
            Parameters of `plot`: `ax`, `names` and `cmap`.
        """
        match = match_matrix(fields, references, shape)
        alive = np.isfinite(match)
        if not alive.any():
            raise ValueError("`fields` and `references` must each have nonzero rows.")
        return cls(match[alive.any(axis=1)][:, alive.any(axis=0)]).plot(**options)

    def plot(
        self,
        *,
        ax: Any = None,
        names: tuple[str, str] = ("field", "reference"),
        cmap: str = MATCH_COLORS,
    ) -> Self:
        """Draw the matrix, with rows ordered by their best reference and then by decreasing match.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        names : (str, str), default=("field", "reference")
            Names of the rows and of the columns.
        cmap : str, default="viridis"
            Colour map of matches from 0 to 1.
        """
        n_rows, n_columns = self.match.shape
        size = (2.2 + 0.25 * min(n_columns, 20), 1.2 + 0.1 * min(n_rows, 60))
        self._use_axes(ax, figsize=size)
        best = self.match.argmax(axis=1)
        order = np.lexsort((-self.match.max(axis=1), best))
        self.image_ = self.ax_.imshow(
            self.match[order], cmap=cmap, vmin=0.0, vmax=1.0, aspect="auto"
        )
        # The white edge makes the dots visible at the dark end of the scale.
        dots = {"markersize": 3.5, "markeredgecolor": "white", "markeredgewidth": 0.6}
        self.ax_.plot(best[order], np.arange(n_rows), "o", color="black", **dots)
        self.ax_.set(xlabel=names[1], ylabel=f"{names[0]}, by best match")
        for axis in (self.ax_.xaxis, self.ax_.yaxis):
            axis.get_major_locator().set_params(integer=True)
        self.figure_.colorbar(self.image_, ax=self.ax_, label="match over shifts")
        return self
