"""Torch modules: activations, hidden units with receptive fields, readouts and decoders."""

import math
from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from .._core._types import Shape
from .._core._validation import check_option
from ._coding import FIXED_READOUTS


class Activation(NamedTuple):
    """Activation sigma(h) = function(scale * h)."""

    function: Callable[[Tensor], Tensor]
    scale: float
    default_bias: float
    name: str = ""


ACTIVATIONS = {
    "erf": Activation(torch.erf, 1.0 / math.sqrt(2.0), 1.0, "erf"),
    "tanh": Activation(torch.tanh, 1.0, 1.0, "tanh"),
    "relu": Activation(torch.relu, 1.0, 0.0, "relu"),
    "linear": Activation(torch.clone, 1.0, 1.0, "linear"),
}


def as_activation(activation: Any) -> Activation:
    """Convert a name or a function of tensors to an activation; raise ValueError if invalid."""
    if not callable(activation):
        check_option(activation, "activation", ACTIVATIONS)
        return ACTIVATIONS[activation]
    trial = torch.linspace(-2.0, 2.0, 6, dtype=torch.float32).reshape(2, 3).requires_grad_()
    try:
        with torch.enable_grad():
            values = activation(trial)
            values.sum().backward()
        is_alike = values.shape == trial.shape and bool(torch.isfinite(values).all())
    except (AttributeError, RuntimeError, TypeError, ValueError):
        is_alike = False
    if not is_alike:
        raise ValueError(
            "`activation` must map each entry of a tensor to a finite number with a gradient, as "
            f"torch.nn.functional.softplus does, got {activation!r}."
        )
    values = _values(activation)
    mirrored = values + values.flip(0)
    is_even_in_part = (mirrored - mirrored[0]).abs().max() > 1e-4
    return Activation(activation, 1.0, 0.0 if (values >= 0).all() and is_even_in_part else 1.0)


def is_nonnegative(activation: Any) -> bool:
    """Whether an activation has no negative values on [-20, 20]."""
    function = ACTIVATIONS[activation].function if isinstance(activation, str) else activation
    return bool((_values(function) >= 0).all())


def _values(function: Callable[[Tensor], Tensor]) -> Tensor:
    with torch.no_grad():
        return function(torch.linspace(-20.0, 20.0, 2001, dtype=torch.float32, device="cpu"))


def _normal(shape: Shape, generator: Generator) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float32)


