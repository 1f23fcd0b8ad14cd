"""Non-linear Gaussian process, a Gaussian field transformed by a saturating map."""

import math
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property, partial
from typing import Any, TypeAlias

import numpy as np
import scipy.special

from .._core._mistakes import warn_likely_mistake
from .._core._types import Array, Integers
from .._core._validation import check_positive
from ._fourth_order import erf_fourth_moment
from ._gaussian import GaussianField
from ._generator_decorator import Classes, family, generator
from ._kernels import CorrelationLength, Kernel, pairwise
from ._pixel_map import ErfMap, FunctionMap, PixelMap, SignMap, TanhMap
from ._stationary import LatentField, latent_entries

Nonlinearity: TypeAlias = "str | Callable[[Array], Array]"

_MAPS: dict[str, Callable[[float], PixelMap]] = {
    "erf": ErfMap,
    "tanh": TanhMap,
    "sign": lambda gain: SignMap(),
}
_PROBES = np.linspace(-3.0, 3.0, 13)


@latent_entries
@dataclass(frozen=True)
class NLGP(LatentField):
    r"""Non-linear Gaussian process on a lattice.

    .. math:: x = \psi(g z) / Z

    In x = psi(g z) / Z, the field z is Gaussian, g is the gain, psi is a map, and the constant Z
    makes the variance of every pixel one. By default, psi(h) is erf(h / sqrt 2), and Z^2 is
    (2/pi) asin(g^2 / (1 + g^2)). The process x is nearly Gaussian for small gain, has uniformly
    distributed pixels at gain 1, and approaches sign(z), with sharp edges, at large gain (Ingrosso
    and Goldt, PNAS 119, e2201854119, 2022). Covariances have closed forms if the map psi is erf or
    sign. For other maps psi, the error of the covariances is below 1e-10, or below 1e-6 if psi has
    jumps or kinks away from zero.

    Parameters
    ----------
    @shape @correlation_length
    gain : float
        Gain g. If psi is defined as erf(h), as in some publications, the gain of the same
        distribution is g / sqrt 2.
    @kernel @boundary
    nonlinearity : {"erf", "tanh", "sign"} or callable, default="erf"
        Function psi: erf(h / sqrt 2), tanh(h), sign(h), or a function of a float64 array. The
        values of psi are standardized to zero mean and unit variance.

    Examples
    --------
    >>> from rfsk.datasets import NLGP
    >>> round(NLGP(100, correlation_length=10.0, gain=1.0).excess_kurtosis(), 12)  # uniform pixels
    -1.2
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    correlation_length: CorrelationLength
    gain: float
    kernel: Kernel = "gaussian"
    boundary: str = "periodic"
    nonlinearity: Nonlinearity = "erf"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self.gain, "gain")
        if not 1e-30 <= self.gain <= 1e30:  # limits of single precision
            raise ValueError(f"`gain` must be between 1e-30 and 1e30, got {self.gain!r}.")
        if callable(self.nonlinearity):
            self.normalization  # noqa: B018  # raises an error if the map is not valid
            if np.allclose(self.nonlinearity(_PROBES), scipy.special.erf(_PROBES), atol=1e-7):
                warn_likely_mistake(
                    "`nonlinearity` is erf(h), whose fourth moment is not computed. The same "
                    "distribution has all closed forms with nonlinearity='erf', which is "
                    f"erf(h / sqrt 2), and gain={self.gain!r} * sqrt(2) = "
                    f"{self.gain * math.sqrt(2.0):.6g}."
                )
        elif self.nonlinearity not in _MAPS:
            raise ValueError(
                "`nonlinearity` must be 'erf', 'tanh', 'sign' or a function of an array, got "
                f"{self.nonlinearity!r}. 'erf' is erf(h / sqrt 2); with the convention erf(h), the "
                "gain of the same distribution is smaller by a factor of sqrt 2."
            )

    @cached_property
    def pixel_map(self) -> PixelMap:
        if isinstance(self.nonlinearity, str):
            return _MAPS[self.nonlinearity](self.gain)
        return FunctionMap(self.nonlinearity, self.gain)

    @property
    def normalization(self) -> float:
        """Z, the standard deviation of psi(gain z) for standard normal z."""
        return self.pixel_map.normalization

    @property
    def remark(self) -> str:
        """Sentence that states how the gain is defined for "erf"; empty for other maps."""
        if self.nonlinearity != "erf":
            return ""
        return (
            "The gain is defined by erf(gain z / sqrt 2), as in Ingrosso and Goldt (2022). With "
            "the convention erf(gain z), the gain of this distribution is "
            f"{self.gain / math.sqrt(2.0):.4g}."
        )

    def product_moment(self, sites: Integers) -> Array:
        if self.nonlinearity not in ("erf", "sign"):
            raise NotImplementedError(
                "The fourth moment has a closed form for nonlinearity 'erf' and 'sign', but not "
                f"for {self.nonlinearity!r}; estimate it from samples by "
                "rfsk.analysis.cumulant(model.sample(n))."
            )
        sites = np.sort(sites, axis=1)
        latent = self.latent_autocovariance()
        covariances = pairwise(latent, sites[:, :, None], sites[:, None, :], self.boundary)
        if self.nonlinearity == "sign":  # two equal factors cancel, which leaves a covariance
            i, j, k, l = sites.T  # noqa: E741
            C = partial(pairwise, self._autocovariance, boundary=self.boundary)
            moments = erf_fourth_moment(covariances, math.inf)
            return np.select([i == j, j == k, k == l], [C(k, l), C(i, l), C(i, j)], moments)
        moments = erf_fourth_moment(covariances, self.gain) / self.normalization**4
        same = sites[:, 0] == sites[:, 3]
        return np.where(same, self.excess_kurtosis() + 3.0, moments)


@generator
def make_nlgp(
    shape: int | tuple[int, int] = 100,
    *,
    correlation_length: Sequence[CorrelationLength] = (5.0, 10.0),
    gain: float = 3.0,
    kernel: Kernel = "gaussian",
    boundary: str = "periodic",
    nonlinearity: Nonlinearity = "erf",
) -> Classes:
    """Draw classes of non-linear Gaussian processes (`NLGP`) that differ in correlation length.

    All classes have zero mean, unit variance and the symmetry x -> -x, so that linear classifiers
    stay near chance. The default parameters define the reference task of rfsk in one dimension,
    which follows Ingrosso and Goldt (PNAS 2022). In two dimensions, the reference task has
    ``shape=(20, 20), correlation_length=(1.0, 2.0)``.

    Parameters
    ----------
    @shape @correlation_length
    gain : float, default=3.0
        Gain. Inputs are nearly Gaussian at gains near zero, have uniformly distributed pixels at
        gain 1, and have sharp edges at large gains.
    @kernel @boundary
    nonlinearity : {"erf", "tanh", "sign"} or callable, default="erf"
        Saturating map, see `rfsk.datasets.NLGP`.

    Examples
    --------
    >>> from rfsk import make_nlgp
    >>> X, y = make_nlgp(1000, random_state=0)
    >>> X.shape, X.dtype, y.dtype
    ((1000, 100), dtype('float64'), dtype('int64'))
    """
    return family(NLGP, "correlation_length", **locals())


@generator
def make_gp(
    shape: int | tuple[int, int] = 100,
    *,
    correlation_length: Sequence[CorrelationLength] = (5.0, 10.0),
    gain: float | None = 3.0,
    kernel: Kernel = "gaussian",
    boundary: str = "periodic",
    nonlinearity: Nonlinearity = "erf",
) -> Classes:
    """Draw the control of `make_nlgp`, Gaussian inputs with the same mean and covariances.

    Parameters
    ----------
    @shape @correlation_length
    gain : float or None, default=3.0
        Gain of the `NLGP` whose covariance is used. With None, the covariance is the kernel.
    @kernel @boundary
    nonlinearity : {"erf", "tanh", "sign"} or callable, default="erf"
        Saturating map of the `NLGP` whose covariance is used.

    Examples
    --------
    >>> from rfsk import make_gp
    >>> X, y = make_gp(1000, shape=(8, 8), correlation_length=(1.0, 2.0), random_state=0)
    """
    process: dict[str, Any] = {"gain": gain, "nonlinearity": nonlinearity}
    model = GaussianField if gain is None else partial(NLGP, **process)
    common = {"shape": shape, "kernel": kernel, "boundary": boundary}
    lengths = {"correlation_length": correlation_length}
    models, parameters = family(model, "correlation_length", **lengths, **common)
    return [model.gaussian_clone() for model in models], parameters | process
