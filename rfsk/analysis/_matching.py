"""Matching of fields to reference fields over all shifts of the lattice."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from .._core._types import Array
from .._core._validation import check_fields, check_fields_on, learn_fields, validate_fields
from ._measures import scaled_images

_CHUNK = 2**23  # correlations held at a time
_ROUNDING = 1e-12


def unit_fields(fields: Array) -> Array:
    """Fields of unit length; a field of zeros is NaN."""
    scaled = scaled_images(fields, fields.shape[1:])
    return np.asarray(scaled / np.linalg.norm(scaled, axis=1, keepdims=True))


def _best_shift(
    fields: Array, references: Array, sides: tuple[int, ...]
) -> tuple[Array, NDArray[np.intp]]:
    """Signed match of every pair at its best shift, and that shift as a flat index."""
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


def best_placement(
    fields: Array, references: Array, sides: tuple[int, ...], flips: bool
) -> tuple[Array, NDArray[np.intp], NDArray[np.intp]]:
    """Signed match of every pair at its best shift and reflection, and both as flat indices."""
    match, shift = _best_shift(fields, references, sides)
    reflection = np.zeros(match.shape, dtype=np.intp)
    if not flips:
        return match, shift, reflection
    images = references.reshape(-1, *sides)
    for number in range(1, 2 ** len(sides)):  # bit a says whether axis a is turned over
        axes = tuple(1 + axis for axis in range(len(sides)) if number >> axis & 1)
        mirrored = np.flip(images, axes).reshape(references.shape)
        other, other_shift = _best_shift(fields, mirrored, sides)
        # A reflection counts only if it is better by more than rounding.
        better = np.abs(other) > np.abs(match) + _ROUNDING
        match, shift = np.where(better, other, match), np.where(better, other_shift, shift)
        reflection[better] = number
    return match, shift, reflection


class FieldMatcher(TransformerMixin, BaseEstimator):
    """Find the reference that each field resembles most, at any position and with any sign.

    The match is the largest ``|cosine|`` over all shifts (and, with `flips`, reflections).

    Parameters
    ----------
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    flips : bool, default=False
        Whether references may be mirrored along any axis as well.

    Attributes
    ----------
    reference_fields_ : ndarray of shape (n_references, n_features)
        The references, scaled to unit length.
    shape_ : tuple of int
        The lattice.
    n_features_in_ : int
        Number of features.

    Notes
    -----
    The columns are ``match`` (in [0, 1]), ``index`` (of the best reference), ``sign`` (+1 or -1)
    and ``shift_0`` (and ``shift_1``), by which the reference is rolled to lie on the field. With
    `flips`, ``flip_0`` (and ``flip_1``) is 1 if the reference is mirrored along that axis before it
    is rolled. All columns are NaN for a field of zeros.

    Examples
    --------
    >>> from rfsk import FieldMatcher
    >>> matcher = FieldMatcher().fit([[0, 1, 2, 1, 0, 0, 0, 0], [0, 1, -1, 0, 0, 0, 0, 0]])
    >>> matcher.transform([[0, 0, 0, 0, -1, 1, 0, 0]])
    array([[ 1.,  1., -1.,  3.]])
    """

    def __init__(self, shape: int | tuple[int, ...] | None = None, *, flips: bool = False) -> None:
        self.shape = shape
        self.flips = flips

    def fit(self, X: ArrayLike, y: Any = None) -> "FieldMatcher":
        """Store the reference fields.

        Parameters
        ----------
        X : array-like of shape (n_references, n_features)
            Reference fields, such as convolutional filters or tensor factors.
        y : ignored

        Returns
        -------
        self : FieldMatcher
        """
        references, self.shape_ = learn_fields(self, X, self.shape)
        self.reference_fields_ = unit_fields(references)
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Match each field to its best reference.

        Parameters
        ----------
        X : array-like of shape (n_units, n_features)

        Returns
        -------
        matches : ndarray of shape (n_units, 3 + n_axes), with flips (n_units, 3 + 2 n_axes)
        """
        check_is_fitted(self)
        fields = unit_fields(validate_fields(self, X))
        match, shift, reflection = best_placement(
            fields, self.reference_fields_, self.shape_, self.flips
        )
        best = np.nan_to_num(np.abs(match), nan=-1.0).argmax(axis=1)
        pairs = np.arange(len(fields)), best
        columns = [np.abs(match[pairs]), best, np.where(match[pairs] < 0, -1.0, 1.0)]
        columns += np.unravel_index(shift[pairs], self.shape_)
        if self.flips:
            columns += [reflection[pairs] >> axis & 1 for axis in range(len(self.shape_))]
        matches = np.column_stack(columns).astype(np.float64)
        matches[np.isnan(match[pairs])] = np.nan
        return matches

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the columns of `transform`.

        Parameters
        ----------
        input_features : ignored
        """
        check_is_fitted(self)
        shifts = [f"shift_{axis}" for axis in range(len(self.shape_))]
        flips = [f"flip_{axis}" for axis in range(len(self.shape_))] if self.flips else []
        return np.asarray(["match", "index", "sign", *shifts, *flips], dtype=object)


def signed_matches(fields: Array, sides: tuple[int, ...]) -> tuple[Array, NDArray[np.intp]]:
    """Signed match of each field with every other at its best shift, and that shift's index."""
    scaled = unit_fields(fields)
    return _best_shift(scaled, scaled, sides)


def match_matrix(
    fields: ArrayLike,
    references: ArrayLike,
    shape: int | tuple[int, ...] | None = None,
    *,
    flips: bool = False,
) -> Array:
    """Match of every field with every reference: the largest ``|cosine|`` over shifts.

    Parameters
    ----------
    fields, references : array-like of shapes (n_units, n_features), (n_references, n_features)
        Receptive fields, and the fields to compare them with.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    flips : bool, default=False
        Whether references may be mirrored along any axis as well.

    Returns
    -------
    match : ndarray of shape (n_units, n_references)
        In [0, 1]; NaN where either is a field of zeros.

    Examples
    --------
    >>> from rfsk.analysis import match_matrix
    >>> match_matrix([[1.0, 0.0, 0.0, 0.0]], [[0.0, 0.0, -3.0, 0.0], [3.0, 4.0, 0.0, 0.0]]).round(2)
    array([[1. , 0.8]])
    """
    weights, targets, sides = check_pair(fields, references, shape)
    signed, *_ = best_placement(unit_fields(weights), unit_fields(targets), sides, flips)
    return np.abs(signed)


def check_pair(
    fields: ArrayLike, references: ArrayLike, shape: int | tuple[int, ...] | None
) -> tuple[Array, Array, tuple[int, ...]]:
    """Validated fields and references of equal width, and their lattice."""
    weights, sides = check_fields_on(fields, shape)
    targets = check_fields(references, "references")
    if weights.shape[1] != targets.shape[1]:
        raise ValueError(
            f"fields have {weights.shape[1]} features and references {targets.shape[1]}; "
            "expected the same number."
        )
    return weights, targets, sides
