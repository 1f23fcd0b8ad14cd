"""What the outputs of a net are trained towards, and how they are read as classes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from ._activations import is_nonnegative

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Coding:
    """Between class indices and outputs.

    Two classes share one output, +1 for class 0 and -1 for class 1 as in the paper, so
    that a positive decision (for class 1, as in scikit-learn) is minus the output. The mean of
    non-negative units cannot be negative: its target is 1 for class 1 and 0 for class 0. More
    classes have one output each.

    Attributes
    ----------
    n_classes : int
    loss : {"squared", "cross_entropy"}
    rectified : bool
        Whether the one output is a mean of non-negative units.
    """

    n_classes: int
    loss: str
    rectified: bool

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the net."""
        return 1 if self.n_classes == 2 else self.n_classes

    def target_of_class(self) -> torch.Tensor:
        """Target of each class, indexed by class."""
        if self.n_classes == 2:
            return torch.tensor([0.0, 1.0] if self.rectified else [1.0, -1.0], dtype=torch.float32)
        if self.loss == "cross_entropy":
            return torch.arange(self.n_classes)
        return 2.0 * torch.eye(self.n_classes, dtype=torch.float32) - 1.0

    def predicted(self, outputs: torch.Tensor) -> torch.Tensor:
        """Index of the class that each output predicts."""
        decision = self.decision(outputs)
        return decision.argmax(dim=1) if self.n_classes > 2 else (decision > 0.0).long()

    def decision(self, outputs: Any) -> Any:
        """Outputs as scikit-learn's decision function."""
        if self.n_classes > 2:
            return outputs
        return outputs - 0.5 if self.rectified else -outputs

    def probability(self, outputs: Array) -> Array:
        """Outputs as class probabilities, (n_samples, n_classes).

        The squared loss is least at the conditional mean of the target, from which the
        probability follows; it is clipped to [0, 1].
        """
        if self.n_classes > 2:
            if self.loss == "cross_entropy":
                return np.asarray(scipy.special.softmax(outputs, axis=1))
            positive = np.clip(1.0 + outputs, 1e-12, 2.0)
            return np.asarray(positive / positive.sum(axis=1, keepdims=True))
        decision = self.decision(outputs)
        if self.loss == "cross_entropy":
            second = scipy.special.expit(decision)
        else:
            second = np.clip(0.5 + decision * (1.0 if self.rectified else 0.5), 0.0, 1.0)
        return np.column_stack([1.0 - second, second])


class CodedLoss(nn.Module):
    """Loss of each sample, from outputs and class indices.

    It is (output - target)^2, averaged over outputs, or the negative log-likelihood.
    """

    target_of_class: torch.Tensor

    def __init__(self, coding: Coding) -> None:
        super().__init__()
        self.coding = coding
        self.register_buffer("target_of_class", coding.target_of_class())

    def forward(self, outputs: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        """Losses of shape (n_samples,)."""
        targets = self.target_of_class[index]
        if self.coding.loss == "squared":
            losses = (outputs - targets.to(outputs.dtype)).square()
            return losses if losses.ndim == 1 else losses.mean(dim=1)
        if self.coding.n_classes == 2:
            return functional.softplus(-targets * outputs)
        return functional.cross_entropy(outputs, targets, reduction="none")


def choose_coding(n_classes: int, readout: str, loss: str, activation: Any) -> Coding:
    """Coding of a readout and loss, "auto" settled; raises ValueError if they do not fit."""
    if readout != "linear" and n_classes > 2:
        raise ValueError(
            "Only binary classification is supported. The type of the target is multiclass. "
            f"readout={readout!r} has one output for two classes, but y has {n_classes}; use "
            "readout='linear'."
        )
    if loss == "auto":
        loss = "cross_entropy" if readout == "linear" else "squared"
    rectified = readout != "linear" and is_nonnegative(activation)
    if rectified and loss == "cross_entropy":
        raise ValueError(
            "loss='cross_entropy' needs outputs of both signs, but a sum of non-negative units "
            "has none below zero; use loss='squared' or readout='linear'."
        )
    return Coding(n_classes, loss, rectified)
