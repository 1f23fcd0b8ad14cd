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


def draw_batches(
    task: "Discrimination",
    n_batches: int,
    batch_size: int,
    generator: "torch.Generator",
    rng: np.random.Generator,
) -> tuple["torch.Tensor", NDArray[np.int64]]:
    """Draw whole batches at once, in single precision, on the device of a generator.

    Fields made of noise are drawn by torch, other models by their own `sample`.

    Parameters
    ----------
    task : Discrimination
    n_batches, batch_size : int
    generator : torch.Generator
        Source of the noise.
    rng : numpy.random.Generator
        Source of all else.

    Returns
    -------
    X : torch.Tensor of shape (n_batches * batch_size, n_features)
        Sorted by class within each batch.
    counts : ndarray of shape (n_batches, n_classes)
        Rows of each class in each batch.
    """
    import torch

    boundaries = task.class_boundaries(batch_size, rng.random(n_batches))
    counts = np.diff(boundaries, axis=1, prepend=0)
    labels = np.repeat(np.tile(np.arange(task.n_classes), n_batches), counts.ravel())
    X = torch.empty((len(labels), task.n_features), device=generator.device)
    for label, model in enumerate(task.models):
        rows = torch.from_numpy(np.flatnonzero(labels == label)).to(generator.device)
        if len(rows):
            X.index_copy_(0, rows, _draw(model, len(rows), generator, rng))
    return X, counts


def _draw(
    model: InputModel, n_samples: int, generator: "torch.Generator", rng: np.random.Generator
) -> "torch.Tensor":
    import torch

    device = generator.device
    if isinstance(model, LatentField):
        shape = (n_samples, *model.noise_shape)
        noise = torch.randn(shape, generator=generator, device=device)
        fields: torch.Tensor = model.from_noise(noise)
        return fields
    return torch.as_tensor(model.sample(n_samples, rng), dtype=torch.float32).to(device)


def stream_batches(
    task: "Discrimination", batch_size: int, n_batches: int, random_state: Any, device: Any
) -> Iterator[tuple["torch.Tensor", "torch.Tensor"]]:
    """Yield labelled batches in random order of rows, as tensors on a device."""
    import torch

    rng = as_generator(random_state)
    generator = torch.Generator(device).manual_seed(draw_seed(rng))
    for _ in range(n_batches):
        X, counts = draw_batches(task, 1, batch_size, generator, rng)
        labels = torch.arange(task.n_classes, device=X.device)
        y = labels.repeat_interleave(torch.as_tensor(counts[0], device=X.device))
        order = torch.randperm(batch_size, generator=generator, device=X.device)
        yield X[order], y[order]
