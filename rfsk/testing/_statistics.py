"""Sample averages against what they should be, five standard errors over all comparisons."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]

STANDARD_ERRORS = 5.0
# Of the scale of what is compared: laws without any scatter agree to rounding only.
_ROUNDING = 1e-9
LARGEST_SHARE = 0.1
FEW_DECIDE = (
    "a single input has more than a tenth of the scatter of fourth powers; tails this heavy need "
    "more samples than were drawn."
)


class Deviation(NamedTuple):
    """The comparison that is farthest off."""

    place: tuple[int, ...]
    got: float
    expected: float
    standard_errors: float

    def __str__(self) -> str:
        return (
            f"{self.got:.4g} from samples, {self.expected:.4g} expected, "
            f"{self.standard_errors:.1f} standard errors apart"
        )


def threshold(n_comparisons: int) -> float:
    """Standard errors that the largest of many deviations exceeds as rarely as one exceeds five."""
    return float(stats.norm.isf(stats.norm.sf(STANDARD_ERRORS) / max(n_comparisons, 1)))


def farthest(mean: ArrayLike, error: ArrayLike, expected: ArrayLike) -> Deviation | None:
    """The worst deviation of averages beyond the threshold; None if all are within.

    Parameters
    ----------
    mean, error, expected : array-like of one shape
        Averages over samples, their standard errors, and their expectations.
    """
    mean, error = np.atleast_1d(mean).astype(float), np.atleast_1d(error).astype(float)
    expected = np.broadcast_to(np.asarray(expected, dtype=float), mean.shape)
    scale = max(float(np.abs(expected).max()), float(np.abs(mean).max()), 1e-300)
    distance = np.abs(mean - expected)
    off = np.where(distance > _ROUNDING * scale, distance / np.maximum(error, 1e-300), 0.0)
    worst = np.unravel_index(int(off.argmax()), off.shape)
    if off[worst] <= threshold(off.size):
        return None
    place = tuple(int(i) for i in worst)
    return Deviation(place, float(mean[worst]), float(expected[worst]), float(off[worst]))


def mean_and_error(values: Array) -> tuple[Array, Array]:
    """Averages over rows and their standard errors."""
    return values.mean(axis=0), values.std(axis=0) / np.sqrt(len(values))


def covariance_and_error(X: Array) -> tuple[Array, Array]:
    """Covariances of all pairs of columns and their standard errors."""
    centered = X - X.mean(axis=0)
    return product_mean_and_error(centered, centered)


def product_mean_and_error(X: Array, Y: Array) -> tuple[Array, Array]:
    """Averages of x_i y_j over rows, all pairs, and their standard errors."""
    mean = X.T @ Y / len(X)
    squares = (X**2).T @ Y**2 / len(X)
    return mean, np.sqrt(np.maximum(squares - mean**2, 0.0) / len(X))


def is_decided_by_few_rows(influence: Array, largest_share: float = LARGEST_SHARE) -> bool:
    """Whether one row has so large a share of the variance that standard errors mean nothing."""
    squares = (influence - influence.mean()) ** 2
    total = squares.sum()
    return bool(total > 0 and squares.max() > largest_share * total)
