"""Optimizers, and the learning rate of each group of parameters, at each epoch."""

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import torch

from .._core._validation import check_option

_OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
SCALINGS = ("mean_field", "plain")
# Factor of all rates, given the share of the training that is done.
_SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: 0.5 * (1.0 + math.cos(math.pi * done)),
}


def as_optimizer(optimizer: Any) -> type[torch.optim.Optimizer]:
    """Optimizer class of a name, or the class itself; ValueError if it is neither."""
    if isinstance(optimizer, type) and issubclass(optimizer, torch.optim.Optimizer):
        return optimizer
    check_option(optimizer, "optimizer", _OPTIMIZERS)
    return _OPTIMIZERS[optimizer]


def rate_factors(schedule: Any, epochs: int) -> list[float]:
    """Factor of all rates in each epoch, from the name of a schedule or a function.

    Raises
    ------
    ValueError
        If it is neither, or does not give a finite factor >= 0 throughout.
    """
    if not callable(schedule):
        check_option(schedule, "schedule", _SCHEDULES)
        schedule = _SCHEDULES[schedule]
    factors = []
    for epoch in range(epochs):
        factor = schedule(epoch / epochs)
        if not isinstance(factor, Real) or not math.isfinite(factor) or factor < 0:
            raise ValueError(
                f"schedule gives {factor!r} at {epoch / epochs:g} of the training; expected a "
                "finite number >= 0, the factor of the learning rate."
            )
        factors.append(float(factor))
    return factors


def learning_rates(
    module: Any,
    *,
    optimizer: Any,
    scaling: str,
    learning_rate: float,
    readout_rate: float,
    weight_decay: float,
) -> dict[str, dict[str, float]]:
    """Options of each parameter group.

    Parameters
    ----------
    module : torch.nn.Module
        Its `layers` say how many units and inputs the layer of a parameter has; of a readout
        its `amplification` A, which is its scale times the number of units.
    optimizer : str or class
        Methods that set their own scale take rates as in the plain scaling.
    scaling : {"mean_field", "plain"}
        In the first, a layer of K units on D inputs moves its weights by learning_rate K / A^2
        and its biases by 1/D of that; a readout of them moves by readout_rate learning_rate K,
        its bias without the K. In the second the factors K, 1/D and 1/A^2 are left out.
    learning_rate, readout_rate, weight_decay : float
        Of the estimator: a step of SGD shrinks fields by learning_rate x weight_decay.

    Returns
    -------
    rates : dict of str to dict
        By the name of the parameter.
    """
    has_factors = scaling == "mean_field" and as_optimizer(optimizer) is torch.optim.SGD
    readout = readout_rate * learning_rate
    rates = {}
    for name, _ in module.named_parameters():
        n_units, fan_in = module.layers().get(name, (1, 1))
        factor = n_units / module.amplification**2 if has_factors else 1.0
        rate = learning_rate * factor
        if "bias" in name and has_factors:
            rate /= fan_in
        if name == "readout_weight":
            rate = readout * (module.n_units_read if has_factors else 1.0)
        if name == "readout_bias":
            rate = readout
        rates[name] = {"lr": rate}
        if name == "weight":  # SGD multiplies the decay by the rate
            rates[name]["weight_decay"] = weight_decay / factor
    return rates
