"""Activation functions, given by name or as callables."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from .._core._validation import check_option

Tensor = torch.Tensor


class Activation(NamedTuple):
    """sigma(h) = function(scale * h)."""

    function: Callable[[Tensor], Tensor]
    scale: float
    default_bias: float
    name: str = ""


ACTIVATIONS = {
    "erf": Activation(torch.erf, 1.0 / math.sqrt(2.0), 1.0, "erf"),
    "tanh": Activation(torch.tanh, 1.0, 1.0, "tanh"),
    "relu": Activation(torch.relu, 1.0, 0.0, "relu"),
    "linear": Activation(torch.clone, 1.0, 1.0, "linear"),
}


def as_activation(activation: Any) -> Activation:
    """Activation for a name or for a function of tensors; otherwise raise ValueError."""
    if not callable(activation):
        check_option(activation, "activation", ACTIVATIONS)
        return ACTIVATIONS[activation]
    trial = torch.linspace(-2.0, 2.0, 6, dtype=torch.float32).reshape(2, 3)
    values = activation(trial)
    is_tensor = isinstance(values, torch.Tensor) and values.shape == trial.shape
    if not is_tensor or not values.is_floating_point() or not bool(torch.isfinite(values).all()):
        raise ValueError(
            f"activation={activation!r} does not map each entry of a tensor to a finite number; "
            "expected a function such as torch.nn.functional.softplus."
        )
    values = _values(activation)
    mirrored = values + values.flip(0)
    is_even_in_part = bool((mirrored - mirrored[0]).abs().max() > 1e-4)
    return Activation(
        activation, 1.0, 0.0 if is_nonnegative(activation) and is_even_in_part else 1.0
    )


def is_nonnegative(activation: Any) -> bool:
    """Whether an activation has no negative value on [-20, 20]."""
    function = ACTIVATIONS[activation].function if isinstance(activation, str) else activation
    return bool((_values(function) >= 0).all())


def _values(function: Callable[[Tensor], Tensor]) -> Tensor:
    with torch.no_grad():
        return function(torch.linspace(-20.0, 20.0, 2001, dtype=torch.float32))
