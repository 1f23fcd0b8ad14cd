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
    "not testable": {"color": "0.45", "marker": "D", "hatch": "xx"},
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


_LABELS = {
    "accuracy": "accuracy",
    "accuracy_clone": "accuracy on the clone",
    "batch_size": "batch size",
    "clone": "Gaussian clone",
    "correlation_length": r"correlation length $\xi$ (sites)",
    "factor_ipr": "IPR of the CP factor",
    "gain": "gain $g$",
    "index": "localization index",
    "ipr_negative": "mean IPR, b < 0",
    "ipr_positive": "mean IPR, b > 0",
    "learning_rate": "learning rate",
    "learning_time": "learning rate x steps",
    "length_ratio": r"ratio of correlation lengths $\xi_1/\xi_0$",
    "localized_negative": "share localized, b < 0",
    "localized_positive": "share localized, b > 0",
    "n_hidden": "hidden units",
    "n_train": "training samples",
    "net_ipr": "mean IPR of the net, b > 0",
    "nlgp": "NLGP",
    "onset_time": "onset, learning rate x steps",
    "shape": "sites",
    "weights_left": "share of weights left",
    "width_positive": "FWHM, b > 0 (sites)",
    "zero_weights": "share of zero weights",
}


def label_of(name: str) -> str:
    """How a column of a sweep, or a law, is written in a figure."""
    return _LABELS.get(name, name.replace("_", " "))
