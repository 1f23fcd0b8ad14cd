"""ReceptiveFieldDisplay: a population of fields at one glance."""

import itertools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._validation import check_fields_on, check_option
from ..analysis import field_center, receptive_fields
from ._images import plot_map, plot_mosaic
from ._style import BLUE, GREEN, ORANGE, PURPLE, limit, new_axes, tidy

Array = NDArray[np.float64]

_KINDS = ("auto", "map", "lines", "ring", "mosaic")


class ReceptiveFieldDisplay:
    """Receptive fields of a population: a map or lines on a ring, a mosaic of images.

    Build it with `from_estimator` or `from_fields`.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields.
    shape : tuple of int, optional
        Lattice of the features, a ring by default.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage or None
        The map or mosaic, for a colour bar.

    Raises
    ------
    ValueError
        If the shape does not multiply to the number of features.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.plotting import ReceptiveFieldDisplay
    >>> bump = np.exp(-((np.arange(50) - 25.0) ** 2) / 20)
    >>> display = ReceptiveFieldDisplay.from_fields([np.roll(bump, 7 * k) for k in range(7)])
    """

    def __init__(self, fields: ArrayLike, shape: tuple[int, ...] | None = None) -> None:
        self.fields, self.shape = check_fields_on(fields, shape)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        shape: tuple[int, ...] | None = None,
        *,
        ax: Any = None,
        kind: str = "auto",
        sort: bool = True,
    ) -> "ReceptiveFieldDisplay":
        """Plot the fields of anything `receptive_fields` takes.

        Parameters
        ----------
        estimator : object
            A fitted estimator.
        shape : tuple of int, optional
            Lattice of the features: that of the estimator's `shape_` where it has one, as
            rfsk's nets do, else a ring.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        kind : {"auto", "map", "lines", "ring", "mosaic"}, default="auto"
            See `plot`.
        sort : bool, default=True
            Whether to order units by centre.

        Returns
        -------
        display : ReceptiveFieldDisplay
        """
        shape = _lattice_of(estimator) if shape is None else shape
        display = cls(receptive_fields(estimator), shape)
        return display.plot(ax=ax, kind=kind, sort=sort)

    @classmethod
    def from_fields(
        cls,
        fields: ArrayLike,
        shape: tuple[int, ...] | None = None,
        *,
        ax: Any = None,
        kind: str = "auto",
        sort: bool = True,
    ) -> "ReceptiveFieldDisplay":
        """Plot fields given as an array.

        Parameters
        ----------
        fields : array-like of shape (n_units, n_features)
            Receptive fields.
        shape : tuple of int, optional
            Lattice of the features, a ring by default.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        kind : {"auto", "map", "lines", "ring", "mosaic"}, default="auto"
            See `plot`.
        sort : bool, default=True
            Whether to order units by centre.

        Returns
        -------
        display : ReceptiveFieldDisplay
        """
        return cls(fields, shape).plot(ax=ax, kind=kind, sort=sort)

    def plot(
        self, *, ax: Any = None, kind: str = "auto", sort: bool = True
    ) -> "ReceptiveFieldDisplay":
        """Draw the fields.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        kind : {"auto", "map", "lines", "ring", "mosaic"}, default="auto"
            On a ring "map" shows units as rows of colour, "lines" as curves one above another
            and "ring" as curves around a circle (on polar axes, best few units); on a torus
            "mosaic" tiles images. "auto" is map or mosaic.
        sort : bool, default=True
            Whether to order units by centre.

        Returns
        -------
        self : ReceptiveFieldDisplay
        """
        check_option(kind, "kind", _KINDS)
        is_ring = len(self.shape) == 1
        if kind == "auto":
            kind = "map" if is_ring else "mosaic"
        if (kind == "mosaic") == is_ring:
            raise ValueError(f"kind={kind!r} does not show fields of shape {self.shape}.")
        if kind == "ring" and ax is not None and ax.name != "polar":
            raise ValueError("kind='ring' needs polar axes, of projection='polar'.")
        options = {"subplot_kw": {"projection": "polar"}} if kind == "ring" else {}
        size = (4.0, 3.4) if is_ring and kind != "ring" else (5.0, 5.0)
        self.ax_ = new_axes(ax, figsize=size, **options)
        self.figure_ = self.ax_.figure
        self.image_: Any = None
        fields = self.fields[self._order()] if sort else self.fields
        getattr(self, f"_{kind}")(fields)
        return self

    def _order(self) -> NDArray[np.intp]:
        centers = np.nan_to_num(field_center(self.fields, self.shape), nan=np.inf)
        return np.lexsort(centers.T[::-1])

    def _map(self, fields: Array) -> None:
        self.image_ = plot_map(self.ax_, fields, limit(fields))

    def _lines(self, fields: Array) -> None:
        spread = 1.3 * limit(fields)
        for row, field in enumerate(fields):
            self.ax_.axhline(-spread * row, color="0.85", linewidth=0.8, zorder=0)
            self.ax_.plot(field - spread * row, color=BLUE, linewidth=1.2)
        self.ax_.set(xlabel="site", yticks=[], ylabel="weight, offset by unit")
        tidy(self.ax_)

    def _mosaic(self, fields: Array) -> None:
        self.image_ = plot_mosaic(self.ax_, fields, self.shape, limit(fields))

    def _ring(self, fields: Array) -> None:
        angle = 2.0 * np.pi * np.arange(fields.shape[1] + 1) / fields.shape[1]
        # The weight is how far a curve stands out from the circle of zero weight.
        circle = 2.0 * limit(fields)
        for color, field in zip(itertools.cycle((BLUE, ORANGE, GREEN, PURPLE)), fields):
            self.ax_.plot(angle, circle + np.append(field, field[0]), color=color, linewidth=1.2)
        self.ax_.plot(angle, np.full(len(angle), circle), color="0.5", linewidth=0.8, zorder=0)
        ticks = np.linspace(0, fields.shape[1], 4, endpoint=False).round().astype(int)
        self.ax_.set(
            xticks=2.0 * np.pi * ticks / fields.shape[1],
            xticklabels=[f"site {tick}" if not tick else str(tick) for tick in ticks],
            yticks=[],
            ylim=(0.0, 1.55 * circle),
        )
        self.ax_.grid(visible=False)
        self.ax_.spines["polar"].set_visible(False)


def _lattice_of(estimator: Any) -> tuple[int, ...] | None:
    """Lattice of an estimator's features, also inside a search or at the end of a pipeline."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    if hasattr(estimator, "named_steps"):
        estimator = estimator.steps[-1][1]
    return getattr(estimator, "shape_", None)
