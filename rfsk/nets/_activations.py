"""Activation functions by name."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch

Tensor = torch.Tensor


class Activation(NamedTuple):
    """sigma(h) = function(scale * h).

    `derivative_` takes z = scale * h and function(z), may overwrite both, and returns the
    derivative of `function` at z divided by `slope`.
    """

    function: Callable[[Tensor], Tensor]
    scale: float
    default_bias: float
    derivative_: Callable[[Tensor, Tensor], Tensor]
    slope: float = 1.0


def _erf_derivative_(z: Tensor, value: Tensor) -> Tensor:
    return torch.addcmul(z.new_zeros(()), z, z, value=-1.0).exp_()


def _tanh_derivative_(z: Tensor, value: Tensor) -> Tensor:
    return value.square_().neg_().add_(1.0)


def _relu_derivative_(z: Tensor, value: Tensor) -> Tensor:
    return value.sign_()


def _linear_derivative_(z: Tensor, value: Tensor) -> Tensor:
    return value.fill_(1.0)


ACTIVATIONS = {
    "erf": Activation(
        torch.erf, 1.0 / math.sqrt(2.0), 1.0, _erf_derivative_, 2.0 / math.sqrt(math.pi)
    ),
    "tanh": Activation(torch.tanh, 1.0, 1.0, _tanh_derivative_),
    "relu": Activation(torch.relu, 1.0, 0.0, _relu_derivative_),
    "linear": Activation(torch.clone, 1.0, 1.0, _linear_derivative_),
}
