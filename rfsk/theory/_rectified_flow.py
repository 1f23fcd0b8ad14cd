"""RectifiedFlow: the effective dynamics of a single rectified neuron."""

import math
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._blas import blas_on_one_thread
from .._core._lattice import site_differences
from .._core._random import as_generator
from .._core._validation import check_fields, check_matrix, check_positive
from ._amplifier import Amplifier
from ._statistics import class_pair, field_statistics

Array = NDArray[np.float64]

_SMALLEST = 1e-300  # variance of w.x, so that a field of zeros has no drive
_SMALL = 128  # sites up to which products are too small for threads
_START = 0.1  # standard deviation of random initial weights times sqrt(n_features)


@dataclass(frozen=True)
class FlowResult:
    """A flow from several starts.

    Attributes
    ----------
    times : ndarray of shape (n_times,)
        In units of the flow.
    history : ndarray of shape (n_times, n_starts, n_features)
        Fields at these times.

    Examples
    --------
    >>> from rfsk import NLGP
    >>> task = [NLGP(12, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)]
    >>> from rfsk.theory import RectifiedFlow
    >>> flow = RectifiedFlow(task)
    >>> course = flow.integrate(3, 50.0, n_steps=50, random_state=0)
    >>> course.history.shape[1:], float(course.times[0])
    ((3, 12), 0.0)
    """

    times: Array
    history: Array

    @property
    def fields(self) -> Array:
        """Fields at the end, (n_starts, n_features)."""
        return np.asarray(self.history[-1])


