"""CumulantDisplay: a slice of a fourth-order cumulant."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .._core._validation import check_array
from ..analysis import cumulant
from ._display import Display
from .style import FIELD_COLORS, color_bar, show_image


class CumulantDisplay(Display):
    """Slice kappa_iijk of a fourth-order cumulant at one site i, over all sites j and k.

    The second panel shows C_ii C_jk + 2 C_ij C_ik, the Gaussian part of the fourth moment of inputs
    with covariance C. A local cumulant is concentrated around j = k = i, whereas the Gaussian part
    extends along the whole diagonal j = k.

    Parameters
    ----------
    entries, gaussian : array-like of shape (n_features, n_features)
        Slice kappa_iijk at site i = `site`, and the slice of the Gaussian part of the fourth
        moment.
    site : int

    Attributes
    ----------
    axes_, figure_ : ndarray of matplotlib Axes, and Figure

    Examples
    --------
    >>> from rfsk import NLGP
    >>> from rfsk.plotting import CumulantDisplay
    >>> display = CumulantDisplay.from_source(NLGP(20, correlation_length=2.0, gain=3.0))
    """

    def __init__(self, entries: ArrayLike, gaussian: ArrayLike, site: int) -> None:
        self.entries = check_array(entries, "entries")
        self.gaussian = check_array(gaussian, "gaussian")
        self.site = site

    @classmethod
    def from_source(cls, source: Any, site: int | None = None, *, cmap: str = FIELD_COLORS) -> Self:
        """Draw the slice kappa_iijk of the cumulant of an input model or of samples.

        Parameters
        ----------
        source : array-like of shape (n_samples, n_features), input model or blocks
            Samples or an input model, in any form that `cumulant` accepts.
        site : int, optional
            Site i, the middle one by default.
        cmap : str, default="RdBu_r"
            Colour map, white at zero by default.
        """
        kappa, C = cumulant(source), cumulant(source, 2).tensor()
        site = len(C) // 2 if site is None else site
        if site not in range(len(C)):
            raise ValueError(f"`site` must be from 0 to {len(C) - 1}, got {site!r}.")
        units, gaussian = np.eye(len(C)), C[site, site] * C + 2.0 * np.outer(C[site], C[site])
        return cls(kappa.pair_contract(units[site], units), gaussian, site).plot(cmap)

    def plot(self, cmap: str = FIELD_COLORS) -> Self:
        """Draw the slices of the cumulant and of the Gaussian part, each on its own colour scale.

        Parameters
        ----------
        cmap : str, default="RdBu_r"
            Colour map, white at zero by default. `style.limit` sets the ends of each colour scale.
        """
        self._make_panels(1, 2, figsize=(7.4, 3.2))
        panels = {
            rf"cumulant $\kappa_{{iijk}}$, i = {self.site}": self.entries,
            r"Gaussian part $C_{ii}C_{jk} + 2C_{ij}C_{ik}$": self.gaussian,
        }
        for ax, (title, values) in zip(self.axes_, panels.items(), strict=True):
            show_image(ax, values, cmap=cmap)
            ax.set(xlabel="site k", ylabel="site j")
            ax.set_title(title, fontsize=10)
            color_bar(ax, "value")
        return self
