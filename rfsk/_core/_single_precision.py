"""Elementary functions and sums of outer products in single precision, compiled by numba."""

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ._compiled import FUSED, compiled

f32 = np.float32

# Coefficients of erf(x) = x P(x^2) / Q(x^2) on |x| < 3.9, fitted to the smallest relative error,
# which is 2e-8 before rounding.
_ERF = (
    [1.128379148, 0.1896659443, 0.05266795097, 0.003738304764, 0.0002850607057, 2.06647232e-06],
    [1.0, 0.5014198485, 0.1138185806, 0.01491419387, 0.00115736515, 3.826993371e-05],
)
_P, _Q = (tuple(map(f32, coefficients)) for coefficients in _ERF)
_ERF_RANGE = f32(3.9)
_LOG2_E = f32(1.0 / math.log(2.0))
_LN_2 = f32(math.log(2.0))
_SQRT_2 = f32(math.sqrt(2.0))
_ONE = f32(1.0)
_HALF = f32(0.5)
_ZERO = f32(0.0)


@intrinsic
def _float_of_bits(typing_context, bits):
    """Single-precision number with the 32 bits of an integer."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@intrinsic
def _bits_of_float(typing_context, number):
    """32 bits of a single-precision number."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), generate


@compiled(fastmath=FUSED)
def erf(x):
    """Error function with a relative error below 5e-7."""
    x = min(max(x, -_ERF_RANGE), _ERF_RANGE)
    y = x * x
    p = ((((_P[5] * y + _P[4]) * y + _P[3]) * y + _P[2]) * y + _P[1]) * y + _P[0]
    q = ((((_Q[5] * y + _Q[4]) * y + _Q[3]) * y + _Q[2]) * y + _Q[1]) * y + _Q[0]
    return x * (p / q)


@compiled(fastmath=FUSED)
def exp_minus(x):
    """Compute exp(-x) for x >= 0 with an absolute error below 2e-7.

    The relative error of the computed exponential is below 2e-6 for x < 20. The computed
    exponential is at least 2^-64.
    """
    t = max(-x * _LOG2_E, f32(-64.0))
    n = np.int32(t - _HALF)
    r = (t - f32(n)) * _LN_2
    p = f32(1 / 5040) * r + f32(1 / 720)
    p = ((((p * r + f32(1 / 120)) * r + f32(1 / 24)) * r + f32(1 / 6)) * r + _HALF) * r + _ONE
    p = p * r + _ONE
    return p * _float_of_bits(np.int32((n + np.int32(127)) << np.int32(23)))


@compiled(fastmath=FUSED)
def tanh(x):
    """Hyperbolic tangent with an absolute error below 2e-7."""
    e = exp_minus(abs(x) + abs(x))
    return math.copysign((_ONE - e) / (_ONE + e), x)


@compiled(fastmath=FUSED)
def log(u):
    """Natural logarithm of a normal positive number.

    The logarithm of u = m 2^e is computed as 2 artanh((m - 1) / (m + 1)) + e log 2.
    """
    bits = _bits_of_float(u)
    e = f32((bits >> np.int32(23)) - np.int32(127))
    m = _float_of_bits((bits & np.int32(0x7FFFFF)) | np.int32(0x3F800000))
    is_upper = m > _SQRT_2
    m = _HALF * m if is_upper else m
    e = e + _ONE if is_upper else e
    s = (m - _ONE) / (m + _ONE)
    y = s * s
    series = ((f32(1 / 9) * y + f32(1 / 7)) * y + f32(1 / 5)) * y + f32(1 / 3)
    return (s + s) * (_ONE + y * series) + e * _LN_2


@compiled(fastmath=FUSED)
def add_outer_products(coefficients, rows, n, out, width):
    """Add sum_(i < n) coefficients[i, k] rows[i] to the first `width` entries of out[k]."""
    n_units = len(out)
    whole = n - n % 4
    for i in range(0, whole, 4):
        for k in range(0, n_units - 1, 2):
            a0, a1 = coefficients[i, k], coefficients[i + 1, k]
            a2, a3 = coefficients[i + 2, k], coefficients[i + 3, k]
            b0, b1 = coefficients[i, k + 1], coefficients[i + 1, k + 1]
            b2, b3 = coefficients[i + 2, k + 1], coefficients[i + 3, k + 1]
            for d in range(width):
                x0, x1, x2, x3 = rows[i, d], rows[i + 1, d], rows[i + 2, d], rows[i + 3, d]
                out[k, d] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3
                out[k + 1, d] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3
    # The loops above take four rows and two units at a time. The remaining rows and, if the number
    # of units is odd, the last unit follow here.
    for i in range(n):
        for k in range(n_units - n_units % 2 if i < whole else 0, n_units):
            a0 = coefficients[i, k]
            for d in range(width):
                out[k, d] += a0 * rows[i, d]
