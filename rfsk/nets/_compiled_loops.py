"""Compiled steps of gradient descent, whose results do not depend on the number of threads."""

import numpy as np

from .._core._compiled import FUSED, REORDERED, compiled
from .._core._single_precision import add_outer_products, erf, exp_minus, tanh

f32 = np.float32

ACTIVATIONS = {"erf": 0, "tanh": 1, "relu": 2, "linear": 3}
BLOCK = 128  # number of samples whose gradients are summed at a time

_ONE, _ZERO = f32(1.0), f32(0.0)


@compiled(fastmath=REORDERED)
def inner_products(rows, n, weight, out):
    """Write the inner product of rows[i] and weight[k] to out[i, k] for i < n.

    Inner products of four rows with the weights of two units are computed at a time.
    """
    n_units, width = weight.shape
    for i in range(0, n, 4):
        # If fewer than four rows are left, the last row is computed several times.
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


@compiled(fastmath=FUSED)
def move(weight, bias, mask, gradients, bias_gradients, losses, n_samples, constants):
    """Sum the gradients of the blocks of a batch, take the step, and return the loss."""
    n_units, width = weight.shape
    fraction = n_samples / constants[0]
    input_scale, bias_scale = constants[1], constants[2]
    rate, bias_rate = f32(constants[5] * input_scale), f32(constants[6] * bias_scale)
    keep = f32(1.0 - constants[5] * fraction * constants[7])
    threshold, cut = f32(constants[8] * fraction), f32(constants[9])
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


@compiled(fastmath=REORDERED)
def take_steps(network, samples, ends, activation, constants, buffers, first, stride):
    """Take one step of gradient descent per batch and return the sum of the losses.

    If `stride` > 1, only the gradients of the blocks with the indices first, first + stride, ... of
    one batch are computed, and no step is taken.
    """
    weight, bias, mask = network
    X, targets, importance, order = samples
    rows, z, slope, flat_z, flat_slope, gradients, bias_gradients, losses = buffers
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
            add_outer_products(slope, rows, n, gradients[b], width)
            losses[b] = loss
        if stride > 1:
            return 0.0
        total += move(weight, bias, mask, gradients, bias_gradients, losses, n_samples, constants)
    return total
