"""Optimizers, and the learning rate of each group of parameters."""

from typing import Any

import torch

from .._core._validation import check_option

_OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
# Rate of a trained readout relative to that of the fields, in the mean-field scaling.
_READOUT_RATE = 0.2


def as_optimizer(optimizer: Any) -> type[torch.optim.Optimizer]:
    """Optimizer class of a name, or the class itself; ValueError if it is neither."""
    if isinstance(optimizer, type) and issubclass(optimizer, torch.optim.Optimizer):
        return optimizer
    check_option(optimizer, "optimizer", _OPTIMIZERS)
    return _OPTIMIZERS[optimizer]


def learning_rates(
    optimizer: Any, learning_rate: float, weight_decay: float, factor: float, n_features: int
) -> dict[str, dict[str, float]]:
    """Options of each parameter group.

    Parameters
    ----------
    optimizer : str or class
        Plain SGD has the paper's scaling; methods that set their own scale take the rate as it
        is for every parameter.
    learning_rate, weight_decay : float
        Of the estimator: a step of SGD shrinks weights by their product.
    factor : float
        Rate of the weights over the learning rate; K for the mean of K units.
    n_features : int
        D; biases move by 1/D of the rate of the weights.

    Returns
    -------
    rates : dict of str to dict
    """
    if as_optimizer(optimizer) is not torch.optim.SGD:
        names = ("weight", "bias", "readout_weight", "readout_bias")
        rates = {name: {"lr": learning_rate} for name in names}
        rates["weight"]["weight_decay"] = weight_decay
        return rates
    rate = learning_rate * factor
    return {
        "weight": {"lr": rate, "weight_decay": weight_decay / factor},
        "bias": {"lr": rate / n_features},
        "readout_weight": {"lr": _READOUT_RATE * rate},
        "readout_bias": {"lr": _READOUT_RATE * learning_rate},
    }
