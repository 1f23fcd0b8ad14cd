"""Activation functions, by name or the user's own."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from .._core._validation import check_option

Tensor = torch.Tensor


class Activation(NamedTuple):
    """sigma(h) = function(scale * h).

    `derivative_` takes z = scale * h and function(z), may overwrite both, and returns the
    derivative of `function` at z divided by `slope`; None leaves it to autograd.
    """

    function: Callable[[Tensor], Tensor]
    scale: float
    default_bias: float
    derivative_: Callable[[Tensor, Tensor], Tensor] | None
    slope: float = 1.0
    name: str = ""


def _erf_derivative_(z: Tensor, value: Tensor) -> Tensor:
    return z.square_().neg_().exp_()


def _tanh_derivative_(z: Tensor, value: Tensor) -> Tensor:
    return value.square_().neg_().add_(1.0)


def _relu_derivative_(z: Tensor, value: Tensor) -> Tensor:
    return value.sign_()


def _linear_derivative_(z: Tensor, value: Tensor) -> Tensor:
    return value.fill_(1.0)


ACTIVATIONS = {
    "erf": Activation(
        torch.erf, 1.0 / math.sqrt(2.0), 1.0, _erf_derivative_, 2.0 / math.sqrt(math.pi), "erf"
    ),
    "tanh": Activation(torch.tanh, 1.0, 1.0, _tanh_derivative_, name="tanh"),
    "relu": Activation(torch.relu, 1.0, 0.0, _relu_derivative_, name="relu"),
    "linear": Activation(torch.clone, 1.0, 1.0, _linear_derivative_, name="linear"),
}


def as_activation(activation: Any) -> Activation:
    """Activation of a name, or of a function of tensors.

    Raises
    ------
    ValueError
        If the name is unknown, or the function does not map each entry of a tensor to a finite
        number.
    """
    if not callable(activation):
        check_option(activation, "activation", ACTIVATIONS)
        return ACTIVATIONS[activation]
    trial = torch.linspace(-2.0, 2.0, 6).reshape(2, 3)
    values = activation(trial)
    is_tensor = isinstance(values, torch.Tensor) and values.shape == trial.shape
    if not is_tensor or not values.is_floating_point() or not bool(torch.isfinite(values).all()):
        raise ValueError(
            f"activation={activation!r} does not map each entry of a tensor to a finite number; "
            "expected a function such as torch.nn.functional.softplus."
        )
    return Activation(activation, 1.0, 1.0, None)
