"""ReceptiveFieldDisplay: receptive fields of a population."""

import itertools
import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .._core._types import Array, Shape
from .._core._validation import check_fields_on, check_option
from ..analysis import field_center, receptive_fields
from ._display import Display
from .style import FIELD_COLORS, color_bar, limit, show_image, tidy

_KINDS = ("auto", "map", "lines", "mosaic")


class ReceptiveFieldDisplay(Display):
    """Receptive fields of a population: a map or curves on a ring, a mosaic of images on a torus.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : tuple of int, optional
        Lattice of the features, a ring by default.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
    image_ : matplotlib AxesImage (map or mosaic) or None

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.plotting import ReceptiveFieldDisplay
    >>> bump = np.exp(-((np.arange(50) - 25.0) ** 2) / 20)
    >>> display = ReceptiveFieldDisplay.from_fields([np.roll(bump, 7 * k) for k in range(7)])
    """

    def __init__(self, fields: ArrayLike, shape: Shape | None = None) -> None:
        self.fields, self.shape = check_fields_on(fields, shape)

    @classmethod
    def from_estimator(cls, estimator: Any, shape: Shape | None = None, **options: Any) -> Self:
        """Draw the fields of an estimator.

        Parameters
        ----------
        estimator : object
            Fitted estimator, or any other object that `receptive_fields` accepts.
        shape : tuple of int, optional
            Lattice of the features; by default the attribute `shape_` of the estimator, or a ring.
        **options
            Parameters of `plot`: `ax`, `kind`, `sort`, `bound` and `cmap`.
        """
        shape = _lattice_of(estimator) if shape is None else shape
        return cls(receptive_fields(estimator), shape).plot(**options)

    @classmethod
    def from_fields(cls, fields: ArrayLike, shape: Shape | None = None, **options: Any) -> Self:
        """Draw fields given as an array.

        Parameters
        ----------
        fields : array-like of shape (n_units, n_features)
        shape : tuple of int, optional
            Lattice of the features, a ring by default.
        **options
            Parameters of `plot`: `ax`, `kind`, `sort`, `bound` and `cmap`.
        """
        return cls(fields, shape).plot(**options)

    def plot(
        self,
        *,
        ax: Any = None,
        kind: str = "auto",
        sort: bool = True,
        bound: float | None = None,
        cmap: str = FIELD_COLORS,
    ) -> Self:
        """Draw the fields.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw on; by default those of a new figure, which has a colour bar unless `kind`
            is "lines".
        kind : {"auto", "map", "lines", "mosaic"}, default="auto"
            On a ring, "map" shows each unit as a coloured row, and "lines" shows each unit as a
            curve with an offset. On a torus, "mosaic" shows the fields as tiles. "auto" selects
            "map" on a ring and "mosaic" on a torus.
        sort : bool, default=True
            Whether to order units by the centre of their field.
        bound : float, optional
            End of the colour scale, which runs from -`bound` to `bound`. The default is
            `style.limit` of the fields, the 99th percentile of the absolute weights, so that weak
            fields stay visible. Pass the same `bound` to all panels that are compared.
        cmap : str, default="RdBu_r"
            Colour map of maps and mosaics, white at zero by default.
        """
        check_option(kind, "kind", _KINDS)
        is_ring = len(self.shape) == 1
        if kind == "auto":
            kind = "map" if is_ring else "mosaic"
        if (kind == "mosaic") == is_ring:
            raise ValueError(
                f"`kind` must not be {kind!r} for fields of shape {self.shape}. Pass kind='auto'."
            )
        fields = self.fields
        if sort:
            centers = np.nan_to_num(field_center(fields, self.shape), nan=np.inf)
            fields = fields[np.lexsort(centers.T[::-1])]
        self.image_: Any = None
        self._use_axes(ax, figsize=(4.0, 3.4) if is_ring else (5.0, 5.0))
        if kind == "lines":
            draw_lines(self.ax_, fields, 1.3 * limit(fields), ["black"])
            self.ax_.set(xlabel="site", yticks=[], ylabel="weight, offset by unit")
        else:
            self.image_ = draw_fields(self.ax_, fields, self.shape, bound or limit(fields), cmap)
            if ax is None:
                color_bar(self.ax_, "weight")
            if sort:
                self.ax_.set_ylabel("unit, in order of the centre")
        return self


def draw_lines(ax: Any, rows: Array, spread: float, colors: Sequence[str]) -> None:
    """Draw fields as curves, each offset by `spread` below the previous curve."""
    for place, (row, color) in enumerate(zip(rows, itertools.cycle(colors), strict=False)):
        ax.axhline(-spread * place, color="0.85", linewidth=0.8, zorder=0)
        ax.plot(row - spread * place, color=color, linewidth=1.2)
    tidy(ax)


def draw_fields(ax: Any, fields: Array, shape: Shape, bound: float, cmap: str) -> Any:
    """Draw fields as coloured rows or as tiles, labelled by unit; return the image."""
    canvas = as_image(fields, shape)
    if len(shape) == 1:
        image = show_image(ax, canvas, bound, cmap, aspect="auto", interpolation="nearest")
        ax.set(xlabel="site", ylabel="unit", yticks=sorted({0, len(fields) - 1}))
        return image
    image = show_image(ax, canvas, bound, cmap, interpolation="nearest")
    rows, columns = shape
    down, across = (canvas.shape[0] + 1) // (rows + 1), (canvas.shape[1] + 1) // (columns + 1)
    ax.set(xticks=[], xlabel=f"{rows} x {columns} sites each", ylabel="unit")
    ax.set_yticks(np.arange(down) * (rows + 1) + (rows - 1) / 2, np.arange(down) * across)
    ax.tick_params(left=False)
    return image


def as_image(fields: Array, shape: Shape) -> Array:
    """Return fields on a ring unchanged, and fields on a torus as tiles separated by NaN."""
    if len(shape) == 1:
        return fields
    rows, columns = shape
    across = math.ceil(math.sqrt(len(fields) * rows / columns))
    down = math.ceil(len(fields) / across)
    tiles = np.full((down * across, rows + 1, columns + 1), np.nan)
    tiles[: len(fields), :rows, :columns] = fields.reshape(-1, rows, columns)
    canvas = tiles.reshape(down, across, rows + 1, columns + 1).swapaxes(1, 2)
    return canvas.reshape(down * (rows + 1), across * (columns + 1))[:-1, :-1]


def _lattice_of(estimator: Any) -> Shape | None:
    """Lattice shape of an estimator, or of the final estimator of a search or pipeline."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    if hasattr(estimator, "named_steps"):
        estimator = estimator.steps[-1][1]
    return getattr(estimator, "shape_", None)
