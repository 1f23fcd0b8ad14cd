"""CubicFlow: the reduced model of Ingrosso and Goldt, an expansion to third order in the fields."""

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

_ERROR = 1e-6  # tolerated relative error of a step
_RUNAWAY = 1e3  # norm of a field that counts as divergent


def activation_derivatives(activation: str, bias: ArrayLike) -> Array:
    """Value of an activation function and its first four derivatives at a bias.

    Parameters
    ----------
    activation : {"erf", "tanh", "linear"}
        Activation function; "erf" is erf(h / sqrt 2).
    bias : array-like
        Points at which the derivatives are evaluated.

    Returns
    -------
    derivatives : ndarray of shape (5,) + bias.shape
        Value of the activation function, and its derivatives of order 1 to 4.

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
    r"""Gradient flow of small fields u = w / sqrt(D), from second- and fourth-order statistics.

    `CubicFlow` is the reduced model of Ingrosso and Goldt (PNAS 119, e2201854119, 2022). If the
    output of a committee machine is small, each unit of the machine follows

    .. math::

        \frac{du}{dt} = 2 \left\{ s_2\, \Delta C\, u + \frac{s_4}{6} \Delta T\, uuu \right\},

    and a single unit follows

    .. math::

        \frac{du}{dt} = 2 \{ &-\left[(s_1^2 + s_0 s_2)\, \bar C - s_2\, \Delta C\right] u \\
        &- \left[\left(\frac{s_2^2}{2} + \frac{s_0 s_4}{6} + \frac{2 s_1 s_3}{3}\right) \bar T
        - \frac{s_4}{6} \Delta T\right] uuu \}.

    Here s_n is the n-th derivative of the activation function at the bias, C the covariance, kappa
    the fourth cumulant, T = 3 sym(C C) + kappa the fourth moment, and (T uuu)_i = sum_jkl T_ijkl
    u_j u_k u_l. Delta denotes half the difference between class 0 and class 1, and a bar denotes
    the mean of the classes. The inputs must have P(x) = P(-x), the targets are +1 for class 0 and
    -1 for class 1, and t = learning rate x steps / D. If the fourth cumulant kappa is zero, the
    fixed points of the flow are Fourier modes. If the fourth cumulant kappa is negative, fields
    localize.

    Parameters
    ----------
    task : Discrimination, data (X, y), or pair of input models or of arrays of samples
        Class 0 and class 1. For models without an exact cumulant, pass samples.
    bias : float or array-like of shape (n_units,), default=1.0
        One bias that all units have, or an array with one bias per unit.
    activation : {"erf", "tanh", "linear"}, default="erf"
        Activation function; "erf" is erf(h / sqrt 2).
    form : {"committee", "neuron"}, default="committee"
        Equation to use: "committee" for the units of a committee machine, or "neuron" for a single
        unit.
    fourth : {"full", "gaussian", "none"}, default="full"
        Fourth moment to use: the full moment T = 3 sym(C C) + kappa, its Gaussian part 3 sym(C C),
        or zero.
    interacting : bool, default=False
        Whether to add the coupling between the units of a committee machine. The coupling adds -2
        s_1(b_k) M mean_j[s_1(b_j) u_j] - 2 s_2(b_k) mean_j[s_0(b_j)] M u_k to the velocity of unit
        k, where M is the mean covariance of the classes, b_k the bias of unit k, and s_n the n-th
        derivative of the activation function.

    Attributes
    ----------
    n_features : int
    difference, mean : ndarray of shape (n_features, n_features)
        Half the difference of the covariances of class 0 and class 1, and their mean.

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
                "`interacting` must be False for form='neuron', which describes a single unit."
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
        """Coefficients of C_0 u, C_1 u, T_0 uuu and T_1 uuu in du/dt, for classes 0 and 1."""
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
        return np.asarray(total)  # the factor 2 cancels the class probability 1/2

    def jacobian(self, field: ArrayLike, unit: int = 0) -> Array:
        """Jacobian of du/dt of one unit with respect to its field u, (n_features, n_features).

        Parameters
        ----------
        field : array-like of shape (n_features,)
        unit : int, default=0
            Index of the unit whose bias is used.
        """
        if self.interacting:
            raise ValueError("`interacting` must be False: the Jacobian is that of a single unit.")
        u = check_numbers(field, "field")
        if u.shape != (self.n_features,):
            raise ValueError(f"`field` must have shape ({self.n_features},), got {u.shape}.")
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
            Initial fields, or the number of random initial fields to draw.
        end : float
            Final time, learning rate x steps / D.
        times : array-like of shape (n_times,), optional
            Times at which fields are stored; by default, the first and the last time.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the random initial fields.

        Raises
        ------
        FloatingPointError
            If a field diverges before the final time.
        """
        at, u = self._times(end, times), self._initial(start, random_state)
        if np.linalg.norm(u, axis=1).max() >= _RUNAWAY:
            raise ValueError(
                f"`start` must have fields with norms below {_RUNAWAY:g}, because the expansion "
                "holds for small fields only. Scale them down."
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
                f"A field diverged at t = {reached:.3g}, because the cubic term does not limit the "
                "growth of fields. Decrease `end`, or use another `bias`."
            )
        return FlowResult(result.t, result.y.T.reshape(len(result.t), *u.shape))

    def _check(self, fields: ArrayLike) -> Array:
        u = super()._check(fields)
        if len(self.bias) not in (1, len(u)):
            raise ValueError(
                f"`bias` must be one number, or one number per field, got {len(self.bias)} biases "
                f"for {len(u)} fields."
            )
        return u
