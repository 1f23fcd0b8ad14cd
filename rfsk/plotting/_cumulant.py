"""CumulantDisplay and CPPathDisplay: a slice of a cumulant, and decompositions of rising rank."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._validation import check_matrix
from ..analysis import CPPath, cumulant
from ._display import Display
from .style import BLUE, GREEN, ORANGE, PURPLE, show_image, tidy

_MARKERS = ((BLUE, "o-"), (ORANGE, "s--"), (GREEN, "^-."), (PURPLE, "v:"))


class CumulantDisplay(Display):
    """A slice of a fourth-order cumulant: kappa_iijk for one site i, over j and k.

    The second panel shows the same slice of the Gaussian part of the fourth moment,
    C_ii C_jk + 2 C_ij C_ik. A local cumulant is concentrated around the site, while the Gaussian
    part runs along the whole diagonal.

    Build it with `from_source`.

    Parameters
    ----------
    entries : array-like of shape (n_features, n_features)
        Slice kappa_iijk.
    gaussian : array-like of shape (n_features, n_features)
        The same slice of the Gaussian part.
    site : int
        Site i.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from rfsk import NLGP
    >>> from rfsk.plotting import CumulantDisplay
    >>> display = CumulantDisplay.from_source(NLGP(20, correlation_length=2.0, gain=3.0))
    """

    def __init__(self, entries: ArrayLike, gaussian: ArrayLike, site: int) -> None:
        self.entries = check_matrix(entries, "entries")
        self.gaussian = check_matrix(gaussian, "gaussian")
        self.site = site

    @classmethod
    def from_source(cls, source: Any, site: int | None = None) -> "CumulantDisplay":
        """Draw the slice of an input model or of samples.

        Parameters
        ----------
        source : array-like of shape (n_samples, n_features), input model or blocks
            Samples or an input model, as `cumulant` takes them.
        site : int, optional
            Site i, the middle one by default.

        Returns
        -------
        display : CumulantDisplay
        """
        kappa, C = cumulant(source), cumulant(source, 2).tensor()
        site = kappa.n_features // 2 if site is None else site
        gaussian = C[site, site] * C + 2.0 * np.outer(C[site], C[site])
        return cls(kappa.pair_slice(site), gaussian, site).plot()

    def plot(self) -> "CumulantDisplay":
        """Draw both slices, each on its own scale centred at zero."""
        self._make_panels(1, 2, figsize=(7.4, 3.2))
        panels = {
            rf"cumulant $\kappa_{{iijk}}$, i = {self.site}": self.entries,
            r"Gaussian part $C_{ii}C_{jk} + 2C_{ij}C_{ik}$": self.gaussian,
        }
        for ax, (title, values) in zip(self.axes_, panels.items(), strict=True):
            image = show_image(ax, values)
            ax.set(xlabel="site k", ylabel="site j")
            ax.set_title(title, fontsize=10)
            self.figure_.colorbar(image, ax=ax, shrink=0.9)
        return self


class CPPathDisplay(Display):
    """Relative error of decompositions of rising rank, and weights of the largest decomposition.

    Parameters
    ----------
    paths : dict of str to CPPath
        Paths by name, such as that of the inputs and that of their Gaussian clone.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from rfsk import NLGP
    >>> from rfsk.analysis import symmetric_cp_path
    >>> from rfsk.plotting import CPPathDisplay
    >>> path = symmetric_cp_path(NLGP(12, correlation_length=2.0, gain=3.0), (1, 4), random_state=0)
    >>> display = CPPathDisplay({"NLGP": path}).plot()
    """

    def __init__(self, paths: Mapping[str, CPPath]) -> None:
        self.paths = dict(paths)

    def plot(self) -> "CPPathDisplay":
        """Draw the relative error over the rank, and the weights of the largest decomposition."""
        error_ax, weight_ax = self._make_panels(1, 2, figsize=(7.4, 3.0))
        for (name, path), (color, style) in zip(
            self.paths.items(), itertools.cycle(_MARKERS), strict=False
        ):
            drawn = {"color": color, "label": name, "markersize": 4}
            error_ax.plot(path.n_components, path.relative_error, style, **drawn)
            weights = np.abs(path.decompositions[-1].weights)
            weight_ax.plot(np.arange(1, len(weights) + 1), weights, style, **drawn)
        error_ax.set(xlabel="rank", ylabel="relative error", ylim=(0.0, 1.02))
        error_ax.set_xscale("log", base=2)
        ticks = sorted({int(rank) for path in self.paths.values() for rank in path.n_components})
        error_ax.set_xticks(ticks, ticks)
        error_ax.minorticks_off()
        weight_ax.set(xlabel="component, at the largest rank", ylabel="|weight|", ylim=(0.0, None))
        weight_ax.legend(frameon=False)
        for ax in self.axes_:
            tidy(ax)
        return self
