"""The torch modules: hidden units with receptive fields, and a readout on top of them."""

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ._activations import as_activation

# Sum over hidden units that a fixed readout takes, as a power of their number times the mean.
FIXED_READOUTS = {"mean": 0.0, "sqrt": 0.5, "sum": 1.0}


class HiddenUnits(nn.Module):
    """Units with a field and a bias each; subclasses say what their fields are laid on.

    Biases are +bias_init for the first half of the units and -bias_init for the second.
    """

    weight: nn.Parameter
    bias: torch.Tensor

    def __init__(
        self,
        weight_shape: tuple[int, ...],
        fan_in: int,
        activation: Any,
        init_scale: float,
        bias_init: float,
        train_bias: bool,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.activation = as_activation(activation)
        self.fan_in = fan_in
        self.train_bias = train_bias
        self.weight = nn.Parameter(init_scale * torch.randn(weight_shape, generator=generator))
        bias = torch.full((weight_shape[0],), float(bias_init))
        bias[(weight_shape[0] + 1) // 2 :] *= -1.0
        if train_bias:
            self.bias = nn.Parameter(bias)
        else:
            self.register_buffer("bias", bias)
        self.mask: torch.Tensor | None
        self.register_buffer("mask", None, persistent=False)

    @property
    def n_widest(self) -> int:
        """Activations of an input that are held at once."""
        return self.n_units

    @property
    def has_written_out_step(self) -> bool:
        """Whether a step of SGD on the squared loss has a formula here."""
        return False

    @property
    def n_units(self) -> int:
        """Number of units that have a field of their own."""
        return len(self.weight)

    def layers(self) -> dict[str, tuple[int, int]]:
        """Units and inputs a unit of the layer of each parameter, by the parameter's name."""
        return dict.fromkeys(("weight", "bias"), (self.n_units, self.fan_in))

    def preactivation(self, x: torch.Tensor, scale: float) -> torch.Tensor:
        """Inputs of the hidden units times `scale`, (n_samples, ...)."""
        raise NotImplementedError

    @property
    def n_layers(self) -> int:
        """Number of hidden layers."""
        return 1

    def hidden(self, x: torch.Tensor, layer: int = -1) -> torch.Tensor:
        """Activations of a hidden layer, (n_samples, n_activations)."""
        scaled = self.preactivation(x, self.activation.scale)
        return self.activation.function(scaled).reshape(len(x), -1)

    def shrink_(self, threshold: float, cut: float) -> None:
        """Move weights towards zero by `threshold`, and set to zero those smaller than `cut`."""
        with torch.no_grad():
            self.weight.copy_(functional.softshrink(self.weight, threshold))
            if cut > 0.0:
                self.weight.mul_(self.weight.abs() >= cut)

    def constrain_(self) -> None:
        """What parameters must fulfil after every step; nothing, unless a subclass says so."""


class ReadoutMixin:
    """A readout of hidden activations.

    With the mean readout the output is the average of all hidden activations, with "sqrt" and
    "sum" that times sqrt K and K, K the number of units; with the linear one, (1/n) V sigma + c
    with V and c trained, n the number of hidden activations.
    """

    def _add_readout(
        self,
        n_units: int,
        n_activations: int,
        n_outputs: int,
        readout: str,
        generator: torch.Generator,
    ) -> None:
        self.n_activations, self.n_outputs, self.readout = n_activations, n_outputs, readout
        self.n_units_read = n_units
        self.amplification = n_units ** FIXED_READOUTS.get(readout, 0.0)
        if readout == "linear":
            weights = torch.randn(n_outputs, n_activations, generator=generator)
            self.readout_weight = nn.Parameter(weights)
            self.readout_bias = nn.Parameter(torch.zeros(n_outputs))

    def forward(
        self, x: torch.Tensor, *, return_hidden: bool = False, layer: int = -1
    ) -> torch.Tensor:
        """Outputs: (n_samples,), or (n_samples, n_outputs) where there are several."""
        hidden: torch.Tensor = self.hidden(x, layer)  # type: ignore[attr-defined]
        if return_hidden:
            return hidden
        if self.readout in FIXED_READOUTS:
            return hidden.mean(dim=1) * self.amplification
        weight = self.readout_weight * (1.0 / self.n_activations)
        outputs = functional.linear(hidden, weight, self.readout_bias)
        return outputs[:, 0] if self.n_outputs == 1 else outputs


class DenseUnits(HiddenUnits):
    """Unit k of the first layer sees w_k.x / sqrt(D) + b_k.

    Further layers see the layer before in the same way; their weights start as standard normal
    numbers and their biases at zero.
    """

    def __init__(
        self,
        n_features: int,
        n_hidden: tuple[int, ...],
        *,
        generator: torch.Generator,
        **kwargs: Any,
    ) -> None:
        super().__init__((n_hidden[0], n_features), n_features, generator=generator, **kwargs)
        pairs = list(zip(n_hidden[1:], n_hidden[:-1], strict=True))
        self.deep_weights = nn.ParameterList(torch.randn(p, generator=generator) for p in pairs)
        self.deep_biases = nn.ParameterList(
            nn.Parameter(torch.zeros(n), requires_grad=self.train_bias) for n, _ in pairs
        )

    def layers(self) -> dict[str, tuple[int, int]]:
        """Units and inputs a unit of the layer of each parameter, by the parameter's name."""
        sizes = super().layers()
        for i, weight in enumerate(self.deep_weights):
            sizes[f"deep_weights.{i}"] = sizes[f"deep_biases.{i}"] = tuple(weight.shape)
        return sizes

    @property
    def n_widest(self) -> int:
        """Activations of an input that are held at once: the widest layer's."""
        return max(self.n_units, *(len(weight) for weight in self.deep_weights), 0)

    def preactivation(self, x: torch.Tensor, scale: float) -> torch.Tensor:
        """Scale * (x w^T / sqrt(D) + b)."""
        return _dense(x, self.weight, self.bias, scale)

    @property
    def n_layers(self) -> int:
        """Number of hidden layers."""
        return 1 + len(self.deep_weights)

    def hidden(self, x: torch.Tensor, layer: int = -1) -> torch.Tensor:
        """Activations of a hidden layer, the last one by default, (n_samples, n_activations)."""
        values = super().hidden(x)
        deeper = layer % self.n_layers
        for weight, bias in zip(self.deep_weights[:deeper], self.deep_biases[:deeper], strict=True):
            values = self.activation.function(_dense(values, weight, bias, self.activation.scale))
        return values


def _dense(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, scale: float) -> torch.Tensor:
    # Scaling the K x D weights, not the n x K activations, saves two passes a step.
    return functional.linear(x, weight * (scale / math.sqrt(weight.shape[1])), bias * scale)


class FullyConnected(ReadoutMixin, DenseUnits):
    """Dense units under a readout."""

    def __init__(
        self,
        n_features: int,
        n_hidden: tuple[int, ...],
        n_outputs: int,
        readout: str,
        seed: int,
        **kwargs: Any,
    ) -> None:
        # A generator of its own: the global one is not to be touched, nor safe in threads.
        generator = torch.Generator().manual_seed(seed)
        super().__init__(n_features, n_hidden, generator=generator, **kwargs)
        self._add_readout(n_hidden[-1], n_hidden[-1], n_outputs, readout, generator)

    @property
    def has_written_out_step(self) -> bool:
        """Whether `squared_loss_step` knows this net."""
        is_shallow = not len(self.deep_weights) and self.readout in FIXED_READOUTS
        return is_shallow and self.activation.derivative_ is not None

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
        # Looked up once: a module's attributes are slow to find.
        activation, weight, bias = self.activation, self.weight, self.bias
        n, scale = len(x), activation.scale / math.sqrt(self.fan_in)
        with torch.no_grad():
            z = torch.addmm(bias * activation.scale, x, weight.T, alpha=scale)
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
            weight.addmm_(slope.T, x, beta=keep, alpha=-weight_rate * scale)
            if bias.requires_grad:
                bias.sub_(slope.sum(dim=0), alpha=bias_rate * activation.scale)
        return loss
