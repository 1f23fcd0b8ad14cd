"""LocalizationDisplay: how localized fields are, beside what chance would make of them."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._random import as_generator
from .._core._validation import check_fields_on
from ..analysis import group_split, ipr, random_phase_fields
from ._style import GREY, GROUP_STYLES, new_axes, tidy

Array = NDArray[np.float64]

_N_SURROGATES = 50  # of each field


class LocalizationDisplay:
    """Distribution of the IPR of fields, by group, against that of their null.

    Build it with `from_fields`.

    Parameters
    ----------
    ipr : array-like of shape (n_units,)
        Inverse participation ratios.
    groups : array-like of str of shape (n_units,)
        As `group_split` has them.
    null_ipr : array-like of shape (n_null,)
        Of null fields.
    n_features : int
        Number of sites.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.plotting import LocalizationDisplay
    >>> bump = np.exp(-((np.arange(50) - 25.0) ** 2) / 20)
    >>> waves = [np.cos(0.04 * np.pi * k * np.arange(50)) for k in range(1, 8)]
    >>> fields = [*(np.roll(bump, 7 * k) for k in range(7)), *waves]
    >>> display = LocalizationDisplay.from_fields(fields, random_state=0)
    """

    def __init__(
        self, ipr: ArrayLike, groups: ArrayLike, null_ipr: ArrayLike, n_features: int
    ) -> None:
        self.ipr, self.groups = np.asarray(ipr), np.asarray(groups)
        self.null_ipr, self.n_features = np.asarray(null_ipr), n_features

    @classmethod
    def from_fields(
        cls,
        fields: ArrayLike,
        shape: int | tuple[int, ...] | None = None,
        *,
        ax: Any = None,
        random_state: Any = None,
    ) -> "LocalizationDisplay":
        """Split fields into groups, and draw their IPR and that of their surrogates.

        Parameters
        ----------
        fields : array-like of shape (n_units, n_features)
            Receptive fields.
        shape : int or tuple of int, optional
            Lattice of the features, a ring by default.
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the surrogates, fields of the same spectra and random phases.

        Returns
        -------
        display : LocalizationDisplay
        """
        weights, sides = check_fields_on(fields, shape)
        rng = as_generator(random_state)
        groups = group_split(weights, sides, random_state=rng).groups
        null = ipr(random_phase_fields(np.repeat(weights, _N_SURROGATES, axis=0), sides, rng))
        return cls(ipr(weights), groups, null, weights.shape[1]).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> "LocalizationDisplay":
        """Draw stacked histograms of the groups, and the density of the null.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        self : LocalizationDisplay
        """
        self.ax_ = new_axes(ax, figsize=(4.6, 3.2))
        self.figure_ = self.ax_.figure
        alive = np.isfinite(self.ipr)
        null = self.null_ipr[np.isfinite(self.null_ipr)]
        both = np.concatenate([self.ipr[alive], null])
        if not len(both):
            both = np.array([1.0 / self.n_features, 1.0])
        bins = np.linspace(0.0, 1.02 * both.max(), 31)
        names = [name for name in GROUP_STYLES if (self.groups[alive] == name).any()]
        bottom = np.zeros(len(bins) - 1)
        for name in names:
            counts, _ = np.histogram(self.ipr[alive & (self.groups == name)], bins)
            self.ax_.bar(
                bins[:-1],
                counts,
                np.diff(bins),
                bottom,
                align="edge",
                color=GROUP_STYLES[name]["color"],
                hatch=GROUP_STYLES[name]["hatch"],
                edgecolor="white",
                linewidth=0.6,
                label=f"{name} ({(self.groups == name).sum()})",
            )
            bottom += counts
        if len(null):
            weights = np.full(len(null), alive.sum() / len(null))
            self.ax_.hist(
                null,
                bins,
                weights=weights,
                histtype="step",
                color="black",
                linewidth=1.2,
                label="random phases",
            )
        self._mark_levels(bins[-1])
        self.ax_.set(xlabel="inverse participation ratio", ylabel="units", xlim=(0.0, bins[-1]))
        if names:
            self.ax_.set_ylim(top=1.4 * self.ax_.get_ylim()[1])  # room for the legend
            self.ax_.legend(
                fontsize=8, ncols=2, loc="upper right", framealpha=0.9, edgecolor="none"
            )
        tidy(self.ax_)
        return self

    def _mark_levels(self, end: float) -> None:
        """Say above the axes what fields that have no bump would read."""
        levels = {"uniform": 1.0, "wave": 1.5, "noise": 3.0}
        places = {name: level / self.n_features for name, level in levels.items()}
        places = {name: place for name, place in places.items() if place <= end}
        for place in places.values():
            self.ax_.axvline(place, color=GREY, linestyle=":", linewidth=1.0, zorder=0)
        above = self.ax_.secondary_xaxis("top")
        above.set_xticks(
            list(places.values()), list(places), rotation=30, ha="left", fontsize=8, color=GREY
        )
        above.tick_params(length=0, pad=1)
        above.spines["top"].set_visible(False)
