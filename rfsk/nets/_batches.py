"""Where batches come from: slices of data in memory, or fresh draws of a task."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import Dataset

from ..datasets import Discrimination
from ..datasets._streams import BatchSampler

Batch = tuple[torch.Tensor, torch.Tensor]

_BLOCK = 2**18  # numbers of the batches drawn at a time


class TensorBatches(Dataset):
    """Shuffled batches of tensors that already are on the device; one epoch an iteration.

    Without targets, inputs are their own.
    """

    def __init__(
        self,
        X: torch.Tensor,
        targets: torch.Tensor | None,
        batch_size: int,
        generator: torch.Generator,
    ) -> None:
        self.X, self.targets = X, targets
        self.batch_size = int(batch_size)  # torch takes no NumPy integers
        self.generator = generator

    def __len__(self) -> int:
        return math.ceil(len(self.X) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = torch.randperm(len(self.X), generator=self.generator, device=self.X.device)
        if self.targets is None:
            for rows in order.split(self.batch_size):
                inputs = self.X.index_select(0, rows)
                yield inputs, inputs
            return
        targets = self.targets.index_select(0, order).split(self.batch_size)
        for rows, batch_targets in zip(order.split(self.batch_size), targets, strict=True):
            yield self.X.index_select(0, rows), batch_targets


class TaskBatches(Dataset):
    """Fresh batches of a task, drawn on the device; one share of `n_samples` an iteration.

    Batches are stratified: see `Discrimination.class_boundaries`. Without targets, inputs are
    their own.
    """

    def __init__(
        self,
        task: Discrimination,
        target_of_class: torch.Tensor | None,
        batch_size: int,
        n_samples: int,
        n_epochs: int,
        generator: torch.Generator,
    ) -> None:
        self.task = task
        self.target_of_class = target_of_class
        if target_of_class is not None:
            self.target_of_class = target_of_class.to(generator.device)
        self.batch_size = int(batch_size)  # torch takes no NumPy integers
        self.generator = generator
        rng = np.random.default_rng(generator.initial_seed())
        self.sampler = BatchSampler(task, generator, rng)
        self.targets_of_counts: dict[tuple[int, ...], torch.Tensor] = {}
        n_batches = math.ceil(n_samples / batch_size)
        self.last_batch_size = n_samples - (n_batches - 1) * batch_size
        self.ends = np.linspace(0, n_batches, n_epochs + 1).round().astype(int)
        self.epoch = 0

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __iter__(self) -> Iterator[Batch]:
        for n_batches, batch_size in self.blocks():
            yield from self._block(n_batches, batch_size)

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Number and size of the batches to draw at once, over this epoch."""
        remaining = int(self.ends[self.epoch + 1] - self.ends[self.epoch])
        self.epoch += 1
        is_last = self.epoch == len(self.ends) - 1
        if is_last:
            remaining -= 1
        per_block = max(1, _BLOCK // (self.batch_size * self.task.n_features))
        while remaining > 0:
            yield min(per_block, remaining), self.batch_size
            remaining -= per_block
        if is_last:
            yield 1, self.last_batch_size

    def _block(self, n_batches: int, batch_size: int) -> Iterator[Batch]:
        """Draw whole batches at once, sorted by class within each batch."""
        X, counts = self.sampler.draw(n_batches, batch_size)
        for batch, count in zip(X, counts, strict=True):
            yield batch, batch if self.target_of_class is None else self.targets_of(count)

    def targets_of(self, counts: np.ndarray) -> torch.Tensor:
        """Targets of a batch sorted by class; few different ones ever occur."""
        assert self.target_of_class is not None
        key = tuple(counts.tolist())
        if key not in self.targets_of_counts:
            repeats = torch.as_tensor(counts, device=self.target_of_class.device)
            self.targets_of_counts[key] = self.target_of_class.repeat_interleave(repeats, dim=0)
        return self.targets_of_counts[key]
