"""Optimizers, and the options of each group of parameters."""

from typing import Any

import torch

from .._core._validation import check_option

_OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


def as_optimizer(optimizer: Any) -> type[torch.optim.Optimizer]:
    """Optimizer class of a name, or the class itself; ValueError if it is neither."""
    if isinstance(optimizer, type) and issubclass(optimizer, torch.optim.Optimizer):
        return optimizer
    check_option(optimizer, "optimizer", _OPTIMIZERS)
    return _OPTIMIZERS[optimizer]


def group_options(
    module: Any,
    *,
    mean_field: bool,
    learning_rate: float,
    readout_rate: float = 1.0,
    weight_decay: float = 0.0,
    l1: float = 0.0,
    l1_cut: float = 0.0,
) -> dict[str, dict[str, float]]:
    """Options of the parameter groups of an optimizer.

    Parameters
    ----------
    module : torch.nn.Module
        Its `layers` say how many units and inputs the layer of a parameter has; of a readout
        its `readout_scale` A, which is its scale times the number of units.
    mean_field : bool
        Whether a layer of K units on D inputs moves its weights by learning_rate K / A^2 and its
        biases by 1/D of that, and a readout of them by readout_rate learning_rate K, its bias
        without the K. Otherwise the factors K, 1/D and 1/A^2 are left out.
    learning_rate, readout_rate, weight_decay, l1, l1_cut : float
        Parameters of the estimator. A step of SGD shrinks fields by learning_rate x
        weight_decay; then they move towards zero by learning_rate x l1, and those smaller than
        l1_cut x l1 are set to zero.

    Returns
    -------
    options : dict of str to dict
        By the name of the parameter.
    """
    options = {}
    for name, _ in module.named_parameters():
        n_units, fan_in = module.layers().get(name, (1, 1))
        factor = n_units / module.readout_scale**2 if mean_field else 1.0
        rate = learning_rate * factor
        if "bias" in name and mean_field:
            rate /= fan_in
        if name == "readout_weight":
            rate = readout_rate * learning_rate * (module.n_units_read if mean_field else 1.0)
        if name == "readout_bias":
            rate = readout_rate * learning_rate
        options[name] = {"lr": rate}
        if name == "weight":  # SGD multiplies the decay by the rate, and the engine the penalty
            decay, penalty = weight_decay / factor, l1 / factor
            options[name].update(weight_decay=decay, l1=penalty, cut=l1_cut * l1)
    return options
