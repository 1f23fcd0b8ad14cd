"""Sources of batches, either data in memory or fresh samples of a task."""

import math
from abc import abstractmethod
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from skorch.dataset import Dataset
from torch import Tensor

from ..datasets import Discrimination
from ._task_samplers import TaskSampler

Batch = tuple[Any, Tensor]
Block = tuple[Tensor, NDArray[np.int64]]  # inputs and classes of several batches

_BLOCK = 2**19  # number of values drawn at a time, but at least one batch


class Samples(Dataset):
    """Inputs on the training device; the targets are class indices or the inputs themselves."""

    def __init__(
        self, X: Tensor, y: Tensor | None = None, sample_weight: Tensor | None = None
    ) -> None:
        self.inputs, self.sample_weight = X, sample_weight
        data = X if sample_weight is None else {"x": X, "sample_weight": sample_weight}
        super().__init__(data, X if y is None else y)

    def subset(self, rows: Any) -> Self:
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return Samples(self.inputs[rows], self.y[rows], weight)


class Chunk(NamedTuple):
    """Samples of several batches; batch i has the rows order[ends[i] : ends[i + 1]]."""

    X: Tensor
    y: Tensor
    weight: Tensor | None
    order: Tensor
    ends: NDArray[np.int64]

    def batch(self, number: int) -> Batch:
        rows = self.order[self.ends[number] : self.ends[number + 1]]
        inputs = self.X.index_select(0, rows)
        y = inputs if self.y is self.X else self.y.index_select(0, rows)
        if self.weight is None:
            return inputs, y
        return {"x": inputs, "sample_weight": self.weight.index_select(0, rows)}, y


class Batches:
    """Iterable over the batches of an epoch; `chunks` groups batches for the compiled step."""

    batch_size: int

    @abstractmethod
    def chunks(self) -> Iterator[Chunk]: ...

    def __iter__(self) -> Iterator[Batch]:
        for chunk in self.chunks():
            yield from map(chunk.batch, range(len(chunk.ends) - 1))


class SampleBatches(Batches):
    """Batches of samples, in random order or, without a generator, in the order of the data."""

    def __init__(
        self, samples: Samples, batch_size: int, generator: torch.Generator | None
    ) -> None:
        self.samples, self.generator = samples, generator
        self.batch_size = min(int(batch_size), len(samples))

    def __len__(self) -> int:
        return math.ceil(len(self.samples) / self.batch_size)

    def _order(self) -> Tensor:
        n, device = len(self.samples), self.samples.inputs.device
        if self.generator is None:
            return torch.arange(n, device=device)
        return torch.randperm(n, generator=self.generator, device=device)

    def chunks(self) -> Iterator[Chunk]:
        samples, n = self.samples, len(self.samples)
        ends = np.append(np.arange(0, n, self.batch_size), n)
        yield Chunk(samples.inputs, samples.y, samples.sample_weight, self._order(), ends)


class TaskBatches(Batches):
    """Fresh stratified batches of a task, divided into epochs.

    If `is_labelled` is False, the inputs are the targets.
    """

    def __init__(
        self,
        task: Discrimination,
        batch_size: int,
        n_samples: int,
        n_epochs: int,
        seed: int,
        device: torch.device,
        weight_of_class: NDArray[np.float32] | None = None,
        is_labelled: bool = True,
    ) -> None:
        self.task, self.batch_size, self.is_labelled = task, int(batch_size), is_labelled
        self.weight_of_class = weight_of_class
        self.sampler = TaskSampler(task, seed, np.random.default_rng(seed), device)
        self.n_samples, self.n_batches = n_samples, math.ceil(n_samples / batch_size)
        self.ends = np.linspace(0, self.n_batches, n_epochs + 1).round().astype(int)
        self.epoch = 0
        self._drawn = self._blocks()
        self._left: Block | None = None

    def __len__(self) -> int:
        return round(self.n_samples / (len(self.ends) - 1))  # samples per epoch

    def draw_ahead(self) -> None:
        """Draw the next batches in a thread while training steps are taken."""
        if self.epoch == 0:
            self._drawn = _ahead(self._blocks())

    def chunks(self) -> Iterator[Chunk]:
        for X, y in self._blocks_of_epoch():
            n, inputs, index = y.size, X.flatten(0, 1), y.reshape(-1)
            weight = None
            if self.weight_of_class is not None:
                weight = torch.from_numpy(self.weight_of_class[index]).to(X.device)
            targets = torch.from_numpy(index).to(X.device) if self.is_labelled else inputs
            ends = np.arange(0, n + 1, X.shape[1])
            yield Chunk(inputs, targets, weight, torch.arange(n, device=X.device), ends)

    def close(self) -> None:
        self._drawn.close()

    def _blocks_of_epoch(self) -> Iterator[Block]:
        remaining = int(self.ends[self.epoch + 1] - self.ends[self.epoch])
        self.epoch += 1
        while remaining:
            X, y = next(self._drawn) if self._left is None else self._left
            self._left = (X[remaining:], y[remaining:]) if len(X) > remaining else None
            yield X[:remaining], y[:remaining]
            remaining -= min(remaining, len(X))

    def _blocks(self) -> Generator[Block]:
        """Draw all batches; the last one may be smaller."""
        per_block = max(1, _BLOCK // (self.batch_size * self.task.n_features))
        for start in range(0, self.n_batches - 1, per_block):
            yield self.sampler.draw(min(per_block, self.n_batches - 1 - start), self.batch_size)
        yield self.sampler.draw(1, self.n_samples - (self.n_batches - 1) * self.batch_size)


def _ahead(blocks: Generator[Block]) -> Generator[Block]:
    """Yield blocks of batches; a thread draws each block while the previous one is in use."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block
