"""PhaseDiagramDisplay: a quantity as a function of two parameters."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from ._sweep import checked_table, is_log_spaced, scale_axis
from .style import label_of

_FINE = 200  # grid points per axis for the boundary
_BOUNDARY_LINES: tuple[tuple[str, float, Any], ...] = (("white", 3.5, "-"), ("black", 1.6, "--"))


class PhaseDiagramDisplay:
    """Map of a result of a sweep, averaged over repeats, as a function of two parameters.

    Parameters
    ----------
    values : ndarray of shape (n_y, n_x)
        Means; NaN, drawn hatched, where there is no cell.
    x_values, y_values : ndarray
        Values of the parameters, in ascending order.
    x, y, value : str
        Names of the parameters and of the quantity.
    boundary : ndarray of shape (n_y, n_x), optional
        Second quantity, whose contour at `level` is drawn.
    level : float, default=1.0
    boundary_label : str, optional
        Name of the contour in the legend.

    Attributes
    ----------
    ax_, figure_, image_ : matplotlib Axes, Figure and QuadMesh

    Examples
    --------
    >>> from rfsk.plotting import PhaseDiagramDisplay
    >>> table = {"gain": [1.0, 3.0], "length_ratio": [2.0, 2.0], "ipr": [0.04, 0.06]}
    >>> PhaseDiagramDisplay.from_sweep(table, "gain", "length_ratio", "ipr").values
    array([[0.04, 0.06]])
    """

    def __init__(
        self,
        values: NDArray[np.float64],
        x_values: NDArray[np.float64],
        y_values: NDArray[np.float64],
        *,
        x: str,
        y: str,
        value: str,
        boundary: NDArray[np.float64] | None = None,
        level: float = 1.0,
        boundary_label: str | None = None,
    ) -> None:
        self.values, self.x_values, self.y_values = values, x_values, y_values
        self.x, self.y, self.value = x, y, value
        self.boundary, self.level, self.boundary_label = boundary, level, boundary_label

    @classmethod
    def from_sweep(
        cls,
        table: Any,
        x: str,
        y: str,
        value: str,
        *,
        boundary: str | None = None,
        level: float = 1.0,
        boundary_label: str | None = None,
        ax: Any = None,
    ) -> "PhaseDiagramDisplay":
        """Draw a column of a sweep, or of any table with one row per cell.

        Parameters
        ----------
        table : DataFrame or dict of ndarray
        x, y, value : str
            Columns of the axes, and the column to draw.
        boundary : str, optional
            Column whose contour at `level` is drawn, such as a localization index.
        level : float, default=1.0
        boundary_label : str, optional
            Name of the contour in the legend; by default the column and the level.
        ax : matplotlib Axes, optional
        """
        if boundary_label is None and boundary is not None:
            boundary_label = f"{label_of(boundary)} {level:g}"
        names = [x, y, value, *([] if boundary is None else [boundary])]
        rows = checked_table(table, names, numbers=names)
        means = rows.groupby([y, x])[names[2:]].mean().unstack()
        return cls(
            means[value].to_numpy(),
            means[value].columns.to_numpy(dtype=np.float64),
            means.index.to_numpy(dtype=np.float64),
            x=x,
            y=y,
            value=value,
            boundary=None if boundary is None else means[boundary].to_numpy(),
            level=level,
            boundary_label=boundary_label,
        ).plot(ax)

    def plot(self, ax: Any = None) -> "PhaseDiagramDisplay":
        """Draw the map, each cell around its parameters, and the boundary.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        """
        import matplotlib.pyplot as plt

        if ax is None:
            ax = plt.subplots(figsize=(5.2, 3.9), layout="constrained")[1]
        self.ax_, self.figure_ = ax, ax.figure
        log_x, log_y = is_log_spaced(self.x_values), is_log_spaced(self.y_values)
        ax.patch.set(hatch="///", edgecolor="0.7")
        self.image_ = ax.pcolormesh(
            _edges(self.x_values, log_x),
            _edges(self.y_values, log_y),
            np.ma.masked_invalid(self.values),
            cmap="viridis",
            rasterized=True,
        )
        scale_axis(ax, "x", self.x_values)
        scale_axis(ax, "y", self.y_values)
        ax.set(xlabel=label_of(self.x), ylabel=label_of(self.y))
        self.figure_.colorbar(self.image_, ax=ax, label=label_of(self.value))
        if self.boundary is not None:
            fine = self._fine_boundary(log_x, log_y)
            # Black dashes on a white line are visible on any colour and in the legend.
            for color, width, dash in _BOUNDARY_LINES:
                ax.contour(
                    *fine, levels=[self.level], colors=color, linewidths=width, linestyles=dash
                )
            handles = tuple(
                plt.Line2D([], [], color=color, linewidth=width, linestyle=dash)
                for color, width, dash in _BOUNDARY_LINES
            )
            name = self.boundary_label or f"boundary at {self.level:g}"
            ax.legend(
                [handles],
                [name],
                loc="lower right",
                bbox_to_anchor=(1.0, 1.0),
                borderaxespad=0.2,
                frameon=False,
            )
        return self

    def _fine_boundary(self, log_x: bool, log_y: bool) -> tuple[NDArray[np.float64], ...]:
        """Interpolate the second quantity on a fine grid, linearly in the scale of each axis."""
        scales = [np.log if is_log else np.asarray for is_log in (log_y, log_x)]
        places = [f(v) for f, v in zip(scales, (self.y_values, self.x_values), strict=True)]
        x, y = _fine(self.x_values, log_x), _fine(self.y_values, log_y)
        points = np.stack(np.meshgrid(scales[0](y), scales[1](x), indexing="ij"), axis=-1)
        inside = RegularGridInterpolator(places, self.boundary, bounds_error=False)(points)
        return x, y, np.ma.masked_invalid(inside)


def _fine(centers: NDArray[np.float64], is_log: bool) -> NDArray[np.float64]:
    space = np.geomspace if is_log else np.linspace
    return np.asarray(space(centers[0], centers[-1], _FINE))


def _edges(centers: NDArray[np.float64], is_log: bool) -> NDArray[np.float64]:
    """Edges of the cells, half way between neighbouring parameters in the scale of the axis."""
    places = np.log(centers) if is_log else centers
    if len(places) == 1:
        ends = places[0] + np.array([-0.5, 0.5])
    else:
        middle = (places[1:] + places[:-1]) / 2.0
        ends = np.concatenate(
            [[2.0 * places[0] - middle[0]], middle, [2.0 * places[-1] - middle[-1]]]
        )
    return np.asarray(np.exp(ends) if is_log else ends)
