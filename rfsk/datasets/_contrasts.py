"""Generators of data against their Gaussian clone, and of clones of any data."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import (
    assert_all_finite,
    check_array,
    check_consistent_length,
    column_or_1d,
)
from sklearn.utils.multiclass import check_classification_targets

from .._core._mistakes import refuse_images
from .._core._random import as_generator
from .._core._validation import check_lattice_shape, check_positive
from ._bunch import draw_task
from ._discrimination import Discrimination
from ._image_patches import ImagePatches
from ._spiked import Latent, SpikedCumulant

_NO_VARIANCE = 1e-10  # share of the variance, of standardized features, that is rounding


def make_gaussian_clone(
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    n_samples: int | None = None,
    random_state: Any = None,
) -> Any:
    """Draw Gaussian data with the mean and covariance of `X`, class by class.

    The control for data of any origin: a net that grows localized fields on `X` but not on
    its clone owes them to statistics beyond the covariance.

    With as many rows as `X`, the clone has exactly the mean and the covariance of `X` in every
    class. It is a draw from the distribution of Gaussian data given their mean and covariance,
    which are sufficient statistics: if `X` is Gaussian given the class, the data and any number of
    clones are exchangeable, and a Monte Carlo test that compares them is exact.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The data to clone.
    y : array-like of shape (n_samples,), optional
        Labels; each class is cloned from its own mean and covariance. Left out, `X` is taken
        as one law.
    n_samples : int, optional
        Number of rows to draw; as many as `X` by default. Another number gives independent rows
        of the Gaussian distribution with the mean and covariance of `X`; classes keep their
        shares, which need at least one row of each.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the draw.

    Returns
    -------
    X_clone : ndarray of shape (n_samples, n_features)
        Gaussian data, float64. What is constant over the rows of a class, a feature or any
        linear combination, is so here. With the default `n_samples`, row i has the class of row
        i of `X`.
    y_clone : ndarray of shape (n_samples,)
        Labels; returned only if `y` is given.

    Raises
    ------
    ValueError
        If a class has fewer than two rows, or X holds NaN or infinity.

    Examples
    --------
    >>> from rfsk import make_nlgp
    >>> from rfsk.datasets import make_gaussian_clone
    >>> X, y = make_nlgp(2000, 20, correlation_length=(1.0, 2.0), random_state=0)
    >>> X_clone, y_clone = make_gaussian_clone(X, y, random_state=1)
    >>> X_clone.shape, bool((y_clone == y).all())
    ((2000, 20), True)
    """
    refuse_images(X, y)
    data = check_array(X, dtype=np.float64, input_name="X", ensure_min_samples=2)
    if n_samples is not None:
        check_positive(n_samples, "n_samples", integer=True)
    rng = as_generator(random_state)
    if y is None:
        return _clone_one_class(data, n_samples, rng)
    labels = column_or_1d(y, warn=True)
    assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    check_consistent_length(data, labels)
    classes, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if counts.min() < 2:
        scarce = classes[counts.argmin()]
        raise ValueError(f"Class {scarce!r} has 1 row in y; its covariance needs at least 2.")
    clone_index = index
    if n_samples is not None:
        ends = np.round(np.cumsum(counts) / counts.sum() * n_samples).astype(np.int64)
        shares = np.diff(ends, prepend=0)
        if shares.min() == 0:
            raise ValueError(
                f"n_samples={n_samples} leaves no row for a class of {len(classes)}; draw more."
            )
        clone_index = np.repeat(np.arange(len(classes)), shares)
        rng.shuffle(clone_index)
    clone = np.empty((len(clone_index), data.shape[1]))
    for label in range(len(classes)):
        rows = clone_index == label
        n_rows = None if n_samples is None else int(rows.sum())
        clone[rows] = _clone_one_class(data[index == label], n_rows, rng)
    return clone, classes[clone_index]


def _clone_one_class(
    data: NDArray[np.float64], n_samples: int | None, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Gaussian rows; as many as the data have, and then of equal moments, if no number is given.

    Centred Gaussian data are Q R', with Q uniform among the orthonormal columns that are orthogonal
    to the constant one, and R a root of their scatter matrix.
    """
    mean, deviation = data.mean(axis=0), data.std(axis=0)
    deviation[np.ptp(data, axis=0) == 0.0] = 0.0
    varies = deviation > 0.0
    scaled = (data[:, varies] - mean[varies]) / deviation[varies]
    variances, axes = np.linalg.eigh(scaled.T @ scaled)
    kept = variances > _NO_VARIANCE * variances.sum()
    kept[: max(0, len(kept) - len(data) + 1)] = False  # n rows have n - 1 directions
    root = axes[:, kept] * np.sqrt(variances[kept]) * deviation[varies, None]
    n_rows = len(data) if n_samples is None else n_samples
    noise = rng.standard_normal((n_rows, root.shape[1]))
    if n_samples is None:
        noise, triangle = np.linalg.qr(noise - noise.mean(axis=0))
        noise *= np.sign(np.diagonal(triangle))
    else:
        noise /= np.sqrt(len(data) - 1.0)
    clone = np.tile(mean, (n_rows, 1))
    clone[:, varies] += noise @ root.T
    return clone


