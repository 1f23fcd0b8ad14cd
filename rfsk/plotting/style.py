"""Colours and drawing functions that all displays share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core._types import Array, Shape
from ..analysis import FieldMatcher

__all__ = [
    "BLUE",
    "FIELD_COLORS",
    "GREEN",
    "GREY",
    "GROUP_STYLES",
    "ORANGE",
    "PURPLE",
    "aligned",
    "centered",
    "label_of",
    "limit",
    "show_image",
    "show_row",
    "tidy",
]

#: Colour map of fields: grey at zero, lighter for larger values, and legible in greyscale.
FIELD_COLORS = "cividis"
#: The palette of Okabe and Ito; lines also differ in dash or marker.
BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#6E6E6E"

#: Colour, marker and hatch of each group of units that `group_split` returns.
GROUP_STYLES = {
    "localized": {"color": BLUE, "marker": "o", "hatch": ""},
    "oscillating": {"color": ORANGE, "marker": "s", "hatch": "///"},
    "other": {"color": "0.7", "marker": "^", "hatch": "..."},
    "not testable": {"color": "0.45", "marker": "D", "hatch": "xx"},
}

_LABELS = {
    "accuracy_control": "accuracy on the control",
    "control": "Gaussian control",
    "cp": "CP factors",
    "correlation_length": r"correlation length $\xi$ (sites)",
    "factor_ipr": "IPR of the CP factor",
    "gain": "gain $g$",
    "hebbian": "Hebbian",
    "ica": "FastICA",
    "index": "localization index",
    "ipr_negative": "mean IPR, b < 0",
    "ipr_positive": "mean IPR, b > 0",
    "learning_time": "learning rate x steps",
    "length_ratio": r"ratio of correlation lengths $\xi_1/\xi_0$",
    "localized_negative": "fraction localized, b < 0",
    "localized_positive": "fraction localized, b > 0",
    "n_hidden": "hidden units",
    "n_train": "training samples",
    "net_ipr": "mean IPR of the net, b > 0",
    "nlgp": "NLGP",
    "pca": "PCA",
    "onset_time": "onset, learning rate x steps",
    "shape": "sites",
    "weights_left": "fraction of weights left",
    "width_positive": "FWHM, b > 0 (sites)",
    "zero_weights": "fraction of zero weights",
}


def tidy(ax: Any) -> Any:
    """Hide the upper and the right spine of axes, and return the axes."""
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def limit(values: NDArray[Any]) -> float:
    """Half-width of a colour scale centred at zero: the largest absolute value."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0


def show_image(ax: Any, values: NDArray[Any], bound: float | None = None, **options: Any) -> Any:
    """Draw values from ``-bound`` to ``bound``, by default their `limit`, and return the image."""
    bound = limit(values) if bound is None else bound
    return ax.imshow(values, cmap=FIELD_COLORS, vmin=-bound, vmax=bound, **options)


def show_row(ax: Any, images: dict[str, Array], shape: Shape) -> None:
    """Draw images side by side on one scale, separated by a gap, each with its name below."""
    gap = np.full((shape[0], 1), np.nan)
    row = [part for image in images.values() for part in (image.reshape(shape), gap)]
    show_image(ax, np.hstack(row[:-1]))
    middles = (shape[1] - 1) / 2 + (shape[1] + 1) * np.arange(len(images))
    ax.set_xticks(middles, list(images))
    ax.set(yticks=[])
    ax.tick_params(length=0)


def label_of(name: str) -> str:
    """Label of a column of a sweep, or of an input model, in figures."""
    return _LABELS.get(name, name.replace("_", " "))


def aligned(field: Array, references: Array, shape: Shape) -> Array:
    """Shift and sign the reference that best matches a field so that it aligns with the field."""
    matcher = FieldMatcher(shape).set_output(transform="default").fit(references)
    _, reference, sign, *shifts = matcher.transform(field[None])[0]
    lattice = references[int(reference)].reshape(shape)
    rolled = np.roll(lattice, np.array(shifts, dtype=int), axis=tuple(range(len(shape))))
    return np.asarray(sign * rolled.ravel())


def centered(values: Array, field: Array, shape: Shape) -> Array:
    """Scale values to unit norm and roll them so that the peak of a field is in the middle."""
    peak = np.abs(field).argmax()
    shifts = np.array(shape) // 2 - np.unravel_index(peak, shape)
    unit = np.sign(field[peak]) * values.reshape(shape) / np.linalg.norm(values)
    return np.roll(unit, shifts, axis=tuple(range(len(shape)))).ravel()
