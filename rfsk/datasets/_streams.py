"""Batches drawn on a torch device."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._core._random import as_generator, draw_seed
from ._model import InputModel
from ._stationary import LatentField

if TYPE_CHECKING:
    import torch

    from ._discrimination import Discrimination


class BatchSampler:
    """Draws whole batches of a task, in single precision, on the device of a generator.

    Fields made of noise are drawn by torch, other models by their own `sample`. Batches are
    stratified: see `Discrimination.class_boundaries`.

    Parameters
    ----------
    task : Discrimination
    generator : torch.Generator
        Source of the noise.
    rng : numpy.random.Generator
        Source of all else.
    """

    def __init__(
        self, task: "Discrimination", generator: "torch.Generator", rng: np.random.Generator
    ) -> None:
        self.task, self.generator, self.rng = task, generator, rng
        self._modes = [self._modes_of(model) for model in task.models]

    def draw(self, n_batches: int, batch_size: int) -> tuple["torch.Tensor", NDArray[np.int64]]:
        """Draw batches.

        Returns
        -------
        X : torch.Tensor of shape (n_batches, batch_size, n_features)
            Sorted by class within each batch.
        counts : ndarray of shape (n_batches, n_classes)
            Rows of each class in each batch.
        """
        import torch

        shape = (n_batches, batch_size, self.task.n_features)
        X = torch.empty(shape, dtype=torch.float32, device=self.generator.device)
        return X, self.fill(X)

    def fill(self, X: "torch.Tensor") -> NDArray[np.int64]:
        """Draw batches into a tensor of their shape, of any strides, and return the counts."""
        import torch

        n_batches, batch_size, n_features = X.shape
        ends = class_ends(self.task, n_batches, batch_size, self.rng)
        counts = np.diff(ends, axis=1, prepend=0)
        is_regular = bool((counts == counts[0]).all())
        for label in range(self.task.n_classes):
            n_rows = int(counts[:, label].sum())
            if not n_rows:
                continue
            fields = self._fields(label, n_rows)
            if is_regular:
                rows = slice(int(ends[0, label] - counts[0, label]), int(ends[0, label]))
                X[:, rows] = fields.view(n_batches, -1, n_features)
            else:
                starts = ends[:, label] - counts[:, label]
                places = np.arange(batch_size)
                mine = (places >= starts[:, None]) & (places < ends[:, label, None])
                batch, row = (torch.from_numpy(index).to(X.device) for index in np.nonzero(mine))
                X[batch, row] = fields
        return counts

    def _modes_of(self, model: InputModel) -> Any:
        import torch

        # A model that overrides from_noise, as elliptical ones do, is more than a latent field.
        is_latent = getattr(type(model), "from_noise", None) is LatentField.from_noise
        modes = model._modes if isinstance(model, LatentField) and is_latent else None
        if modes is None:
            return None
        return torch.tensor(modes, dtype=torch.float32, device=self.generator.device)

    def _fields(self, label: int, n_samples: int) -> Any:
        """Draw inputs of a class, (n_samples, n_features)."""
        import torch

        model: Any = self.task.models[label]
        modes = self._modes[label]
        options: dict[str, Any] = {
            "generator": self.generator,
            "device": self.generator.device,
            "dtype": torch.float32,
        }
        if modes is not None:
            return model._pointwise(torch.randn(n_samples, len(modes), **options) @ modes)
        if isinstance(model, LatentField):
            return model.from_noise(torch.randn(n_samples, *model.noise_shape, **options))
        drawn = torch.as_tensor(model.sample(n_samples, self.rng), dtype=torch.float32)
        return drawn.to(self.generator.device)


def class_ends(
    task: "Discrimination", n_batches: int, batch_size: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Row after the last one of each class in each batch, (n_batches, n_classes)."""
    extremes = task.class_boundaries(batch_size, [0.0, np.nextafter(1.0, 0.0)])
    if np.array_equal(*extremes):  # whole fractions leave nothing to chance
        return np.broadcast_to(extremes[0], (n_batches, task.n_classes))
    return task.class_boundaries(batch_size, rng.random(n_batches))


def stream_batches(
    task: "Discrimination", batch_size: int, n_batches: int, random_state: Any, device: Any
) -> Iterator[tuple["torch.Tensor", "torch.Tensor"]]:
    """Yield labelled batches in random order of rows, as tensors on a device."""
    import torch

    rng = as_generator(random_state)
    generator = torch.Generator(device).manual_seed(draw_seed(rng))
    sampler = BatchSampler(task, generator, rng)
    for _ in range(n_batches):
        (X,), counts = sampler.draw(1, batch_size)
        labels = torch.arange(task.n_classes, device=X.device)
        y = labels.repeat_interleave(torch.as_tensor(counts[0], device=X.device))
        order = torch.randperm(batch_size, generator=generator, device=X.device)
        yield X[order], y[order]
