"""Covariance kernels: correlation as a function of distance."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import scipy.special
from numpy.typing import NDArray

from .._core._validation import check_positive

Array = NDArray[np.float64]
Profile = Callable[[Array], Array]
Kernel: TypeAlias = "str | Profile"
CorrelationLength: TypeAlias = "float | tuple[float, ...]"

NEGLIGIBLE = 1e-18  # correlation beyond which no further periodic image is summed
_MAX_REACH = 1000.0  # in correlation lengths: a kernel must have decayed by then
_MATERN_ORDERS = (0.01, 50.0)


@dataclass(frozen=True)
class Matern:
    """Matérn kernel of order nu, a value for `kernel`.

    k(r) = 2^(1 - nu) / Gamma(nu) (sqrt(2 nu) r)^nu K_nu(sqrt(2 nu) r), with r the distance
    in correlation lengths, as in scikit-learn's `Matern`. Order 1/2 is the exponential
    kernel; large orders approach exp(-r^2 / 2), the Gaussian kernel of a correlation length
    sqrt 2 times as long.

    Parameters
    ----------
    nu : float, default=1.5
        Smoothness, from 0.01 to 50: the field has ceil(nu) - 1 derivatives.

    Raises
    ------
    ValueError
        If `nu` is out of range.

    Examples
    --------
    >>> from rfsk.datasets import GaussianField, Matern
    >>> model = GaussianField(100, correlation_length=5.0, kernel=Matern(nu=2.5))
    >>> model.sample(3, random_state=0).shape
    (3, 100)
    """

    nu: float = 1.5

    def __post_init__(self) -> None:
        check_positive(self.nu, "nu")
        if not _MATERN_ORDERS[0] <= self.nu <= _MATERN_ORDERS[1]:
            raise ValueError(
                f"nu={self.nu!r}; expected from {_MATERN_ORDERS[0]:g} to {_MATERN_ORDERS[1]:g}. "
                'Take kernel="gaussian" for the limit of large orders.'
            )

    def __call__(self, r: Array) -> Array:
        """Correlation at distance r, in correlation lengths."""
        s = math.sqrt(2.0 * self.nu) * np.asarray(r, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            log_factor = (1.0 - self.nu) * math.log(2.0) - scipy.special.gammaln(self.nu)
            values = np.exp(log_factor + self.nu * np.log(s) - s)
            values = values * scipy.special.kve(self.nu, s)
        return np.asarray(np.where(np.isfinite(values), values, 1.0))  # at and near r = 0


KERNELS: dict[str, Profile] = {
    "gaussian": lambda r: np.exp(-(r**2)),
    "exponential": lambda r: np.exp(-r),
}


def kernel_profile(kernel: Kernel) -> Profile:
    """Correlation as a function of the distance in correlation lengths."""
    return KERNELS[kernel] if isinstance(kernel, str) else kernel


def axis_lengths(correlation_length: CorrelationLength, n_axes: int) -> tuple[float, ...]:
    """One correlation length an axis."""
    lengths = tuple(np.atleast_1d(correlation_length).tolist())
    return lengths * n_axes if len(lengths) == 1 else lengths


def check_profile(kernel: Profile) -> None:
    if isinstance(kernel, type):
        raise TypeError(
            f"kernel={kernel.__name__} is a class; pass an instance, {kernel.__name__}()."
        )
    at_zero = np.asarray(kernel(np.zeros(1)), dtype=np.float64)
    if at_zero.shape != (1,) or abs(at_zero[0] - 1.0) > 1e-12:
        raise ValueError(
            f"kernel(0) is {at_zero!r}; expected a function that maps an array of distances, in "
            "correlation lengths, to correlations, with 1 at zero."
        )
    reach(kernel)


def reach(profile: Profile, threshold: float = NEGLIGIBLE) -> float:
    """Distance, in correlation lengths, beyond which the correlation is below `threshold`."""
    distances = np.geomspace(0.1, _MAX_REACH, 400)
    above = np.flatnonzero(~(np.abs(profile(distances)) < threshold))
    if len(above) == 0:
        return float(distances[0])
    if above[-1] == len(distances) - 1:
        raise ValueError(
            f"kernel({_MAX_REACH:g}) is {float(profile(distances[-1:])[0]):.3g}; expected a "
            "correlation that has decayed to zero there."
        )
    return float(distances[above[-1] + 1])
