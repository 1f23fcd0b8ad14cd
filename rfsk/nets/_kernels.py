"""Compiled loops: elementary functions, random fields, and steps of gradient descent.

Everything is in single precision. No result depends on how many threads run, or on how the work
is divided among calls: each call handles one network, or some samples, in a fixed order.
"""

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .._core._compiled import compiled

f32 = np.float32

ACTIVATIONS = {"erf": 0, "tanh": 1, "relu": 2, "linear": 3}
MAPS = {"identity": 0, "erf": 1, "tanh": 2, "sign": 3}
BLOCK = 128  # samples whose gradient is summed at a time

# erf(x) = x P(x^2) / Q(x^2) on |x| < 3.9, fitted to the relative error: 2e-8 before rounding.
_P = tuple(
    map(
        f32,
        [1.128379148, 0.1896659443, 0.05266795097, 0.003738304764, 0.0002850607057, 2.06647232e-06],
    )
)
_Q = tuple(
    map(f32, [1.0, 0.5014198485, 0.1138185806, 0.01491419387, 0.00115736515, 3.826993371e-05])
)
_ERF_RANGE = f32(3.9)
_LOG2_E = f32(1.0 / math.log(2.0))
_LN_2 = f32(math.log(2.0))
_SQRT_2 = f32(math.sqrt(2.0))
_QUARTER_TURN = f32(math.pi / 2.0)
_ONE = f32(1.0)
_HALF = f32(0.5)
_ZERO = f32(0.0)


@intrinsic
def _float_of_bits(typing_context, bits):  # type: ignore[no-untyped-def]
    """Single-precision number with these 32 bits."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@intrinsic
def _bits_of_float(typing_context, number):  # type: ignore[no-untyped-def]
    """32 bits of a single-precision number."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), generate


@compiled()
def erf(x):
    """Error function, to a relative error of 5e-7."""
    x = min(max(x, -_ERF_RANGE), _ERF_RANGE)
    y = x * x
    p = ((((_P[5] * y + _P[4]) * y + _P[3]) * y + _P[2]) * y + _P[1]) * y + _P[0]
    q = ((((_Q[5] * y + _Q[4]) * y + _Q[3]) * y + _Q[2]) * y + _Q[1]) * y + _Q[0]
    return x * (p / q)


@compiled()
def exp_minus(x):
    """exp(-x) for x >= 0, to a relative error of 5e-7 down to 1e-38.

    2^t with t = n + r, n whole and |r| <= 1/2; 2^r is its Taylor polynomial, 2^n a matter of bits.
    """
    t = max(-x * _LOG2_E, f32(-126.0))
    n = np.int32(t - _HALF)
    r = (t - f32(n)) * _LN_2
    p = f32(1 / 5040) * r + f32(1 / 720)
    p = ((((p * r + f32(1 / 120)) * r + f32(1 / 24)) * r + f32(1 / 6)) * r + _HALF) * r + _ONE
    p = p * r + _ONE
    return p * _float_of_bits(np.int32((n + np.int32(127)) << np.int32(23)))


@compiled()
def tanh(x):
    """Hyperbolic tangent, to an absolute error of 2e-7."""
    e = exp_minus(abs(x) + abs(x))
    return math.copysign((_ONE - e) / (_ONE + e), x)


@compiled()
def _log(u):
    """Natural logarithm of a normal positive number: 2 artanh((m - 1)/(m + 1)) + e log 2."""
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


