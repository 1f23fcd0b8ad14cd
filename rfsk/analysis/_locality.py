"""Locality of a set of fields, relative to surrogates with random phases."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import check_fields_on, check_positive
from ._measures import compactness_of, scaled_images, squared_distances
from ._nulls import random_phases, with_phases

_ROUNDING = 1e-9


def locality(
    fields: ArrayLike,
    shape: int | tuple[int, ...] | None = None,
    *,
    n_null: int = 199,
    random_state: Any = None,
) -> dict[str, float]:
    r"""Measure the locality of a set of fields, relative to surrogates with random phases.

    On a ring of `side` sites, let the compactness of a field w be the length of the mean of exp(2
    pi i site / side), weighted by w^2. On a torus, the compactness is computed along each axis and
    averaged over the axes. The compactness is 1 if only one weight is nonzero, and 0 if w^2 is
    constant or consists of two equal bumps on opposite sides of the ring. Let C be the mean
    compactness of the more compact half of the fields. Let C_0 and C_1 be the mean compactness of
    the more compact half of surrogates, which have the power spectra of the fields, and random
    phases for C_0 and equal phases for C_1. Then

    .. math::

        \mathrm{locality} &= (C - C_0) / (1 - C_0), \\
        \mathrm{alignment} &= (C - C_0) / (C_1 - C_0), \\
        \mathrm{reach} &= (C_1 - C_0) / (1 - C_0)

    If some weights of a field are exactly zero, as after pruning, the surrogates of this field have
    the same weights at other sites: at random sites for the mean compactness C_0, and at
    neighbouring sites for the mean compactness C_1.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Fields on a lattice whose sites are equivalent. Fields of zeros are ignored.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    n_null : int, default=199
        Number of sets of surrogate fields.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the phases.

    Returns
    -------
    found : dict of str to float
        `locality`, which is 0 for fields that are as compact as random surrogates and 1 for fields
        with one nonzero weight; its factors `alignment` and `reach`; and `p_value`, the probability
        that random surrogates are at least as compact as the fields. All values are NaN if all
        fields are zero, or if each surrogate field has only one nonzero weight.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import locality
    >>> bump = np.exp(-0.5 * np.linspace(-5.0, 5.0, 40) ** 2)
    >>> sinusoid = np.cos(2.0 * np.pi * np.arange(40) / 40)
    >>> [round(locality([w], random_state=0)["locality"], 1) + 0.0 for w in (bump, sinusoid)]
    [0.8, 0.0]
    """
    weights, sides = check_fields_on(fields, shape)
    check_positive(n_null, "n_null", integer=True)
    images = scaled_images(weights[np.any(weights != 0.0, axis=1)], sides)
    names = ("locality", "alignment", "reach", "p_value")
    if not len(images):
        return dict.fromkeys(names, np.nan)
    rng = as_generator(random_state)
    surrogates = np.array([compactness_of(_surrogates(image, n_null, rng)) for image in images])
    found, (aligned, *null) = _upper_half(compactness_of(images)), _upper_half(surrogates)
    random = float(np.mean(null))
    excess, most, scale = found - random, aligned - random, 1.0 - random
    if scale <= _ROUNDING:  # the surrogates are single sites
        return dict.fromkeys(names, np.nan)
    n_above = np.count_nonzero(np.array(null) >= found - _ROUNDING)
    alignment = excess / most if most > _ROUNDING else 0.0
    values = excess / scale, alignment, most / scale, (1 + n_above) / (1 + n_null)
    return dict(zip(names, map(float, values), strict=True))


def _surrogates(image: Array, n_null: int, rng: np.random.Generator) -> Array:
    """Surrogates of an image: first the most compact surrogate, then random surrogates."""
    sides = image.shape
    if np.all(image != 0.0):
        phases = random_phases(sides, n_null, rng)
        return with_phases(image[None], np.concatenate([np.ones_like(phases[:1]), phases]))
    weights = np.sort(np.abs(image), axis=None)[::-1]
    rank = squared_distances(sides).argsort(kind="stable").argsort()
    orders = rng.permuted(np.tile(np.arange(len(weights)), (n_null, 1)), axis=1)
    places = np.concatenate([rank[None], orders])
    return np.asarray(weights[places].reshape(-1, *sides))


def _upper_half(values: Array) -> Array:
    """Mean of the larger half of the values along the first axis."""
    return np.asarray(np.sort(values, axis=0)[len(values) // 2 :].mean(axis=0))
