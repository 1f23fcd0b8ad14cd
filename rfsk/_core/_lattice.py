"""Indices of the sites of a ring or torus."""

import numpy as np
from numpy.typing import NDArray


def site_differences(shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Index of the site (or wave vector) i - j for all i and j, of shape (n_sites, n_sites)."""
    sites = np.indices(shape).reshape(len(shape), -1)
    apart = (sites[:, :, None] - sites[:, None, :]) % np.array(shape)[:, None, None]
    return np.asarray(np.ravel_multi_index(tuple(apart), shape))