def make_image_patches(
    n_samples: int = 20_000,
    shape: tuple[int, int] = (12, 12),
    *,
    images: Sequence[ArrayLike] | None = None,
    whiten: bool = False,
    priors: Sequence[float] | None = None,
    shuffle: bool = True,
    random_state: Any = None,
    return_X_y: bool = True,
) -> Any:
    """Draw natural image patches (class 0) against their Gaussian clone (class 1).

    What tells them apart is beyond the covariance, which they share.

    Parameters
    ----------
    n_samples : int, default=20_000
        Number of inputs over all classes.
    shape : (int, int), default=(12, 12)
        Rows and columns of a patch.
    images : sequence of array-like, optional
        Photographs, (rows, columns) or (rows, columns, channels) each; by default the two that
        scikit-learn bundles.
    whiten : bool, default=False
        Whether to whiten patches, see `rfsk.datasets.ImagePatches`.
    priors : sequence of float, optional
        Share of each class; equal by default.
    shuffle : bool, default=True
        Whether to put the classes in random order.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the draw.
    return_X_y : bool, default=True
        False returns a Bunch with X, y, task, shape, target_names, parameters and DESCR.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Inputs, float64.
    y : ndarray of shape (n_samples,)
        Labels from 0, int64.

    Raises
    ------
    ValueError
        If the shape is no patch or an image does not fit.

    See Also
    --------
    rfsk.datasets.ImagePatches : The law of patches.

    Examples
    --------
    >>> from rfsk.datasets import make_image_patches
    >>> X, y = make_image_patches(1000, (8, 8), random_state=0)
    >>> X.shape
    (1000, 64)
    """
    patches = ImagePatches(check_lattice_shape(shape), images=images, whiten=whiten)
    task = Discrimination([patches, patches.gaussian_clone()], priors)
    parameters = {"class": ("patches", "gaussian clone"), "whiten": whiten}
    return draw_task(task, n_samples, shuffle, random_state, return_X_y, parameters)


def make_spiked_cumulant(
    n_samples: int = 20_000,
    shape: int | tuple[int, int] = 100,
    *,
    strength: float = 5.0,
    spike: ArrayLike | None = None,
    latent: Latent = "rademacher",
    priors: Sequence[float] | None = None,
    shuffle: bool = True,
    random_state: Any = None,
    return_X_y: bool = True,
) -> Any:
    """Draw white noise (class 0) against inputs with a spiked fourth cumulant (class 1).

    Mean and covariance are those of white noise in both classes, so that only statistics of
    higher order, along one direction, tell them apart.

    Parameters
    ----------
    n_samples : int, default=20_000
        Number of inputs over all classes.
    shape : int or (int, int), default=100
        Lattice of the inputs.
    strength : float, default=5.0
        Signal-to-noise ratio of the spike.
    spike : array-like of shape (n_features,), optional
        Its direction; by default the same at every site.
    latent : {"rademacher", "uniform", "laplace"} or SciPy distribution, default="rademacher"
        Law along the spike.
    priors : sequence of float, optional
        Share of each class; equal by default.
    shuffle : bool, default=True
        Whether to put the classes in random order.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the draw.
    return_X_y : bool, default=True
        False returns a Bunch with X, y, task, shape, target_names, parameters and DESCR.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Inputs, float64.
    y : ndarray of shape (n_samples,)
        Labels from 0, int64.

    Raises
    ------
    ValueError
        If a parameter is out of range or the spike does not fit.

    See Also
    --------
    rfsk.datasets.SpikedCumulant : The law of class 1.

    Examples
    --------
    >>> from rfsk.datasets import make_spiked_cumulant
    >>> X, y = make_spiked_cumulant(1000, 30, random_state=0)
    >>> X.shape
    (1000, 30)
    """
    spiked = SpikedCumulant(
        check_lattice_shape(shape), strength=strength, spike=spike, latent=latent
    )
    task = Discrimination([spiked.gaussian_clone(), spiked], priors)
    parameters = {"class": ("white noise", "spiked"), "strength": strength, "latent": latent}
    return draw_task(task, n_samples, shuffle, random_state, return_X_y, parameters)
