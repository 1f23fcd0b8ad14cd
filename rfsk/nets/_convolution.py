"""The torch module of a convolutional net, on a ring or torus."""

import math
from typing import Any

import torch
from torch.nn import functional

from ._modules import HiddenUnits, ReadoutMixin

_POOLINGS: dict[str, Any] = {"mean": torch.mean, "max": torch.amax}
# Taps per computed site up to which a direct convolution is faster than Fourier transforms.
_DIRECT_TAPS = 9


class Convolutional(ReadoutMixin, HiddenUnits):
    """Channels c with the input of a cross-correlation / sqrt(taps) + b_c at every site.

    Sites are every `stride`-th along an axis from the first. Beyond the border the lattice
    continues at its other end ("periodic") or is zero. Windows of `pool_size` sites are pooled
    after the activation.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        n_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        boundary: str,
        pooling: str | None,
        pool_size: tuple[int, ...],
        n_outputs: int,
        readout: str,
        seed: int,
        **kwargs: Any,
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        taps = math.prod(kernel_size)
        super().__init__((n_channels, 1, *kernel_size), taps, generator=generator, **kwargs)
        self.shape, self.stride = shape, stride
        self.pooling, self.pool_size = pooling, pool_size
        self.sites = tuple(-(-side // step) for side, step in zip(shape, stride, strict=True))
        pooled = [side // window for side, window in zip(self.sites, pool_size, strict=True)]
        self._add_readout(n_channels, n_channels * math.prod(pooled), n_outputs, readout, generator)
        self.axes = tuple(range(-len(shape), 0))
        reach = [size // 2 for size in kernel_size]
        self.center = [-side for side in reach]
        self.is_periodic = boundary == "periodic"
        # Zeros beyond the border: a torus with room for a filter's reach.
        room = [0 if self.is_periodic else side for side in reach]
        self.torus = [side + more for side, more in zip(shape, room, strict=True)]
        sides = zip(reversed(self.torus), reversed(kernel_size), strict=True)
        self.padding = [pad for side, size in sides for pad in (0, side - size)]
        self.border = [side for side in reversed(reach) for _ in range(2)]
        self.is_direct = taps <= _DIRECT_TAPS * math.prod(stride)

    @property
    def n_widest(self) -> int:
        """Activations of an input that are held at once, before strides and pooling."""
        return self.n_units * math.prod(self.torus)

    def layers(self) -> dict[str, tuple[int, int]]:
        """Channels and lattice sites, by the parameter's name."""
        return dict.fromkeys(("weight", "bias"), (self.n_units, math.prod(self.shape)))

    def preactivation(self, x: torch.Tensor, scale: float) -> torch.Tensor:
        """Cross-correlation of every filter with every input, (n_samples, n_channels, *sites)."""
        images = x.reshape(len(x), 1, *self.shape)
        weight = self.weight * (scale / math.sqrt(self.fan_in))
        correlate = self.direct if self.is_direct else self._by_fourier
        return correlate(images, weight, self.bias * scale)

    def direct(
        self, images: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        """Cross-correlation by torch's convolution, (n_samples, n_channels, *sites)."""
        mode = "circular" if self.is_periodic else "constant"
        convolve = functional.conv1d if len(self.shape) == 1 else functional.conv2d
        return convolve(functional.pad(images, self.border, mode), weight, bias, self.stride)

    def _by_fourier(
        self, images: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        """Do the same at a cost that does not grow with the kernel."""
        kernel = functional.pad(weight[:, 0], self.padding).roll(self.center, self.axes)
        torus, axes = self.torus, self.axes
        product = torch.fft.rfftn(images, s=torus, dim=axes)
        product = product * torch.fft.rfftn(kernel, dim=axes).conj()
        correlation = torch.fft.irfftn(product, s=torus, dim=axes)
        kept = [slice(0, side, step) for side, step in zip(self.shape, self.stride, strict=True)]
        return correlation[(..., *kept)] + bias.reshape(-1, *[1] * len(self.shape))

    def laid_on_sites(self) -> torch.Tensor:
        """Filters / sqrt(taps) laid on every site, (n_channels * n_sites, n_features), in double.

        They are the responses to one feature at a time.
        """
        n_features = math.prod(self.shape)
        weight = self.weight.detach().double() / math.sqrt(self.fan_in)
        one_hot = torch.eye(n_features, dtype=torch.float64, device=weight.device)
        images = one_hot.reshape(n_features, 1, *self.shape)
        responses = self.direct(images, weight, weight.new_zeros(self.n_units))
        return responses.reshape(n_features, -1).T.contiguous()

    def readout_on_sites(self) -> torch.Tensor:
        """Weights of the linear readout spread over the sites that are pooled by their mean."""
        pooled = [side // size for side, size in zip(self.sites, self.pool_size, strict=True)]
        weights = self.readout_weight.detach().reshape(-1, self.n_units, *pooled)
        for axis, size in enumerate(self.pool_size):
            weights = weights.repeat_interleave(size, dim=axis + 2)
        return weights.reshape(self.n_outputs, -1)

    def hidden(self, x: torch.Tensor, layer: int = -1) -> torch.Tensor:
        """Hidden activations, pooled where asked, (n_samples, n_activations)."""
        values = super().hidden(x)
        if self.pooling is None:
            return values
        windows = [
            part
            for side, window in zip(self.sites, self.pool_size, strict=True)
            for part in (side // window, window)
        ]
        values = values.reshape(len(x), self.n_units, *windows)
        within = tuple(range(3, values.ndim, 2))
        return _POOLINGS[self.pooling](values, dim=within).reshape(len(x), -1)
