"""Colours and drawing functions that all displays share.

Each colour map has one role, and each colour of lines and dots has one meaning.

=================  ===============================================================================
`FIELD_COLORS`     signed values, such as receptive fields: white at zero, red above, blue below
`IMAGE_COLORS`     inputs that are images: grey
`MATCH_COLORS`     values that are not negative, such as matches: brighter for larger values
`INPUT`            the inputs, and nets trained on them; its shades stand for classes of inputs
`CONTROL`          the control, and nets trained on it
`OUTCOME`          results of theory, of other methods or of surrogates, and localized units
`OTHER`            a second group or value that is compared with the first, such as units with b < 0
=================  ===============================================================================

The control consists of Gaussian inputs with the same mean and covariance as the inputs. Lines and
dots that differ in colour also differ in dash or marker, so that they are distinguishable in
greyscale.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core._types import Array, Shape
from ..analysis import FieldMatcher

__all__ = [
    "BLUE",
    "CLASS_COLORS",
    "CONTROL",
    "FIELD_COLORS",
    "GREEN",
    "GREY",
    "GROUP_STYLES",
    "IMAGE_COLORS",
    "INPUT",
    "MATCH_COLORS",
    "ORANGE",
    "OTHER",
    "OUTCOME",
    "PURPLE",
    "aligned",
    "centered",
    "color_bar",
    "label_of",
    "limit",
    "show_image",
    "show_row",
    "tidy",
]

#: Colour maps of signed values, of inputs that are images, and of values that are not negative.
FIELD_COLORS, IMAGE_COLORS, MATCH_COLORS = "RdBu_r", "gray", "viridis"
#: The palette of Okabe and Ito.
BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#6E6E6E"
#: Colours of the inputs, of the control, of theory and localized units, and of a second group.
INPUT, CONTROL, OUTCOME, OTHER = BLUE, ORANGE, GREEN, PURPLE
#: Shades of `INPUT` for the classes of a task.
CLASS_COLORS = (INPUT, "#56B4E9", "#002D4D", "#8FA9BD")

#: Colour, marker and hatch of each group of units that `group_split` returns.
GROUP_STYLES = {
    "localized": {"color": OUTCOME, "marker": "o", "hatch": ""},
    "oscillating": {"color": OTHER, "marker": "s", "hatch": "///"},
    "other": {"color": "0.7", "marker": "^", "hatch": "..."},
    "not testable": {"color": "0.45", "marker": "D", "hatch": "xx"},
}

_GAP = "0.85"  # grey of the gaps between tiles and of missing values in images
_PERCENTILE = 99.0  # percentile of the absolute values at the ends of a colour scale

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
    "inputs": "trained on",
    "ipr_negative": "mean IPR, initial bias b < 0",
    "ipr_positive": "mean IPR, initial bias b > 0",
    "learning_time": "learning rate x steps",
    "length_ratio": r"ratio of correlation lengths $\xi_1/\xi_0$",
    "localized_negative": "fraction localized, initial bias b < 0",
    "localized_positive": "fraction localized, initial bias b > 0",
    "n_hidden": "hidden units",
    "n_train": "training samples",
    "net_ipr": "mean IPR of the net, initial bias b > 0",
    "nlgp": "NLGP",
    "pca": "PCA",
    "onset_time": "onset, learning rate x steps",
    "shape": "sites",
    "weights_left": "fraction of weights left",
    "width_positive": "FWHM (sites), initial bias b > 0",
    "zero_weights": "fraction of zero weights",
}


def tidy(ax: Any) -> Any:
    """Hide the upper and the right spine of axes, and return the axes."""
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def limit(*values: NDArray[Any]) -> float:
    """Half-width of a colour scale centred at zero: the 99th percentile of the absolute values.

    Values beyond the ends of the colour scale have the colours of the ends, so that weak fields
    stay visible beside strong fields. If the 99th percentile is zero, the function returns the
    largest absolute value. For panels that are compared, pass all arrays together to get one colour
    scale.
    """
    sizes = np.abs(np.concatenate([np.ravel(part) for part in values]))
    sizes = sizes[np.isfinite(sizes)]
    if not sizes.any():
        return 1.0
    return float(np.percentile(sizes, _PERCENTILE) or sizes.max())


def show_image(
    ax: Any,
    values: NDArray[Any],
    bound: float | None = None,
    cmap: str = FIELD_COLORS,
    **options: Any,
) -> Any:
    """Draw an image with colours from -`bound` to `bound` (default: `limit`), and return it."""
    bound = limit(values) if bound is None else bound
    ax.set_facecolor(_GAP)
    return ax.imshow(values, cmap=cmap, vmin=-bound, vmax=bound, **options)


def show_row(ax: Any, images: dict[str, Array], shape: Shape, cmap: str = FIELD_COLORS) -> None:
    """Draw images side by side on one scale, separated by a gap, each with its name below."""
    gap = np.full((shape[0], 1), np.nan)
    row = [part for image in images.values() for part in (image.reshape(shape), gap)]
    show_image(ax, np.hstack(row[:-1]), cmap=cmap)
    middles = (shape[1] - 1) / 2 + (shape[1] + 1) * np.arange(len(images))
    ax.set_xticks(middles, list(images))
    ax.set(yticks=[])
    ax.tick_params(length=0)


def color_bar(axes: Any, label: str, **options: Any) -> Any:
    """Add the colour bar of the images on axes, with pointed ends if values exceed its range."""
    axes = np.ravel(axes)
    images = [ax.images[-1] for ax in axes]
    low, high = images[0].get_clim()
    values = [np.ma.masked_invalid(image.get_array()) for image in images]
    below, above = min(v.min() for v in values) < low, max(v.max() for v in values) > high
    extend = {(True, True): "both", (True, False): "min", (False, True): "max"}
    options = {"shrink": 0.8, "extend": extend.get((bool(below), bool(above)), "neither")} | options
    return axes[0].figure.colorbar(images[0], ax=list(axes), label=label, **options)


def label_of(name: str) -> str:
    """Label of a column of a sweep, or of an input model, in figures."""
    return _LABELS.get(name, name.replace("_", " "))


def aligned(field: Array, references: Array, shape: Shape) -> Array:
    """Shift the reference that best matches a field, and choose its sign, so as to align both."""
    matcher = FieldMatcher(shape).set_output(transform="default").fit(references)
    _, reference, sign, *shifts = matcher.transform(field[None])[0]
    lattice = references[int(reference)].reshape(shape)
    rolled = np.roll(lattice, np.array(shifts, dtype=int), axis=tuple(range(len(shape))))
    return np.asarray(sign * rolled.ravel())


def centered(values: Array, field: Array, shape: Shape) -> Array:
    """Normalize `values`, and apply the sign and shift that make `field` peak in the middle."""
    peak = np.abs(field).argmax()
    shifts = np.array(shape) // 2 - np.unravel_index(peak, shape)
    unit = np.sign(field[peak]) * values.reshape(shape) / np.linalg.norm(values)
    return np.roll(unit, shifts, axis=tuple(range(len(shape)))).ravel()
