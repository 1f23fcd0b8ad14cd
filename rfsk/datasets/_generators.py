"""Generators of fields made of Gaussian noise, with scikit-learn's habits."""

from collections.abc import Sequence
from typing import Any

from .._core._validation import check_lattice_shape, check_one_per_class
from ._bunch import draw_task
from ._discrimination import Discrimination
from ._elliptical import EllipticalField, Radial
from ._gaussian import GaussianField
from ._kernels import CorrelationLength, Kernel
from ._nlgp import NLGP, Nonlinearity
from ._transformed import Marginal, TransformedField


def make_nlgp(
    n_samples: int = 20_000,
    shape: int | tuple[int, int] = 100,
    *,
    correlation_length: Sequence[CorrelationLength] = (5.0, 10.0),
    gain: float = 3.0,
    kernel: Kernel = "gaussian",
    boundary: str = "periodic",
    nonlinearity: Nonlinearity = "erf",
    priors: Sequence[float] | None = None,
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
        Number of inputs over all classes.
    shape : int or (int, int), default=100
        Sites of the ring, or (rows, columns) of the torus.
    correlation_length : sequence of float, default=(5.0, 10.0)
        One length a class, in sites: class i has the i-th. In two dimensions an entry may be a
        pair, one length along each axis.
    gain : float, default=3.0
        From near zero (Gaussian) through 1 (uniform pixels) to large (sharp edges).
    kernel : {"gaussian", "exponential"}, Matern or callable, default="gaussian"
        Kernel of the latent Gaussian field, see `rfsk.datasets.GaussianField`.
    boundary : {"periodic", "open"}, default="periodic"
        A ring or torus, or a window on an endless field.
    nonlinearity : {"erf", "tanh", "sign"} or callable, default="erf"
        The saturating map.
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
    law: dict[str, Any] = {
        "gain": gain,
        "kernel": kernel,
        "boundary": boundary,
        "nonlinearity": nonlinearity,
    }
    models = [NLGP(sides, correlation_length=xi, **law) for xi in lengths]
    task = Discrimination(models, priors)
    parameters = {"correlation_length": lengths, **law}
    return draw_task(task, n_samples, shuffle, random_state, return_X_y, parameters)


def make_gp(
    n_samples: int = 20_000,
    shape: int | tuple[int, int] = 100,
    *,
    correlation_length: Sequence[CorrelationLength] = (5.0, 10.0),
    gain: float | None = 3.0,
    kernel: Kernel = "gaussian",
    boundary: str = "periodic",
    nonlinearity: Nonlinearity = "erf",
    priors: Sequence[float] | None = None,
    shuffle: bool = True,
    random_state: Any = None,
    return_X_y: bool = True,
) -> Any:
    """Draw the Gaussian control of `make_nlgp`: the same covariances, nothing beyond them.

    Parameters
    ----------
    n_samples : int, default=20_000
        Number of inputs over all classes.
    shape : int or (int, int), default=100
        Sites of the ring, or (rows, columns) of the torus.
    correlation_length : sequence of float, default=(5.0, 10.0)
        One length a class, in sites: class i has the i-th. In two dimensions an entry may be a
        pair, one length along each axis.
    gain : float or None, default=3.0
        The covariance is exactly that of the NLGP of this gain; None takes the bare kernel.
    kernel : {"gaussian", "exponential"}, Matern or callable, default="gaussian"
        Kernel of the latent Gaussian field, see `rfsk.datasets.GaussianField`.
    boundary : {"periodic", "open"}, default="periodic"
        A ring or torus, or a window on an endless field.
    nonlinearity : {"erf", "tanh", "sign"} or callable, default="erf"
        The saturating map.
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
    law: dict[str, Any] = {"kernel": kernel, "boundary": boundary}
    models: list[Any] = []
    for xi in lengths:
        if gain is None:
            models.append(GaussianField(sides, correlation_length=xi, **law))
        else:
            nlgp = NLGP(
                sides,
                correlation_length=xi,
                gain=gain,
                kernel=kernel,
                boundary=boundary,
                nonlinearity=nonlinearity,
            )
            models.append(nlgp.gaussian_clone())
    task = Discrimination(models, priors)
    parameters = {"correlation_length": lengths, "gain": gain, **law, "nonlinearity": nonlinearity}
    return draw_task(task, n_samples, shuffle, random_state, return_X_y, parameters)


def make_transformed_field(
    n_samples: int = 20_000,
    shape: int | tuple[int, int] = 100,
    *,
    correlation_length: Sequence[CorrelationLength] = (5.0, 10.0),
    marginal: Marginal = "laplace",
    kernel: Kernel = "gaussian",
    boundary: str = "periodic",
    priors: Sequence[float] | None = None,
    shuffle: bool = True,
    random_state: Any = None,
    return_X_y: bool = True,
) -> Any:
    """Draw classes of fields with any marginal law that differ in correlation length.

    Every pixel of every class has the same law, of zero mean and unit variance, from heavy
    tails to none: what decides whether fields localize is its shape.

    Parameters
    ----------
    n_samples : int, default=20_000
        Number of inputs over all classes.
    shape : int or (int, int), default=100
        Sites of the ring, or (rows, columns) of the torus.
    correlation_length : sequence of float, default=(5.0, 10.0)
        One length a class, in sites: class i has the i-th. In two dimensions an entry may be a
        pair, one length along each axis.
    marginal : str, Algebraic, SciPy distribution or callable, default="laplace"
        Law of one pixel: "uniform", "sign", "laplace" or an object, see
        `rfsk.datasets.TransformedField`.
    kernel : {"gaussian", "exponential"}, Matern or callable, default="gaussian"
        Kernel of the latent Gaussian field, see `rfsk.datasets.GaussianField`.
    boundary : {"periodic", "open"}, default="periodic"
        A ring or torus, or a window on an endless field.
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
        If a parameter is out of range, or `correlation_length` has fewer than two values.

    See Also
    --------
    rfsk.datasets.TransformedField : The law of one class.

    Examples
    --------
    >>> from rfsk.datasets import Algebraic, make_transformed_field
    >>> X, y = make_transformed_field(1000, marginal=Algebraic(k=6.0), random_state=0)
    >>> X.shape
    (1000, 100)
    """
    lengths = check_one_per_class(correlation_length, "correlation_length")
    sides = check_lattice_shape(shape)
    law: dict[str, Any] = {"marginal": marginal, "kernel": kernel, "boundary": boundary}
    models = [TransformedField(sides, correlation_length=xi, **law) for xi in lengths]
    task = Discrimination(models, priors)
    parameters = {"correlation_length": lengths, **law}
    return draw_task(task, n_samples, shuffle, random_state, return_X_y, parameters)


def make_elliptical(
    n_samples: int = 20_000,
    shape: int | tuple[int, int] = 100,
    *,
    correlation_length: Sequence[CorrelationLength] = (5.0, 10.0),
    radial: Radial = "shell",
    kernel: Kernel = "gaussian",
    priors: Sequence[float] | None = None,
    shuffle: bool = True,
    random_state: Any = None,
    return_X_y: bool = True,
) -> Any:
    """Draw classes of elliptical fields that differ in correlation length.

    Pixels may have any kurtosis, yet a net grows no localized fields: the control that tells
    kurtosis from local structure.

    Parameters
    ----------
    n_samples : int, default=20_000
        Number of inputs over all classes.
    shape : int or (int, int), default=100
        Sites of the ring, or (rows, columns) of the torus.
    correlation_length : sequence of float, default=(5.0, 10.0)
        One length a class, in sites: class i has the i-th. In two dimensions an entry may be a
        pair, one length along each axis.
    radial : "shell", StudentT or SciPy distribution, default="shell"
        Law of the length of an input, see `rfsk.datasets.EllipticalField`.
    kernel : {"gaussian", "exponential"}, Matern or callable, default="gaussian"
        Kernel of the covariance, wrapped around the lattice.
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
        If a parameter is out of range, or `correlation_length` has fewer than two values.

    See Also
    --------
    rfsk.datasets.EllipticalField : The law of one class.

    Examples
    --------
    >>> from rfsk.datasets import StudentT, make_elliptical
    >>> X, y = make_elliptical(1000, radial=StudentT(df=5.0), random_state=0)
    >>> X.shape
    (1000, 100)
    """
    lengths = check_one_per_class(correlation_length, "correlation_length")
    sides = check_lattice_shape(shape)
    law: dict[str, Any] = {"radial": radial, "kernel": kernel}
    models = [EllipticalField(sides, correlation_length=xi, **law) for xi in lengths]
    task = Discrimination(models, priors)
    parameters = {"correlation_length": lengths, **law}
    return draw_task(task, n_samples, shuffle, random_state, return_X_y, parameters)
