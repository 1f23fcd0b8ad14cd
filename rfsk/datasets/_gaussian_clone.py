"""Gaussian clones of input models and of data."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from .._core._containers import like_container, like_series
from .._core._mistakes import refuse_images
from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import check_array, check_labels, check_option
from ._stationary import Gaussian, StationaryField

_MAX_ADJUSTMENTS = 30
_FALLING = 0.95  # adjustments end if the error exceeds this fraction of the previous error
_NO_VARIANCE = 1e-10  # fraction of the total variance below which a variance is rounding error


@dataclass(frozen=True)
class GaussianClone(Gaussian):
    """Gaussian field with the covariance of another stationary model.

    Parameters
    ----------
    model : StationaryField
        Model to clone. The `autocovariance` of the model must have a closed form.

    Examples
    --------
    >>> from rfsk.datasets import NLGP, GaussianClone
    >>> clone = GaussianClone(NLGP(40, correlation_length=4.0, gain=3.0))
    """

    model: StationaryField

    # A pointwise map of pixels keeps a covariance positive semi-definite. However, where the map of
    # correlations is as steep as the arcsine at 1, the map magnifies rounding errors up to the
    # square root of the machine precision.
    rounding = 1e-7

    def __post_init__(self) -> None:
        if not isinstance(self.model, StationaryField):
            raise TypeError(
                f"`model` must be a StationaryField, got {self.model!r}. Use gaussian_clone() of "
                "other models, and make_gaussian_clone for data."
            )
        self.noise_filter  # noqa: B018  # raises if the covariance has no closed form

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """Number of sites along each axis of the lattice."""
        return self.model.shape

    @property
    def boundary(self) -> str:  # type: ignore[override]
        """Boundary of the model."""
        return self.model.boundary

    def latent_torus(self) -> Array:
        return self.model.torus_autocovariance()


def make_gaussian_clone(
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    keep: Literal["mean", "covariance", "marginals"] = "covariance",
    random_state: Any = None,
) -> Any:
    """Draw a control, which is random data with the low-order statistics of each class of `X`.

    If a net learns localized fields on the data but not on the control, the statistics that the
    control lacks are the cause. With keep="mean", the sample means of the control equal those of
    `X` exactly; with keep="covariance", the sample covariances are also equal. With keep="mean" and
    keep="covariance", Monte Carlo tests of the hypothesis that the classes are Gaussian (and white,
    for keep="mean") are exact, because data and controls are exchangeable under this hypothesis. To
    draw a control with another number of rows, use ``as_task((X, y)).gaussian_clone().sample(n)``.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Data to clone.
    y : array-like of shape (n_samples,), optional
        Labels; each class is cloned separately. By default, all of `X` is one class.
    keep : {"mean", "covariance", "marginals"}, default="covariance"
        "mean" draws independent Gaussian features with the mean of the class; their common variance
        is the average variance of the features of the class. "covariance" draws Gaussian data with
        the mean and covariance of the class. "marginals" permutes the values of each feature so
        that the covariance is approximately kept (Cario and Nelson, 1997; Schreiber and Schmitz,
        Physical Review Letters 77, 635, 1996). With keep="marginals", the relative error of the
        control's covariance is below 0.5 % for 1000 rows per class of the default task of
        `make_nlgp`, and below 6 % for the digits of scikit-learn.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the draw.

    Returns
    -------
    X_clone : ndarray or DataFrame of shape (n_samples, n_features)
        Control, in float64; a DataFrame of pandas or polars if `X` is one. Row i of the control has
        the class and the index of row i of `X`. Features that are constant within a class stay
        constant, except with keep="mean".
    y_clone : ndarray or Series of shape (n_samples,)
        Labels; returned only if `y` is given.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk import make_gaussian_clone, make_nlgp
    >>> X, _ = make_nlgp(2000, 20, correlation_length=(1.0, 2.0), random_state=0)
    >>> bool(np.allclose(np.cov(make_gaussian_clone(X, random_state=1).T), np.cov(X.T)))
    True
    """
    refuse_images(X, y)
    data = check_array(X, "X", ensure_min_samples=2)
    check_option(keep, "keep", ("mean", "covariance", "marginals"))
    rng = as_generator(random_state)
    rows = np.arange(len(data))
    if y is None:
        return like_container(_clone_one_class(data, keep, rng), X, rows)
    labels = check_labels(y, data)
    classes, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if counts.min() < 2:
        scarce = classes[counts.argmin()]
        raise ValueError(f"Each class must have at least 2 rows in `y`, got 1 of class {scarce!r}.")
    clone = np.empty_like(data)
    for label in range(len(classes)):
        clone[index == label] = _clone_one_class(data[index == label], keep, rng)
    return like_container(clone, X, rows), like_series(labels, y, rows)


def _clone_one_class(data: Array, keep: str, rng: np.random.Generator) -> Array:
    """Draw the control of one class."""
    mean, deviation = data.mean(axis=0), data.std(axis=0)
    if keep == "mean":
        noise = rng.standard_normal(data.shape)
        noise -= noise.mean(axis=0)
        return np.asarray(mean + noise * np.linalg.norm(data - mean) / np.linalg.norm(noise))
    deviation[np.ptp(data, axis=0) == 0.0] = 0.0
    varies = deviation > 0.0
    scaled = (data[:, varies] - mean[varies]) / deviation[varies]
    variances, axes = np.linalg.eigh(scaled.T @ scaled)
    kept = variances > _NO_VARIANCE * variances.sum()
    kept[: max(0, len(kept) - len(data) + 1)] = False  # n centred rows span n - 1 dimensions
    root = axes[:, kept] * np.sqrt(variances[kept]) * deviation[varies, None]
    noise = rng.standard_normal((len(data), root.shape[1]))
    noise, triangle = np.linalg.qr(noise - noise.mean(axis=0))
    noise *= np.sign(np.diagonal(triangle))
    if keep == "marginals":
        ranks = _adjusted_ranks(noise @ axes[:, kept].T, scaled, rng)
        clone = data.copy()
        clone[:, varies] = np.take_along_axis(np.sort(data[:, varies], axis=0), ranks, axis=0)
        return clone
    clone = np.tile(mean, (len(data), 1))
    clone[:, varies] += noise @ root.T
    return clone


def _adjusted_ranks(white: Array, data: Array, rng: np.random.Generator) -> NDArray[np.intp]:
    """Orders of the values of each column of `data` that nearly give the covariance of `data`.

    Rank r stands for the value number r of the sorted column, counted from 0. Two stages of
    iterations adjust the ranks in order to reduce the error of the covariance, and the ranks with
    the smallest error are returned.
    """
    ordered, scatter = np.sort(data, axis=0), data.T @ data
    latent, root = scatter.copy(), _root(scatter)

    clone = white @ root
    for corrects_latent in (True, False):
        smallest = np.inf
        for _ in range(_MAX_ADJUSTMENTS):
            order = rng.permutation(len(data))  # breaks ties at random
            ranks = np.empty(data.shape, dtype=np.intp)
            ranks[order] = rankdata(clone[order], method="ordinal", axis=0) - 1
            ranked = np.take_along_axis(ordered, ranks, axis=0)
            error = scatter - ranked.T @ ranked
            size = float(np.linalg.norm(error))
            if size < smallest:
                best = ranks
            if size > _FALLING * smallest:
                break
            smallest = size
            if corrects_latent:
                latent += error / 2.0
                clone = white @ _root(latent)
            else:
                turned = ranked @ root
                clone = turned @ _root(turned.T @ turned, -0.5) @ root
        clone = np.take_along_axis(ordered, best, axis=0)
    return best


def _root(scatter: Array, power: float = 0.5) -> Array:
    """Matrix power of a symmetric matrix whose eigenvalues are clipped at the rounding error."""
    values, axes = np.linalg.eigh(scatter)
    values = np.maximum(values, np.finfo(np.float64).eps * values.max(initial=0.0))
    return np.asarray((axes * values**power) @ axes.T)
