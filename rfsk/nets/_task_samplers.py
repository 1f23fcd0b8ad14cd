"""Sampling of tasks in single precision, by compiled code or by torch on any device."""

from functools import partial
from typing import Any, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..datasets import Discrimination, LatentField

# Number of fields on a ring that are drawn at a time, so that the fields stay in the cache. On a
# torus, an eighth of this number is drawn at a time.
_AT_ONCE = 32


class TaskSampler:
    """Sampler of stratified batches of a task on a device.

    On a CPU, compiled code draws the inputs if the model of every class has separable modes and a
    compiled pixel map. Input number i from compiled code depends only on `seed` and i, and not on
    the number of inputs that are drawn at once. The generator `rng` draws inputs of models without
    `from_noise`, and decides whether a class size that is not an integer is rounded up or down.
    """

    def __init__(
        self, task: Discrimination, seed: int, rng: np.random.Generator, device: torch.device
    ) -> None:
        self.task, self.seed, self.rng, self.device = task, np.uint64(seed), rng, device
        self.generator = torch.Generator(device).manual_seed(seed)
        self.n_drawn = 0
        self.is_compiled = device.type == "cpu" and all(map(_is_compiled, task.models))
        self._streams = task.streams(rng)
        if self.is_compiled:
            self._layouts = [_layout(model) for model in task.models]
            self._stride = max(noise.shape[1] for *_, (noise, *_) in self._layouts)
        else:
            modes = [m.noise_filter.modes if _is_plain(m) else None for m in task.models]
            as_tensor = partial(torch.tensor, dtype=torch.float32, device=device)
            self._modes = [None if of_model is None else as_tensor(of_model) for of_model in modes]

    def draw(self, n_batches: int, batch_size: int) -> tuple[Tensor, NDArray[np.int64]]:
        """Draw batches, (n_batches, batch_size, n_features), and their classes, sorted by class."""
        n, n_classes = n_batches * batch_size, self.task.n_classes
        counts = _class_counts(self.task, n_batches, batch_size, self.rng)
        y = np.repeat(np.tile(np.arange(n_classes), n_batches), counts.ravel())
        X = torch.empty((n, self.task.n_features), dtype=torch.float32, device=self.device)
        for label in range(n_classes):
            rows = np.flatnonzero(y == label)
            if self.is_compiled:
                self._draw_compiled(X.numpy(), rows, label)
            elif len(rows):
                X[torch.from_numpy(rows).to(self.device)] = self._fields(label, len(rows))
        self.n_drawn += n
        return X.view(n_batches, batch_size, -1), y.reshape(n_batches, batch_size)

    def _draw_compiled(self, X: NDArray[np.float32], rows: NDArray[np.intp], label: int) -> None:
        from ._compiled_fields import draw_fields

        numbers = rows + self.n_drawn
        draw_fields(X, rows, numbers, self.seed, self._stride, *self._layouts[label])

    def _fields(self, label: int, n_samples: int) -> Any:
        model: Any = self.task.models[label]
        modes = self._modes[label]
        options: Any = {"device": self.device, "dtype": torch.float32}
        noise: Any = {"generator": self.generator, **options}
        if modes is not None:
            return model.pixel_map.forward(torch.randn(n_samples, len(modes), **noise) @ modes)
        if hasattr(model, "from_noise"):
            return model.from_noise(torch.randn(n_samples, *model.noise_shape, **noise))
        return torch.as_tensor(self._streams[label](n_samples)).to(**options)


def _is_plain(model: Any) -> TypeGuard[LatentField]:
    """Whether a model is a `LatentField` with the inherited method `from_noise`."""
    return isinstance(model, LatentField) and type(model).from_noise is LatentField.from_noise


def _is_compiled(model: Any) -> bool:
    return (
        _is_plain(model)
        and model.pixel_map.compiled is not None
        and model.noise_filter.mode_factors is not None
    )


def _class_counts(
    task: Discrimination, n_batches: int, batch_size: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Number of samples of each class in each batch, (n_batches, n_classes)."""
    extremes = task.class_boundaries(batch_size, [0.0, np.nextafter(1.0, 0.0)])
    if np.array_equal(*extremes):  # class sizes are whole numbers
        ends = np.broadcast_to(extremes[0], (n_batches, task.n_classes))
    else:
        ends = task.class_boundaries(batch_size, rng.random(n_batches))
    return np.diff(ends, axis=1, prepend=0)


def _layout(model: Any) -> tuple[Any, ...]:
    """Latent modes and pixel map of a model, and buffers, in the form that `draw_fields` needs."""
    from ._compiled_fields import MAPS

    name, factor = model.pixel_map.compiled
    down, across, amplitudes = (
        np.ascontiguousarray(part, dtype=np.float32) for part in model.noise_filter.mode_factors
    )
    (n_down, height), (n_across, width) = down.shape, across.shape
    is_ring = height == 1
    most = _AT_ONCE if is_ring else _AT_ONCE // 8
    n_noise = n_down * n_across
    shapes = (
        (most, n_noise + n_noise % 2),
        (n_across, most * n_down),
        (width, most * n_down),
        (n_down, most * width),
        (most, width) if is_ring else (height, most * width),
    )
    buffers = tuple(np.empty(shape, dtype=np.float32) for shape in shapes)
    return down, across, amplitudes, MAPS[name], np.float32(factor), buffers
