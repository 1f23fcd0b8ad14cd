"""Sites of a ring or torus, by number."""

import numpy as np
from numpy.typing import NDArray


def site_differences(shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Number of the site i - j around the lattice, for all sites i and j: (n_sites, n_sites).

    Of wave vectors it is the number of their difference.
    """
    sites = np.indices(shape).reshape(len(shape), -1)
    apart = (sites[:, :, None] - sites[:, None, :]) % np.array(shape)[:, None, None]
    return np.asarray(np.ravel_multi_index(tuple(apart), shape))
