"""Samplers of tasks in single precision, by compiled code or by torch on any device."""

from collections.abc import Iterator
from typing import Any, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray

from .._core._random import as_generator, draw_seed
from .._core._validation import check_positive
from ..datasets import Discrimination, InputModel, LatentField

_AT_ONCE = 32  # fields of a ring drawn at a time, so that they stay in a core's cache; of a torus 4


class FieldSampler:
    """Sampler in compiled code of batches of a task for which `can_draw` is true.

    Field i of the stream of `seed` does not depend on how many are drawn at once. `rng` draws the
    classes of samples where batches cannot hold the exact fractions.
    """

    def __init__(self, task: Discrimination, seed: int, rng: np.random.Generator) -> None:
        self.task, self.seed, self.rng = task, np.uint64(seed), rng
        self.n_drawn = 0
        self._laid_out = [_layout(model) for model in task.models]
        self._stride = max(noise.shape[1] for *_, (noise, *_) in self._laid_out)

    @staticmethod
    def can_draw(task: Discrimination) -> bool:
        """Whether every class is a stationary field of few modes under a compiled map."""
        return all(
            _is_plain(model)
            and model.pixel_map.compiled is not None
            and model.noise_filter.mode_factors is not None
            for model in task.models
        )

    def draw(
        self, n_batches: int, batch_size: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Batches, (n_batches, batch_size, n_features), sorted by class, and their class counts."""
        from ._compiled_fields import draw_fields

        counts = _class_counts(self.task, n_batches, batch_size, self.rng)
        n = n_batches * batch_size
        X = np.empty((n, self.task.n_features), dtype=np.float32)
        labels = np.repeat(np.tile(np.arange(self.task.n_classes), n_batches), counts.ravel())
        for label, layout in enumerate(self._laid_out):
            rows = np.flatnonzero(labels == label)
            draw_fields(X, rows, rows + self.n_drawn, self.seed, self._stride, *layout)
        self.n_drawn += n
        return X.reshape(n_batches, batch_size, -1), counts


class BatchSampler:
    """Sampler of stratified batches of a task on the device of a torch generator."""

    def __init__(
        self, task: Discrimination, generator: torch.Generator, rng: np.random.Generator
    ) -> None:
        self.task, self.generator, self.rng = task, generator, rng
        self._modes = [self._modes_of(model) for model in task.models]
        self._streams = task.streams(rng)

    def draw(self, n_batches: int, batch_size: int) -> tuple[torch.Tensor, NDArray[np.int64]]:
        counts = _class_counts(self.task, n_batches, batch_size, self.rng)
        device = self.generator.device
        size = (n_batches * batch_size, self.task.n_features)
        X = torch.empty(size, dtype=torch.float32, device=device)
        labels = np.repeat(np.tile(np.arange(self.task.n_classes), n_batches), counts.ravel())
        for label in range(self.task.n_classes):
            rows = torch.from_numpy(np.flatnonzero(labels == label)).to(device)
            if len(rows):
                X[rows] = self._fields(label, len(rows))
        return X.view(n_batches, batch_size, -1), counts

    def _modes_of(self, model: InputModel) -> torch.Tensor | None:
        modes = model.noise_filter.modes if _is_plain(model) else None
        if modes is None:
            return None
        return torch.tensor(modes, dtype=torch.float32, device=self.generator.device)

    def _fields(self, label: int, n_samples: int) -> Any:
        model: Any = self.task.models[label]
        modes, device = self._modes[label], self.generator.device
        options: Any = {"generator": self.generator, "device": device, "dtype": torch.float32}
        if modes is not None:
            return model.pixel_map.forward(torch.randn(n_samples, len(modes), **options) @ modes)
        if hasattr(model, "from_noise"):
            return model.from_noise(torch.randn(n_samples, *model.noise_shape, **options))
        drawn = torch.as_tensor(self._streams[label](n_samples), dtype=torch.float32)
        return drawn.to(device)


def _is_plain(model: Any) -> TypeGuard[LatentField]:
    """Whether a model is a latent field that uses the inherited map from noise to fields."""
    return isinstance(model, LatentField) and type(model).from_noise is LatentField.from_noise


def _class_counts(
    task: Discrimination, n_batches: int, batch_size: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Samples of each class in each batch, (n_batches, n_classes)."""
    extremes = task.class_boundaries(batch_size, [0.0, np.nextafter(1.0, 0.0)])
    if np.array_equal(*extremes):  # every batch holds the exact fractions
        ends = np.broadcast_to(extremes[0], (n_batches, task.n_classes))
    else:
        ends = task.class_boundaries(batch_size, rng.random(n_batches))
    return np.diff(ends, axis=1, prepend=0)


def _layout(model: Any) -> tuple[Any, ...]:
    """Modes, map and buffers of a model for `draw_fields`."""
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


def draw_batches(
    task: Discrimination,
    batch_size: int,
    n_batches: int,
    random_state: Any = None,
    *,
    device: Any = "cpu",
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Draw fresh batches of a task, one after another, as torch tensors.

    Parameters
    ----------
    task : Discrimination
        Source of the samples.
    batch_size, n_batches : int
        Samples of a batch, and number of batches.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the stream.
    device : str or torch.device, default="cpu"
        Device of the tensors.

    Yields
    ------
    X : torch.Tensor of shape (batch_size, n_features)
        Inputs in random order, float32.
    y : torch.Tensor of shape (batch_size,)
        Labels, int64.

    Examples
    --------
    >>> from rfsk import NLGP, Discrimination
    >>> from rfsk.nets import draw_batches
    >>> task = Discrimination([NLGP(40, correlation_length=xi, gain=3.0) for xi in (2.0, 4.0)])
    >>> [tuple(X.shape) for X, y in draw_batches(task, 8, 2, random_state=0)]
    [(8, 40), (8, 40)]
    """
    check_positive(batch_size, "batch_size", integer=True)
    check_positive(n_batches, "n_batches", integer=True)
    rng = as_generator(random_state)
    generator = torch.Generator(device).manual_seed(draw_seed(rng))
    sampler = BatchSampler(task, generator, rng)
    labels = torch.arange(task.n_classes, device=generator.device)
    for _ in range(n_batches):
        (X,), counts = sampler.draw(1, batch_size)
        y = labels.repeat_interleave(torch.as_tensor(counts[0], device=X.device))
        order = torch.randperm(batch_size, generator=generator, device=X.device)
        yield X[order], y[order]
