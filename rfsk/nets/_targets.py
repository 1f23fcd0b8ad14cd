"""Loss functions, which also define the targets and convert outputs to predictions."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._coding import Coding
from ._modules import is_nonnegative


class CodedLoss(Coding, nn.Module):
    """Squared or cross-entropy loss of each sample."""

    target_of_class: Tensor

    def __init__(self, n_classes: int, loss: str, nonnegative: bool) -> None:
        super().__init__()
        self.n_classes, self.loss, self.nonnegative = n_classes, loss, nonnegative
        if n_classes == 2:
            targets = torch.tensor(self.targets_of_two(), dtype=torch.float32)
        elif loss == "cross_entropy":
            targets = torch.arange(n_classes)
        else:
            targets = 2.0 * torch.eye(n_classes, dtype=torch.float32) - 1.0
        self.register_buffer("target_of_class", targets)

    def forward(self, outputs: Tensor, index: Tensor) -> Tensor:
        targets = self.target_of_class[index]
        if self.loss == "squared":
            losses = (outputs - targets.to(outputs.dtype)).square()
            return losses if losses.ndim == 1 else losses.mean(dim=1)
        if self.n_classes == 2:
            return functional.softplus(-targets * outputs)
        return functional.cross_entropy(outputs, targets, reduction="none")


class ReconstructionLoss(nn.Module):
    """Squared reconstruction error plus an L1 penalty on the codes, divided by n_features."""

    def __init__(self, sparsity: float = 0.0) -> None:
        super().__init__()
        self.sparsity = sparsity

    def forward(self, outputs: tuple[Tensor, Tensor], x: Tensor) -> Tensor:
        """Losses of shape (n_samples,), from (reconstructions, codes) and inputs."""
        reconstructed, codes = outputs
        losses = (reconstructed - x).square().mean(dim=1)
        if self.sparsity > 0.0:
            losses = losses + codes.abs().sum(dim=1) * (self.sparsity / x.shape[1])
        return losses


def choose_loss(n_classes: int, readout: str, loss: str, activation: Any) -> tuple[str, bool]:
    """Return the name of the loss (chosen if "auto"), and whether all outputs are non-negative."""
    if readout != "linear" and n_classes > 2:
        raise ValueError(
            "Only binary classification is supported. The type of the target is multiclass. "
            f"readout={readout!r} has one output for two classes, but `y` has {n_classes} classes. "
            "Use readout='linear'."
        )
    if loss == "auto":
        loss = "cross_entropy" if readout == "linear" else "squared"
    nonnegative = readout != "linear" and is_nonnegative(activation)
    if nonnegative and loss == "cross_entropy":
        raise ValueError(
            "loss='cross_entropy' needs outputs of both signs, but a sum of non-negative units "
            "is never negative. Use loss='squared' or readout='linear'."
        )
    return loss, nonnegative
