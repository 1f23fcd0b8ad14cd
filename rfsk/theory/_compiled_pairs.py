"""Compiled sums over pairs of units whose local fields have a Gaussian copula."""

import math

import numpy as np

from .._core._compiled import REORDERED, compiled

_SMALL = 1e-8


@compiled(fastmath=REORDERED)
def sum_pairs(a, x, v):
    r"""Sum the expected products of the outputs s_j and s_k over pairs of units.

    By Mehler's formula, the expectation of s_j s_k is sum_n a_jn a_kn r_jk^n, where a_jn are the
    Hermite coefficients of s_j, and r_jk is the correlation of the latent variables of two units,

    .. math:: r = \sqrt{(1 + v_j)(1 + v_k)}\, \sin(\sqrt p\, x) / \sqrt p, \qquad p = v_j v_k,

    clipped to [-1, 1]. The array a of Hermite coefficients has the shape (class, unit, order), and
    the array v of saturation parameters has the shape (class, unit). The array x = Q sqrt(N_j N_k /
    (q_j q_k)), where the local fields have the covariances Q, the variances q and the norms N, has
    the shape (class, unit, unit).

    The function returns the sums over ordered pairs of different units, of shape (class,). It also
    returns the derivatives of these sums with respect to the arrays `a`, `x` and `v`, each
    multiplied by 1/2.
    """
    n_classes, n_units, n_orders = a.shape
    total, by_a = np.zeros(n_classes), np.zeros_like(a)
    by_x, by_v = np.zeros_like(x), np.zeros_like(v)
    for i in range(n_classes):
        for j in range(n_units):
            for k in range(j):
                p, y = v[i, j] * v[i, k], x[i, j, k]
                root = math.sqrt(abs(p))
                if root < _SMALL**0.5:
                    sine, cosine = y - p * y**3 / 6.0, 1.0 - 0.5 * p * y**2
                    sine_by_p = -(y**3) / 6.0
                else:
                    if p > 0.0:
                        sine, cosine = math.sin(root * y) / root, math.cos(root * y)
                    else:
                        sine, cosine = math.sinh(root * y) / root, math.cosh(root * y)
                    sine_by_p = 0.5 * (y * cosine - sine) / p
                scale = math.sqrt((1.0 + v[i, j]) * (1.0 + v[i, k]))
                r = min(max(scale * sine, -1.0), 1.0)
                value, by_r, power = a[i, j, 0] * a[i, k, 0], 0.0, 1.0
                by_a[i, j, 0] += a[i, k, 0]
                by_a[i, k, 0] += a[i, j, 0]
                for n in range(1, n_orders):
                    by_r += n * a[i, j, n] * a[i, k, n] * power
                    power *= r
                    value += a[i, j, n] * a[i, k, n] * power
                    by_a[i, j, n] += a[i, k, n] * power
                    by_a[i, k, n] += a[i, j, n] * power
                total[i] += 2.0 * value
                if abs(r) < 1.0:
                    by_x[i, j, k] = by_x[i, k, j] = by_r * scale * cosine
                    by_p = by_r * scale * sine_by_p
                    by_v[i, j] += by_p * v[i, k] + 0.5 * by_r * r / (1.0 + v[i, j])
                    by_v[i, k] += by_p * v[i, j] + 0.5 * by_r * r / (1.0 + v[i, k])
    return total, by_a, by_x, by_v