class RectifiedFlow:
    """Gradient flow of f = relu(w.x) on E (f - y)^2, y = 1 for class 1 and 0 for class 0.

    For inputs with P(x) = P(-x) it reads exactly

        dw/dt = (1/2) { E_1[x sign(w.x)] - (S_0 + S_1) w },   t = learning rate x steps,

    with S_c the covariance of class c. The drive is closed by the amplifier of class 1, E_1[x_i
    sign(w.x)] = s amp(a_i), a = S_1 w / (s sqrt(w.S_1 w)), s^2 the variance of a pixel (Lufkin,
    Saxe and Grant, NeurIPS 2024). The closure is off by a few per cent where pixels saturate (3 to
    9 % at gain 3): right for early times, for whether and where fields localize, not for how
    sharp they end up. For elliptical inputs it is exact and linear but for the norm: fields end as
    the Fourier mode of the largest S_1(k) / S_0(k).

    Parameters
    ----------
    task : Discrimination, data (X, y), or pair of stationary models or of arrays of samples
        Class 0 and class 1.
    shape : int or tuple of int, optional
        Lattice of samples, a ring by default.

    Attributes
    ----------
    shape : tuple of int
    n_features : int
    amplifier : Amplifier
        Of class 1.
    rates : ndarray of shape (n_features,)
        (S_0(k) + S_1(k)) / 2, the decay rate of each Fourier mode.

    Raises
    ------
    ValueError
        If there are not two classes on one lattice, or they are not periodic.

    Examples
    --------
    >>> from rfsk import NLGP, ipr
    >>> from rfsk.theory import RectifiedFlow
    >>> worlds = [NLGP(40, correlation_length=xi, gain=2**0.5) for xi in (1.0, 3.0)]  # erf(z)
    >>> result = RectifiedFlow(worlds).integrate(5, 1000.0, random_state=0)
    >>> ipr(result.fields).round(3)
    array([0.152, 0.152, 0.152, 0.152, 0.152])
    """

    def __init__(self, task: Any, shape: int | tuple[int, ...] | None = None) -> None:
        first, second = (field_statistics(source, shape) for source in class_pair(task))
        if first.shape != second.shape:
            raise ValueError(f"Classes of shape {first.shape} and {second.shape}; expected one.")
        self.shape, self.n_features = first.shape, first.n_features
        self.spectra = np.stack([first.spectrum, second.spectrum])
        self.amplifier = Amplifier(second)
        self.rates = 0.5 * self.spectra.sum(axis=0)
        self._deviation = math.sqrt(second.variance)
        self._covariance = self._circulant(second.spectrum)

    def _circulant(self, eigenvalues: Array) -> Array:
        """Symmetric matrix that multiplies Fourier modes by even numbers."""
        first = np.fft.ifftn(eigenvalues.reshape(self.shape)).real.ravel()
        return np.asarray(first[site_differences(self.shape)])

    def drive(self, weights: ArrayLike) -> Array:
        """E_1[x sign(w.x)] by the closure, (n_starts, n_features).

        Parameters
        ----------
        weights : array-like of shape (n_starts, n_features)
            w, one neuron a row.
        """
        w = check_fields(weights, "weights")
        return self._drive(w, w @ self._covariance)

    def _drive(self, w: Array, smooth: Array) -> Array:
        """The drive, given w and S_1 w."""
        strength = np.sqrt(np.maximum(np.einsum("rd,rd->r", smooth, w), _SMALLEST))
        drive = self.amplifier.tabulated(smooth * (1.0 / (self._deviation * strength))[:, None])
        drive *= self._deviation
        return drive

    def velocity(self, weights: ArrayLike) -> Array:
        """dw/dt, (n_starts, n_features).

        Parameters
        ----------
        weights : array-like of shape (n_starts, n_features)
            w, one neuron a row.
        """
        w = check_fields(weights, "weights")
        return 0.5 * self.drive(w) - w @ self._circulant(self.rates)

    def starts(self, n_starts: int, random_state: Any = None) -> Array:
        """Small random fields to begin with, (n_starts, n_features).

        Parameters
        ----------
        n_starts : int
            Number of neurons.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the draw.
        """
        check_positive(n_starts, "n_starts", integer=True)
        noise = as_generator(random_state).standard_normal((n_starts, self.n_features))
        return np.asarray(_START * noise / math.sqrt(self.n_features))

    def integrate(
        self,
        start: int | ArrayLike,
        end: float,
        *,
        n_steps: int = 4000,
        n_times: int = 2,
        random_state: Any = None,
    ) -> FlowResult:
        """Follow the flow, exactly in its linear part.

        Each Fourier mode decays by its exponential; the drive is extrapolated from the last two
        steps (the exponential Adams-Bashforth method of second order, S. M. Cox and P. C.
        Matthews, J. Comput. Phys. 176, 430, 2002). Fixed points do not depend on the step.

        Parameters
        ----------
        start : int or array-like of shape (n_starts, n_features)
            Number of random starts, or fields to begin with.
        end : float
            Time at which to stop, learning rate x steps.
        n_steps : int, default=4000
            Steps of equal length.
        n_times : int, default=2
            Times at which fields are kept, evenly spaced, the first at zero and the last at the
            end: at least these two, at most one a step.
        random_state : int, Generator, RandomState or None, default=None
            Seed of random starts.

        Returns
        -------
        result : FlowResult
        """
        check_positive(end, "end")
        check_positive(n_steps, "n_steps", integer=True)
        check_positive(n_times, "n_times", integer=True)
        w = (
            self.starts(int(start), random_state)
            if isinstance(start, int | np.integer)
            else check_fields(start, "start").copy()
        )
        if w.shape[1] != self.n_features:
            raise ValueError(f"start has {w.shape[1]} features; expected {self.n_features}.")
        step = end / n_steps
        x = self.rates * step
        # Integrals of exp(-rate (step - s)) against 1 and s / step, by series where x is small.
        small = np.abs(x) < 1e-4
        safe = np.where(small, 1.0, x)
        zeroth = np.where(small, 1.0 - x / 2 + x**2 / 6, -np.expm1(-safe) / safe)
        first = np.where(small, 0.5 - x / 6 + x**2 / 24, (safe + np.expm1(-safe)) / safe**2)
        # A step is one product: w, the drive and the one before make the next w, and S_1 w. The two
        # drives change places at every step.
        decay = self._circulant(np.exp(-x))
        now = self._circulant(0.5 * step * (zeroth + first))
        before = self._circulant(-0.5 * step * first)
        updates = [
            np.hstack([update, update @ self._covariance])
            for update in (np.vstack([decay, before, now]), np.vstack([decay, now, before]))
        ]
        keep = np.unique(np.linspace(0, n_steps, n_times).round().astype(int))
        keep = np.unique(np.append(keep, n_steps))
        kept, D = set(keep.tolist()), self.n_features
        history = [w.copy()] if 0 in kept else []
        with blas_on_one_thread() if D <= _SMALL else nullcontext():
            drive = self._drive(w, w @ self._covariance)
            state = np.hstack([w, drive, drive])  # a first step of the first order
            fields, drives = state[:, :D], (state[:, D : 2 * D], state[:, 2 * D :])
            for number in range(1, n_steps + 1):
                both = state @ updates[number % 2]
                w = both[:, :D]
                fields[:] = w
                drives[number % 2][:] = self._drive(w, both[:, D:])
                if number in kept:
                    history.append(w.copy())
        return FlowResult(step * keep, np.stack(history))


def sampled_drive(inputs: ArrayLike, weights: ArrayLike) -> Array:
    """E[x sign(w.x)] of samples: what the amplifier stands for.

    Parameters
    ----------
    inputs : array-like of shape (n_samples, n_features)
        Samples of class 1.
    weights : array-like of shape (n_starts, n_features)
        One neuron a row.

    Returns
    -------
    drive : ndarray of shape (n_starts, n_features)

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.theory import sampled_drive
    >>> inputs = np.random.default_rng(0).normal(size=(100_000, 2))
    >>> sampled_drive(inputs, [[1.0, 0.0]]).round(1) + 0.0  # sqrt(2 / pi) along w
    array([[0.8, 0. ]])
    """
    x, w = check_matrix(inputs, "inputs"), check_fields(weights, "weights")
    return np.asarray(np.sign(w @ x.T) @ x / len(x))
