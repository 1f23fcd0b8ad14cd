"""Colours and axes shared by all displays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Grey at zero, lighter the more positive: reads the same in grey and to the colour-blind.
FIELD_COLORS = "cividis"
# Okabe and Ito's palette; lines also differ in dash or marker.
BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#6E6E6E"

# How groups of units are told apart, by colour and, in grey, by mark or hatch.
GROUP_STYLES = {
    "localized": {"color": BLUE, "marker": "o", "hatch": ""},
    "oscillating": {"color": ORANGE, "marker": "s", "hatch": "///"},
    "other": {"color": "0.7", "marker": "^", "hatch": "..."},
}


def new_axes(ax: Any, **kwargs: Any) -> Any:
    """Return the axes given, or those of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained", **kwargs)[1]


def tidy(ax: Any) -> Any:
    """Take off the spines that carry nothing."""
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def limit(values: NDArray[Any]) -> float:
    """Half-width of a colour scale centred at zero."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0
