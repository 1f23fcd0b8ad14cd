"""TensorComparisonDisplay: a field beside what each method finds, and how all of them match."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis import TensorComparison, ipr, receptive_fields
from ._alignment import aligned, centered
from ._style import BLUE, FIELD_COLORS, GROUP_STYLES, limit, tidy

Array = NDArray[np.float64]

_LABELS = {
    "cp": "CP factors",
    "ica": "FastICA",
    "pca": "PCA",
    "dictionary": "dictionary",
    "hebbian": "Hebbian",
}


class TensorComparisonDisplay:
    """A localized field laid over its best match of each method; below, the matches of all units.

    Build it with `from_estimator`.

    Parameters
    ----------
    comparison : TensorComparison
        Fitted.
    fields : ndarray of shape (n_units, n_features)
        Receptive fields of one net.
    table : table
        What ``comparison.compare`` makes of them.
    groups : ndarray of str of shape (n_units,)
        As `group_split` has them.

    Attributes
    ----------
    figure_ : matplotlib Figure
    field_axes_ : list of matplotlib Axes
        One for each method.
    match_ax_ : matplotlib Axes

    Examples
    --------
    >>> from rfsk import FCNet, TensorComparison, make_nlgp
    >>> from rfsk.plotting import TensorComparisonDisplay
    >>> X, y = make_nlgp(5000, 30, correlation_length=(1.5, 3.0), random_state=0)
    >>> net = FCNet(10, random_state=0).fit(X, y)
    >>> comparison = TensorComparison(4, target=1, references=("cp", "pca"), random_state=0)
    >>> display = TensorComparisonDisplay.from_estimator(comparison.fit(X, y), net)
    """

    def __init__(
        self, comparison: TensorComparison, fields: Array, table: Any, groups: NDArray[np.str_]
    ) -> None:
        self.comparison, self.fields, self.table, self.groups = comparison, fields, table, groups

    @classmethod
    def from_estimator(
        cls, comparison: TensorComparison, estimator: Any
    ) -> "TensorComparisonDisplay":
        """Compare the fields of an estimator, and draw what comes out.

        Parameters
        ----------
        comparison : TensorComparison
            Fitted to the inputs.
        estimator : object
            Anything `receptive_fields` knows.

        Returns
        -------
        display : TensorComparisonDisplay
        """
        fields = receptive_fields(estimator)
        table, groups = comparison.compare(fields), comparison.split(fields).groups
        return cls(comparison, fields, table, groups).plot()

    def plot(self) -> "TensorComparisonDisplay":
        """Draw both rows.

        The field drawn is the localized one of median match to the first method, or of all units
        where none localizes.

        Returns
        -------
        self : TensorComparisonDisplay
        """
        import matplotlib.pyplot as plt

        names = list(self.comparison.references_)
        width = max(2.0 * len(names), 5.0)
        self.figure_ = plt.figure(figsize=(width, 4.9), layout="constrained")
        parts = self.figure_.subfigures(2, 1, height_ratios=(1.0, 1.35), squeeze=False)
        above, below = parts[:, 0]
        self.field_axes_ = list(np.atleast_1d(above.subplots(1, len(names), sharey=True)))
        match = self.comparison.match(self.fields)
        unit = self._example(match[:, 0])
        for name, ax in zip(names, self.field_axes_, strict=True):
            self._draw_pair(ax, unit, name)
        self.match_ax_ = below.subplots()
        self._draw_matches(match, names)
        return self

    def _example(self, match: Array) -> int:
        localized = np.flatnonzero(self.groups == "localized")
        units = localized if len(localized) else np.flatnonzero(np.isfinite(match))
        ranked = units[np.argsort(match[units])]
        return int(ranked[len(ranked) // 2])

    def _draw_pair(self, ax: Any, unit: int, name: str) -> None:
        """Lay the best match of one method on the field, both of unit length."""
        shape, references = self.comparison.shape_, self.comparison.references_[name]
        field = self.fields[unit] / np.linalg.norm(self.fields[unit])
        placed = aligned(field, references, shape)
        placed /= np.linalg.norm(placed)
        if len(shape) == 1:
            shown = [centered(values, field, shape) for values in (field, placed)]
            offset = np.arange(len(field)) - len(field) // 2
            ax.plot(offset, shown[0], color="0.75", linewidth=3.5, label="field")
            ax.plot(offset, shown[1], color=BLUE, linewidth=1.2, label="best match")
            ax.set(xlabel="site from the peak")
            ax.tick_params(labelleft=False, left=False)
            tidy(ax)
            if ax is self.field_axes_[0]:
                ax.set_ylabel("weight")
                ax.figure.legend(frameon=False, fontsize=8, loc="outside upper center", ncols=2)
        else:
            both = np.concatenate(
                [field.reshape(shape), np.full((shape[0], 1), np.nan), placed.reshape(shape)],
                axis=1,
            )
            bound = limit(both)
            ax.imshow(both, cmap=FIELD_COLORS, vmin=-bound, vmax=bound)
            ax.set(xticks=[], yticks=[], xlabel="field | best match")
        ax.set_title(f"{_LABELS.get(name, name)}\nmatch {field @ placed:.2f}", fontsize=9)

    def _draw_matches(self, match: Array, names: list[str]) -> None:
        ax, shown = self.match_ax_, []
        present = [group for group in GROUP_STYLES if (self.groups == group).any()]
        for row, group in enumerate(present):
            offset = 0.24 * (row - 0.5 * (len(present) - 1))
            units = np.flatnonzero(self.groups == group)
            # Spread sideways by rank, so that equal matches can be told apart.
            for column in range(len(names)):
                values = np.sort(match[units, column])
                place = column + offset + np.linspace(-0.08, 0.08, len(values))
                color, marker = (GROUP_STYLES[group][name] for name in ("color", "marker"))
                dots = ax.scatter(
                    place,
                    values,
                    s=12,
                    color=color,
                    marker=marker,
                    alpha=0.7,
                    linewidths=0,
                    label=group,
                )
                chance = self._chance(group, names[column])
                (line,) = ax.plot(
                    column + offset + np.array([-0.11, 0.11]),
                    [chance, chance],
                    color="black",
                    linewidth=1.5,
                    label="chance, 5 % level of the median",
                )
                if column == 0:
                    shown += [dots] + ([line] if row == len(present) - 1 else [])
        labels = [
            f"{_LABELS.get(name, name)}\nIPR x D = "
            f"{self.fields.shape[1] * np.nanmedian(ipr(self.comparison.references_[name])):.1f}"
            for name in names
        ]
        ax.set_xticks(range(len(names)), labels)
        ax.set(ylabel="best match of each unit", ylim=(0.0, 1.03))
        ax.figure.legend(
            shown,
            [artist.get_label() for artist in shown],
            frameon=False,
            fontsize=8,
            loc="outside lower center",
            ncols=len(shown),
        )
        tidy(ax)

    def _chance(self, group: str, reference: str) -> float:
        columns = {name: np.asarray(self.table[name]) for name in ("group", "reference", "chance")}
        row = (columns["group"] == group) & (columns["reference"] == reference)
        return float(columns["chance"][row][0])
