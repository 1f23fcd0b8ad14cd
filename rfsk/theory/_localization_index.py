"""Localization index: a criterion from the statistics of the inputs for whether fields localize."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._core._lattice import site_differences
from .._core._mistakes import warn_likely_mistake
from .._core._types import Array
from .._core._validation import check_option
from ..analysis import cumulant
from ._amplifier import Amplifier
from ._statistics import class_pair, field_statistics

_NO_POWER = 1e-12  # fraction of the largest power below which there is none
_N_GROUPS = 10  # of the rows of samples, each left out once for the standard error

_NO_BRIGHTNESS = (
    "There is no localization index: the mean of each input over the sites does not vary, as after "
    "X - X.mean(axis=1, keepdims=True), and the index compares Fourier modes with it. Pass inputs "
    "whose brightness was not removed."
)
_REVERSED = (
    "Class 0 has the longer range: there is no index for classes in this order. Class 0 is the "
    "short-range one; pass the pair in the other order."
)
_NOT_UNIFORM = (
    "The power of class 1 relative to class 0 is not largest at the lowest frequency, so that the "
    "uniform field does not grow first."
)
_NOT_AT_REST = "The cubic flow has no uniform field at rest."


@dataclass(frozen=True)
class LocalizationIndex:
    """Stability of the uniform field, towards which small fields grow first.

    Attributes
    ----------
    index : float
        Above 1 the uniform field is unstable and fields localize; NaN if there is no index.
    mode : tuple of int
        Wave vector, in cycles around the lattice, of the mode that is amplified most.
    growth_rate : float
        Growth rate of that mode about the uniform field, in units of the flow.
    standard_error : float
        Jackknife standard error of the index of samples (NaN with fewer than 20 rows); 0 for
        models.
    reason : str
        Reason why there is no index; empty if there is one.

    Examples
    --------
    >>> from rfsk.theory import LocalizationIndex
    >>> LocalizationIndex(index=1.2, mode=(1,), growth_rate=0.1).localizes
    True
    """

    index: float
    mode: tuple[int, ...]
    growth_rate: float
    standard_error: float = 0.0
    reason: str = ""

    @property
    def localizes(self) -> bool:
        """Whether the index exceeds 1."""
        return self.index > 1.0


def localization_index(
    task: Any, *, theory: str = "rectified", shape: int | tuple[int, ...] | None = None
) -> LocalizationIndex:
    """Compute the localization index: above 1, the uniform field is unstable and fields localize.

    For inputs with P(x) = P(-x), the index is the largest of these ratios over all Fourier modes k:

    "rectified", for one ReLU neuron with target 1 for class 1 (`RectifiedFlow`): E(a_0) [s_1(k) /
    (s_0(k) + s_1(k))] / [s_1(0) / (s_0(0) + s_1(0))], with s_c(k) the spectra of unit-variance
    fields, a_0 = sqrt(s_1(0) / D) and E(a) = a amp'(a) / amp(a) the elasticity of the `Amplifier`.

    "committee", for small fields of erf or tanh units of bias b > 0 (`CubicFlow`): d_k T_0 / (3 d_0
    T_k), with d_k half the difference of the spectra, T half the difference of the fourth moments
    and T_k = sum_jkl T_0jkl exp(2 pi i k j / D). For Gaussian classes nothing localizes.

    Compare its distance from 1, often a few per cent, with `standard_error`. Elliptical models have
    a higher index than their samples.

    Parameters
    ----------
    task : Discrimination, data (X, y), or pair of stationary models or of arrays of samples
        Class 0, the short-range one, and class 1. Data have the labels 0 and 1.
    theory : {"rectified", "committee"}, default="rectified"
        Kind of neurons.
    shape : int or tuple of int, optional
        Lattice of samples, a ring by default.

    Returns
    -------
    found : LocalizationIndex
        Growth rates are for a learning rate of 1; with "committee" for s2 = -1 and t = steps / D.

    Examples
    --------
    >>> from rfsk import NLGP, localization_index
    >>> pair = [NLGP(40, correlation_length=xi, gain=0.1 * 2**0.5) for xi in (1.0, 3.0)]
    >>> round(localization_index(pair).index, 3)
    0.99
    """
    check_option(theory, "theory", ("rectified", "committee"))
    pair = class_pair(task)
    found = _index_of(pair, theory, shape)
    if found.reason in (_NO_BRIGHTNESS, _REVERSED):
        warn_likely_mistake(found.reason)
    if found.reason:
        return found
    return replace(found, standard_error=_jackknife(pair, theory, shape))


def _jackknife(pair: tuple[Any, Any], theory: str, shape: int | tuple[int, ...] | None) -> float:
    """Standard error of the index by leaving out groups of consecutive rows of both classes."""
    sizes = _sample_sizes(pair)
    if not sizes:
        return 0.0
    if min(sizes) < 2 * _N_GROUPS:
        return math.nan
    indices = [
        _index_of((_without(pair[0], group), _without(pair[1], group)), theory, shape).index
        for group in range(_N_GROUPS)
    ]
    with np.errstate(invalid="ignore"):  # an infinite index has no standard error
        return math.sqrt(_N_GROUPS - 1) * float(np.std(indices))


def _without(source: Any, group: int) -> Any:
    """Samples without one group of consecutive rows; a model as it is."""
    if hasattr(source, "covariance"):
        return source
    rows = np.asarray(source)
    return np.delete(rows, np.array_split(np.arange(len(rows)), _N_GROUPS)[group], axis=0)


def _index_of(
    pair: tuple[Any, Any], theory: str, shape: int | tuple[int, ...] | None
) -> LocalizationIndex:
    """Index, without its standard error."""
    statistics = [field_statistics(source, shape) for source in pair]
    sides = statistics[0].shape
    if statistics[1].shape != sides:
        raise ValueError(f"Classes of shape {sides} and {statistics[1].shape}; expected one.")
    spectra = np.stack([each.spectrum for each in statistics])
    total = spectra.sum(axis=0)
    if len(total) < 2:
        raise ValueError("A lattice of one site has no Fourier modes to break up into.")
    # Modes without power are absent: their numbers are rounding.
    exists = total > _NO_POWER * total.max()
    undefined = LocalizationIndex(math.nan, (0,) * len(sides), math.nan, math.nan)
    if not exists[0]:
        return replace(undefined, reason=_NO_BRIGHTNESS)
    relative = np.zeros(len(total))
    relative[exists] = spectra[1, exists] / total[exists] / (spectra[1, 0] / total[0])
    sizes = _sample_sizes(pair)
    slack = 4.0 / math.sqrt(min(sizes)) if sizes else _NO_POWER  # four errors, or rounding
    if relative.max() > 1.0 + slack:
        is_reversed = relative[exists].min() >= 1.0 - slack
        return replace(undefined, reason=_REVERSED if is_reversed else _NOT_UNIFORM)
    if theory == "rectified":
        a0 = float(np.sqrt(spectra[1, 0] / (len(total) * statistics[1].variance)))
        scores = Amplifier(statistics[1]).elasticity(a0) * relative
        rates = 0.5 * total * (scores - 1.0)
    else:
        scores, rates = _committee(pair, spectra, sides)
    if np.isnan(scores).any():
        return replace(undefined, reason=_NOT_AT_REST)
    scores[~exists] = -math.inf
    first = 1 + int(np.argmax(scores[1:]))
    mode = np.unravel_index(first, sides)
    signed = tuple(int(k) if 2 * k <= n else int(k) - n for k, n in zip(mode, sides, strict=True))
    return LocalizationIndex(float(scores[first]), signed, float(rates[first]))


def _sample_sizes(pair: tuple[Any, Any]) -> list[int]:
    """Numbers of rows of the classes that are samples."""
    return [len(source) for source in pair if not hasattr(source, "covariance")]


def _committee(
    pair: tuple[Any, Any], spectra: Array, sides: tuple[int, ...]
) -> tuple[Array, Array]:
    """Scores and growth rates of modes about the uniform field of the cubic flow."""
    difference = 0.5 * (spectra[0] - spectra[1])
    first, second = (
        _zero_momentum_spectrum(source, spectrum, sides)
        for source, spectrum in zip(pair, spectra, strict=True)
    )
    fourth = 0.5 * (first - second)
    if difference[0] * fourth[0] <= 0.0:  # no uniform field at rest
        fourth = np.full(len(difference), np.nan)
    bound = 3.0 * difference[0] * fourth / fourth[0]
    # A mode grows if its difference is below its bound; both are negative as a rule.
    both = (bound < 0.0) & (difference < 0.0)
    scores = np.where(difference < bound, np.inf, 0.0)
    scores[both] = difference[both] / bound[both]
    return scores, -2.0 * (difference - bound)


def _zero_momentum_spectrum(source: Any, spectrum: Array, sides: tuple[int, ...]) -> Array:
    """Transform sum_jkl T_0jkl exp(2 pi i k j / D) of a fourth moment, for every wave vector k."""
    D = len(spectrum)
    gaussian = D * spectrum * spectrum[0]
    gaussian[0] *= 3.0
    kappa, is_model = cumulant(source), hasattr(source, "autocovariance")
    along = kappa.pair_contract(np.ones(D), np.eye(D)[: 1 if is_model else D])
    # Row i, displacement j: the site i + j, that is i - (-j).
    sites = site_differences(sides)
    along = np.take_along_axis(along, sites[: len(along), sites[0]], axis=1).mean(axis=0)
    return np.asarray(gaussian + np.fft.fftn(along.reshape(sides)).real.ravel())
