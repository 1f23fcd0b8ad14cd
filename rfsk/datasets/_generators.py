"""Generators of labelled inputs, with scikit-learn's habits."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import (
    Bunch,
    assert_all_finite,
    check_array,
    check_consistent_length,
    column_or_1d,
)
from sklearn.utils.multiclass import check_classification_targets

from .._core._random import as_generator
from .._core._validation import check_lattice_shape, check_one_per_class, check_positive
from ._discrimination import Discrimination
from ._gaussian import GaussianField, MultivariateGaussian
from ._nlgp import NLGP


def make_nlgp(
    n_samples: int = 20_000,
    shape: int | tuple[int, int] = 100,
    *,
    correlation_length: Sequence[float] = (5.0, 10.0),
    gain: float = 3.0,
    kernel: str = "gaussian",
    shuffle: bool = True,
    random_state: Any = None,
    return_X_y: bool = True,
) -> Any:
    """Draw classes of non-linear Gaussian processes that differ in correlation length.

    Every class has zero mean and unit variance and is unchanged by negation, so that linear
    classifiers stay near chance. The default is the one-dimensional task of Ingrosso and
    Goldt (PNAS 2022); their two-dimensional one is ``shape=(20, 20),
    correlation_length=(1.0, 2.0)``.

    Parameters
    ----------
    n_samples : int, default=20_000
        Number of inputs over all classes, in equal shares.
    shape : int or (int, int), default=100
        Sites of the ring, or (rows, columns) of the torus.
    correlation_length : sequence of float, default=(5.0, 10.0)
        One length a class, in sites: class i has the i-th.
    gain : float, default=3.0
        From near zero (Gaussian) through 1 (uniform pixels) to large (sharp edges).
    kernel : {"gaussian", "exponential"}, default="gaussian"
        Kernel of the latent Gaussian field, wrapped around the lattice.
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
        If a parameter is out of range, or `correlation_length` has fewer than two values.

    See Also
    --------
    rfsk.make_gp : The Gaussian control, with the same covariances.
    rfsk.datasets.NLGP : The law of one class.

    Examples
    --------
    >>> from rfsk import make_nlgp
    >>> X, y = make_nlgp(1000, random_state=0)
    >>> X.shape, X.dtype, y.dtype
    ((1000, 100), dtype('float64'), dtype('int64'))
    """
    lengths = check_one_per_class(correlation_length, "correlation_length")
    sides = check_lattice_shape(shape)
    task = Discrimination(
        [NLGP(sides, correlation_length=xi, gain=gain, kernel=kernel) for xi in lengths]
    )
    parameters = {"correlation_length": lengths, "gain": gain, "kernel": kernel}
    return _draw(task, n_samples, shuffle, random_state, return_X_y, parameters)


def make_gp(
    n_samples: int = 20_000,
    shape: int | tuple[int, int] = 100,
    *,
    correlation_length: Sequence[float] = (5.0, 10.0),
    gain: float | None = 3.0,
    kernel: str = "gaussian",
    shuffle: bool = True,
    random_state: Any = None,
    return_X_y: bool = True,
) -> Any:
    """Draw the Gaussian control of `make_nlgp`: the same covariances, nothing beyond them.

    Parameters
    ----------
    n_samples : int, default=20_000
        Number of inputs over all classes, in equal shares.
    shape : int or (int, int), default=100
        Sites of the ring, or (rows, columns) of the torus.
    correlation_length : sequence of float, default=(5.0, 10.0)
        One length a class, in sites: class i has the i-th.
    gain : float or None, default=3.0
        The covariance is exactly that of the NLGP of this gain; None takes the bare kernel.
    kernel : {"gaussian", "exponential"}, default="gaussian"
        Kernel of the latent Gaussian field, wrapped around the lattice.
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
        If a parameter is out of range, or `correlation_length` has fewer than two values.

    Examples
    --------
    >>> from rfsk import make_gp
    >>> X, y = make_gp(1000, shape=(8, 8), correlation_length=(1.0, 2.0), random_state=0)
    >>> X.shape
    (1000, 64)
    """
    lengths = check_one_per_class(correlation_length, "correlation_length")
    sides = check_lattice_shape(shape)
    models: list[Any] = []
    for xi in lengths:
        if gain is None:
            models.append(GaussianField(sides, correlation_length=xi, kernel=kernel))
        else:
            nlgp = NLGP(sides, correlation_length=xi, gain=gain, kernel=kernel)
            models.append(nlgp.gaussian_clone())
    parameters = {"correlation_length": lengths, "gain": gain, "kernel": kernel}
    task = Discrimination(models)
    return _draw(task, n_samples, shuffle, random_state, return_X_y, parameters)


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

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The data to clone.
    y : array-like of shape (n_samples,), optional
        Labels; each class is cloned from its own mean and covariance. Left out, `X` is taken
        as one law.
    n_samples : int, optional
        Number of rows to draw; as many as `X` by default. With labels, classes keep their
        shares (which need `n_samples` of at least one row a class).
    random_state : int, Generator, RandomState or None, default=None
        Seed of the draw.

    Returns
    -------
    X_clone : ndarray of shape (n_samples, n_features)
        Gaussian data, float64. With the default `n_samples`, row i has the class of row i
        of `X`.
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
    data = check_array(X, dtype=np.float64, input_name="X", ensure_min_samples=2)
    if n_samples is not None:
        check_positive(n_samples, "n_samples", integer=True)
    rng = as_generator(random_state)
    if y is None:
        return _clone_one_law(data, len(data) if n_samples is None else n_samples, rng)
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
        clone[rows] = _clone_one_law(data[index == label], int(rows.sum()), rng)
    return clone, classes[clone_index]


def _clone_one_law(
    data: NDArray[np.float64], n_samples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    covariance = np.atleast_2d(np.cov(data, rowvar=False))
    return MultivariateGaussian(data.mean(axis=0), covariance).sample(n_samples, rng)


def _draw(
    task: Discrimination,
    n_samples: int,
    shuffle: bool,
    random_state: Any,
    return_X_y: bool,
    parameters: dict[str, Any],
) -> Any:
    X, y = task.sample(n_samples, random_state, shuffle=shuffle)
    if return_X_y:
        return X, y
    names = [f"correlation_length={xi:g}" for xi in parameters["correlation_length"]]
    return Bunch(
        X=X,
        y=y,
        task=task,
        shape=task.shape,
        target_names=names,
        parameters=parameters,
        DESCR="\n".join(f"class {label}: {model!r}" for label, model in enumerate(task.models)),
    )
