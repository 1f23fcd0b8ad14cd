"""CubicFlow: the reduced model of Ingrosso and Goldt, for small fields to third order."""

import math
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from .._core._types import Array
from .._core._validation import check_numbers, check_option
from ..analysis import cumulant
from ._flow import Flow, FlowResult
from ._statistics import class_covariances, class_pair

_ERROR = 1e-6  # of a step, relative
_RUNAWAY = 1e3  # norm of a field beyond which the expansion means nothing


def activation_derivatives(activation: str, bias: ArrayLike) -> Array:
    """Values s_0 to s_4 of an activation sigma and its first four derivatives at a bias.

    Parameters
    ----------
    activation : {"erf", "tanh", "linear"}
        "erf" is erf(h / sqrt 2).
    bias : array-like

    Returns
    -------
    derivatives : ndarray of shape (5,) + bias.shape

    Examples
    --------
    >>> from rfsk.theory import activation_derivatives
    >>> activation_derivatives("tanh", 0.0)
    array([ 0.,  1., -0., -2.,  0.])
    """
    check_option(activation, "activation", ("erf", "tanh", "linear"))
    b = check_numbers(bias, "bias")
    if activation == "linear":
        return np.stack([b, np.ones_like(b), *[np.zeros_like(b)] * 3])
    if activation == "tanh":
        t = np.tanh(b)
        s1 = 1.0 - t**2
        return np.stack([t, s1, -2.0 * t * s1, (6.0 * t**2 - 2.0) * s1, (16 * t - 24 * t**3) * s1])
    s1 = math.sqrt(2.0 / math.pi) * np.exp(-0.5 * b**2)
    value = scipy.special.erf(b / math.sqrt(2.0))
    return np.stack([value, s1, -b * s1, (b**2 - 1.0) * s1, (3.0 * b - b**3) * s1])


