"""Statistics of a class of inputs that the theory uses: spectrum and distribution of a pixel."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core._mistakes import warn_likely_mistake
from .._core._types import Array
from .._core._validation import check_array, check_image_shape, is_labelled, rows_by_class
from ..analysis import cumulant
from ..datasets import Discrimination, EllipticalField

# Mean or third moment of a pixel that still counts as none; heavy tails make samples' noisy.
_SYMMETRIC = 0.2
_MOST_VALUES = 2**15  # of a sample's pixels that represent their distribution


@dataclass(frozen=True)
class FieldStatistics:
    """Second-order statistics and pixel distribution of translation-invariant inputs.

    Attributes
    ----------
    shape : tuple of int
    spectrum : ndarray of shape (n_features,)
        Eigenvalues of the covariance by wave vector, in the flattened order of `numpy.fft.fftn`.
    values, weights : ndarray of shape (n_nodes,)
        Quadrature of a pixel: E g(pixel) = weights @ g(values). None for elliptical distributions.
    mean_absolute : float
        E|pixel|.

    Examples
    --------
    >>> from rfsk import NLGP, theory
    >>> round(theory.field_statistics(NLGP(12, correlation_length=2.0, gain=3.0)).variance, 6)
    1.0
    """

    shape: tuple[int, ...]
    spectrum: Array
    values: Array | None
    weights: Array | None
    mean_absolute: float

    @property
    def n_features(self) -> int:
        """Number of sites."""
        return len(self.spectrum)

    @property
    def variance(self) -> float:
        """Variance of a pixel."""
        return float(self.spectrum.mean())

    @property
    def is_elliptical(self) -> bool:
        """Whether all projections have the same distribution up to scale."""
        return self.values is None


def field_statistics(source: Any, shape: int | tuple[int, ...] | None = None) -> FieldStatistics:
    """Compute exact statistics of an input model, or estimate statistics from samples.

    Parameters
    ----------
    source : stationary input model or array-like of shape (n_samples, n_features)
        Statistics of samples are averages over sites. Samples are not taken as elliptical.
    shape : int or tuple of int, optional
        Lattice of samples, a ring by default.

    Returns
    -------
    statistics : FieldStatistics

    Examples
    --------
    >>> from rfsk import NLGP, theory
    >>> round(theory.field_statistics(NLGP(40, correlation_length=3.0, gain=1.0)).mean_absolute, 3)
    0.866
    """
    if hasattr(source, "autocovariance"):
        return _of_model(source)
    if hasattr(source, "covariance"):
        raise NotImplementedError(
            f"{type(source).__name__} has no covariance around a lattice; pass samples of "
            "translation-invariant inputs: model.sample(n)."
        )
    data = check_array(source, "samples", ensure_min_samples=2)
    sides = check_image_shape(shape, data.shape[1])
    centred = data - data.mean()
    if not centred.any():
        raise ValueError("The samples are constant; expected some that vary.")
    axes = tuple(range(1, 1 + len(sides)))
    modes = np.fft.fftn(centred.reshape(-1, *sides), axes=axes)
    spectrum = np.mean(np.abs(modes) ** 2, axis=0).ravel() / data.shape[1]
    pixels = centred.ravel()
    if len(pixels) > _MOST_VALUES:
        pixels = np.random.default_rng(0).choice(pixels, _MOST_VALUES, replace=False)
    weights = np.full(len(pixels), 1.0 / len(pixels))
    return FieldStatistics(sides, spectrum, pixels, weights, float(np.abs(centred).mean()))


def _of_model(model: Any) -> FieldStatistics:
    if getattr(model, "boundary", "periodic") != "periodic":
        raise ValueError(
            f"boundary={model.boundary!r}; the theory is of rings and tori, boundary='periodic'."
        )
    spectrum = np.fft.fftn(model.autocovariance()).real.ravel()
    if isinstance(model, EllipticalField):
        return FieldStatistics(model.shape, spectrum, None, None, model.mean_absolute())
    values, weights = model.pixel_quadrature()
    return FieldStatistics(model.shape, spectrum, values, weights, float(weights @ np.abs(values)))


def class_pair(task: Any) -> tuple[Any, Any]:
    """Classes 0 and 1 of a task, of labelled data (X, y), or of a pair of models or samples."""
    task = tuple(rows_by_class(*task)) if is_labelled(task) else task
    pair: Sequence[Any] = task.models if isinstance(task, Discrimination) else task
    priors = task.priors if isinstance(task, Discrimination) else None
    if priors is not None and not np.allclose(priors, 1.0 / len(pair)):
        raise ValueError(f"priors={priors}; the theory is of classes of equal size.")
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise ValueError(
            f"Got a {type(task).__name__}; expected a task of two classes, or a pair of models or "
            "of samples, one array per class."
        )
    if any(not hasattr(source, "covariance") and np.ndim(source) != 2 for source in pair):
        raise ValueError(
            f"Got arrays of {[np.ndim(source) for source in pair]} axes; expected one array per "
            "class, each (n_samples, n_features): X[y == 0] and X[y == 1]."
        )
    for number, source in enumerate(pair):
        if (skewness := _skewness(source)) > _SYMMETRIC:
            warn_likely_mistake(
                f"Pixels of class {number} have a mean or a third moment of {skewness:.2f}; the "
                "theory is of inputs with P(x) = P(-x), and leaves out the effect of odd moments."
            )
    return pair[0], pair[1]


def class_covariances(pair: tuple[Any, Any]) -> tuple[Array, Array]:
    """Covariances of two classes of as many features."""
    first, second = (cumulant(source, 2).tensor() for source in pair)
    if len(first) != len(second):
        raise ValueError(
            f"Classes of {len(first)} and {len(second)} features; expected one number."
        )
    return first, second


def _skewness(source: Any) -> float:
    """Larger magnitude of mean and third moment of a pixel, in standard deviations."""
    if not hasattr(source, "covariance"):
        values = np.asarray(source, dtype=np.float64)
        values, weights = values.ravel(), np.full(values.size, 1.0 / max(values.size, 1))
    elif isinstance(source, EllipticalField) or not hasattr(source, "pixel_quadrature"):
        return 0.0
    else:
        try:
            values, weights = source.pixel_quadrature()
        except NotImplementedError:
            return 0.0
    mean = float(weights @ values)
    deviation = math.sqrt(float(weights @ (values - mean) ** 2))
    if deviation <= 1e-12 * abs(mean):  # constant: refused where it matters
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        third = float(weights @ ((values - mean) / deviation) ** 3)
    return float(np.nanmax([abs(mean) / deviation, abs(third)]))
