"""SweepDisplay: results of a sweep as lines with confidence bands."""

import itertools
import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

from ._display import Display
from .style import CLASS_COLORS, CONTROL, GREY, INPUT, OTHER, label_of, tidy

_COLORS = INPUT, OTHER, GREY, CLASS_COLORS[1], "black"
_STYLES = tuple(zip(_COLORS, ("o-", "s--", "^-.", "v:", "D-"), strict=True))
_OF_INPUTS = {"nlgp": (INPUT, "o-"), "control": (CONTROL, "s--")}
_MOST_VALUES, _MOST_TICKS = 20, 7  # with more values, an axis keeps its default ticks
_QUANTITIES = "ipr", "accuracy", "localized"  # beginnings of the names of columns


class SweepDisplay(Display):
    """Means over repeats as a function of one parameter, with 95 % confidence bands (Student's t).

    Parameters
    ----------
    table : DataFrame or dict of ndarray
        Table with one row per repeat and parameter value, such as the result of `sweep`.
    x : str
        Column of the horizontal axis.
    y : str or sequence of str
        Columns to draw, one panel per column.
    hue : str, optional
        Column to group by, with one line per value.

    Attributes
    ----------
    axes_, figure_ : ndarray of matplotlib Axes, and Figure
    lines_ : dict of (str, value) to ndarray of shape (n, 3)
        Rows of x, mean and half-width of the band. The keys are pairs of a column in `y` and a
        value of the column `hue`; the value is None without `hue`.

    Examples
    --------
    >>> from rfsk.plotting import SweepDisplay
    >>> table = {"gain": [1.0, 1.0, 3.0, 3.0], "ipr": [0.04, 0.04, 0.06, 0.06]}
    >>> SweepDisplay.from_sweep(table, "gain", "ipr").lines_["ipr", None].tolist()
    [[1.0, 0.04, 0.0], [3.0, 0.06, 0.0]]
    """

    def __init__(self, table: Any, x: str, y: str | Sequence[str], hue: str | None = None) -> None:
        self.table, self.x, self.y, self.hue = table, x, y, hue

    @classmethod
    def from_sweep(cls, table: Any, x: str, y: str | Sequence[str], hue: str | None = None) -> Self:
        """Draw columns of the table of a sweep, or of any table in the same form.

        Parameters
        ----------
        table : DataFrame or dict of ndarray
        x : str
        y : str or sequence of str
        hue : str, optional
            See `SweepDisplay`.
        """
        return cls(table, x, y, hue).plot()

    def plot(self) -> Self:
        """Draw one panel per column in `y`."""
        names = [self.y] if isinstance(self.y, str) else list(self.y)
        columns, groups = [self.x, *names], [] if self.hue is None else [self.hue]
        table = checked_table(self.table, columns + groups, numbers=columns)
        parts = table.groupby(groups, sort=False, dropna=False) if groups else [((None,), table)]
        self._make_panels(1, len(names), figsize=(4.2 * len(names) + 1.4 * len(groups), 3.2))
        self.lines_ = {}
        for ax, name in zip(self.axes_, names, strict=True):
            for ((value,), rows), (color, style) in zip(parts, itertools.cycle(_STYLES)):
                means = rows.groupby(self.x)[name].agg(["mean", "sem", "count"]).reset_index()
                x, mean, error, n = means.to_numpy(dtype=np.float64).T
                half = error * scipy.stats.t.ppf(0.975, n - 1)
                self.lines_[name, value] = np.column_stack([x, mean, half])
                color, style = _OF_INPUTS.get(value, (color, style))
                is_number = isinstance(value, int | float)
                label = f"{value:g}" if is_number else label_of(str(value))
                ax.plot(x, mean, style, color=color, markersize=4, label=label)
                if len(x) > 1:
                    ax.fill_between(x, mean - half, mean + half, color=color, alpha=0.2, lw=0)
                else:  # a band of one point would be invisible
                    ax.errorbar(x, mean, half, color=color, capsize=3)
            ax.set(xlabel=label_of(self.x), ylabel=label_of(name))
            scale_axis(ax, "x", table[self.x].to_numpy())
            tidy(ax)
        # Panels of one quantity share their limits, so that they can be compared.
        for quantity in _QUANTITIES:
            of_one = [
                ax for ax, name in zip(self.axes_, names, strict=True) if name.startswith(quantity)
            ]
            for ax in of_one[1:]:
                ax.sharey(of_one[0])
            if of_one and quantity != "accuracy":
                of_one[0].set_ylim(bottom=0.0)
        if self.hue is not None:
            look: dict[str, Any] = {"frameon": False, "loc": "outside right upper"}
            self.figure_.legend(
                *self.axes_[0].get_legend_handles_labels(), title=label_of(self.hue), **look
            )
        return self


def checked_table(table: Any, names: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """Check the columns of a table; warn if one mean combines several values of a parameter."""
    parameters = getattr(table, "attrs", {}).get("parameters", [])
    table = pd.DataFrame(table)
    for name in names:
        if name not in table:
            raise ValueError(f"There is no column {name!r}. The columns are {list(table)}.")
    for name in numbers:
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise ValueError(
                f"The column {name!r} must contain numbers, got {table[name].iloc[0]!r}. Pass a "
                "column of other values as `hue`."
            )
    if table[numbers[0]].isna().any():
        raise ValueError(f"The column {numbers[0]!r} must not contain NaN. Leave out these rows.")
    drawn = [name for name in parameters if name in names]
    others = [name for name in parameters if name not in names]
    groups = table.groupby(drawn, dropna=False) if drawn else [((), table)]
    pooled = {name for _, rows in groups for name in others if rows[name].nunique() > 1}
    if pooled:
        warnings.warn(
            f"Means and bands pool all values of the parameters {sorted(pooled)}. Select rows with "
            "one value of each of these parameters, or pass one of them as `hue`.",
            stacklevel=4,
        )
    return table


def is_log_spaced(values: NDArray[Any]) -> bool:
    """Whether the spacing of values is more even on a logarithmic than on a linear scale."""
    places = np.unique(values)
    if len(places) < 3 or places[0] <= 0:
        return False
    steps = [np.diff(places), np.diff(np.log(places))]
    uneven, uneven_log = (np.std(step) / np.mean(step) for step in steps)
    return bool(uneven_log < uneven)


def scale_axis(ax: Any, which: str, values: NDArray[Any]) -> None:
    """Make an axis logarithmic and choose its ticks, but only if `is_log_spaced(values)`.

    The ticks are at the given values if these are round numbers, and otherwise at round numbers.
    """
    from matplotlib.ticker import LogLocator

    places = np.unique(values)
    if not is_log_spaced(places):
        return
    ax.set(**{f"{which}scale": "log"})
    if len(places) <= _MOST_VALUES:
        ticks = places
        if any(place not in (round(place), float(f"{place:.2g}")) for place in places):
            decades = np.log10(places[-1] / places[0])
            digits = (1, 2, 3, 5) if decades < 1 else (1, 3) if decades < 3 else (1,)
            ticks = np.asarray(LogLocator(subs=digits).tick_values(places[0], places[-1]))
            slack = 1 + 1e-9  # allows for rounding at the ends
            ticks = ticks[(ticks * slack >= places[0]) & (ticks <= places[-1] * slack)]
        ticks = ticks[:: -(-len(ticks) // _MOST_TICKS)]
        axis = ax.xaxis if which == "x" else ax.yaxis
        axis.set_ticks([], minor=True)
        axis.set_ticks(ticks, [f"{t:g}" if t == round(t) else f"{t:.3g}" for t in ticks])
