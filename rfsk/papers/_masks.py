"""Masks of pruned nets, and other masks with the same number of weights."""

from typing import Any

import numpy as np

from .._core._types import Array, Shape
from ..analysis import field_spread
from ..plotting.style import tidy


def largest(fields: Array, counts: Array) -> Array:
    """Mask of the largest weights of each field, with the given number of weights per field."""
    rank = np.argsort(np.argsort(-np.abs(fields), axis=1), axis=1)
    return np.asarray(rank < np.asarray(counts)[:, None])


def scattered(masks: Array, seed: int) -> Array:
    """Move the pixels of each mask to random positions."""
    return np.random.default_rng(seed).permuted(masks, axis=1)


def spread(masks: Array, shape: Shape) -> float:
    """Median, over masks, of the spread of the pixels of a mask about their centre, in sites."""
    return float(np.nanmedian(field_spread(masks.astype(float), shape)))


def weights_axis(ax: Any, most: float) -> Any:
    """Set up a log axis of the fraction of weights that pruning leaves, from `most` down to 0.1."""
    ax.set(xscale="log", xlabel="fraction of weights left")
    ax.set_xticks([1.0, 0.5, 0.25, 0.125], ["1", "1/2", "1/4", "1/8"])
    ax.set_xticks([], minor=True)
    ax.set_xlim(most, 0.1)
    return tidy(ax)
