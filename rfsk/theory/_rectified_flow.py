"""RectifiedFlow: effective gradient flow of a single ReLU neuron."""

import math
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._blas import blas_on_one_thread
from .._core._lattice import site_differences
from .._core._types import Array
from .._core._validation import check_positive
from ._amplifier import Amplifier
from ._flow import Flow, FlowResult
from ._statistics import class_pair, field_statistics

_SMALLEST = 1e-300  # smallest variance of w.x, so that the drive of a field of zeros is zero
_SMALL = 128  # number of sites up to which matrix products are faster on one thread


class RectifiedFlow(Flow):
    r"""Effective gradient flow of the weights w of a single ReLU neuron.

    The neuron minimises E (relu(w.x) - y)^2 with targets y = 1 for class 1 and 0 for class 0. For
    inputs with P(x) = P(-x), and covariances S_0 and S_1 of the classes, the exact gradient flow is

    .. math::

        \frac{dw}{dt} = \frac 1 2
        \left\{ E_1[x\, \mathrm{sign}(w \cdot x)] - (S_0 + S_1) w \right\}.

    The time is t = learning rate x steps. The drive E_1[x_i sign(w.x)] of weight i is approximated
    by s amp(a_i), where the function amp is the `Amplifier` of class 1, s^2 the variance of a pixel
    of class 1 and a = S_1 w / (s sqrt(w.S_1 w)) (Lufkin, Saxe and Grant, NeurIPS 2024). For
    elliptical inputs, this approximation of the drive is exact. For saturated pixels, the
    approximate drive has an error of a few per cent: the flow predicts the fields at early times,
    and whether and where fields localize, but not how narrow fields become.

    Parameters
    ----------
    task : Discrimination, data (X, y), or pair of stationary models or of arrays of samples
        Class 0 and class 1.
    shape : int or tuple of int, optional
        Shape of the lattice, for samples only; models have their own shape. The default is a ring.

    Attributes
    ----------
    shape : tuple of int
    n_features : int
    amplifier : Amplifier
        Amplifier of class 1.
    rates : ndarray of shape (n_features,)
        Decay rate of each Fourier mode of the weights: the mean of the spectra of the two classes.

    Examples
    --------
    >>> from rfsk import NLGP, RectifiedFlow, ipr
    >>> task = [NLGP(40, correlation_length=xi, gain=2**0.5) for xi in (1.0, 3.0)]  # erf(z)
    >>> ipr(RectifiedFlow(task).integrate(2, 1000.0, random_state=0).fields).round(3)
    array([0.152, 0.152])
    """

    def __init__(self, task: Any, shape: int | tuple[int, ...] | None = None) -> None:
        first, second = (field_statistics(source, shape) for source in class_pair(task))
        if first.shape != second.shape:
            raise ValueError(
                f"Classes must have the same shape, got {first.shape} and {second.shape}."
            )
        self.shape, self.n_features = first.shape, first.n_features
        self.spectra = np.stack([first.spectrum, second.spectrum])
        self.amplifier = Amplifier(second)
        self.rates = 0.5 * self.spectra.sum(axis=0)
        self._deviation = math.sqrt(second.variance)
        self._covariance = self._circulant(second.spectrum)

    def _circulant(self, eigenvalues: Array) -> Array:
        """Symmetric circulant matrix with the given eigenvalues of the Fourier modes."""
        first = np.fft.ifftn(eigenvalues.reshape(self.shape)).real.ravel()
        return np.asarray(first[site_differences(self.shape)])

    def drive(self, weights: ArrayLike) -> Array:
        """Approximate drive E_1[x sign(w.x)] of each ReLU neuron, a mean over inputs of class 1.

        Parameters
        ----------
        weights : array-like of shape (n_fields, n_features)
        """
        w = self._check(weights)
        return self._drive(w, w @ self._covariance)

    def _drive(self, w: Array, smooth: Array) -> Array:
        """Drive, given w and S_1 w."""
        response = np.sqrt(np.maximum(np.einsum("rd,rd->r", smooth, w), _SMALLEST))
        overlap = smooth * (1.0 / (self._deviation * response))[:, None]
        return self._deviation * self.amplifier.tabulated(overlap)

    def velocity(self, weights: ArrayLike) -> Array:
        """Velocity dw/dt of each neuron.

        Parameters
        ----------
        weights : array-like of shape (n_fields, n_features)
        """
        w = self._check(weights)
        return 0.5 * self.drive(w) - w @ self._circulant(self.rates)

    def integrate(
        self,
        start: int | ArrayLike,
        end: float,
        *,
        n_steps: int = 4000,
        n_times: int = 2,
        random_state: Any = None,
    ) -> FlowResult:
        """Integrate the flow by exponential time differencing, and return a `FlowResult`.

        Exponential time differencing treats the linear part of the flow and the fixed points
        exactly (Cox and Matthews, J. Comput. Phys. 176, 430, 2002).

        Parameters
        ----------
        start : int or array-like of shape (n_fields, n_features)
            Initial fields, or the number of random initial fields to draw.
        end : float
            Final time, learning rate x steps.
        n_steps : int, default=4000
            Number of steps of equal length.
        n_times : int, default=2
            Number of evenly spaced times from 0 to `end` at which fields are stored.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the random initial fields.
        """
        check_positive(end, "end")
        check_positive(n_steps, "n_steps", integer=True)
        check_positive(n_times, "n_times", integer=True)
        w = self._initial(start, random_state)
        step = end / n_steps
        x = self.rates * step
        # Integrals over s of exp(-rate (step - s)) times 1 and s / step; series where x is small.
        small = np.abs(x) < 1e-4
        safe = np.where(small, 1.0, x)
        zeroth = np.where(small, 1.0 - x / 2 + x**2 / 6, -np.expm1(-safe) / safe)
        first = np.where(small, 0.5 - x / 6 + x**2 / 24, (safe + np.expm1(-safe)) / safe**2)
        # One matrix product maps w, the drive and the previous drive to the next w and S_1 w.
        factors = (np.exp(-x), 0.5 * step * (zeroth + first), -0.5 * step * first)
        update = np.vstack([self._circulant(factor) for factor in factors])
        update = np.hstack([update, update @ self._covariance])
        keep = np.unique(np.linspace(0, n_steps, max(2, n_times)).round().astype(int))
        kept, D = set(keep.tolist()), self.n_features
        history = [w]
        with blas_on_one_thread() if D <= _SMALL else nullcontext():
            drive = before = self._drive(
                w, w @ self._covariance
            )  # the first step is of first order
            for number in range(1, n_steps + 1):
                both = np.hstack([w, drive, before]) @ update
                w, before = both[:, :D], drive
                drive = self._drive(w, both[:, D:])
                if number in kept:
                    history.append(w.copy())
        return FlowResult(step * keep, np.stack(history))
