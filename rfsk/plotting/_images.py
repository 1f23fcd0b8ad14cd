"""Fields as images, on a colour scale centred at zero."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._style import FIELD_COLORS

Array = NDArray[np.float64]


def plot_map(ax: Any, fields: Array, bound: float) -> Any:
    """Draw fields on a ring as rows of colour; return the image."""
    image = ax.imshow(
        fields,
        cmap=FIELD_COLORS,
        vmin=-bound,
        vmax=bound,
        aspect="auto",
        interpolation="nearest",
    )
    ax.set(xlabel="site", ylabel="unit", yticks=[0, len(fields) - 1] if len(fields) > 1 else [0])
    return image


def plot_mosaic(ax: Any, fields: Array, shape: tuple[int, ...], bound: float) -> Any:
    """Draw fields on a torus as tiles, with gaps between them; return the image."""
    rows, columns = shape
    across = math.ceil(math.sqrt(len(fields) * rows / columns))
    down = math.ceil(len(fields) / across)
    canvas = np.full((down * (rows + 1) - 1, across * (columns + 1) - 1), np.nan)
    for unit, field in enumerate(fields):
        top, left = unit // across * (rows + 1), unit % across * (columns + 1)
        canvas[top : top + rows, left : left + columns] = field.reshape(rows, columns)
    image = ax.imshow(canvas, cmap=FIELD_COLORS, vmin=-bound, vmax=bound, interpolation="nearest")
    ax.set(xticks=[], yticks=[], xlabel=f"{rows} x {columns} sites each")
    return image
