"""What the outputs of a net are trained towards, and how they are read as classes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special
import torch
from numpy.typing import NDArray
from torch import nn

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Coding:
    """Between class indices and outputs.

    Two classes share one output, +1 for class 0 and -1 for class 1 as the paper has it, so
    that a positive decision (for class 1, as scikit-learn has it) is minus the output. The
    mean of rectified units cannot be negative: its target is 1 for class 1 and 0 for
    class 0. More classes have one output each.

    Attributes
    ----------
    n_classes : int
    loss : {"squared", "cross_entropy"}
    rectified : bool
        Whether the one output is a mean of rectified units.
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
            return torch.tensor([0.0, 1.0] if self.rectified else [1.0, -1.0])
        if self.loss == "cross_entropy":
            return torch.arange(self.n_classes)
        return 2.0 * torch.eye(self.n_classes) - 1.0

    def criterion(self) -> type[nn.Module]:
        """Loss: mean over the batch of (output - target)^2 or of the negative log likelihood."""
        if self.loss == "squared":
            return nn.MSELoss
        return nn.SoftMarginLoss if self.n_classes == 2 else nn.CrossEntropyLoss

    def told(self, outputs: torch.Tensor) -> torch.Tensor:
        """Class, by index, that each output tells."""
        if self.n_classes > 2:
            return outputs.argmax(dim=1)
        return (outputs > 0.5 if self.rectified else outputs < 0.0).long()

    def index_of(self, targets: torch.Tensor) -> torch.Tensor:
        """Class, by index, of each target."""
        if self.n_classes > 2 and self.loss == "cross_entropy":
            return targets
        return self.told(targets)

    def decision(self, outputs: Array) -> Array:
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
    rectified = readout != "linear" and activation == "relu"
    if rectified and loss == "cross_entropy":
        raise ValueError(
            "loss='cross_entropy' needs outputs of both signs, which a sum of rectified units has "
            "not; use loss='squared' or readout='linear'."
        )
    return Coding(n_classes, loss, rectified)
