"""CubicFlow: the reduced model of Ingrosso and Goldt, small fields to third order."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

from .._core._random import as_generator
from .._core._validation import check_fields, check_option, check_positive
from ..analysis import Cumulant, cumulant
from ._activations import activation_derivatives
from ._rectified_flow import FlowResult
from ._statistics import class_pair

Array = NDArray[np.float64]

_FORMS = ("committee", "neuron")
_FOURTH = ("full", "gaussian", "none")
_START = 0.1  # of weights w, as the nets' init_scale; fields are w / sqrt(D)
_RUNAWAY = 1e3  # norm of a field beyond which the expansion means nothing


class CubicFlow:
    """Gradient flow of small fields u = w / sqrt(D), from second- and fourth-order statistics.

    With s_n the n-th derivative of sigma at the bias b, X_0 and X_1 a statistic of the two classes,
    D X = (X_0 - X_1)/2 and X' = (X_0 + X_1)/2, C covariances, T fourth moments and (T uuu)_i =
    sum_jkl T_ijkl u_j u_k u_l, a unit of a committee whose mean output is small moves as

        du/dt = 2 { s2 (DC) u + (s4/6) (DT) uuu },

    and a net of one unit alone as

        du/dt = 2 { -[(s1^2 + s0 s2) C' - s2 DC] u
                    - [(s2^2/2 + s0 s4/6 + 2 s1 s3/3) T' - (s4/6) DT] uuu },

    for inputs with P(x) = P(-x); t = learning rate x steps / D, target +1 for class 0 and -1 for
    class 1 (A. Ingrosso and S. Goldt, PNAS 119, e2201854119, 2022). T = 3 sym(C C) + kappa: with
    the first part alone, as for Gaussian inputs, fixed points are Fourier modes; a negative kappa
    localizes.

    Parameters
    ----------
    task : Discrimination, data (X, y), or pair of input models or of arrays of samples
        Class 0 and class 1. Of periodic models with closed forms the exact cumulant is taken (a
        contraction costs D^3 a unit); of samples (n x D) the implicit one.
    bias : float or array-like of shape (n_units,), default=1.0
        b, of all units or of each.
    activation : {"erf", "tanh", "linear"} or sequence of five callables, default="erf"
        sigma; see `activation_derivatives`.
    form : {"committee", "neuron"}, default="committee"
        Which of the two.
    fourth : {"full", "gaussian", "none"}, default="full"
        What of the fourth moments counts: all of it, the part a Gaussian has, or nothing, which
        leaves the linear flow that splits units into a low- and a high-frequency group.
    interacting : bool, default=False
        Whether the units of a committee see what the others already output: adds
        -2 s1(b_k) C' mean_j[s1(b_j) u_j] - 2 s2(b_k) mean_j[s0(b_j)] C' u_k, the rest of the linear
        part. Units are then those of one net.

    Attributes
    ----------
    n_features : int
    difference, mean : ndarray of shape (n_features, n_features)
        DC and C'.

    Raises
    ------
    ValueError
        If there are not two classes of one size, or a parameter is unknown.
    NotImplementedError
        If a model has no closed form; pass samples.

    Examples
    --------
    >>> from rfsk import NLGP, ipr
    >>> from rfsk.theory import CubicFlow
    >>> task = [NLGP(30, correlation_length=xi, gain=3.0) for xi in (1.5, 3.0)]
    >>> flow = CubicFlow(task)
    >>> ipr(flow.integrate(2, 60.0, random_state=0).fields).round(3)
    array([0.205, 0.205])
    """

    def __init__(
        self,
        task: Any,
        *,
        bias: ArrayLike = 1.0,
        activation: Any = "erf",
        form: str = "committee",
        fourth: str = "full",
        interacting: bool = False,
    ) -> None:
        check_option(form, "form", _FORMS)
        check_option(fourth, "fourth", _FOURTH)
        if interacting and form == "neuron":
            raise ValueError(
                "interacting=True is of units of a committee; one neuron has no others."
            )
        pair = class_pair(task)
        covariances = [cumulant(source, 2).tensor() for source in pair]
        if len(covariances[0]) != len(covariances[1]):
            raise ValueError(
                f"Classes of {len(covariances[0])} and {len(covariances[1])} features; expected "
                "one number."
            )
        self.n_features = len(covariances[0])
        self.bias = np.atleast_1d(np.asarray(bias, dtype=np.float64))
        self.form, self.fourth, self.interacting = form, fourth, interacting
        self._covariances = np.stack(covariances)
        self.difference = 0.5 * (covariances[0] - covariances[1])
        self.mean = 0.5 * (covariances[0] + covariances[1])
        self._kappas: list[Cumulant] = []
        if fourth == "full":
            self._kappas = [cumulant(source) for source in pair]
        self._s = activation_derivatives(activation, self.bias)[:, :, None]

    def _coefficients(self) -> tuple[Array, Array, Array, Array]:
        """Of C_0 u, C_1 u, T_0 uuu and T_1 uuu, one a unit."""
        s0, s1, s2, s3, s4 = self._s
        if self.form == "committee":
            return s2, -s2, s4 / 6.0, -s4 / 6.0
        linear = s1**2 + s0 * s2
        cubic = s2**2 / 2.0 + s0 * s4 / 6.0 + 2.0 * s1 * s3 / 3.0
        return s2 - linear, -s2 - linear, s4 / 6.0 - cubic, -s4 / 6.0 - cubic

    def velocity(self, fields: ArrayLike) -> Array:
        """du/dt of each unit, (n_units, n_features).

        Parameters
        ----------
        fields : array-like of shape (n_units, n_features)
            u, one unit a row.
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
        """Derivative of one unit's velocity by its field, (n_features, n_features).

        Parameters
        ----------
        field : array-like of shape (n_features,)
            u.
        unit : int, default=0
            Whose bias is meant, where there are several.
        """
        if self.interacting:
            raise ValueError("The Jacobian is of one unit alone; expected interacting=False.")
        u = np.asarray(field, dtype=np.float64)
        if u.shape != (self.n_features,):
            raise ValueError(f"field has shape {u.shape}; expected ({self.n_features},).")
        n_units = max(len(self.bias), unit + 1)
        of_unit = [
            float(np.broadcast_to(factors[:, 0], (n_units,))[unit])
            for factors in self._coefficients()
        ]
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

    def starts(self, n_units: int, random_state: Any = None) -> Array:
        """Fields of an untrained net, (n_units, n_features): normal, of deviation 0.1 / sqrt(D).

        Parameters
        ----------
        n_units : int
            Number of units.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the draw.
        """
        check_positive(n_units, "n_units", integer=True)
        noise = as_generator(random_state).standard_normal((n_units, self.n_features))
        return np.asarray(_START * noise / np.sqrt(self.n_features))

    def integrate(
        self,
        start: int | ArrayLike,
        end: float,
        *,
        times: ArrayLike | None = None,
        rtol: float = 1e-6,
        random_state: Any = None,
    ) -> FlowResult:
        """Follow the flow by a Runge-Kutta method of fifth order with error control.

        Parameters
        ----------
        start : int or array-like of shape (n_units, n_features)
            Number of random starts, or fields to begin with.
        end : float
            Time at which to stop, learning rate x steps / D.
        times : array-like of shape (n_times,), optional
            Times at which fields are kept; the start and the end by default.
        rtol : float, default=1e-6
            Relative error of a step.
        random_state : int, Generator, RandomState or None, default=None
            Seed of random starts.

        Returns
        -------
        result : FlowResult

        Raises
        ------
        FloatingPointError
            If a field runs away: the cubic term of these inputs does not hold it.
        """
        check_positive(end, "end")
        check_positive(rtol, "rtol")
        u = (
            self.starts(int(start), random_state)
            if isinstance(start, int | np.integer)
            else check_fields(start, "start")
        )
        u = self._check(u)
        at = np.array([0.0, end]) if times is None else np.asarray(times, dtype=np.float64)
        if at.ndim != 1 or not len(at):
            raise ValueError(f"times has shape {at.shape}; expected at least one, in a row.")
        if np.linalg.norm(u, axis=1).max() >= _RUNAWAY:
            raise ValueError(
                f"start has a field of norm {_RUNAWAY:g} or more; the expansion is of small fields."
            )
        size = np.abs(u).max() or 1.0

        def velocity(_: float, flat: Array) -> Array:
            return self._velocity(flat.reshape(u.shape)).ravel()

        def runaway(_: float, flat: Array) -> float:
            norms = np.linalg.norm(flat.reshape(u.shape), axis=1)
            return float(_RUNAWAY - norms.max())

        runaway.terminal = True  # type: ignore[attr-defined]
        runaway.direction = -1.0  # type: ignore[attr-defined]
        result = solve_ivp(
            velocity,
            (0.0, end),
            u.ravel(),
            t_eval=at,
            rtol=rtol,
            atol=1e-3 * rtol * size,
            events=runaway,
        )
        if result.status != 0:
            reached = result.t_events[0][0] if len(result.t_events[0]) else result.t[-1]
            raise FloatingPointError(
                f"Fields ran away at t = {reached:.3g}; the cubic term does not hold "
                "them. The expansion is of small fields: stop earlier, or use another bias."
            )
        return FlowResult(result.t, result.y.T.reshape(len(result.t), *u.shape))

    def _check(self, fields: ArrayLike) -> Array:
        u = check_fields(fields)
        if u.shape[1] != self.n_features:
            raise ValueError(f"fields have {u.shape[1]} features; expected {self.n_features}.")
        if len(self.bias) not in (1, len(u)):
            raise ValueError(
                f"There are {len(u)} fields and {len(self.bias)} biases; expected one bias, or one "
                "for each field."
            )
        return u
