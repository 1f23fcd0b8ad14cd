"""The torch modules: a two-layer committee, fully connected or convolutional."""

import math

import torch
from torch import nn
from torch.nn import functional

from ._activations import ACTIVATIONS


class TwoLayerNet(nn.Module):
    """Hidden units and a readout; subclasses say what feeds a hidden unit.

    With the mean readout the output is the average of all hidden activations; with the
    linear one, (1/K) V sigma + c with V and c trained, K the number of hidden activations.
    """

    weight: nn.Parameter
    bias: torch.Tensor

    def __init__(
        self,
        weight_shape: tuple[int, ...],
        fan_in: int,
        n_activations: int,
        n_outputs: int,
        activation: str,
        readout: str,
        init_scale: float,
        bias_init: float,
        train_bias: bool,
    ) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[activation]
        self.fan_in = fan_in
        self.n_activations = n_activations
        self.weight = nn.Parameter(init_scale * torch.randn(weight_shape))
        n_units = weight_shape[0]
        bias = torch.full((n_units,), float(bias_init))
        bias[(n_units + 1) // 2 :] *= -1.0
        if train_bias:
            self.bias = nn.Parameter(bias)
        else:
            self.register_buffer("bias", bias)
        if readout == "linear":
            self.readout_weight = nn.Parameter(torch.randn(n_outputs, n_activations))
            self.readout_bias = nn.Parameter(torch.zeros(n_outputs))
        self.readout = readout
        self.n_outputs = n_outputs

    def preactivation(self, x: torch.Tensor, scale: float) -> torch.Tensor:
        """Inputs of the hidden units times `scale`, (n_samples, ...)."""
        raise NotImplementedError

    def hidden(self, x: torch.Tensor) -> torch.Tensor:
        """Hidden activations, (n_samples, n_activations)."""
        scaled = self.preactivation(x, self.activation.scale)
        return self.activation.function(scaled).reshape(len(x), self.n_activations)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs: (n_samples,), or (n_samples, n_outputs) where there are several."""
        hidden = self.hidden(x)
        if self.readout == "mean":
            return hidden.mean(dim=1)
        weight = self.readout_weight * (1.0 / self.n_activations)
        outputs = functional.linear(hidden, weight, self.readout_bias)
        return outputs[:, 0] if self.n_outputs == 1 else outputs


class FullyConnected(TwoLayerNet):
    """Hidden unit k sees w_k.x / sqrt(D) + b_k."""

    def __init__(self, n_features: int, n_hidden: int, **kwargs) -> None:
        super().__init__((n_hidden, n_features), n_features, n_hidden, **kwargs)

    def preactivation(self, x: torch.Tensor, scale: float) -> torch.Tensor:
        """Scale * (x w^T / sqrt(D) + b)."""
        # Scaling the K x D weights, not the n x K activations, saves two passes a step.
        weight = self.weight * (scale / math.sqrt(self.fan_in))
        return functional.linear(x, weight, self.bias * scale)


class Convolutional(TwoLayerNet):
    """Channel c sees, at every site, its filter's cross-correlation / sqrt(taps) + b_c."""

    def __init__(
        self, shape: tuple[int, ...], n_channels: int, kernel_size: tuple[int, ...], **kwargs
    ) -> None:
        self.shape = shape
        self.padding = [pad for taps in reversed(kernel_size) for pad in (taps // 2, taps // 2)]
        super().__init__(
            (n_channels, 1, *kernel_size),
            math.prod(kernel_size),
            n_channels * math.prod(shape),
            **kwargs,
        )

    def preactivation(self, x: torch.Tensor, scale: float) -> torch.Tensor:
        """Circular cross-correlation of every filter with every input."""
        images = x.reshape(len(x), 1, *self.shape)
        padded = functional.pad(images, self.padding, mode="circular")
        weight = self.weight * (scale / math.sqrt(self.fan_in))
        convolve = functional.conv1d if len(self.shape) == 1 else functional.conv2d
        return convolve(padded, weight, self.bias * scale)