class HiddenUnits(nn.Module):
    """Units with one field and one bias each; subclasses apply the fields to inputs."""

    weight: nn.Parameter
    bias: Tensor
    n_layers = 1  # number of hidden layers
    readout_scale = 1.0

    def __init__(
        self,
        weight_shape: Shape,
        fan_in: int,
        activation: Any,
        init_scale: float,
        bias_init: float,
        train_bias: bool,
        generator: Generator,
    ) -> None:
        super().__init__()
        self.activation = as_activation(activation)
        self.fan_in = fan_in
        self.train_bias = train_bias
        self.weight = nn.Parameter(init_scale * _normal(weight_shape, generator))
        bias = torch.full((weight_shape[0],), float(bias_init), dtype=torch.float32)
        bias[(weight_shape[0] + 1) // 2 :] *= -1.0
        if train_bias:
            self.bias = nn.Parameter(bias)
        else:
            self.register_buffer("bias", bias)
        self.mask: Tensor | None
        self.register_buffer("mask", None, persistent=False)

    @property
    def n_widest(self) -> int:
        """Largest number of activations per input that are in memory at once."""
        return self.n_units

    @property
    def n_units(self) -> int:
        return len(self.weight)

    def layers(self) -> dict[str, tuple[int, int]]:
        """Map each parameter's name to the numbers of units and of inputs per unit in its layer."""
        return dict.fromkeys(("weight", "bias"), (self.n_units, self.fan_in))

    def preactivation(self, x: Tensor, scale: float) -> Tensor:
        """Preactivations of the hidden units, multiplied by `scale`, (n_samples, ...)."""
        raise NotImplementedError

    def hidden(self, x: Tensor, layer: int = -1) -> Tensor:
        """Activations of a hidden layer, (n_samples, n_activations)."""
        scaled = self.preactivation(x, self.activation.scale)
        return self.activation.function(scaled).reshape(len(x), -1)

    def shrink_(self, threshold: float, cut: float) -> None:
        """Move weights towards zero by `threshold`; set those of magnitude below `cut` to zero."""
        with torch.no_grad():
            self.weight.copy_(functional.softshrink(self.weight, threshold))
            if cut > 0.0:
                self.weight.mul_(self.weight.abs() >= cut)

    def constrain_(self) -> None:
        """Apply the constraints after a step: set weights outside the mask to zero."""
        if self.mask is not None:
            with torch.no_grad():
                self.weight.mul_(self.mask)


class ReadoutMixin:
    """Readout of the hidden units of a module.

    A fixed readout of K units is the mean of all activations, multiplied by 1 ("mean"), sqrt K
    ("sqrt") or K ("sum"). The linear readout of n activations a_i is c + (1/n) sum_i V_i a_i, with
    trained V and c.
    """

    def _add_readout(
        self, n_units: int, n_activations: int, n_outputs: int, readout: str, generator: Generator
    ) -> None:
        self.n_activations, self.n_outputs, self.readout = n_activations, n_outputs, readout
        self.n_units_read = n_units
        self.readout_scale = n_units ** FIXED_READOUTS.get(readout, 0.0)
        if readout == "linear":
            weights = _normal((n_outputs, n_activations), generator)
            self.readout_weight = nn.Parameter(weights)
            self.readout_bias = nn.Parameter(torch.zeros(n_outputs, dtype=torch.float32))

    def forward(
        self, x: Tensor, sample_weight: Any = None, *, return_hidden: bool = False, layer: int = -1
    ) -> Tensor:
        """Outputs, (n_samples,) or (n_samples, n_outputs); `sample_weight` is used by the loss."""
        hidden: Tensor = self.hidden(x, layer)  # type: ignore[attr-defined]
        if return_hidden:
            return hidden
        if self.readout in FIXED_READOUTS:
            return hidden.mean(dim=1) * self.readout_scale
        weight = self.readout_weight * (1.0 / self.n_activations)
        outputs = functional.linear(hidden, weight, self.readout_bias)
        return outputs[:, 0] if self.n_outputs == 1 else outputs


class DenseUnits(HiddenUnits):
    """Layers of dense units; unit k of a layer with D inputs x receives w_k.x / sqrt(D) + b_k."""

    def __init__(
        self, n_features: int, n_hidden: Shape, *, generator: Generator, **kwargs: Any
    ) -> None:
        super().__init__((n_hidden[0], n_features), n_features, generator=generator, **kwargs)
        self.n_layers = len(n_hidden)
        pairs = list(zip(n_hidden[1:], n_hidden[:-1], strict=True))
        self.deep_weights = nn.ParameterList(_normal(p, generator) for p in pairs)
        self.deep_biases = nn.ParameterList(
            nn.Parameter(torch.zeros(n, dtype=torch.float32), requires_grad=self.train_bias)
            for n, _ in pairs
        )

    def layers(self) -> dict[str, tuple[int, int]]:
        sizes = super().layers()
        for i, weight in enumerate(self.deep_weights):
            sizes[f"deep_weights.{i}"] = sizes[f"deep_biases.{i}"] = tuple(weight.shape)
        return sizes

    @property
    def n_widest(self) -> int:
        return max(self.n_units, *(len(weight) for weight in self.deep_weights), 0)

    def preactivation(self, x: Tensor, scale: float) -> Tensor:
        return _dense(x, self.weight, self.bias, scale)

    def hidden(self, x: Tensor, layer: int = -1) -> Tensor:
        values = super().hidden(x)
        deeper = layer % self.n_layers
        layers = zip(self.deep_weights, self.deep_biases, strict=True)  # slices would make copies
        for weight, bias in islice(layers, deeper):
            values = self.activation.function(_dense(values, weight, bias, self.activation.scale))
        return values


def _dense(x: Tensor, weight: Tensor, bias: Tensor, scale: float) -> Tensor:
    # Scaling the K x D weights instead of the n x K activations is faster.
    return functional.linear(x, weight * (scale / math.sqrt(weight.shape[1])), bias * scale)


class FullyConnected(ReadoutMixin, DenseUnits):
    """Dense units with a readout."""

    def __init__(
        self,
        n_features: int,
        n_hidden: Shape,
        n_outputs: int,
        readout: str,
        seed: int,
        **kwargs: Any,
    ) -> None:
        # The module has its own generator, because the global one is not safe in threads and must
        # not change.
        generator = Generator().manual_seed(seed)
        super().__init__(n_features, n_hidden, generator=generator, **kwargs)
        self._add_readout(n_hidden[-1], n_hidden[-1], n_outputs, readout, generator)


class Autoencoding(DenseUnits):
    """Dense units with weights w_k and activations sigma_k, and a linear decoder.

    The reconstruction is c + sum_k v_k sigma_k / sqrt(D) for D features, where c is the trained
    intercept, and the decoder weights v_k equal w_k if `tied` is True.
    """

    def __init__(
        self, n_features: int, n_hidden: int, tied: bool, seed: int, **kwargs: Any
    ) -> None:
        generator = Generator().manual_seed(seed)
        super().__init__(n_features, (n_hidden,), generator=generator, **kwargs)
        self.n_activations, self.normalized = n_hidden, False
        self.decoder = None if tied else nn.Parameter(self.weight.detach().clone())
        self.intercept = nn.Parameter(torch.zeros(n_features, dtype=torch.float32))

    def forward(self, x: Tensor, *, return_hidden: bool = False) -> Any:
        """Return reconstructions and codes, or only the codes if `return_hidden` is True."""
        codes = self.hidden(x)
        if return_hidden:
            return codes
        rows = self.weight if self.decoder is None else self.decoder
        return torch.addmm(self.intercept, codes, rows, alpha=1.0 / math.sqrt(self.fan_in)), codes

    def constrain_(self) -> None:
        """Limit norms of decoder rows to sqrt(D), because the L1 penalty limits only the codes."""
        super().constrain_()
        if self.normalized and self.decoder is not None:
            with torch.no_grad():
                self.decoder.renorm_(p=2, dim=0, maxnorm=math.sqrt(self.fan_in))
