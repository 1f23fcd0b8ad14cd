"""Where batches come from: slices of data in memory, or fresh draws of a task."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from ..datasets import Discrimination

Batch = tuple[torch.Tensor, torch.Tensor]

_BLOCK = 2**20  # numbers drawn at a time for small batches


class TensorBatches(Dataset):
    """Shuffled batches of tensors that already are on the device; one epoch an iteration."""

    def __init__(
        self, X: torch.Tensor, targets: torch.Tensor, batch_size: int, generator: torch.Generator
    ) -> None:
        self.X, self.targets = X, targets
        self.batch_size = batch_size
        self.generator = generator

    def __len__(self) -> int:
        return math.ceil(len(self.X) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = torch.randperm(len(self.X), generator=self.generator, device=self.X.device)
        for rows in order.split(self.batch_size):
            yield self.X.index_select(0, rows), self.targets.index_select(0, rows)


class TaskBatches(Dataset):
    """Fresh batches of a task, drawn on the device; one share of `n_samples` an iteration.

    Models with `from_noise` are drawn by torch in single precision; others by their own
    `sample`. Batches are stratified: see `Discrimination.class_boundaries`.
    """

    def __init__(
        self,
        task: Discrimination,
        target_of_class: torch.Tensor,
        batch_size: int,
        n_samples: int,
        n_epochs: int,
        generator: torch.Generator,
    ) -> None:
        self.task = task
        self.target_of_class = target_of_class.to(generator.device)
        self.batch_size = batch_size
        self.generator = generator
        self.rng = np.random.default_rng(generator.initial_seed())
        n_batches = math.ceil(n_samples / batch_size)
        self.last_batch_size = n_samples - (n_batches - 1) * batch_size
        self.ends = np.linspace(0, n_batches, n_epochs + 1).round().astype(int)
        self.epoch = 0

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __iter__(self) -> Iterator[Batch]:
        remaining = int(self.ends[self.epoch + 1] - self.ends[self.epoch])
        self.epoch += 1
        is_last = self.epoch == len(self.ends) - 1
        if is_last:
            remaining -= 1
        per_block = max(1, _BLOCK // (self.batch_size * self.task.n_features))
        while remaining > 0:
            n_batches = min(per_block, remaining)
            yield from self._block(n_batches, self.batch_size)
            remaining -= n_batches
        if is_last:
            yield from self._block(1, self.last_batch_size)

    def _block(self, n_batches: int, batch_size: int) -> Iterator[Batch]:
        """Draw whole batches at once, sorted by class within each batch."""
        offsets = self.rng.random(n_batches)
        boundaries = [self.task.class_boundaries(batch_size, offset) for offset in offsets]
        counts = np.diff(np.array(boundaries), axis=1, prepend=0).astype(np.int64)
        X, labels = self._sorted_by_class(counts.sum(axis=0))
        targets = self.target_of_class[labels]
        if n_batches == 1:
            yield X, targets
            return
        # Row of each (batch, class, repeat) among rows sorted by class.
        within_class = np.argsort(
            np.repeat(np.tile(np.arange(counts.shape[1]), n_batches), counts.ravel()),
            kind="stable",
        )
        order = np.empty(len(within_class), dtype=np.int64)
        order[within_class] = np.arange(len(within_class))
        rows = torch.from_numpy(order).to(X.device)
        X, targets = X.index_select(0, rows), targets.index_select(0, rows)
        yield from zip(X.split(batch_size), targets.split(batch_size), strict=True)

    def _sorted_by_class(self, counts: np.ndarray) -> Batch:
        device = self.generator.device
        shape = (int(counts.sum()), self.task.n_features)
        noise = torch.randn(shape, generator=self.generator, device=device)
        ends = np.cumsum(counts)
        for model, start, end in zip(self.task.models, ends - counts, ends, strict=True):
            if start == end:
                continue
            if hasattr(model, "from_noise"):
                noise[start:end] = model.from_noise(noise[start:end])
            else:
                fields = model.sample(int(end - start), self.rng)
                noise[start:end] = torch.as_tensor(fields, dtype=torch.float32, device=device)
        labels = torch.repeat_interleave(torch.as_tensor(counts))
        return noise, labels.to(device)


def resolve_device(device: Any) -> torch.device:
    """Turn a device name into a torch device that is there.

    Raises
    ------
    ValueError
        If the name is unknown or the device absent.
    """
    if isinstance(device, str) and device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
        torch.empty(0, device=resolved)
    except (RuntimeError, TypeError, AssertionError, ImportError) as error:
        raise ValueError(
            f"device={device!r} is not available here ({str(error).splitlines()[0]}); expected "
            "'auto', 'cpu' or a torch device of this machine."
        ) from error
    return resolved
