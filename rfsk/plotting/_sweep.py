"""SweepDisplay: results of a sweep as lines with confidence bands."""

import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core._averages import half_width, mean_and_error
from ._style import BLUE, GREEN, GREY, ORANGE, PURPLE, label_of, tidy

_STYLES = (
    (BLUE, "o-"),
    (ORANGE, "s--"),
    (GREEN, "^-."),
    (PURPLE, "v:"),
    (GREY, "D-"),
)
_MOST_VALUES, _MOST_TICKS = 20, 7  # beyond so many values they are a curve, not a grid


class SweepDisplay:
    """Means over seeds against one parameter, with bands of 95 % confidence (Student's t).

    Build it with `from_sweep`.

    Parameters
    ----------
    table : Sweep, DataFrame or dict of ndarray
        One row a cell.
    x : str
        Column of the horizontal axis.
    y : str or sequence of str
        Columns to draw, a panel each.
    hue : str, optional
        Column whose values have a line each.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes
    lines_ : dict of (str, value) to ndarray of shape (n, 3)
        x, mean and half-width of the band, by column and value of `hue` (None without).

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.plotting import SweepDisplay
    >>> table = {"gain": np.array([1.0, 1.0, 3.0, 3.0]), "ipr": np.array([0.04, 0.04, 0.06, 0.06])}
    >>> SweepDisplay.from_sweep(table, "gain", "ipr").lines_["ipr", None].tolist()
    [[1.0, 0.04, 0.0], [3.0, 0.06, 0.0]]
    """

    def __init__(self, table: Any, x: str, y: str | Sequence[str], hue: str | None = None) -> None:
        self.table, self.x, self.y, self.hue = table, x, y, hue

    @classmethod
    def from_sweep(
        cls, table: Any, x: str, y: str | Sequence[str], hue: str | None = None
    ) -> "SweepDisplay":
        """Draw columns of a sweep, or of any table with one row a cell; see the class.

        Parameters
        ----------
        table : Sweep or table
            A sweep, or any table with one row a cell.
        x : str
            Column of the horizontal axis.
        y : str or sequence of str
            Columns to draw, a panel each.
        hue : str, optional
            Column whose values have a line each.

        Returns
        -------
        display : SweepDisplay

        Raises
        ------
        ValueError
            If there is no such column.
        """
        return cls(table, x, y, hue).plot()

    def plot(self) -> "SweepDisplay":
        """Draw one panel for each column."""
        import matplotlib.pyplot as plt

        names = [self.y] if isinstance(self.y, str) else list(self.y)
        asked = [self.x, *names, *([] if self.hue is None else [self.hue])]
        columns = check_columns(self.table, asked, numbers=[self.x, *names])
        warn_if_pooled(self.table, asked)
        keys = None if self.hue is None else np.array([str(v) for v in columns[self.hue]])
        lines = [None] if self.hue is None else list(dict.fromkeys(columns[self.hue].tolist()))
        self.figure_, axes = plt.subplots(
            1,
            len(names),
            figsize=(4.2 * len(names), 3.2),
            layout="constrained",
            squeeze=False,
        )
        self.axes_, self.lines_ = axes[0], {}
        for ax, name in zip(self.axes_, names, strict=True):
            for value, (color, style) in zip(lines, itertools.cycle(_STYLES), strict=False):
                rows = slice(None) if keys is None else keys == str(value)
                line = averages(columns[self.x][rows], columns[name][rows])
                self.lines_[name, value] = line
                label = None if keys is None else _value_label(str(self.hue), value)
                x, mean, half = line.T
                ax.plot(x, mean, style, color=color, markersize=4, label=label)
                # One point has no band to see: its error is a bar.
                if len(x) > 1:
                    ax.fill_between(x, mean - half, mean + half, color=color, alpha=0.2, lw=0)
                else:
                    ax.errorbar(x, mean, half, color=color, capsize=3)
            ax.set(xlabel=label_of(self.x), ylabel=label_of(name))
            scale_axis(ax, "x", columns[self.x])
            tidy(ax)
        # Groups are to be compared: one scale for all panels of an IPR.
        ratios = [ax for ax, name in zip(self.axes_, names, strict=True) if name.startswith("ipr")]
        for ax in ratios:
            ax.set_ylim(0.0, max(other.dataLim.y1 for other in ratios) * 1.05)
        if self.hue is not None:
            self.axes_[-1].legend(frameon=False)
        return self


def check_columns(
    table: Any, names: Sequence[str], numbers: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Columns of a table; raise unless all of these are there, and some of them numbers."""
    if callable(getattr(table, "table", None)):
        table = table.table()
    columns = {str(name): np.asarray(table[name]) for name in table}
    for name in names:
        if name not in columns:
            raise ValueError(f"There is no column {name!r}; expected one of {list(columns)}.")
    for name in numbers:
        if columns[name].dtype.kind not in "biuf":
            raise ValueError(
                f"The column {name!r} holds other things than numbers, such as "
                f"{columns[name][0]!r}, and cannot be an axis; pass it as hue."
            )
    if np.isnan(columns[numbers[0]].astype(float)).any():
        raise ValueError(f"The column {numbers[0]!r} has rows without a value; leave these out.")
    return columns


def warn_if_pooled(table: Any, asked: Sequence[str]) -> None:
    """Warn if a parameter of a sweep, not only its seeds, is averaged over."""
    cells = getattr(table, "cells", None)
    if cells is None:
        return
    groups: dict[Any, dict[str, set[str]]] = {}
    for cell in cells:
        key = tuple(str(cell.parameters.get(name)) for name in asked)
        others = groups.setdefault(key, {})
        for name, value in cell.parameters.items():
            if name not in asked:
                others.setdefault(name, set()).add(str(value))
    pooled = {name for others in groups.values() for name, seen in others.items() if len(seen) > 1}
    if pooled:
        warnings.warn(
            f"Means and bands are over {sorted(pooled)} as well as over seeds; select rows of "
            "table(), or pass it as hue.",
            stacklevel=4,
        )


def averages(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
    """x, mean of y and half-width of its confidence interval, for each x."""
    found = []
    for value in np.unique(x):
        mean, error, n = mean_and_error(y[x == value])
        found.append((value, mean, half_width(error, n)))
    return np.array(found, dtype=np.float64)


def is_log_spaced(values: NDArray[Any]) -> bool:
    """Whether values are spaced more evenly in the logarithm than as they are."""
    places = np.unique(values)
    if len(places) < 3 or places[0] <= 0:
        return False
    steps = [np.diff(places), np.diff(np.log(places))]
    uneven, uneven_log = (np.std(step) / np.mean(step) for step in steps)
    return bool(uneven_log < uneven)


def scale_axis(ax: Any, which: str, values: NDArray[Any]) -> None:
    """Make an axis logarithmic if its values are so spaced, with a few of them as ticks."""
    places = np.unique(values)
    if not is_log_spaced(places):
        return
    ax.set(**{f"{which}scale": "log"})
    if len(places) <= _MOST_VALUES:
        step = -(-len(places) // _MOST_TICKS)
        ticks = places[::step]
        axis = ax.xaxis if which == "x" else ax.yaxis
        axis.set_ticks([], minor=True)
        axis.set_ticks(ticks, [f"{t:g}" if t == round(t) else f"{t:.3g}" for t in ticks])


def _value_label(name: str, value: Any) -> str:
    if isinstance(value, int | float):
        return f"{label_of(name)} {value:g}"
    return label_of(str(value))
