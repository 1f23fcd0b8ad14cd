"""Statistics of inputs for the theory: spectrum and marginal distribution of a pixel."""

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

# Largest standardized mean or third moment of a pixel that counts as zero (heavy tails are noisy).
_SYMMETRIC = 0.2
_MOST_VALUES = 2**15  # largest number of pixels that are used to represent their distribution


@dataclass(frozen=True)
class FieldStatistics:
    """Spectrum and pixel distribution of translation-invariant inputs.

    Attributes
    ----------
    shape : tuple of int
        Lattice of the inputs.
    spectrum : ndarray of shape (n_features,)
        Eigenvalues of the covariance by wave vector, in the flattened order of `numpy.fft.fftn`.
    values, weights : ndarray of shape (n_nodes,)
        Quadrature of the distribution of a pixel: the expectation of a function g of a pixel is
        weights @ g(values). For elliptical distributions, `values` and `weights` are None.
    mean_absolute : float
        Mean absolute value of a pixel.

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
        """Whether the inputs are elliptical: all projections are distributed alike up to scale."""
        return self.values is None


def field_statistics(source: Any, shape: int | tuple[int, ...] | None = None) -> FieldStatistics:
    """Compute the statistics of an input model exactly, or estimate them from samples.

    Parameters
    ----------
    source : stationary input model or array-like of shape (n_samples, n_features)
        Input model, or samples. The statistics of samples are averaged over the sites, and samples
        are never assumed to be elliptical.
    shape : int or tuple of int, optional
        Shape of the lattice, for samples only; models have their own shape. The default is a ring.

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
            f"The model must be translation-invariant, got a {type(source).__name__} without "
            "autocovariance. If its inputs are translation-invariant, pass samples instead: "
            "model.sample(n)."
        )
    data = check_array(source, "samples", ensure_min_samples=2)
    sides = check_image_shape(shape, data.shape[1])
    centred = data - data.mean()
    if not centred.any():
        raise ValueError("The samples must not be constant. Pass inputs that vary.")
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
            f"`boundary` of the model must be 'periodic', as the theory requires, got "
            f"{model.boundary!r}."
        )
    spectrum = np.fft.fftn(model.autocovariance()).real.ravel()
    if isinstance(model, EllipticalField):
        return FieldStatistics(model.shape, spectrum, None, None, model.mean_absolute())
    values, weights = model.pixel_quadrature()
    return FieldStatistics(model.shape, spectrum, values, weights, float(weights @ np.abs(values)))


def class_pair(task: Any) -> tuple[Any, Any]:
    """Return classes 0 and 1 of a task, of labelled data (X, y), or of a pair of sources."""
    task = tuple(rows_by_class(*task)) if is_labelled(task) else task
    pair: Sequence[Any] = task.models if isinstance(task, Discrimination) else task
    priors = task.priors if isinstance(task, Discrimination) else None
    if priors is not None and not np.allclose(priors, 1.0 / len(pair)):
        raise ValueError(
            f"`priors` of the task must be equal, as the theory requires, got {priors}."
        )
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise ValueError(
            "`task` must be a Discrimination of two classes, data (X, y), or a pair of models or "
            f"of arrays of samples, got a {type(task).__name__}."
        )
    if any(not hasattr(source, "covariance") and np.ndim(source) != 2 for source in pair):
        raise ValueError(
            "The samples of each class must be an array (n_samples, n_features), got arrays with "
            f"{[np.ndim(source) for source in pair]} axes. Pass X[y == 0] and X[y == 1]."
        )
    for number, source in enumerate(pair):
        if (skewness := _skewness(source)) > _SYMMETRIC:
            warn_likely_mistake(
                f"The pixels of class {number} have a mean or third moment of {skewness:.2f} in "
                "units of their standard deviation. The theory assumes inputs with P(x) = P(-x) "
                "and leaves out the effect of odd moments."
            )
    return pair[0], pair[1]


def class_covariances(pair: tuple[Any, Any]) -> tuple[Array, Array]:
    """Covariances of two classes, which must have the same number of features."""
    first, second = (cumulant(source, 2).tensor() for source in pair)
    if len(first) != len(second):
        raise ValueError(
            f"Classes must have the same number of features, got {len(first)} and {len(second)}."
        )
    return first, second


def _skewness(source: Any) -> float:
    """Larger of two magnitudes: standardized mean and standardized third moment of a pixel."""
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
    if deviation <= 1e-12 * abs(mean):  # constant inputs are refused elsewhere
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        third = float(weights @ ((values - mean) / deviation) ** 3)
    return float(np.nanmax([abs(mean) / deviation, abs(third)]))
