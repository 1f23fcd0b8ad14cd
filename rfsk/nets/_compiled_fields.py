"""Compiled loops that draw normal numbers and stationary fields in single precision."""

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
    """Fill an array of even length with normal numbers, beginning at entry `first` of a stream.

    The normal numbers are Box-Muller transforms of numbers from SplitMix64 (Steele, Lea and Flood,
    OOPSLA 2014).
    """
    for j in range(len(out) // 2):
        z = seed + (np.uint64(first // 2 + j) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        high, low = np.int32(z >> np.uint64(33)), np.int32(z & np.uint64(0x7FFFFFFF))
        u = (f32(high) + _HALF) * f32(2.0**-31)
        radius = np.sqrt(f32(-2.0) * log(u))
        # A rotation by a uniform angle in (-pi/4, pi/4), then by a random multiple of pi/2.
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
def draw_fields(
    out, rows, numbers, seed, stride, sides, modes, amplitudes, map_number, scale, buffers
):
    """Draw stationary fields into the given `rows` of `out`, (n_rows, n_features).

    A field is scale times f(sum_ab noise_ab amplitudes[a, b] sides[a] modes[b]), where noise is
    standard normal, and `map_number` selects the function f from `MAPS`. `numbers` contains
    one number i per field: the noise of the field begins at entry i * stride of the stream `seed`.
    """
    noise, along_modes, across, along_sides, fields = buffers
    n_sides, height = sides.shape
    n_modes, width = modes.shape
    most = len(noise)
    for start in range(0, len(rows), most):
        n = min(most, len(rows) - start)
        for i in range(n):
            fill_normal(noise[i], seed, numbers[start + i] * stride)
        fields[:] = _ZERO
        if height == 1:
            for i in range(n):
                for b in range(n_modes):
                    along_modes[b, i] = amplitudes[0, b] * noise[i, b]
            add_outer_products(along_modes, modes, n_modes, fields, width)
            n_lines, length = n, width
        else:
            # The columns of all fields are arranged side by side, so that the inner loops are long.
            for i in range(n):
                for a in range(n_sides):
                    for b in range(n_modes):
                        x = amplitudes[a, b] * noise[i, a * n_modes + b]
                        along_modes[b, i * n_sides + a] = x
            across[:] = _ZERO
            add_outer_products(modes, along_modes, n_modes, across, n * n_sides)
            for i in range(n):
                for a in range(n_sides):
                    for c in range(width):
                        along_sides[a, i * width + c] = across[c, i * n_sides + a]
            add_outer_products(sides, along_sides, n_sides, fields, n * width)
            n_lines, length = height, n * width
        for r in range(n_lines):
            if map_number == 1:
                for d in range(length):
                    fields[r, d] = scale * erf(fields[r, d])
            elif map_number == 2:
                for d in range(length):
                    fields[r, d] = scale * tanh(fields[r, d])
            elif map_number == 3:
                for d in range(length):
                    fields[r, d] = scale if fields[r, d] >= _ZERO else -scale
            else:
                for d in range(length):
                    fields[r, d] *= scale
        for i in range(n):
            row = rows[start + i]
            if height == 1:
                for c in range(width):
                    out[row, c] = fields[i, c]
            else:
                for r in range(height):
                    for c in range(width):
                        out[row, r * width + c] = fields[r, i * width + c]
