"""Activation functions by name."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch


class Activation(NamedTuple):
    """sigma(h) = function(scale * h)."""

    function: Callable[[torch.Tensor], torch.Tensor]
    scale: float
    default_bias: float


ACTIVATIONS = {
    "erf": Activation(torch.erf, 1.0 / math.sqrt(2.0), 1.0),
    "tanh": Activation(torch.tanh, 1.0, 1.0),
    "relu": Activation(torch.relu, 1.0, 0.0),
    "linear": Activation(torch.nn.Identity(), 1.0, 1.0),
}
