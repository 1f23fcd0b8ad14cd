"""CopulaFlow: the whole training of a committee machine, from second- and fourth-order statistics."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from .._core._types import Array
from .._core._validation import check_option, check_positive
from ..analysis import cumulant
from ._copula import HERMITE, WEIGHTS, Copula, LocalFields, mehler, saturation
from ._flow import Flow, FlowResult
from ._statistics import class_pair

_ERROR = 1e-3  # of a step, relative
_ACTIVATIONS = {
    "erf": (
        lambda h: scipy.special.erf(h / math.sqrt(2.0)),
        lambda h: math.sqrt(2.0 / math.pi) * np.exp(-0.5 * h**2),
    ),
    "tanh": (np.tanh, lambda h: 1.0 - np.tanh(h) ** 2),
    "relu": (lambda h: np.maximum(h, 0.0), lambda h: (h > 0.0) * 1.0),
}


@dataclass(frozen=True)
class CopulaFlowResult(FlowResult):
    """Time course of fields, biases and loss."""

    bias_history: Array
    loss: Array

    @property
    def biases(self) -> Array:
        return np.asarray(self.bias_history[-1])


class CopulaFlow(Flow):
    """x"""

    def __init__(self, task: Any, *, activation: str = "erf", train_bias: bool = True) -> None:
        check_option(activation, "activation", tuple(_ACTIVATIONS))
        self.activation, self.train_bias = activation, train_bias
        pair = class_pair(task)
        self._covariances = [cumulant(source, 2).tensor() for source in pair]
        self._kappas = [cumulant(source)._condensed for source in pair]
        self._targets = (0.0, 1.0) if activation == "relu" else (1.0, -1.0)
        self.n_features = len(self._covariances[0])

    def loss_gradient(self, u: Array, b: Array) -> tuple[float, Array, Array]:
        """Mean squared error, and its derivatives by fields and biases."""
        loss, by_u, by_b = 0.0, np.zeros_like(u), np.zeros_like(b)
        for C, kappa, target in zip(
            self._covariances, self._kappas, self._targets, strict=True
        ):
            smooth, third = u @ C, kappa.contract(u)
            Q = smooth @ u.T
            q = np.diag(Q).copy()
            fourth = np.einsum("kd,kd->k", third, u)
            part, by_q, by_fourth, by_Q, by_bias = self._class_loss(q, fourth, Q, b, target)
            loss += 0.5 * part
            by_u += by_q[:, None] * smooth + 2.0 * by_fourth[:, None] * third + by_Q @ smooth
            by_b += 0.5 * by_bias
        return loss, by_u, by_b

    def _class_loss(
        self, q: Array, fourth: Array, Q: Array, b: Array, target: float
    ) -> tuple[float, Array, Array, Array, Array]:
        """Loss of one class, and its derivatives by q, kappa(u, u, u, u), Q (off the diagonal), b."""
        K = len(q)
        kurtosis = fourth / q**2
        v, v_by_kurtosis = saturation(kurtosis)
        local = LocalFields.of(v)
        deviation = np.sqrt(q)[:, None]
        h = deviation * local.values
        function, derivative = _ACTIVATIONS[self.activation]
        s, slope = function(b[:, None] + h), derivative(b[:, None] + h)
        a = (s * WEIGHTS) @ HERMITE
        correlation = Q / np.outer(deviation, deviation)
        copula = Copula.of(correlation, v, local.norm)
        pairs, by_a, by_r = mehler(a, copula.r)
        loss = (pairs + np.sum(s**2 @ WEIGHTS)) / K**2
        loss += target**2 - 2.0 * target * a[:, 0].mean()
        by_s = (2.0 / K**2 * (by_a @ HERMITE.T + s) - 2.0 * target / K) * WEIGHTS * slope
        by_r /= K**2
        by_x = by_r * copula.by_x  # x = correlation sqrt(N_j N_k)
        norms = np.sqrt(np.outer(local.norm, local.norm))
        along = np.sum(by_x * correlation * norms, axis=1)
        by_v = np.sum(by_s * deviation * local.by_v, axis=1) + along * local.log_norm_by_v
        by_v += 2.0 * np.sum(by_r * copula.by_v, axis=0)
        by_kurtosis = by_v * v_by_kurtosis
        by_q = (np.sum(by_s * h, axis=1) / 2.0 - along - 2.0 * by_kurtosis * kurtosis) / q
        by_Q = by_x * norms / np.outer(deviation, deviation)
        return loss, by_q, by_kurtosis / q**2, by_Q, by_s.sum(axis=1)

    def integrate(self, start, end, *, biases=None, times=None, random_state=None, method="RK23", rtol=_ERROR):
        check_positive(end, "end")
        u = self._initial(start, random_state)
        K, D = u.shape
        b = np.asarray(biases, dtype=np.float64)
        at = np.array([0.0, end]) if times is None else np.asarray(times, dtype=np.float64)

        def velocity(_: float, flat: Array) -> Array:
            _, by_u, by_b = self.loss_gradient(flat[: K * D].reshape(K, D), flat[K * D :])
            return -K * np.concatenate([by_u.ravel(), by_b * self.train_bias])

        atol = 1e-2*rtol
        result = solve_ivp(
            velocity, (0.0, end), np.append(u, b), method=method, t_eval=at, rtol=rtol, atol=atol
        )
        self.nfev=result.nfev
        fields = result.y[: K * D].T.reshape(-1, K, D)
        history = result.y[K * D :].T
        loss = [self.loss_gradient(u, b)[0] for u, b in zip(fields, history, strict=True)]
        return CopulaFlowResult(result.t, fields, history, np.array(loss))
