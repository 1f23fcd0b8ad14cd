"""Generators of models of statistical physics and of pulses, with scikit-learn's habits."""

from collections.abc import Sequence
from typing import Any

from .._core._validation import check_lattice_shape, check_one_per_class
from ._bunch import draw_task
from ._discrimination import Discrimination
from ._ising import Ising
from ._phi4 import Phi4
from ._pulses import Pulses


def make_ising(
    n_samples: int = 20_000,
    shape: int | tuple[int, int] = 100,
    *,
    correlation_length: Sequence[float] | None = (2.0, 5.0),
    temperature: Sequence[float] | None = None,
    n_sweeps: int = 5,
    priors: Sequence[float] | None = None,
    shuffle: bool = True,
    random_state: Any = None,
    return_X_y: bool = True,
) -> Any:
    """Draw classes of Ising spins that differ in temperature.

    Exact and independent samples on a ring; on a torus from chains of Swendsen-Wang sweeps.

    Parameters
    ----------
    n_samples : int, default=20_000
        Number of inputs over all classes.
    shape : int or (int, int), default=100
        Sites of the ring, or (rows, columns) of the torus.
    correlation_length : sequence of float or None, default=(2.0, 5.0)
        One length a class, in sites: class i has the i-th.
    temperature : sequence of float, optional
        One temperature a class, in units of the coupling, in place of `correlation_length`.
    n_sweeps : int, default=5
        Sweeps between two samples of a chain (torus only).
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
        If a parameter is out of range, or there are fewer than two classes.

    See Also
    --------
    rfsk.datasets.Ising : The law of one class.

    Examples
    --------
    >>> from rfsk.datasets import make_ising
    >>> X, y = make_ising(1000, temperature=(1.0, 3.0), random_state=0)
    >>> X.shape, sorted(set(X.ravel().tolist()))
    ((1000, 100), [-1.0, 1.0])
    """
    sides: Any = check_lattice_shape(shape)
    if temperature is not None:
        values = check_one_per_class(temperature, "temperature")
        models = [Ising(sides, temperature=T, n_sweeps=n_sweeps) for T in values]
        parameters: dict[str, Any] = {"temperature": values}
    else:
        values = check_one_per_class(correlation_length, "correlation_length")
        models = [Ising.from_correlation_length(sides, xi, n_sweeps=n_sweeps) for xi in values]
        parameters = {"correlation_length": values}
    parameters["n_sweeps"] = n_sweeps
    task = Discrimination(models, priors)
    return draw_task(task, n_samples, shuffle, random_state, return_X_y, parameters)


def make_phi4(
    n_samples: int = 20_000,
    shape: int | tuple[int, int] = 100,
    *,
    coupling: Sequence[float] = (0.6, 1.2),
    mass_squared: float = -12.0,
    quartic: float = 8.0,
    standardize: bool = False,
    n_sweeps: int = 5,
    priors: Sequence[float] | None = None,
    shuffle: bool = True,
    random_state: Any = None,
    return_X_y: bool = True,
) -> Any:
    """Draw classes of scalar phi^4 fields that differ in their coupling.

    With the default potential on a ring couplings 0.6 and 1.2 give correlation lengths of 2.3
    and 8.6 sites, 1 and 2 give 5.6 and 40.4. Variances differ by a few per cent; `standardize`
    makes them equal.

    Parameters
    ----------
    n_samples : int, default=20_000
        Number of inputs over all classes.
    shape : int or (int, int), default=100
        Sites of the ring, or (rows, columns) of the torus.
    coupling : sequence of float, default=(0.6, 1.2)
        One stiffness k a class: class i has the i-th.
    mass_squared : float, default=-12.0
        m2 of the potential (m2/2) phi^2 + (lam/4) phi^4.
    quartic : float, default=8.0
        lam of the potential.
    standardize : bool, default=False
        Whether to divide each class by its standard deviation; on a ring only.
    n_sweeps : int, default=5
        Sweeps between two samples of a chain (torus only).
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
        If a parameter is out of range, or `coupling` has fewer than two values.

    See Also
    --------
    rfsk.datasets.Phi4 : The law of one class.

    Examples
    --------
    >>> from rfsk.datasets import make_phi4
    >>> X, y = make_phi4(1000, 40, random_state=0)
    >>> X.shape
    (1000, 40)
    """
    couplings = check_one_per_class(coupling, "coupling")
    sides: Any = check_lattice_shape(shape)
    law: dict[str, Any] = {
        "mass_squared": mass_squared,
        "quartic": quartic,
        "standardize": standardize,
        "n_sweeps": n_sweeps,
    }
    task = Discrimination([Phi4(sides, coupling=k, **law) for k in couplings], priors)
    parameters = {"coupling": couplings, **law}
    return draw_task(task, n_samples, shuffle, random_state, return_X_y, parameters)


def make_pulses(
    n_samples: int = 20_000,
    shape: int = 100,
    *,
    length: Sequence[tuple[int, int]] = ((5, 15), (15, 30)),
    priors: Sequence[float] | None = None,
    shuffle: bool = True,
    random_state: Any = None,
    return_X_y: bool = True,
) -> Any:
    """Draw classes of single pulses on a ring that differ in their length.

    Parameters
    ----------
    n_samples : int, default=20_000
        Number of inputs over all classes.
    shape : int, default=100
        Sites of the ring.
    length : sequence of (int, int), default=((5, 15), (15, 30))
        One range (lo, hi) of pulse lengths a class, in sites, hi excluded.
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
        If a parameter is out of range, or `length` has fewer than two ranges.

    See Also
    --------
    rfsk.datasets.Pulses : The law of one class.

    Examples
    --------
    >>> from rfsk.datasets import make_pulses
    >>> X, y = make_pulses(1000, 60, random_state=0)
    >>> X.shape
    (1000, 60)
    """
    ranges = check_one_per_class(length, "length", example="((5, 15), (15, 30))")
    sides: Any = check_lattice_shape(shape)
    task = Discrimination([Pulses(sides, length=pair) for pair in ranges], priors)
    parameters = {"length": ranges}
    return draw_task(task, n_samples, shuffle, random_state, return_X_y, parameters)
