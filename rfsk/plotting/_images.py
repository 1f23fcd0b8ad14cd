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
    """Draw fields on a torus as tiles, each row labelled by its first unit; return the image."""
    rows, columns = shape
    canvas = mosaic(fields, shape)
    image = ax.imshow(canvas, cmap=FIELD_COLORS, vmin=-bound, vmax=bound, interpolation="nearest")
    down, across = (canvas.shape[0] + 1) // (rows + 1), (canvas.shape[1] + 1) // (columns + 1)
    ax.set(xticks=[], xlabel=f"{rows} x {columns} sites each", ylabel="unit")
    ax.set_yticks(
        np.arange(down) * (rows + 1) + (rows - 1) / 2, [str(row * across) for row in range(down)]
    )
    ax.tick_params(left=False)
    return image


def mosaic(fields: Array, shape: tuple[int, ...]) -> Array:
    """Fields on a torus side by side, row after row, with gaps of NaN between them."""
    rows, columns = shape
    across = math.ceil(math.sqrt(len(fields) * rows / columns))
    down = math.ceil(len(fields) / across)
    canvas = np.full((down * (rows + 1) - 1, across * (columns + 1) - 1), np.nan)
    for unit, field in enumerate(fields):
        top, left = unit // across * (rows + 1), unit % across * (columns + 1)
        canvas[top : top + rows, left : left + columns] = field.reshape(rows, columns)
    return canvas
