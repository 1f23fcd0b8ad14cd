"""Task of discriminating two or more classes of inputs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._random import as_generator
from .._core._types import Array, Integers
from .._core._validation import check_numbers, check_positive
from ._model import InputModel, Sampler, Take


@dataclass(frozen=True)
class Discrimination:
    """Classification of inputs drawn from one model per class.

    Parameters
    ----------
    models : sequence of input models
        One input model per class; there must be at least two models, all of the same shape.
    priors : sequence of float, optional
        Probability of each class; equal by default.

    Examples
    --------
    >>> from rfsk.datasets import NLGP, Discrimination
    >>> task = Discrimination([NLGP(40, correlation_length=xi, gain=3.0) for xi in (2.0, 4.0)])
    >>> X, y = task.sample(1000, random_state=0)
    """

    models: Sequence[InputModel]
    priors: Sequence[float] | None = None

    def __post_init__(self) -> None:
        models, priors = self.models, self.priors
        for model in models if isinstance(models, list | tuple) else (models,):
            if not hasattr(model, "sample") or not hasattr(model, "shape"):
                raise TypeError(
                    "`models` must be a list of input models, one per class, got an instance of "
                    f"{type(model).__name__}. Pass EmpiricalDistribution(X) for data X."
                )
        if len(models) < 2:
            raise ValueError(f"`models` must have at least 2 entries, got {len(models)}.")
        shapes = {model.shape for model in models}
        if len(shapes) > 1:
            raise ValueError(f"All `models` must have the same shape, got {sorted(shapes)}.")
        if priors is not None:
            values = np.atleast_1d(np.asarray(priors, dtype=object)).tolist()
            for value in values:
                check_positive(value, "prior")
            priors = tuple(float(value) for value in values)
            if len(priors) != len(models) or not math.isclose(sum(priors), 1.0, abs_tol=1e-9):
                raise ValueError(
                    f"`priors` must be {len(models)} positive numbers with sum 1, got {priors!r}."
                )
        object.__setattr__(self, "models", tuple(models))
        object.__setattr__(self, "priors", priors)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.models)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of sites along each axis of the lattice."""
        return self.models[0].shape

    @property
    def n_features(self) -> int:
        """Number of sites."""
        return self.models[0].n_features

    def gaussian_clone(self) -> "Discrimination":
        """Task in which each class is replaced by a Gaussian of the same mean and covariance."""
        for label, model in enumerate(self.models):
            if not hasattr(model, "gaussian_clone"):
                raise NotImplementedError(
                    f"The model of class {label}, {type(model).__name__}, has no gaussian_clone(). "
                    "Define this method, which may return MultivariateGaussian(mean, covariance), "
                    "or apply make_gaussian_clone to samples."
                )
        return Discrimination([model.gaussian_clone() for model in self.models], self.priors)

    def class_boundaries(self, n_samples: int, offset: ArrayLike) -> Integers:
        """Index after the last row of each class, if `n_samples` rows are sorted by class.

        If `offset` is drawn uniformly from [0, 1), the expected number of rows of each class is
        exactly proportional to the prior of the class. The actual number of rows of a class differs
        from the expected number by less than one.

        Parameters
        ----------
        n_samples : int
        offset : float or array-like of float
            Numbers in [0, 1), which are added to the boundaries before these are rounded down. The
            returned array has the axes of `offset` and a last axis over classes.
        """
        check_positive(n_samples, "n_samples", integer=True, zero=True)
        priors = self.priors or np.full(self.n_classes, 1.0 / self.n_classes)
        # Without rounding, floor could reduce whole numbers such as 3 x 1/3 by one.
        ends = np.round(n_samples * np.cumsum(priors), 9)
        offset = check_numbers(offset, "offset")
        if np.any((offset < 0.0) | (offset >= 1.0)):
            raise ValueError("`offset` must contain only numbers in [0, 1).")
        boundaries = np.floor(ends + offset[..., None]).astype(np.int64)
        boundaries[..., -1] = n_samples
        return np.asarray(boundaries)

    def sample(
        self, n_samples: int, random_state: Any = None, *, shuffle: bool = True
    ) -> tuple[Array, Integers]:
        """Draw inputs X of shape (n_samples, n_features) and labels y = 0, 1, ...

        Parameters
        ----------
        n_samples : int
            Total number of inputs of all classes.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the draw.
        shuffle : bool, default=True
            Whether to shuffle the rows; otherwise they are sorted by class.
        """
        check_positive(n_samples, "n_samples", integer=True)
        rng = as_generator(random_state)
        draw = [partial(model.sample, random_state=rng) for model in self.models]
        return self._draw(draw, n_samples, rng, shuffle)

    def _draw(
        self, draw: Sequence[Take], n_samples: int, rng: np.random.Generator, shuffle: bool = True
    ) -> tuple[Array, Integers]:
        counts = np.diff(self.class_boundaries(n_samples, rng.random()), prepend=0)
        y = np.repeat(np.arange(self.n_classes), counts)
        if shuffle:
            rng.shuffle(y)
        X = np.empty((n_samples, self.n_features))
        for label, count in enumerate(counts):
            if count:
                X[y == label] = draw[label](int(count))
        return X, y

    def streams(self, random_state: Any = None) -> list[Take]:
        """Return one endless stream per class; ``streams[label](n)`` draws the next n inputs.

        Parameters
        ----------
        random_state : int, Generator, RandomState or None, default=None
            Seed of the streams, which share one generator.
        """
        rng = as_generator(random_state)
        return [
            model.stream(rng)
            if isinstance(model, Sampler) and type(model).sample is Sampler.sample
            else partial(model.sample, random_state=rng)
            for model in self.models
        ]

    def batches(
        self, batch_size: int, n_batches: int, random_state: Any = None
    ) -> Iterator[tuple[Array, Integers]]:
        """Yield batches (X, y) of new inputs; Markov chains continue from batch to batch.

        Parameters
        ----------
        batch_size, n_batches : int
            Number of rows per batch, and number of batches.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the batches.
        """
        check_positive(batch_size, "batch_size", integer=True)
        check_positive(n_batches, "n_batches", integer=True)
        rng = as_generator(random_state)
        streams = self.streams(rng)
        return (self._draw(streams, batch_size, rng) for _ in range(n_batches))
