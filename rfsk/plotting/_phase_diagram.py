"""PhaseDiagramDisplay: a quantity as a function of two parameters."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator, make_interp_spline

from ._display import Display
from ._sweep import checked_table, is_log_spaced, scale_axis
from .style import MATCH_COLORS, label_of

_FINE = 200  # grid points per axis for the boundary
# Black dashes on a white line are visible on any colour and in the legend.
_BOUNDARY_LINES: tuple[tuple[str, float, Any], ...] = (("white", 3.5, "-"), ("black", 1.6, "--"))


class PhaseDiagramDisplay(Display):
    """Map of a result of a sweep, averaged over repeats, as a function of two parameters.

    Parameters
    ----------
    table : DataFrame or dict of ndarray
        Table with one row per repeat and pair of parameters, such as the result of `sweep`.
    x, y, value : str
        Columns of the horizontal and of the vertical axis, and the column that the colours show.
    boundary : str, optional
        Column whose contour at `level` is drawn, such as a localization index.
    level : float, default=1.0
        Value of the column `boundary` on the contour.
    boundary_label : str, optional
        Name of the contour in the legend; by default the column and the level.

    Attributes
    ----------
    values_ : ndarray of shape (n_y, n_x)
        Mean of the column `value` for each pair of parameters. Pairs of parameters that do not
        occur in the table are NaN and are drawn hatched.
    ax_, figure_, image_ : matplotlib Axes, Figure and QuadMesh

    Examples
    --------
    >>> from rfsk.plotting import PhaseDiagramDisplay
    >>> table = {"gain": [1.0, 3.0], "length_ratio": [2.0, 2.0], "ipr": [0.04, 0.06]}
    >>> PhaseDiagramDisplay.from_sweep(table, "gain", "length_ratio", "ipr").values_
    array([[0.04, 0.06]])
    """

    def __init__(
        self,
        table: Any,
        x: str,
        y: str,
        value: str,
        *,
        boundary: str | None = None,
        level: float = 1.0,
        boundary_label: str | None = None,
    ) -> None:
        self.table, self.x, self.y, self.value = table, x, y, value
        self.boundary, self.level, self.boundary_label = boundary, level, boundary_label

    @classmethod
    def from_sweep(
        cls,
        table: Any,
        x: str,
        y: str,
        value: str,
        *,
        ax: Any = None,
        cmap: str = MATCH_COLORS,
        **options: Any,
    ) -> Self:
        """Draw a column of the table of a sweep, or of any table in the same form.

        Parameters
        ----------
        table : DataFrame or dict of ndarray
        x, y, value : str
            See `PhaseDiagramDisplay`.
        ax : matplotlib Axes, optional
        cmap : str, default="viridis"
            Colour map.
        **options
            `boundary`, `level` and `boundary_label`; see `PhaseDiagramDisplay`.
        """
        return cls(table, x, y, value, **options).plot(ax, cmap)

    def plot(self, ax: Any = None, cmap: str = MATCH_COLORS) -> Self:
        """Draw the map, one rectangle per pair of parameter values, and the contour of `boundary`.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        cmap : str, default="viridis"
            Colour map.
        """
        names = [self.x, self.y, self.value, *([] if self.boundary is None else [self.boundary])]
        rows = checked_table(self.table, names, numbers=names)
        means = rows.groupby([self.y, self.x])[names[2:]].mean().unstack()
        self.values_ = means[self.value].to_numpy()
        places = [means.index.to_numpy(float), means[self.value].columns.to_numpy(float)]
        ax = self._use_axes(ax, figsize=(5.2, 3.9))
        ax.patch.set(hatch="///", edgecolor="0.7")
        edges = [_between(v, np.arange(len(v) + 1) - 0.5) for v in places]
        values = np.ma.masked_invalid(self.values_)
        self.image_ = ax.pcolormesh(*edges[::-1], values, cmap=cmap, rasterized=True)
        for axis, v in zip("yx", places, strict=True):
            scale_axis(ax, axis, v)
        ax.set(xlabel=label_of(self.x), ylabel=label_of(self.y))
        self.figure_.colorbar(self.image_, ax=ax, label=label_of(self.value))
        if self.boundary is not None:
            self._draw_boundary(means[self.boundary].to_numpy(), places)
        return self

    def _draw_boundary(self, values: NDArray[np.float64], places: list[Any]) -> None:
        """Draw the contour of `values`, interpolated linearly along each axis of the figure."""
        import matplotlib.pyplot as plt

        steps = [np.arange(n) for n in values.shape]
        fine = [np.linspace(0, n - 1, _FINE) for n in values.shape]
        points = np.stack(np.meshgrid(*fine, indexing="ij"), axis=-1)
        inside = np.ma.masked_invalid(RegularGridInterpolator(steps, values)(points))
        y, x = (_between(v, place) for v, place in zip(places, fine, strict=True))
        handles = []
        for color, width, dash in _BOUNDARY_LINES:
            style = {"colors": color, "linewidths": width, "linestyles": dash}
            self.ax_.contour(x, y, inside, levels=[self.level], **style)
            handles.append(plt.Line2D([], [], color=color, linewidth=width, linestyle=dash))
        name = self.boundary_label or f"{label_of(str(self.boundary))} {self.level:g}"
        look = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.2}
        self.ax_.legend([tuple(handles)], [name], frameon=False, **look)


def _between(centers: NDArray[Any], index: NDArray[Any]) -> NDArray[np.float64]:
    """Values at fractional indices, interpolated linearly in the values or in their logarithm."""
    if len(centers) == 1:
        return centers[0] + index
    is_log = is_log_spaced(centers)
    places = np.log(centers) if is_log else centers
    found = make_interp_spline(np.arange(len(centers)), places, k=1)(index)
    return np.asarray(np.exp(found) if is_log else found)
