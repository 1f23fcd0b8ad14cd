"""The torch module of an autoencoder, and its loss."""

import math
from typing import Any

import torch
from torch import nn

from ._modules import DenseUnits


class Autoencoding(DenseUnits):
    """Dense units, and a linear decoder of them.

    The reconstruction is c + sum_k d_k sigma_k, with decoder rows d_k = w_k / sqrt(D) of their
    own (v_k / sqrt(D)) or, if tied, those of the encoder.
    """

    def __init__(
        self, n_features: int, n_hidden: int, tied: bool, seed: int, **kwargs: Any
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        super().__init__(n_features, (n_hidden,), generator=generator, **kwargs)
        self.n_activations, self.normalized = n_hidden, False
        self.readout_scale = 1.0
        self.decoder = None if tied else nn.Parameter(self.weight.detach().clone())
        self.intercept = nn.Parameter(torch.zeros(n_features, dtype=torch.float32))

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Inputs that codes stand for, (n_samples, n_features)."""
        rows = self.weight if self.decoder is None else self.decoder
        return torch.addmm(self.intercept, codes, rows, alpha=1.0 / math.sqrt(self.fan_in))

    def forward(self, x: torch.Tensor, *, return_hidden: bool = False) -> Any:
        """Reconstructions and codes; only the codes if asked."""
        codes = self.hidden(x)
        return codes if return_hidden else (self.decode(codes), codes)

    def constrain_(self) -> None:
        """Keep decoder rows at norm 1 or less, so that small codes do not evade the penalty."""
        super().constrain_()
        if self.normalized and self.decoder is not None:
            with torch.no_grad():
                self.decoder.renorm_(p=2, dim=0, maxnorm=math.sqrt(self.fan_in))


class ReconstructionLoss(nn.Module):
    """(|x - x'|^2 + sparsity sum_k |code_k|) / D of each input."""

    def __init__(self, sparsity: float = 0.0) -> None:
        super().__init__()
        self.sparsity = sparsity

    def forward(self, outputs: tuple[torch.Tensor, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        """Losses of shape (n_samples,), from (reconstructions, codes) and inputs."""
        reconstructed, codes = outputs
        losses = (reconstructed - x).square().mean(dim=1)
        if self.sparsity > 0.0:
            losses = losses + codes.abs().sum(dim=1) * (self.sparsity / x.shape[1])
        return losses
