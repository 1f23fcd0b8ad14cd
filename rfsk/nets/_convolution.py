"""Torch module of a convolutional net on a ring or torus."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ._modules import HiddenUnits, ReadoutMixin

_POOLINGS: dict[str, Any] = {"mean": torch.mean, "max": torch.amax}
# With at most this number of taps per output site, a direct convolution is faster than Fourier
# transforms.
_DIRECT_TAPS = 9


class Convolutional(ReadoutMixin, HiddenUnits):
    """Channels that cross-correlate a filter with the inputs at every stride-th site.

    The preactivation of a unit is the cross-correlation, divided by the square root of the number
    of taps, plus the bias of the channel.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        n_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        boundary: str,
        pooling: str | None,
        n_outputs: int,
        readout: str,
        seed: int,
        **kwargs: Any,
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        taps = math.prod(kernel_size)
        super().__init__((n_channels, 1, *kernel_size), taps, generator=generator, **kwargs)
        self.shape, self.stride = shape, stride
        self.pooling = pooling
        n_sites = math.prod(-(-side // step) for side, step in zip(shape, stride, strict=True))
        n_read = n_channels * (1 if pooling else n_sites)
        self._add_readout(n_channels, n_read, n_outputs, readout, generator)
        self.axes = tuple(range(-len(shape), 0))
        reach = [size // 2 for size in kernel_size]
        self.center = [-side for side in reach]
        self.is_periodic = boundary == "periodic"
        # For zeros beyond the border, the torus is padded by the half-width of a filter.
        margin = [0 if self.is_periodic else side for side in reach]
        self.torus = [side + more for side, more in zip(shape, margin, strict=True)]
        sides = zip(reversed(self.torus), reversed(kernel_size), strict=True)
        self.padding = [pad for side, size in sides for pad in (0, side - size)]
        self.border = [side for side in reversed(reach) for _ in range(2)]
        self.is_direct = taps <= _DIRECT_TAPS * math.prod(stride)

    @property
    def n_widest(self) -> int:
        """Number of activations per input before strides and pooling."""
        return self.n_units * math.prod(self.torus)

    def layers(self) -> dict[str, tuple[int, int]]:
        return dict.fromkeys(("weight", "bias"), (self.n_units, math.prod(self.shape)))

    def preactivation(self, x: Tensor, scale: float) -> Tensor:
        images = x.reshape(len(x), 1, *self.shape)
        weight = self.weight * (scale / math.sqrt(self.fan_in))
        correlate = self.direct if self.is_direct else self._by_fourier
        return correlate(images, weight, self.bias * scale)

    def direct(self, images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        mode = "circular" if self.is_periodic else "constant"
        convolve = functional.conv1d if len(self.shape) == 1 else functional.conv2d
        return convolve(functional.pad(images, self.border, mode), weight, bias, self.stride)

    def _by_fourier(self, images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Cross-correlate by Fourier transforms, at a cost independent of the number of taps."""
        kernel = functional.pad(weight[:, 0], self.padding).roll(self.center, self.axes)
        torus, axes = self.torus, self.axes
        product = torch.fft.rfftn(images, s=torus, dim=axes)
        product = product * torch.fft.rfftn(kernel, dim=axes).conj()
        correlation = torch.fft.irfftn(product, s=torus, dim=axes)
        kept = [slice(0, side, step) for side, step in zip(self.shape, self.stride, strict=True)]
        return correlation[(..., *kept)] + bias.reshape(-1, *[1] * len(self.shape))

    def laid_on_sites(self) -> Tensor:
        """Filters at every position, (n_channels * n_positions, n_features).

        The filters are converted to double precision and divided by the square root of the number
        of taps.
        """
        n_features = math.prod(self.shape)
        weight = self.weight.detach().double() / math.sqrt(self.fan_in)
        one_hot = torch.eye(n_features, dtype=torch.float64, device=weight.device)
        images = one_hot.reshape(n_features, 1, *self.shape)
        responses = self.direct(images, weight, weight.new_zeros(self.n_units))
        return responses.reshape(n_features, -1).T.contiguous()

    def hidden(self, x: Tensor, layer: int = -1) -> Tensor:
        """Hidden activations, pooled if `pooling` is set, (n_samples, n_activations)."""
        values = super().hidden(x)
        if self.pooling is None:
            return values
        return _POOLINGS[self.pooling](values.reshape(len(x), self.n_units, -1), dim=2)
