"""Input models that draw rows of given data, and tasks that draw rows of labelled data."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._mistakes import refuse_images
from .._core._types import Array
from .._core._validation import check_array, check_image_shape, is_labelled, plain, rows_by_class
from ._discrimination import Discrimination
from ._gaussian import MultivariateGaussian
from ._model import Sampler


@dataclass(frozen=True, eq=False)
class EmpiricalDistribution(Sampler):
    """Input model that draws the rows of given data with replacement.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features) or (n_samples, rows, columns)
        Inputs, or images.
    shape : int or (int, int), default=()
        Lattice of the features. By default, the lattice of images has the shape of an image, and
        the lattice of other data is a ring.

    Examples
    --------
    >>> from rfsk.datasets import EmpiricalDistribution
    >>> EmpiricalDistribution([[0.0, 1.0], [2.0, 1.0]]).covariance()
    array([[1., 0.],
           [0., 0.]])
    """

    X: ArrayLike
    _: KW_ONLY
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        X = plain(self.X, "X")
        sides = self.shape or np.shape(X)[1:]
        if np.ndim(X) == 3:
            X = np.reshape(X, (len(X), -1))
        refuse_images(X)
        rows = check_array(X, "X")
        object.__setattr__(self, "X", rows)
        object.__setattr__(self, "shape", check_image_shape(sides, rows.shape[1]))

    def draw(self, n_samples: int, rng: np.random.Generator) -> Array:
        data = np.asarray(self.X)
        return data[rng.integers(len(data), size=n_samples)]

    def covariance(self) -> Array:
        """Covariance of the features, (n_features, n_features), normalized by 1 / n_samples."""
        covariance = np.cov(np.asarray(self.X), rowvar=False, ddof=0)
        return covariance.reshape(self.n_features, self.n_features)

    def excess_kurtosis(self) -> float:
        """Excess kurtosis, from the second and fourth central moments averaged over features."""
        rows = np.asarray(self.X)
        squares = np.square(rows - rows.mean(axis=0))
        return float(np.mean(squares**2) / np.mean(squares) ** 2 - 3.0)

    def gaussian_clone(self) -> MultivariateGaussian:
        """Gaussian inputs with the mean and covariance of the rows."""
        mean = np.asarray(self.X).mean(axis=0)
        return MultivariateGaussian(mean, self.covariance(), shape=self.shape)


def as_task(task: Any) -> Discrimination:
    """Convert labelled data (X, y) into a task that draws their rows; return a task unchanged.

    Parameters
    ----------
    task : Discrimination or tuple of (X, y)
        A task, or a tuple of inputs X and labels y = 0, 1, ... The inputs are an array (n_samples,
        n_features) or a stack of images.

    Returns
    -------
    task : Discrimination
        Labelled data become a task with one `EmpiricalDistribution` per class and equal priors.

    Examples
    --------
    >>> from rfsk.datasets import as_task
    >>> task = as_task(([[0.0, 1.0], [2.0, 1.0]], [0, 1]))
    """
    if isinstance(task, Discrimination):
        return task
    if not is_labelled(task):
        raise TypeError(
            "`task` must be a Discrimination or a tuple (X, y) of inputs and labels, got an "
            f"instance of {type(task).__name__}."
        )
    return Discrimination([EmpiricalDistribution(rows) for rows in rows_by_class(*task)])
