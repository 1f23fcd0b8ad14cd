"""TensorComparisonDisplay: receptive fields beside CP factors and other references."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._core._types import Array
from ..analysis import TensorComparison, ipr, receptive_fields
from ._display import Display
from .style import (
    FIELD_COLORS,
    GROUP_STYLES,
    INPUT,
    OUTCOME,
    aligned,
    centered,
    label_of,
    show_row,
    tidy,
)


class TensorComparisonDisplay(Display):
    """A localized field beside its best match of each kind of reference, and all units' matches.

    Parameters
    ----------
    comparison : TensorComparison
    fields : ndarray of shape (n_units, n_features)

    Attributes
    ----------
    field_axes_ : list of matplotlib Axes
        Axes in which the field is drawn, one per kind of reference, such as CP factors or PCA.
    match_ax_, figure_ : matplotlib Axes and Figure
    table_ : pandas.DataFrame
        Result of ``comparison.compare(fields)``.

    Examples
    --------
    >>> from rfsk import FCNet, TensorComparison, make_nlgp
    >>> from rfsk.plotting import TensorComparisonDisplay
    >>> X, y = make_nlgp(5000, 30, correlation_length=(1.5, 3.0), random_state=0)
    >>> net = FCNet(10, random_state=0).fit(X, y)
    >>> comparison = TensorComparison(4, target=1, references=("cp", "pca"), random_state=0)
    >>> display = TensorComparisonDisplay.from_estimator(comparison.fit(X, y), net)
    """

    def __init__(self, comparison: TensorComparison, fields: Array) -> None:
        self.comparison, self.fields = comparison, fields

    @classmethod
    def from_estimator(
        cls, comparison: TensorComparison, estimator: Any, *, cmap: str = FIELD_COLORS
    ) -> Self:
        """Compare the fields of an estimator with the references, and draw the result.

        Parameters
        ----------
        comparison : TensorComparison
            `TensorComparison` fitted to the inputs.
        estimator : object
            Fitted estimator, or any other object that `receptive_fields` accepts.
        cmap : str, default="RdBu_r"
            Colour map of fields that are images, white at zero by default.
        """
        return cls(comparison, receptive_fields(estimator)).plot(cmap)

    def plot(self, cmap: str = FIELD_COLORS) -> Self:
        """Draw both rows of panels.

        The upper row shows the localized field whose match with the first kind of reference is the
        median over the localized fields, or over all fields if none is localized.

        Parameters
        ----------
        cmap : str, default="RdBu_r"
            Colour map of fields that are images, white at zero by default.
        """
        import matplotlib.pyplot as plt

        self.table_ = self.comparison.compare(self.fields)
        groups, names = self.comparison.split(self.fields).groups, list(self.comparison.references_)
        self.figure_ = plt.figure(figsize=(max(2.0 * len(names), 5.0), 4.9), layout="constrained")
        above, below = self.figure_.subfigures(2, 1, height_ratios=(1.0, 1.35))
        self.field_axes_ = list(np.atleast_1d(above.subplots(1, len(names), sharey=True)))
        match = self.comparison.match(self.fields)
        localized = np.flatnonzero(groups == "localized")
        units = localized if len(localized) else np.flatnonzero(np.isfinite(match[:, 0]))
        ranked = units[np.argsort(match[units, 0])]
        for name, ax in zip(names, self.field_axes_, strict=True):
            self._draw_pair(ax, self.fields[ranked[len(ranked) // 2]], name, cmap)
        self.match_ax_ = below.subplots()
        self._draw_matches(match, groups, names)
        return self

    def _draw_pair(self, ax: Any, field: Array, name: str, cmap: str) -> None:
        """Draw a field and its best match among one kind of reference, both of unit norm."""
        shape, references = self.comparison.shape_, self.comparison.references_[name]
        field = field / np.linalg.norm(field)
        placed = aligned(field, references, shape)
        placed /= np.linalg.norm(placed)
        if len(shape) == 1:
            offset = np.arange(len(field)) - len(field) // 2
            for values, style in (
                (field, {"color": INPUT, "linewidth": 1.6, "label": "field"}),
                (placed, {"color": OUTCOME, "linestyle": "--", "label": "best match"}),
            ):
                ax.plot(offset, centered(values, field, shape), **style)
            ax.set(xlabel="site from the peak")
            ax.tick_params(labelleft=False, left=False)
            tidy(ax)
            if ax is self.field_axes_[0]:
                ax.set_ylabel("weight")
                ax.figure.legend(frameon=False, fontsize=8, loc="outside upper center", ncols=2)
        else:
            show_row(ax, {"field": field, "best match": placed}, shape, cmap)
        ax.set_title(f"{label_of(name)}\nmatch {field @ placed:.2f}", fontsize=9)

    def _draw_matches(self, match: Array, groups: NDArray[np.str_], names: list[str]) -> None:
        """Draw the match of each unit with each kind of reference, and the chance levels."""
        ax, shown = self.match_ax_, []
        chance = self.table_.set_index(["group", "reference"])["chance"]
        present = [group for group in GROUP_STYLES if (groups == group).any()]
        for row, group in enumerate(present):
            offset = 0.24 * (row - 0.5 * (len(present) - 1))
            style = {name: GROUP_STYLES[group][name] for name in ("color", "marker")}
            for column, name in enumerate(names):
                # The dots are spread sideways by rank, so that equal matches stay apart.
                values = np.sort(match[groups == group, column])
                place = column + offset + np.linspace(-0.08, 0.08, len(values))
                dots = ax.scatter(place, values, s=12, alpha=0.7, linewidths=0, **style)
                ends = column + offset + np.array([-0.11, 0.11])
                (line,) = ax.plot(ends, [chance[group, name]] * 2, color="black")
            shown.append(dots)
        labels = [
            f"{label_of(name)}\nIPR x D = "
            f"{self.fields.shape[1] * np.nanmedian(ipr(self.comparison.references_[name])):.1f}"
            for name in names
        ]
        ax.set_xticks(range(len(names)), labels)
        ax.set(ylabel="best match of each unit", ylim=(0.0, 1.03))
        look: dict[str, Any] = {"frameon": False, "fontsize": 8, "loc": "outside lower center"}
        shown, present = [*shown, line], [*present, "chance, 5 % level of the median"]
        ax.figure.legend(shown, present, ncols=len(shown), **look)
        tidy(ax)
