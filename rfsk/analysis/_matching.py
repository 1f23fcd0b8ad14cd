"""Matching of fields over all shifts of the lattice, and the matches expected by chance."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import (
    check_features,
    check_fields,
    check_fields_on,
    check_positive,
    learn_fields,
    validate_fields,
)
from ._measures import scaled_images, squared_distances
from ._nulls import random_phases, with_phases
from ._profiles import fit_profiles

_CHUNK = 2**23  # correlations computed at a time
_SAME = 0.9  # match above which two fields get the same random phases
_ROUNDING = 1e-9
_N_WIDTHS = 60


def unit_fields(fields: Array) -> Array:
    """Fields scaled to unit length; a field of zeros becomes a row of NaN."""
    scaled = scaled_images(fields, fields.shape[1:])
    return np.asarray(scaled / np.linalg.norm(scaled, axis=1, keepdims=True))


def best_placement(
    fields: Array, references: Array, sides: tuple[int, ...]
) -> tuple[Array, NDArray[np.intp]]:
    """Signed match of each pair of normalized fields at the best shift, and index of the shift."""
    axes = tuple(range(-len(sides), 0))
    modes = np.fft.rfftn(fields.reshape(-1, *sides), axes=axes)
    conjugates = np.conj(np.fft.rfftn(references.reshape(-1, *sides), axes=axes))
    match = np.empty((len(fields), len(references)))
    shift = np.empty(match.shape, dtype=np.intp)
    for rows in gen_batches(len(fields), max(1, _CHUNK // references.size)):
        with np.errstate(invalid="ignore"):  # a field of zeros is NaN
            product = modes[rows, None] * conjugates
        correlation = np.fft.irfftn(product, s=sides, axes=axes).reshape(*product.shape[:2], -1)
        shift[rows] = np.abs(correlation).argmax(axis=2)
        match[rows] = np.take_along_axis(correlation, shift[rows][:, :, None], axis=2)[..., 0]
    return np.clip(match, -1.0, 1.0), shift


class FieldMatcher(TransformerMixin, BaseEstimator):
    """Match each field to the most similar reference, at any position and with any sign.

    The match of two fields is the largest ``|cosine|`` over all shifts of the lattice.

    Parameters
    ----------
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Attributes
    ----------
    reference_fields_ : ndarray of shape (n_references, n_features)
        References, scaled to unit length.
    shape_ : tuple of int
    n_features_in_ : int

    Notes
    -----
    The columns of the result of `transform` are ``match``, in [0, 1]; ``index``, the number of the
    best reference; ``sign``, +1 or -1; and ``shift_0`` (and ``shift_1``), the number of sites by
    which the reference is rolled to match the field. All columns are NaN for a field of zeros.

    Examples
    --------
    >>> from rfsk import FieldMatcher
    >>> matcher = FieldMatcher().fit([[0, 1, 2, 1, 0, 0, 0, 0], [0, 1, -1, 0, 0, 0, 0, 0]])
    >>> matcher.transform([[0, 0, 0, 0, -1, 1, 0, 0]])
    array([[ 1.,  1., -1.,  3.]])
    """

    def __init__(self, shape: int | tuple[int, ...] | None = None) -> None:
        self.shape = shape

    def fit(self, X: ArrayLike, y: Any = None) -> "FieldMatcher":
        """Store the reference fields.

        Parameters
        ----------
        X : array-like of shape (n_references, n_features)
            Reference fields, such as convolutional filters or tensor factors.
        y : ignored
        """
        references, self.shape_ = learn_fields(self, X, self.shape)
        self.reference_fields_ = unit_fields(references)
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Match each field to its best reference; the Notes of `FieldMatcher` list the columns.

        Parameters
        ----------
        X : array-like of shape (n_units, n_features)
        """
        check_is_fitted(self)
        fields = unit_fields(validate_fields(self, X))
        match, shift = best_placement(fields, self.reference_fields_, self.shape_)
        best = np.nan_to_num(np.abs(match), nan=-1.0).argmax(axis=1)
        pairs = np.arange(len(fields)), best
        columns = [np.abs(match[pairs]), best, np.where(match[pairs] < 0, -1.0, 1.0)]
        columns += np.unravel_index(shift[pairs], self.shape_)
        matches = np.column_stack(columns).astype(np.float64)
        matches[np.isnan(match[pairs])] = np.nan
        return matches

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the columns that `transform` returns.

        Parameters
        ----------
        input_features : ignored
        """
        check_is_fitted(self)
        shifts = [f"shift_{axis}" for axis in range(len(self.shape_))]
        return np.asarray(["match", "index", "sign", *shifts], dtype=object)


def match_matrix(
    fields: ArrayLike,
    references: ArrayLike,
    shape: int | tuple[int, ...] | None = None,
) -> Array:
    """Match of each field with each reference, the largest ``|cosine|`` over all shifts.

    Parameters
    ----------
    fields, references : array-like of shapes (n_units, n_features), (n_references, n_features)
        Fields, and the references with which they are compared.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    match : ndarray of shape (n_units, n_references)
        Matches in [0, 1]; NaN where the field or the reference is zero.

    Examples
    --------
    >>> from rfsk.analysis import match_matrix
    >>> match_matrix([[1.0, 0.0, 0.0, 0.0]], [[0.0, 0.0, -3.0, 0.0], [3.0, 4.0, 0.0, 0.0]]).round(2)
    array([[1. , 0.8]])
    """
    return np.abs(best_placement(*_checked_pair(fields, references, shape))[0])


def _checked_pair(
    fields: ArrayLike, references: ArrayLike, shape: int | tuple[int, ...] | None
) -> tuple[Array, Array, tuple[int, ...]]:
    """Check fields and references, and return them scaled to unit length, with their lattice."""
    weights, sides = check_fields_on(fields, shape)
    targets = check_fields(references, "references")
    check_features(targets, weights.shape[1], "references")
    return unit_fields(weights), unit_fields(targets), sides


def translation_orbits(
    fields: ArrayLike, shape: int | tuple[int, ...] | None = None, *, min_match: float = 0.95
) -> Any:
    """Group components that are shifted copies of one another, up to sign, into orbits.

    Each component joins the orbit whose first member matches the component best. A component whose
    match with every first member is below `min_match` becomes the first member of a new orbit.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    min_match : float, default=0.95
        Smallest match of a component with the first member of its orbit.

    Returns
    -------
    orbits : pandas.DataFrame
        One row per component. Columns: label, the number of the orbit in order of appearance, or -1
        for a component of zeros; sign and shift_0 (and shift_1), which map the first member of the
        orbit to the component; and match, the cosine between the mapped first member and the
        component, or NaN for a component of zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import translation_orbits
    >>> bump = np.exp(-np.arange(-15.0, 15.0) ** 2 / 9)
    >>> translation_orbits([bump, np.cos(0.4 * np.pi * np.arange(30)), -np.roll(bump, 11)])
       label  sign  match  shift_0
    0      0     1    1.0        0
    1      1     1    1.0        0
    2      0    -1    1.0       11
    """
    import pandas as pd

    check_positive(min_match, "min_match")
    if min_match > 1.0:
        raise ValueError(f"`min_match` must be at most 1, got {min_match!r}.")
    weights, sides = check_fields_on(fields, shape)
    labels, match = np.full(len(weights), -1), np.full(len(weights), np.nan)
    shifts, signs = np.zeros((len(sides), len(weights)), dtype=np.intp), np.ones_like(labels)
    units = unit_fields(weights)
    signed, placed = best_placement(units, units, sides)
    founders: list[int] = []
    for unit in np.flatnonzero(np.any(weights != 0.0, axis=1)).tolist():
        cosines = signed[unit, founders]
        best = int(np.abs(cosines).argmax()) if founders else -1
        if founders and abs(cosines[best]) >= min_match - _ROUNDING:
            labels[unit], match[unit] = best, abs(cosines[best])
            signs[unit] = 1 if cosines[best] >= 0 else -1
            shifts[:, unit] = np.unravel_index(placed[unit, founders[best]], sides)
        else:
            labels[unit], match[unit] = len(founders), 1.0
            founders.append(unit)
    columns = {f"shift_{axis}": shift for axis, shift in enumerate(shifts)}
    return pd.DataFrame({"label": labels, "sign": signs, "match": match} | columns)


def bump_match(references: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Array:
    """Match of each reference with the Gaussian bump that fits it best.

    The position, sign and widths of the Gaussian bump are fitted (by `fit_profiles`, and by a
    search over all sites). If a receptive field matches a reference no better than the fitted bump
    does, the match shows only that the field is a bump of about the same width as the reference.

    Parameters
    ----------
    references : array-like of shape (n_references, n_features)
        Reference fields, such as convolutional filters or tensor factors.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    match : ndarray of shape (n_references,)
        Matches in [0, 1]; NaN for a reference of zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import bump_match
    >>> bump = np.exp(-0.5 * (np.arange(100) - 50.0) ** 2 / 4.0**2)
    >>> bump_match([-bump, np.gradient(bump)]).round(2)
    array([1.  , 0.69])
    """
    fields, sides = check_fields_on(references, shape)
    fitted = np.sqrt(np.clip(fit_profiles(fields, sides).explained_variance.to_numpy(), 0.0, 1.0))
    # The fit finds only a local optimum, so all sites are searched with isotropic bumps as well.
    widths = np.geomspace(0.2, max(sides), _N_WIDTHS)[:, None]
    bumps = unit_fields(np.exp(-0.5 * squared_distances(sides) / widths**2))
    placed = np.abs(best_placement(bumps, unit_fields(fields), sides)[0]).max(axis=0)
    return np.asarray(np.maximum(fitted, placed))


def chance_match(
    fields: ArrayLike,
    references: ArrayLike,
    shape: int | tuple[int, ...] | None = None,
    *,
    n_null: int = 99,
    random_state: Any = None,
) -> Array:
    """Median best match that is expected by chance, computed from fields with random phases.

    Randomizing the Fourier phases of a field preserves its spectrum, and therefore its smoothness.
    Fields that are shifted copies of one another get the same random phases, because their matches
    are not independent.

    Parameters
    ----------
    fields, references : array-like of shapes (n_units, n_features), (n_references, n_features)
        Fields, and the references that they were matched with.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    n_null : int, default=99
        Number of sets of surrogate fields with random phases.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the phases.

    Returns
    -------
    medians : ndarray of shape (n_null,)
        One median for each set of surrogate fields: the median over the units of their best
        matches. The medians are in increasing order. With 99 sets of surrogate fields,
        ``medians[94]`` is the critical value of a test at the 5 % level.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import chance_match
    >>> bump = np.exp(-0.5 * (np.arange(100) - 50.0) ** 2 / 4.0**2)
    >>> bool(chance_match([bump], [np.roll(bump, 30)], random_state=0)[94] < 0.9)
    True
    """
    check_positive(n_null, "n_null", integer=True)
    *pair, sides = _checked_pair(fields, references, shape)
    weights, targets = (rows[np.isfinite(rows[:, 0])] for rows in pair)
    if not len(weights) or not len(targets):
        raise ValueError("`fields` and `references` must not be all zero. Pass nonzero fields.")
    rng = as_generator(random_state)
    orbits = translation_orbits(weights, sides, min_match=_SAME).label.to_numpy()
    founders = weights[np.unique(orbits, return_index=True)[1]].reshape(-1, *sides)
    medians = np.empty(n_null)
    for i in range(n_null):
        phases = random_phases(sides, len(founders), rng)
        scrambled = unit_fields(with_phases(founders, phases).reshape(len(founders), -1))
        match, _ = best_placement(scrambled, targets, sides)
        medians[i] = np.median(np.abs(match).max(axis=1)[orbits])
    return np.sort(medians)
