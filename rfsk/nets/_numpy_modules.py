"""Two-layer networks with a fixed readout in plain NumPy, and their step of gradient descent.

The NumPy networks are the reference in tests of the compiled step. Where torch is not installed,
they replace the torch modules.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.special
from numpy.typing import NDArray

from .._core._types import Array, Shape
from ._coding import FIXED_READOUTS


class Activation(NamedTuple):
    """Activation sigma(h), its derivative, and its default initial bias."""

    function: Callable[[Any], Any]
    derivative: Callable[[Any], Any]
    default_bias: float


def _erf(h: Array) -> Array:
    return np.asarray(scipy.special.erf(h / math.sqrt(2.0)))


ACTIVATIONS = {
    "erf": Activation(_erf, lambda h: math.sqrt(2.0 / math.pi) * np.exp(-(h**2) / 2.0), 1.0),
    "tanh": Activation(np.tanh, lambda h: 1.0 - np.tanh(h) ** 2, 1.0),
    "relu": Activation(lambda h: np.maximum(h, 0.0), lambda h: (h > 0.0) * 1.0, 0.0),
    "linear": Activation(np.copy, np.ones_like, 1.0),
}
_AT_ONCE = 2**21  # number of inputs and outputs of units that are in memory at once


class FixedReadout:
    """Hidden units at one or several positions, with a fixed readout.

    The preactivation of a unit with T inputs x is w.x / sqrt(T) + b. The output is the mean
    activation of the K units, multiplied by 1, sqrt K or K for the readouts "mean", "sqrt" and
    "sum". Subclasses define `windows`, which lists the T inputs of the units at each position.
    """

    n_layers = 1
    mask: NDArray[Any] | None = None

    def __init__(
        self,
        weight_shape: Shape,
        n_features: int,
        *,
        activation: str,
        readout: str,
        init_scale: float,
        bias_init: float,
        train_bias: bool,
        rng: np.random.Generator,
    ) -> None:
        self.activation, self.n_features, self.train_bias = activation, n_features, train_bias
        self.weight = init_scale * rng.standard_normal(weight_shape)
        self.n_units = n_units = weight_shape[0]
        self.bias = np.full(n_units, float(bias_init))
        self.bias[(n_units + 1) // 2 :] *= -1.0
        self.readout_scale = n_units ** FIXED_READOUTS[readout]
        self.n_activations = n_units

    def windows(self, X: Array) -> Array:
        """Inputs of the units, (n_samples, n_positions, T)."""
        raise NotImplementedError

    def blocks(self, X: Array) -> Iterator[slice]:
        """Slices of the rows of `X`; the windows of one slice are in memory at once."""
        windows = self.windows(X[:1])
        rows = max(1, _AT_ONCE // (windows.size + windows.shape[1] * self.n_units))
        return (slice(first, first + rows) for first in range(0, len(X), rows))

    def inputs_of_units(self, windows: Array) -> Array:
        weight = self.weight.reshape(self.n_units, -1)
        return windows @ weight.T / math.sqrt(weight.shape[1]) + self.bias

    def __call__(self, X: Array, *, return_hidden: bool = False, layer: int = -1) -> Array:
        """Outputs, (n_samples,), or the hidden activations, (n_samples, n_activations)."""
        parts = []
        for rows in self.blocks(X):
            values = ACTIVATIONS[self.activation].function(
                self.inputs_of_units(self.windows(X[rows]))
            )
            if return_hidden:
                parts.append(self.arranged(values))
            else:
                parts.append(self.readout_scale * values.mean(axis=(1, 2)))
        return np.concatenate(parts)

    def arranged(self, values: Array) -> Array:
        """Arrange activations (n_samples, n_positions, n_units) as (n_samples, n_activations)."""
        return values[:, 0]

    def step(
        self,
        X: Array,
        targets: Array,
        learning_rate: float,
        *,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        l1_cut: float = 0.0,
        sample_weight: NDArray[Any] | None = None,
    ) -> float:
        """Take a step of gradient descent on the squared loss, and return the loss.

        The weights change by -learning_rate (K/s^2) dLoss/dw, and the biases by -learning_rate
        (K/s^2) / D dLoss/db, for K units, D features and the readout scale s = 1, sqrt K or K.
        """
        function, derivative, _ = ACTIVATIONS[self.activation]
        gradient, bias_gradient, loss = np.zeros((self.n_units, 1)), np.zeros(self.n_units), 0.0
        importance = np.full(len(X), 1.0 / len(X))
        if sample_weight is not None:
            importance = importance * sample_weight
        for rows in self.blocks(X):
            windows = self.windows(X[rows])
            h = self.inputs_of_units(windows)
            error = self.readout_scale * function(h).mean(axis=(1, 2)) - targets[rows]
            loss += float(importance[rows] @ error**2)
            of_output = 2.0 * importance[rows] * error * self.readout_scale / h[0].size
            slopes = of_output[:, np.newaxis, np.newaxis] * derivative(h)
            bias_gradient += slopes.sum(axis=(0, 1))
            fan_in = windows.shape[2]
            flat = slopes.reshape(-1, self.n_units), windows.reshape(-1, fan_in)
            gradient = gradient + flat[0].T @ flat[1] / math.sqrt(fan_in)
        rate = learning_rate * self.n_units / self.readout_scale**2
        self.weight *= 1.0 - learning_rate * weight_decay
        self.weight -= rate * gradient.reshape(self.weight.shape)
        if self.train_bias:
            self.bias -= rate / self.n_features * bias_gradient
        if l1:
            threshold = learning_rate * l1
            self.weight -= np.clip(self.weight, -threshold, threshold)
            self.weight[np.abs(self.weight) < l1_cut * l1] = 0.0
        if self.mask is not None:
            self.weight *= self.mask
        return loss


class FullyConnected(FixedReadout):
    """Units that receive all inputs."""

    def __init__(self, n_features: int, n_hidden: Shape, **options: Any) -> None:
        super().__init__((n_hidden[0], n_features), n_features, **options)

    def windows(self, X: Array) -> Array:
        return X[:, np.newaxis]


class Convolutional(FixedReadout):
    """Channels that apply a filter at every stride-th site of a ring or torus."""

    def __init__(
        self,
        shape: Shape,
        n_channels: int,
        kernel_size: Shape,
        stride: Shape,
        pooling: str | None,
        **options: Any,
    ) -> None:
        super().__init__((n_channels, 1, *kernel_size), math.prod(shape), **options)
        sites = np.arange(math.prod(shape)).reshape(shape)
        for axis, (side, size, step) in enumerate(zip(shape, kernel_size, stride, strict=True)):
            taps = np.arange(0, side, step)[:, np.newaxis] + np.arange(size) - size // 2
            sites = np.moveaxis(sites.take(taps % side, axis), axis + 1, -1)
        # Sites of the inputs of a unit, (n_positions, n_taps).
        self.sites = sites.reshape(-1, math.prod(kernel_size))
        self.pooling = pooling
        self.n_activations = n_channels * (1 if pooling else len(self.sites))

    def windows(self, X: Array) -> Array:
        return X[:, self.sites]

    def laid_on_sites(self) -> Array:
        raise ImportError("`release` needs torch and skorch, which are not both installed.")

    def arranged(self, values: Array) -> Array:
        if self.pooling:
            return np.asarray(values.mean(axis=1))
        return values.transpose(0, 2, 1).reshape(len(values), -1)
