"""The non-linear Gaussian process: a Gaussian field through a saturating map."""

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import scipy.special
from numpy.typing import NDArray

from .._core._array import apply_numpy, array_namespace, erf_
from .._core._mistakes import warn_likely_mistake
from .._core._validation import check_positive
from ._fourth_order import erf_fourth_moment, pairwise
from ._kernels import CorrelationLength, Kernel
from ._pointwise import PointwiseLaw
from ._stationary import KernelField

Array = NDArray[np.float64]
Nonlinearity: TypeAlias = "str | Callable[[Array], Array]"

_NONLINEARITIES = ("erf", "tanh", "sign")
_GAIN_RANGE = (1e-30, 1e30)  # beyond, fields leave single precision
_PROBES = np.linspace(-3.0, 3.0, 13)
_TAIL = 9.5  # in standard deviations; a Gaussian is below 1e-20 there
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(100)


@dataclass(frozen=True)
class NLGP(KernelField):
    """Non-linear Gaussian process: x = psi(gain z) / Z with z a Gaussian field.

    psi(h) = erf(h / sqrt 2) and Z^2 = (2/pi) asin(gain^2 / (1 + gain^2)), so that every pixel
    has zero mean and unit variance. A small gain leaves the field Gaussian, gain 1 makes each
    pixel exactly uniform, a large gain gives sign(z), with sharp edges. The law is the first
    data model of Ingrosso and Goldt (PNAS 119, e2201854119, 2022).

    Parameters
    ----------
    shape : int or (int, int)
        Sites of the ring, or (rows, columns) of the torus.
    correlation_length : float or (float, float)
        xi of the latent field's kernel, in sites; in two dimensions also a pair, down the
        rows and across the columns.
    gain : float
        g. In the literature that writes psi(h) = erf(h), without the square root of two, the
        gain of the same law is ours divided by sqrt 2.
    kernel : {"gaussian", "exponential"}, Matern or callable, default="gaussian"
        Kernel of the latent field, see `GaussianField`.
    boundary : {"periodic", "open"}, default="periodic"
        A ring or torus, or a window on an endless field.
    nonlinearity : {"erf", "tanh", "sign"} or callable, default="erf"
        psi: erf(h / sqrt 2), tanh(h), sign(h), or a function of a float64 array. Inputs are
        (psi - mean) / standard deviation whatever the map, so that all have zero mean and unit
        variance. The covariance is closed for erf and sign, and a convergent series (see
        Notes) for others.

    Raises
    ------
    ValueError
        If a parameter is out of range, or the map is constant or not finite.

    Notes
    -----
    For tanh and callables the mean, variance and kurtosis are integrals over panels halved
    until they resolve the map, and the covariance is Mehler's series in Hermite coefficients:
    exact to 1e-10 for maps that are smooth, or jump at zero, and to 1e-6 for those that jump or
    kink elsewhere.

    Examples
    --------
    >>> from rfsk.datasets import NLGP
    >>> model = NLGP(100, correlation_length=10.0, gain=1.0)
    >>> model.sample(2, random_state=0).shape
    (2, 100)
    >>> round(model.excess_kurtosis(), 12)  # uniform pixels
    -1.2
    >>> NLGP(100, correlation_length=10.0, gain=1.0, nonlinearity="sign").excess_kurtosis()
    -2.0
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
        if not _GAIN_RANGE[0] <= self.gain <= _GAIN_RANGE[1]:
            raise ValueError(f"gain={self.gain!r}; expected between 1e-30 and 1e30.")
        if callable(self.nonlinearity):
            self._law  # noqa: B018  # raises if the map is unfit
            if np.allclose(self.nonlinearity(_PROBES), scipy.special.erf(_PROBES), atol=1e-7):
                warn_likely_mistake(
                    "nonlinearity is erf(h), of which no fourth moment is known here. The same law "
                    f"with all its closed forms is nonlinearity='erf', which is erf(h / sqrt 2), "
                    f"at gain={self.gain!r} * sqrt(2) = {self.gain * math.sqrt(2.0):.6g}."
                )
        elif self.nonlinearity not in _NONLINEARITIES:
            raise ValueError(
                f"nonlinearity={self.nonlinearity!r} is unknown; expected one of 'erf', 'tanh', "
                "'sign', or a function of an array. 'erf' is erf(h / sqrt 2): where erf(h) is "
                "written, the gain of the same law is smaller by sqrt 2."
            )

    @property
    def remark(self) -> str:
        """Which convention the gain follows, where there is another."""
        if self.nonlinearity != "erf":
            return ""
        return (
            f"The gain is that of erf(gain z / sqrt 2), as in the paper; where erf(gain z) is "
            f"written, the gain of this law is {self.gain / math.sqrt(2.0):.4g}."
        )

    @property
    def _saturation(self) -> float:
        """g^2 / (1 + g^2), the correlation of the map's two thresholds."""
        return float((self.gain / math.hypot(1.0, self.gain)) ** 2)

    @cached_property
    def _law(self) -> PointwiseLaw:
        psi = np.tanh if self.nonlinearity == "tanh" else self.nonlinearity
        return PointwiseLaw(lambda z: psi(self.gain * z))  # type: ignore[operator]

    @property
    def normalization(self) -> float:
        """Z, the standard deviation of psi(gain z)."""
        if self.nonlinearity == "erf":
            return math.sqrt(2.0 / math.pi * math.asin(self._saturation))
        return 1.0 if self.nonlinearity == "sign" else math.sqrt(self._law.variance)

    def _latent_scale(self) -> float:
        return self.gain / math.sqrt(2.0) if self.nonlinearity == "erf" else self.gain

    @property
    def _named_map(self) -> tuple[str, float] | None:
        if not isinstance(self.nonlinearity, str):
            return None
        return self.nonlinearity, 1.0 / self.normalization

    def _pointwise(self, latent: Any) -> Any:
        if self.nonlinearity == "erf":
            fields = erf_(latent)
        elif isinstance(self.nonlinearity, str):
            fields = getattr(array_namespace(latent), self.nonlinearity)(latent)
        else:
            fields = apply_numpy(self.nonlinearity, latent) - self._law.mean
        fields *= 1.0 / self.normalization
        return fields

    def _map_covariance(self, latent: Array) -> Array:
        """Exact covariance of two pixels from that of the latent field.

        For erf asin(q C) / asin(q) with C the latent covariance and q = g^2 / (1 + g^2): the
        arcsine law of two error functions of correlated Gaussians; q = 1 for the sign.
        """
        latent = np.clip(latent, -1.0, 1.0)
        if self.nonlinearity not in ("erf", "sign"):
            return self._law.correlation(latent)
        q = self._saturation if self.nonlinearity == "erf" else 1.0
        return np.asarray(np.arcsin(q * latent) / math.asin(q))

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel, by Gauss-Legendre quadrature (error below 1e-12)."""
        if self.nonlinearity == "sign":
            return -2.0
        if self.nonlinearity != "erf":
            return self._law.excess_kurtosis
        scale = max(1.0, self.gain)  # psi saturates at z = _TAIL / gain
        half = _TAIL / 2.0 / scale
        z = half * (_NODES + 1.0)
        density = 2.0 * half * _WEIGHTS * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        psi = scipy.special.erf(self.gain * z / math.sqrt(2.0))
        ratio = psi / self.normalization
        fourth = float(density @ ratio**4)
        if scale > 1.0:  # beyond the last node psi is one
            fourth += math.erfc(_TAIL / scale / math.sqrt(2.0)) / self.normalization**4
        return fourth - 3.0

    def _moment(self, sites: NDArray[np.int64]) -> Array:
        if self.nonlinearity not in ("erf", "sign"):
            raise NotImplementedError(
                f"The fourth moment is closed for nonlinearity 'erf' and 'sign', not for "
                f"{self.nonlinearity!r}; estimate it from samples: "
                "rfsk.analysis.cumulant(model.sample(n))."
            )
        sites = np.sort(sites, axis=1)
        latent = self.latent_autocovariance()
        covariances = pairwise(latent, sites[:, :, None], sites[:, None, :], self.boundary)
        if self.nonlinearity == "sign":  # equal pairs cancel and leave a covariance
            moments = np.empty(len(sites))
            paired = (np.diff(sites, axis=1) == 0).argmax(axis=1)
            repeats = (np.diff(sites, axis=1) == 0).any(axis=1)
            others = np.array([[2, 3], [0, 3], [0, 1]])[paired[repeats]]
            left, right = np.take_along_axis(sites[repeats], others, axis=1).T
            moments[repeats] = pairwise(self._autocovariance, left, right, self.boundary)
            moments[~repeats] = erf_fourth_moment(covariances[~repeats], math.inf)
            return moments
        moments = erf_fourth_moment(covariances, self.gain) / self.normalization**4
        same = sites[:, 0] == sites[:, 3]
        return np.where(same, self.excess_kurtosis() + 3.0, moments)
