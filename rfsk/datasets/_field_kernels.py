"""Compiled loops that draw normal numbers and stationary fields, in single precision."""

import math

import numpy as np

from .._core._compiled import FUSED, compiled
from .._core._single_precision import add_outer_products, erf, log, tanh

f32 = np.float32

MAPS = {"identity": 0, "erf": 1, "tanh": 2, "sign": 3}

_QUARTER_TURN = f32(math.pi / 2.0)
_ONE, _HALF, _ZERO = f32(1.0), f32(0.5), f32(0.0)


@compiled(fastmath=FUSED)
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
        radius = np.sqrt(f32(-2.0) * log(u))
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


@compiled(fastmath=FUSED)
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
