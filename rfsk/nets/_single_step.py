"""SGD one sample at a time, where calls cost more than sums: in NumPy, on torch's memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
import torch
from numpy.typing import NDArray
from scipy.linalg import blas

Floats = NDArray[np.float32]


def _erf_slope(z: Floats, value: Floats) -> Floats:
    np.multiply(z, z, out=z)
    np.negative(z, out=z)
    return np.exp(z, out=z)


def _tanh_slope(z: Floats, value: Floats) -> Floats:
    np.multiply(value, value, out=z)
    return np.subtract(1.0, z, out=z)


def _relu(z: Floats, out: Floats) -> Floats:
    return np.maximum(z, 0.0, out=out)


def _relu_slope(z: Floats, value: Floats) -> Floats:
    return np.sign(value, out=z)


def _copy(z: Floats, out: Floats) -> Floats:
    np.copyto(out, z)
    return out


def _linear_slope(z: Floats, value: Floats) -> Floats:
    z.fill(1.0)
    return z


# Function and, up to a constant factor, its derivative, which may overwrite z.
_FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "erf": (scipy.special.erf, _erf_slope),
    "tanh": (np.tanh, _tanh_slope),
    "relu": (_relu, _relu_slope),
    "linear": (_copy, _linear_slope),
}


class SingleSampleStep:
    """What `FullyConnected.squared_loss_step` does for a batch of one, in a quarter of the time.

    The arrays are views of the module's parameters on the CPU, which it changes in place.
    """

    def __init__(
        self, module: Any, weight_rate: float, weight_decay: float, bias_rate: float
    ) -> None:
        self.weight, self.bias = module.weight.detach().numpy(), module.bias.detach().numpy()
        n_units, fan_in = self.weight.shape
        activation = module.activation
        self.function, self.slope = _FUNCTIONS[activation.name]
        self.scale = activation.scale
        self.field_scale = activation.scale / float(np.sqrt(fan_in))
        self.amplification = module.amplification / n_units
        self.factor = 2.0 * activation.slope * self.amplification
        self.weight_rate = -weight_rate * self.field_scale
        self.keep = 1.0 - weight_rate * weight_decay
        self.bias_rate = bias_rate * activation.scale if module.bias.requires_grad else 0.0
        self.z, self.value = np.empty((2, n_units), dtype=np.float32)
        # Fortran's view of the C-ordered weights, for a rank-one update in place.
        self.transposed = self.weight.T

    @staticmethod
    def fits(module: Any, batch_size: int) -> bool:
        """Whether steps can be taken so."""
        on_cpu = module.weight.device.type == "cpu" and module.weight.dtype == torch.float32
        return batch_size == 1 and on_cpu and module.activation.name in _FUNCTIONS

    def __call__(self, x: torch.Tensor, target: torch.Tensor) -> float:
        """Take a step on one input, (1, n_features), and return the loss before it."""
        sample = x.numpy()[0]
        z, value = self.z, self.value
        np.dot(self.weight, sample, out=z)
        z *= self.field_scale
        z += self.bias * self.scale
        self.function(z, out=value)
        residual = float(value.sum()) * self.amplification - target.item()
        slope = self.slope(z, value)
        slope *= self.factor * residual
        if self.keep != 1.0:
            self.weight *= self.keep
        blas.sger(self.weight_rate, sample, slope, a=self.transposed, overwrite_a=1)
        if self.bias_rate:
            slope *= self.bias_rate
            self.bias -= slope
        return residual * residual