class CubicFlow(Flow):
    """Gradient flow of small fields u = w / sqrt(D), from second- and fourth-order statistics.

    A unit of a committee machine with a small mean output moves as

        du/dt = 2 { s2 (DC) u + (s4/6) (DT) uuu },

    and a single unit as

        du/dt = 2 { -[(s1^2 + s0 s2) C' - s2 DC] u
                    - [(s2^2/2 + s0 s4/6 + 2 s1 s3/3) T' - (s4/6) DT] uuu },

    with s_n the n-th derivative of the activation sigma at the bias b, C the covariance, T = 3
    sym(C C) + kappa the fourth moment, (T uuu)_i = sum_jkl T_ijkl u_j u_k u_l and, for a statistic
    X of the two classes, DX = (X_0 - X_1)/2 and X' = (X_0 + X_1)/2. The inputs have P(x) = P(-x),
    the targets are +1 for class 0 and -1 for class 1, and t = learning rate x steps / D (A.
    Ingrosso and S. Goldt, PNAS 119, e2201854119, 2022). Without kappa, fixed points are Fourier
    modes; a negative kappa localizes.

    Parameters
    ----------
    task : Discrimination, data (X, y), or pair of input models or of arrays of samples
        Class 0 and class 1. Pass samples of models that have no exact cumulant.
    bias : float or array-like of shape (n_units,), default=1.0
        b of all units, or of each.
    activation : {"erf", "tanh", "linear"}, default="erf"
        sigma, of which "erf" is erf(h / sqrt 2).
    form : {"committee", "neuron"}, default="committee"
        Which of the two equations is used.
    fourth : {"full", "gaussian", "none"}, default="full"
        Fourth moments that are used: T, 3 sym(C C), or none.
    interacting : bool, default=False
        Whether to add -2 s1(b_k) C' mean_j[s1(b_j) u_j] - 2 s2(b_k) mean_j[s0(b_j)] C' u_k, which
        couples the units k of a committee machine.

    Attributes
    ----------
    n_features : int
    difference, mean : ndarray of shape (n_features, n_features)
        DC and C'.

    Examples
    --------
    >>> from rfsk import NLGP, CubicFlow, ipr
    >>> flow = CubicFlow([NLGP(30, correlation_length=xi, gain=3.0) for xi in (1.5, 3.0)])
    >>> ipr(flow.integrate(2, 60.0, random_state=0).fields).round(3)
    array([0.205, 0.205])
    """

    def __init__(
        self,
        task: Any,
        *,
        bias: ArrayLike = 1.0,
        activation: str = "erf",
        form: str = "committee",
        fourth: str = "full",
        interacting: bool = False,
    ) -> None:
        check_option(form, "form", ("committee", "neuron"))
        check_option(fourth, "fourth", ("full", "gaussian", "none"))
        if interacting and form == "neuron":
            raise ValueError(
                "interacting=True is of units of a committee; one neuron has no others."
            )
        pair = class_pair(task)
        first, second = class_covariances(pair)
        self.n_features = len(first)
        self.bias = np.atleast_1d(check_numbers(bias, "bias"))
        self.form, self.fourth, self.interacting = form, fourth, interacting
        self._covariances = np.stack([first, second])
        self.difference, self.mean = 0.5 * (first - second), 0.5 * (first + second)
        self._kappas = [cumulant(source) for source in pair] if fourth == "full" else []
        self._s = activation_derivatives(activation, self.bias)[:, :, None]

    def _coefficients(self) -> tuple[Array, Array, Array, Array]:
        """Coefficients of C_0 u, C_1 u, T_0 uuu and T_1 uuu, one per unit."""
        s0, s1, s2, s3, s4 = self._s
        if self.form == "committee":
            return s2, -s2, s4 / 6.0, -s4 / 6.0
        linear = s1**2 + s0 * s2
        cubic = s2**2 / 2.0 + s0 * s4 / 6.0 + 2.0 * s1 * s3 / 3.0
        return s2 - linear, -s2 - linear, s4 / 6.0 - cubic, -s4 / 6.0 - cubic

    def velocity(self, fields: ArrayLike) -> Array:
        """Velocity du/dt of each unit.

        Parameters
        ----------
        fields : array-like of shape (n_units, n_features)
        """
        return self._velocity(self._check(fields))

    def _velocity(self, u: Array) -> Array:
        linear_0, linear_1, cubic_0, cubic_1 = self._coefficients()
        smooth = u @ self._covariances  # (class, unit, feature)
        total = linear_0 * smooth[0] + linear_1 * smooth[1]
        if self.fourth != "none":
            variance = np.einsum("cud,ud->cu", smooth, u)[:, :, None]
            total += 3.0 * (cubic_0 * variance[0] * smooth[0] + cubic_1 * variance[1] * smooth[1])
        for cubic, kappa in zip((cubic_0, cubic_1), self._kappas, strict=False):
            total += cubic * kappa.contract(u)
        if self.interacting:
            s0, s1, s2, *_ = np.broadcast_to(self._s, (5, len(u), 1))
            total -= 2.0 * s1 * (np.mean(s1 * u, axis=0) @ self.mean)
            total -= 2.0 * s0.mean() * s2 * (u @ self.mean)
        return np.asarray(total)  # each class has half of the samples: 2 x 1/2

    def jacobian(self, field: ArrayLike, unit: int = 0) -> Array:
        """Derivative of a unit's velocity du/dt by its field u, (n_features, n_features).

        Parameters
        ----------
        field : array-like of shape (n_features,)
        unit : int, default=0
            Index of the unit whose bias is used.
        """
        if self.interacting:
            raise ValueError("The Jacobian is of one unit alone; expected interacting=False.")
        u = check_numbers(field, "field")
        if u.shape != (self.n_features,):
            raise ValueError(f"field has shape {u.shape}; expected ({self.n_features},).")
        unit = unit if len(self.bias) > 1 else 0
        of_unit = [float(factors[unit, 0]) for factors in self._coefficients()]
        total = np.zeros((self.n_features,) * 2)
        for number, C in enumerate(self._covariances):
            first, third = of_unit[number], of_unit[2 + number]
            total += first * C
            if self.fourth != "none":
                smooth = C @ u
                total += 3.0 * third * ((u @ smooth) * C + 2.0 * np.outer(smooth, smooth))
            if self._kappas:
                along = self._kappas[number].pair_contract(u, np.eye(self.n_features))
                total += 3.0 * third * along
        return total

    def integrate(
        self,
        start: int | ArrayLike,
        end: float,
        *,
        times: ArrayLike | None = None,
        random_state: Any = None,
    ) -> FlowResult:
        """Integrate the flow with a relative error of 1e-6, and return a `FlowResult`.

        Parameters
        ----------
        start : int or array-like of shape (n_units, n_features)
            Initial fields, or the number of random ones.
        end : float
            Final time, learning rate x steps / D. A field that diverges before is an error.
        times : array-like of shape (n_times,), optional
            Times at which fields are kept; by default the first and the last.
        random_state : int, Generator, RandomState or None, default=None
            Seed of random initial fields.
        """
        at, u = self._times(end, times), self._initial(start, random_state)
        if np.linalg.norm(u, axis=1).max() >= _RUNAWAY:
            raise ValueError(
                f"start has a field of norm {_RUNAWAY:g} or more; the expansion is of small fields."
            )

        def velocity(_: float, flat: Array) -> Array:
            return self._velocity(flat.reshape(u.shape)).ravel()

        def runaway(_: float, flat: Array) -> float:
            return float(_RUNAWAY - np.linalg.norm(flat.reshape(u.shape), axis=1).max())

        runaway.terminal = True  # type: ignore[attr-defined]
        runaway.direction = -1.0  # type: ignore[attr-defined]
        options: Any = {"rtol": _ERROR, "atol": 1e-3 * _ERROR * (np.abs(u).max() or 1.0)}
        result = solve_ivp(velocity, (0.0, end), u.ravel(), t_eval=at, events=runaway, **options)
        if result.status != 0:
            reached = result.t_events[0][0] if len(result.t_events[0]) else result.t[-1]
            raise FloatingPointError(
                f"Fields ran away at t = {reached:.3g}; the cubic term does not hold "
                "them. The expansion is of small fields: stop earlier, or use another bias."
            )
        return FlowResult(result.t, result.y.T.reshape(len(result.t), *u.shape))

    def _check(self, fields: ArrayLike) -> Array:
        u = super()._check(fields)
        if len(self.bias) not in (1, len(u)):
            raise ValueError(
                f"There are {len(u)} fields and {len(self.bias)} biases; expected one bias, or one "
                "for each field."
            )
        return u
