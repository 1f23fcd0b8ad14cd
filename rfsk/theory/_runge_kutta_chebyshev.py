"""Explicit integration of stiff gradient flows by the Runge-Kutta-Chebyshev method.

The Jacobian of a gradient flow has real eigenvalues. The second-order method of Sommeijer, Shampine
and Verwer ("RKC: an explicit solver for parabolic PDEs", 1997) evaluates the velocity s times for a
step of length up to 0.65 s^2 / rate, where rate is the largest magnitude of the eigenvalues. Other
explicit methods need one evaluation for each interval of length 0.85 / rate.
"""

import itertools
import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import eval_chebyt, eval_chebyu

from .._core._types import Array

# First number of power iterations, and number of steps between estimates of the largest rate.
_FIRST_ITERATIONS, _STEPS_PER_ESTIMATE = 8, 3
_TINY = 1e-300
_MARGIN = 1.15  # safety factor of the estimated rate
_SMALL = 1e-4  # relative displacement of finite differences


class _Stages(NamedTuple):
    """Coefficients of earlier states and velocities in the formula of each stage of a step."""

    by_previous: Array
    by_second_last: Array
    by_velocity: Array
    by_first_velocity: Array


@cache
def _stages(s: int) -> _Stages:
    w, j = 1.0 + 2.0 / 13.0 / s**2, np.arange(s + 1)
    T, U = eval_chebyt(j, w), eval_chebyu(np.maximum(j - 1, 0), w)
    slope = j * U
    # From Chebyshev's equation, (1 - w^2) T'' - w T' + j^2 T = 0.
    curvature = (w * slope - j**2 * T) / (1.0 - w**2)
    b = curvature / np.where(j > 0, slope, 1.0) ** 2
    b[0] = b[2]
    b[1] = 1.0 / w
    w_1, before, second = slope[s] / curvature[s], np.roll(b, 1), np.roll(b, 2)
    by_velocity = 2.0 * b * w_1 / before
    by_velocity[1] = b[1] * w_1
    by_first = -(1.0 - np.roll(b * T, 1)) * by_velocity
    return _Stages(2.0 * b * w / before, -b / second, by_velocity, by_first)


def integrate_gradient_flow(
    velocity: Callable[[Array], Array], start: Array, times: Array, tol: float
) -> Array:
    """Integrate dy/dt = velocity(y) from t = 0.

    Parameters
    ----------
    velocity : callable
        Function of y that returns the negative gradient of a loss. Each entry of this gradient may
        be multiplied by a constant of its own, such as a learning rate.
    start : ndarray of shape (n,)
        Initial value of y.
    times : ndarray of shape (n_times,)
        Increasing times.
    tol : float
        Relative tolerance per step. The absolute tolerance is `tol` / 100.

    Returns
    -------
    history : ndarray of shape (n_times, n)
        Values of y at `times`, by cubic interpolation within steps.

    Raises
    ------
    FloatingPointError
        If the tolerance requires steps that are too short.
    """
    y, F, t, h, rate = start, velocity(start), 0.0, math.inf, 0.0
    direction, history = F + _TINY, [start] * int(np.sum(times <= 0.0))
    for number in itertools.count():
        if len(history) == len(times):
            return np.array(history)
        if number % _STEPS_PER_ESTIMATE == 0:
            # Power iteration on the Jacobian, continued from the previous estimate.
            for _ in range(1 if number else _FIRST_ITERATIONS):
                epsilon = _SMALL * max(float(np.linalg.norm(y)), _SMALL)
                change = (
                    velocity(y + epsilon * direction / np.linalg.norm(direction)) - F
                ) / epsilon
                direction = change + _TINY
            rate = max(_MARGIN * float(np.linalg.norm(change)), 0.9 * rate, _TINY)
        h = min(h, times[-1] - t) if number else min(0.5 / rate, times[-1])
        while True:
            y_new, F_new, error = _step(velocity, y, F, h, rate, tol)
            factor = min(5.0, max(0.1, 0.8 * (error + _TINY) ** (-1.0 / 3.0)))
            if error <= 1.0:
                break
            h, rate = factor * h, 1.2 * rate
            if not h > 1e-9 * times[-1]:
                raise FloatingPointError(
                    f"The integration failed at t = {t:.3g}: steps became too short."
                )
        while len(history) < len(times) and times[len(history)] <= t + h * (1.0 + 1e-9):
            x = (times[len(history)] - t) / h
            at_ends = (1.0 + 2.0 * x) * (1.0 - x) ** 2 * y + x**2 * (3.0 - 2.0 * x) * y_new
            history.append(at_ends + h * x * (1.0 - x) * ((1.0 - x) * F - x * F_new))
        t, y, F, h = t + h, y_new, F_new, h * factor
    raise AssertionError


def _step(
    velocity: Callable[[Array], Array], y: Array, F: Array, h: float, rate: float, tol: float
) -> tuple[Array, Array, float]:
    """State and velocity after a step, and the error of the step in units of the tolerance."""
    s = max(2, 1 + int(math.sqrt(1.0 + 1.54 * h * rate)))
    stages = _stages(s)
    second_last, previous = y, y + h * stages.by_velocity[1] * F
    for j in range(2, s + 1):
        mu, nu = stages.by_previous[j], stages.by_second_last[j]
        new = (1.0 - mu - nu) * y + mu * previous + nu * second_last
        new += h * (stages.by_velocity[j] * velocity(previous) + stages.by_first_velocity[j] * F)
        second_last, previous = previous, new
    F_new = velocity(previous)
    estimate = 0.8 * (y - previous) + 0.4 * h * (F + F_new)
    scale = tol * (0.01 + np.maximum(np.abs(y), np.abs(previous)))
    error = float(np.sqrt(np.mean((estimate / scale) ** 2)))
    return previous, F_new, error if math.isfinite(error) else math.inf