@compiled()
def fill_normal(out, seed, first):
    """Fill an array of even length with standard normal numbers, entries `first` on of a stream.

    Pair j is the Box-Muller transform of SplitMix64's output number j (Steele, Lea and Flood,
    OOPSLA 2014), so that any stretch of the stream can be drawn on its own.
    """
    for j in range(len(out) // 2):
        z = seed + (np.uint64(first // 2 + j) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        high, low = np.int32(z >> np.uint64(33)), np.int32(z & np.uint64(0x7FFFFFFF))
        u = (f32(high) + _HALF) * f32(2.0**-31)
        radius = np.sqrt(f32(-2.0) * _log(u))
        # A turn of at most an eighth either way, then by a random number of quarters.
        angle = (f32(low >> np.int32(2)) * f32(2.0**-29) - _HALF) * _QUARTER_TURN
        y = angle * angle
        c = ((f32(1 / 40320) * y - f32(1 / 720)) * y + f32(1 / 24)) * y - _HALF
        c = radius * (c * y + _ONE)
        s = ((f32(1 / 362880) * y - f32(1 / 5040)) * y + f32(1 / 120)) * y - f32(1 / 6)
        s = radius * (angle * (s * y + _ONE))
        swap = (low & np.int32(1)) != 0
        flip = (low & np.int32(2)) != 0
        a = s if swap else c
        b = -c if swap else s
        out[2 * j] = -a if flip else a
        out[2 * j + 1] = -b if flip else b


@compiled()
def add_outer_products(coefficients, rows, n, out):
    """Add sum_(i < n) coefficients[i, k] rows[i] to each out[k], four rows and two k at a time."""
    n_units, width = out.shape
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
    # What fours and twos leave over: the last unit of an odd number, and the last rows.
    for i in range(n):
        for k in range(n_units - n_units % 2 if i < whole else 0, n_units):
            a0 = coefficients[i, k]
            for d in range(width):
                out[k, d] += a0 * rows[i, d]


@compiled(reassociate=True)
def inner_products(rows, n, weight, out):
    """Write rows[i].weight[k] to out[i, k] for i < n, four rows and two k at a time."""
    n_units, width = weight.shape
    for i in range(0, n, 4):
        # Past the last row the last one is computed again.
        i1, i2, i3 = min(i + 1, n - 1), min(i + 2, n - 1), min(i + 3, n - 1)
        for k in range(0, n_units, 2):
            other = min(k + 1, n_units - 1)
            a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = _ZERO
            if i + 1 < n:
                for d in range(width):
                    u, v = weight[k, d], weight[other, d]
                    a0 += rows[i, d] * u
                    a1 += rows[i1, d] * u
                    a2 += rows[i2, d] * u
                    a3 += rows[i3, d] * u
                    b0 += rows[i, d] * v
                    b1 += rows[i1, d] * v
                    b2 += rows[i2, d] * v
                    b3 += rows[i3, d] * v
                out[i1, k], out[i2, k], out[i3, k] = a1, a2, a3
                out[i1, other], out[i2, other], out[i3, other] = b1, b2, b3
            else:
                for d in range(width):
                    a0 += rows[i, d] * weight[k, d]
                    b0 += rows[i, d] * weight[other, d]
            out[i, k], out[i, other] = a0, b0


@compiled()
def move(weight, bias, mask, gradients, bias_gradients, losses, n_samples, constants):
    """Take the step that the gradients of the blocks of a batch add up to; return its loss."""
    n_units, width = weight.shape
    share = n_samples / constants[0]
    input_scale, bias_scale = constants[1], constants[2]
    rate, bias_rate = f32(constants[5] * input_scale), f32(constants[6] * bias_scale)
    keep = f32(1.0 - constants[5] * share * constants[7])
    threshold, cut = f32(constants[8] * share), f32(constants[9])
    loss = losses[0]
    for b in range(1, (n_samples + BLOCK - 1) // BLOCK):
        loss += losses[b]
        for k in range(n_units):
            bias_gradients[0, k] += bias_gradients[b, k]
            for d in range(width):
                gradients[0, k, d] += gradients[b, k, d]
    for k in range(n_units):
        bias[k] -= bias_rate * bias_gradients[0, k]
        for d in range(width):
            weight[k, d] = keep * weight[k, d] - rate * gradients[0, k, d]
        if threshold > _ZERO:
            for d in range(width):
                w = weight[k, d]
                w -= min(max(w, -threshold), threshold)
                weight[k, d] = w if abs(w) >= cut else _ZERO
        if len(mask):
            for d in range(width):
                weight[k, d] *= mask[k, d]
    return loss


@compiled(reassociate=True)
def take_steps(
    weight,
    bias,
    mask,
    X,
    targets,
    importance,
    order,
    ends,
    activation,
    constants,
    rows,
    z,
    slope,
    flat_z,
    flat_slope,
    gradients,
    bias_gradients,
    losses,
    first,
    stride,
):
    """Take steps of gradient descent, one for each batch, and return the sum of their losses.

    Parameters
    ----------
    weight, bias : arrays of shape (n_units, n_features) and (n_units,)
        Changed in place.
    mask : array of shape (n_units, n_features)
        Zero where a weight is to stay zero; of shape (0, 0) if there is no mask.
    X : array of shape (n_rows, n_features)
        Inputs.
    targets, importance : arrays of shape (n_rows,)
        Target and weight of each of their rows.
    order : array of int
        Rows of all batches, one batch after another.
    ends : array of int of shape (n_batches + 1,)
        Start of the first batch and end of each one in `order`.
    activation : int
        Number of the activation function in `ACTIVATIONS`.
    constants : array of shape (10,)
        Samples of a whole batch (a smaller one takes a step that is shorter in proportion); factors
        of w.x and of b in the argument of the activation function; factor of the sum of the units
        in the output, and of a residual in the gradient; learning rates of weights and biases;
        weight decay; the distance that weights then move towards zero, and the size below which
        they are set to zero.
    rows : array of shape (n, n_features)
        Room for the inputs of a block of samples.
    z, slope, flat_z, flat_slope : arrays of shape (n, n_units), and views of shape (n * n_units,)
        Room for activations and their derivatives.
    gradients, bias_gradients, losses : arrays of shape (n_blocks, ...)
        Room for the gradients and losses of all blocks of a batch.
    first, stride : int
        0 and 1 take whole steps. With a larger stride, only the gradients of every `stride`-th
        block of one batch are computed, from block `first` on; `move` then takes the step.
    """
    input_scale, bias_scale = f32(constants[1]), f32(constants[2])
    output_scale, factor = f32(constants[3]), f32(constants[4])
    n_units, width = weight.shape
    total = 0.0
    for s in range(len(ends) - 1):
        n_samples = ends[s + 1] - ends[s]
        n_blocks = (n_samples + BLOCK - 1) // BLOCK
        for b in range(first, n_blocks, stride):
            start = ends[s] + b * BLOCK
            n = min(BLOCK, ends[s + 1] - start)
            for i in range(n):
                row = order[start + i]
                for d in range(width):
                    rows[i, d] = X[row, d]
            inner_products(rows, n, weight, z)
            for i in range(n):
                for k in range(n_units):
                    z[i, k] = z[i, k] * input_scale + bias[k] * bias_scale
            if activation == 0:
                for j in range(n * n_units):
                    y = flat_z[j]
                    flat_slope[j] = exp_minus(y * y)
                    flat_z[j] = erf(y)
            elif activation == 1:
                for j in range(n * n_units):
                    y = tanh(flat_z[j])
                    flat_slope[j] = _ONE - y * y
                    flat_z[j] = y
            elif activation == 2:
                for j in range(n * n_units):
                    y = flat_z[j]
                    flat_slope[j] = _ONE if y > _ZERO else _ZERO
                    flat_z[j] = max(y, _ZERO)
            else:
                for j in range(n * n_units):
                    flat_slope[j] = _ONE
            for k in range(n_units):
                bias_gradients[b, k] = _ZERO
                for d in range(width):
                    gradients[b, k, d] = _ZERO
            loss = 0.0
            for i in range(n):
                row = order[start + i]
                output = _ZERO
                for k in range(n_units):
                    output += z[i, k]
                residual = output * output_scale - targets[row]
                weighted = residual * importance[row]
                loss += weighted * residual
                weighted *= factor
                for k in range(n_units):
                    slope[i, k] *= weighted
                    bias_gradients[b, k] += slope[i, k]
            add_outer_products(slope, rows, n, gradients[b])
            losses[b] = loss
        if stride > 1:
            return 0.0
        total += move(weight, bias, mask, gradients, bias_gradients, losses, n_samples, constants)
    return total


@compiled()
def draw_fields(out, rows, numbers, seed, stride, sides, modes, map_number, scale, room):
    """Draw stationary fields into rows of an array.

    A field is scale f(sum_ab noise_ab sides[a] modes[b]): on a ring `sides` is [[1]], on a torus
    whose covariance is a product it holds the modes down the rows.

    Parameters
    ----------
    out : array of shape (n_rows, n_features)
    rows, numbers : arrays of int of shape (n_samples,)
        Rows to fill, and the number in the stream of the field that each one receives.
    seed, stride : int
        Of the stream of normal numbers: field i has those from i * stride on.
    sides, modes : arrays of shape (n_side_modes, n_rows) and (n_modes, n_columns)
    map_number : int
        Number of f in `MAPS`.
    scale : float
    room : tuple of arrays
        Room for noise, its transpose, lines of a torus, fields, and a view of these as grids.
    """
    noise, coefficients, lines, fields, grids = room
    n_sides, height = sides.shape
    n_modes, width = modes.shape
    most = len(fields)
    for start in range(0, len(rows), most):
        n = min(most, len(rows) - start)
        for i in range(n):
            fill_normal(noise[i], seed, numbers[start + i] * stride)
            for a in range(n_sides):
                for m in range(n_modes):
                    coefficients[m, i * n_sides + a] = noise[i, a * n_modes + m]
        for i in range(n * n_sides):
            for d in range(width):
                lines[i, d] = _ZERO
        add_outer_products(coefficients, modes, n_modes, lines)
        if height > 1:
            for i in range(n):
                for d in range(height * width):
                    fields[i, d] = _ZERO
                add_outer_products(sides, lines[i * n_sides :], n_sides, grids[i])
        for i in range(n):
            row = rows[start + i]
            source = fields if height > 1 else lines
            if map_number == 1:
                for d in range(height * width):
                    out[row, d] = scale * erf(source[i, d])
            elif map_number == 2:
                for d in range(height * width):
                    out[row, d] = scale * tanh(source[i, d])
            elif map_number == 3:
                for d in range(height * width):
                    out[row, d] = scale if source[i, d] >= _ZERO else -scale
            else:
                for d in range(height * width):
                    out[row, d] = scale * source[i, d]
