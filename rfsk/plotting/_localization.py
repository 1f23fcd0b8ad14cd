"""LocalizationDisplay: the IPR of fields, compared with a null distribution."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .._core._random import as_generator
from .._core._types import Shape
from .._core._validation import check_fields_on
from ..analysis import group_split, ipr, random_phase_fields
from ._display import Display
from .style import GREY, GROUP_STYLES, tidy

_N_SURROGATES = 50  # number of surrogates of each field
_LEVELS = {"uniform": 1.0, "oscillating": 1.5, "noise": 3.0}  # D x IPR of fields without a bump


class LocalizationDisplay(Display):
    """Distribution of the IPR of localized, oscillating and other fields, and a null distribution.

    Parameters
    ----------
    ipr, null_ipr : array-like of shape (n_units,) and (n_null,)
        Inverse participation ratios of the fields and of null fields.
    groups : array-like of str of shape (n_units,)
        Groups of the units, as `group_split` returns them.
    n_features : int

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.plotting import LocalizationDisplay
    >>> bump = np.exp(-((np.arange(50) - 25.0) ** 2) / 20)
    >>> fields = [np.roll(bump, 7 * k) for k in range(7)]
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
        shape: int | Shape | None = None,
        *,
        ax: Any = None,
        random_state: Any = None,
    ) -> Self:
        """Draw the IPR of localized, oscillating and other fields, and of their surrogates.

        Parameters
        ----------
        fields : array-like of shape (n_units, n_features)
        shape : int or tuple of int, optional
            Lattice of the features, a ring by default.
        ax : matplotlib Axes, optional
        random_state : int, Generator, RandomState or None, default=None
            Seed of the surrogates, which have the power spectra of `fields` and random phases.
        """
        weights, sides = check_fields_on(fields, shape)
        rng = as_generator(random_state)
        groups = group_split(weights, sides, random_state=rng).groups
        null = ipr(random_phase_fields(np.repeat(weights, _N_SURROGATES, axis=0), sides, rng))
        return cls(ipr(weights), groups, null, weights.shape[1]).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw stacked histograms of the IPR of each group of fields, and the null distribution.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        """
        ax = self._use_axes(ax, figsize=(4.6, 3.2))
        alive = np.isfinite(self.ipr)
        null = self.null_ipr[np.isfinite(self.null_ipr)]
        top = np.concatenate([self.ipr[alive], null]).max(initial=0.0) or 1.0
        bins = np.linspace(0.0, 1.02 * top, 31)
        names = [name for name in GROUP_STYLES if (self.groups[alive] == name).any()]
        if names:
            _, _, bars = ax.hist(
                [self.ipr[alive & (self.groups == name)] for name in names],
                bins,
                stacked=True,
                color=[GROUP_STYLES[name]["color"] for name in names],
                edgecolor="white",
                linewidth=0.6,
                label=[f"{name} ({(self.groups == name).sum()})" for name in names],
            )
            for name, group in zip(names, bars if len(names) > 1 else [bars], strict=True):
                for bar in group:
                    bar.set_hatch(GROUP_STYLES[name]["hatch"])
        if len(null):
            weights = np.full(len(null), alive.sum() / len(null))
            outline = {"histtype": "step", "color": "black", "linewidth": 1.2}
            ax.hist(null, bins, weights=weights, label="random phases", **outline)
        self._mark_levels(bins[-1])
        ax.set(xlabel="inverse participation ratio", ylabel="units", xlim=(0.0, bins[-1]))
        if names:
            ax.set_ylim(top=1.4 * ax.get_ylim()[1])  # leaves space for the legend
            ax.legend(fontsize=8, ncols=2, loc="upper right", framealpha=0.9, edgecolor="none")
        tidy(ax)
        return self

    def _mark_levels(self, end: float) -> None:
        """Mark and label (at the top) the IPR of uniform fields, of Fourier modes and of noise."""
        places = {name: level / self.n_features for name, level in _LEVELS.items()}
        places = {name: place for name, place in places.items() if place <= end}
        for place in places.values():
            self.ax_.axvline(place, color=GREY, linestyle=":", linewidth=1.0, zorder=0)
        above = self.ax_.secondary_xaxis("top")
        labels = {"rotation": 30, "ha": "left", "fontsize": 8, "color": GREY}
        above.set_xticks(list(places.values()), list(places), **labels)
        above.tick_params(length=0, pad=1)
        above.spines["top"].set_visible(False)
