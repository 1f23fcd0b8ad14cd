"""Samples of tasks whose classes are stationary fields, drawn by compiled code."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._stationary import LatentField
from ._streams import class_ends

if TYPE_CHECKING:
    from ._discrimination import Discrimination

_AT_ONCE = 32  # fields of a ring drawn at a time, so that they stay in a core's cache; of a torus 4


class FieldSampler:
    """Draws whole batches of a task in single precision.

    The field with number i in the stream of a seed is the same however many are drawn at once.

    Parameters
    ----------
    task : Discrimination
        One for which `can_draw` is true.
    seed : int
    rng : numpy.random.Generator
        Decides which class a sample has where batches cannot hold the exact fractions.
    """

    def __init__(self, task: "Discrimination", seed: int, rng: np.random.Generator) -> None:
        self.task, self.seed, self.rng = task, np.uint64(seed), rng
        self.n_drawn = 0
        self._laid_out = [_layout(model) for model in task.models]
        self._stride = max(noise.shape[1] for *_, (noise, *_) in self._laid_out)

    @staticmethod
    def can_draw(task: "Discrimination") -> bool:
        """Whether every class is a stationary field of few modes under a map by name."""
        return all(
            isinstance(model, LatentField)
            and type(model).from_noise is LatentField.from_noise
            and model._named_map is not None
            and model._mode_factors is not None
            for model in task.models
        )

    def draw(
        self, n_batches: int, batch_size: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Draw batches.

        Returns
        -------
        X : ndarray of shape (n_batches, batch_size, n_features)
            Sorted by class within each batch.
        counts : ndarray of shape (n_batches, n_classes)
            Samples of each class in each batch.
        """
        from ._field_kernels import draw_fields

        counts = np.diff(class_ends(self.task, n_batches, batch_size, self.rng), axis=1, prepend=0)
        n = n_batches * batch_size
        X = np.empty((n, self.task.n_features), dtype=np.float32)
        labels = np.repeat(np.tile(np.arange(self.task.n_classes), n_batches), counts.ravel())
        for label, layout in enumerate(self._laid_out):
            rows = np.flatnonzero(labels == label)
            draw_fields(X, rows, rows + self.n_drawn, self.seed, self._stride, *layout)
        self.n_drawn += n
        return X.reshape(n_batches, batch_size, -1), counts


def _layout(model: Any) -> tuple[Any, ...]:
    """Modes, map and room of a model, as `draw_fields` takes them."""
    from ._field_kernels import MAPS

    name, factor = model._named_map
    factors = (np.ascontiguousarray(part, dtype=np.float32) for part in model._mode_factors)
    down, across, amplitudes = factors
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
