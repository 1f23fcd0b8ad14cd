"""The torch modules: a two-layer committee, fully connected or convolutional."""

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ._activations import as_activation

# Sum over hidden units that a fixed readout takes, as a power of their number times the mean.
FIXED_READOUTS = {"mean": 0.0, "sqrt": 0.5, "sum": 1.0}


class TwoLayerNet(nn.Module):
    """Hidden units and a readout; subclasses say what feeds a hidden unit.

    With the mean readout the output is the average of all hidden activations, with "sqrt" and
    "sum" that times sqrt K and K, K the number of units; with the linear one, (1/n) V sigma + c
    with V and c trained, n the number of hidden activations.
    """

    weight: nn.Parameter
    bias: torch.Tensor

    def __init__(
        self,
        weight_shape: tuple[int, ...],
        fan_in: int,
        n_activations: int,
        n_outputs: int,
        activation: Any,
        readout: str,
        init_scale: float,
        bias_init: float,
        train_bias: bool,
        seed: int,
    ) -> None:
        super().__init__()
        # A generator of its own: the global one is not to be touched, nor safe in threads.
        generator = torch.Generator().manual_seed(seed)
        self.activation = as_activation(activation)
        self.fan_in = fan_in
        self.n_activations = n_activations
        self.weight = nn.Parameter(init_scale * torch.randn(weight_shape, generator=generator))
        n_units = weight_shape[0]
        bias = torch.full((n_units,), float(bias_init))
        bias[(n_units + 1) // 2 :] *= -1.0
        if train_bias:
            self.bias = nn.Parameter(bias)
        else:
            self.register_buffer("bias", bias)
        if readout == "linear":
            weights = torch.randn(n_outputs, n_activations, generator=generator)
            self.readout_weight = nn.Parameter(weights)
            self.readout_bias = nn.Parameter(torch.zeros(n_outputs))
        self.readout = readout
        self.amplification = n_units ** FIXED_READOUTS.get(readout, 0.0)
        self.n_outputs = n_outputs

    def preactivation(self, x: torch.Tensor, scale: float) -> torch.Tensor:
        """Inputs of the hidden units times `scale`, (n_samples, ...)."""
        raise NotImplementedError

    def hidden(self, x: torch.Tensor) -> torch.Tensor:
        """Hidden activations, (n_samples, n_activations)."""
        scaled = self.preactivation(x, self.activation.scale)
        return self.activation.function(scaled).reshape(len(x), self.n_activations)

    def forward(self, x: torch.Tensor, *, return_hidden: bool = False) -> torch.Tensor:
        """Outputs: (n_samples,), or (n_samples, n_outputs) where there are several."""
        hidden = self.hidden(x)
        if return_hidden:
            return hidden
        if self.readout in FIXED_READOUTS:
            return hidden.mean(dim=1) * self.amplification
        weight = self.readout_weight * (1.0 / self.n_activations)
        outputs = functional.linear(hidden, weight, self.readout_bias)
        return outputs[:, 0] if self.n_outputs == 1 else outputs

    def shrink_(self, threshold: float, cut: float) -> None:
        """Move weights towards zero by `threshold`, and set to zero those smaller than `cut`."""
        with torch.no_grad():
            self.weight.copy_(functional.softshrink(self.weight, threshold))
            if cut > 0.0:
                self.weight.mul_(self.weight.abs() >= cut)


class FullyConnected(TwoLayerNet):
    """Hidden unit k sees w_k.x / sqrt(D) + b_k."""

    def __init__(self, n_features: int, n_hidden: int, **kwargs) -> None:
        super().__init__((n_hidden, n_features), n_features, n_hidden, **kwargs)

    def preactivation(self, x: torch.Tensor, scale: float) -> torch.Tensor:
        """Scale * (x w^T / sqrt(D) + b)."""
        # Scaling the K x D weights, not the n x K activations, saves two passes a step.
        weight = self.weight * (scale / math.sqrt(self.fan_in))
        return functional.linear(x, weight, self.bias * scale)

    def squared_loss_step(
        self,
        x: torch.Tensor,
        target: torch.Tensor,
        weight_rate: float,
        weight_decay: float,
        bias_rate: float,
    ) -> torch.Tensor:
        """Take one SGD step on mean (output - target)^2 with gradients written out.

        What autograd and torch.optim.SGD do together for a fixed readout, in a third of the
        time where nets and batches are small.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_features)
        target : Tensor of shape (n_samples,)
        weight_rate, bias_rate : float
            Rates of the weights and, where trained, of the biases.
        weight_decay : float
            As in torch.optim.SGD: weights also move by -weight_rate weight_decay w.

        Returns
        -------
        loss : Tensor
            A scalar, before the step.
        """
        activation = self.activation
        n, scale = len(x), activation.scale / math.sqrt(self.fan_in)
        with torch.no_grad():
            z = torch.addmm(self.bias * activation.scale, x, self.weight.T, alpha=scale)
            value = activation.function(z)
            residual = value.mean(dim=1)
            if self.amplification != 1.0:
                residual.mul_(self.amplification)
            residual.sub_(target)
            loss = residual.dot(residual).div_(n)
            # dLoss/dz = 2/(n K) residual_i sigma'(z_ik); w and b enter z through `scale`.
            slopes = 2.0 * activation.slope * self.amplification
            residual.mul_(slopes / (n * self.n_activations))
            assert activation.derivative_ is not None
            slope = activation.derivative_(z, value).mul_(residual[:, None])
            keep = 1.0 - weight_rate * weight_decay
            self.weight.addmm_(slope.T, x, beta=keep, alpha=-weight_rate * scale)
            if self.bias.requires_grad:
                self.bias.sub_(slope.sum(dim=0), alpha=bias_rate * activation.scale)
        return loss


class Convolutional(TwoLayerNet):
    """Channel c sees, at every site, its filter's cross-correlation / sqrt(taps) + b_c."""

    def __init__(
        self, shape: tuple[int, ...], n_channels: int, kernel_size: tuple[int, ...], **kwargs
    ) -> None:
        super().__init__(
            (n_channels, 1, *kernel_size),
            math.prod(kernel_size),
            n_channels * math.prod(shape),
            **kwargs,
        )
        self.shape = shape
        self.axes = tuple(range(-len(shape), 0))
        self.center = [-(taps // 2) for taps in kernel_size]
        sides = zip(reversed(shape), reversed(kernel_size), strict=True)
        self.padding = [pad for side, taps in sides for pad in (0, side - taps)]

    def preactivation(self, x: torch.Tensor, scale: float) -> torch.Tensor:
        """Circular cross-correlation of every filter with every input."""
        # By FFT the cost does not grow with the kernel; for the wide kernels of interest it
        # is two to three times faster than a direct convolution.
        weight = self.weight[:, 0] * (scale / math.sqrt(self.fan_in))
        kernel = functional.pad(weight, self.padding).roll(self.center, self.axes)
        images = x.reshape(len(x), 1, *self.shape)
        product = torch.fft.rfftn(images, dim=self.axes)
        product = product * torch.fft.rfftn(kernel, dim=self.axes).conj()
        correlation = torch.fft.irfftn(product, s=self.shape, dim=self.axes)
        return correlation + (self.bias * scale).reshape(-1, *[1] * len(self.shape))
