"""Localization index: a criterion from the statistics of the inputs for whether fields localize."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._core._lattice import site_differences
from .._core._mistakes import warn_likely_mistake
from .._core._types import Array
from .._core._validation import check_option, check_positive
from ..analysis import cumulant
from ._amplifier import Amplifier
from ._elasticity import exact_elasticity
from ._statistics import class_pair, field_statistics

_NO_POWER = 1e-12  # fraction of the largest power below which there is none
_N_GROUPS = 10  # of the rows of samples, each left out once for the standard error
_CONTENDING = 0.95  # of the largest ratio of spectra; only such modes can have the index

_NO_BRIGHTNESS = (
    "The mean of each input over the sites does not vary, as after X - X.mean(axis=1, "
    "keepdims=True), so that a uniform field has no response and the localization index is not "
    "defined. Pass inputs whose brightness was not removed."
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
        Standard error of the index: of the draws from a model, of samples a jackknife (NaN with
        fewer than 20 rows). 0 for elliptical models and for the index of "committee" of models.
    closure : float
        Index of `RectifiedFlow`, whose pixels depend weakly: without sampling error, but its
        distance from 1 is too small by a factor of 1.4 to 3. NaN with "committee".
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
    closure: float = math.nan
    reason: str = ""

    @property
    def localizes(self) -> bool:
        """Whether the index exceeds 1."""
        return self.index > 1.0


def localization_index(
    task: Any,
    *,
    theory: str = "rectified",
    shape: int | tuple[int, ...] | None = None,
    n_samples: int = 20_000,
    random_state: Any = None,
) -> LocalizationIndex:
    """Compute the localization index: above 1, the uniform field is unstable and fields localize.

    For inputs with P(x) = P(-x), the index is the largest of these ratios over all Fourier modes k,
    with s_c(k) the spectra of the classes:

    "rectified", for one ReLU neuron with target 1 for class 1::

        2 p_S(0) E[|x_k|^2 / D | S = 0] D (s_0(0) + s_1(0)) / (E|S| (s_0(k) + s_1(k)))

    with S the sum of an input x of class 1, p_S its density and x_k its Fourier mode. This is exact
    for the gradient flow. Draws from models that are increasing functions of a Gaussian field
    give the density itself, with a standard error of 3e-4 near 1; other models and samples give
    it smoothed over n^(-1/9) standard deviations of S, with an error of 0.02 for 20,000 rows and
    a bias below 0.003. Where S has atoms, as for spins, its density is the smoothed one: any mode
    grows from zero, and the index says whether it grows further once its response varies by more
    than one step of S.

    "committee", for small fields of erf or tanh units of bias b > 0 (`CubicFlow`): d_k T_0 / (3 d_0
    T_k), with d_k half the difference of the spectra, T half the difference of the fourth moments
    and T_k = sum_jkl T_0jkl exp(2 pi i k j / D). For Gaussian classes nothing localizes.

    Parameters
    ----------
    task : Discrimination, data (X, y), or pair of stationary models or of arrays of samples
        Class 0, the short-range one, and class 1. Data have the labels 0 and 1.
    theory : {"rectified", "committee"}, default="rectified"
        Kind of neurons.
    shape : int or tuple of int, optional
        Lattice of samples, a ring by default.
    n_samples : int, default=20_000
        Draws from a model of class 1, for "rectified".
    random_state : int, Generator, RandomState or None, default=None
        Seed of the draws.

    Returns
    -------
    found : LocalizationIndex
        Growth rates are for a learning rate of 1; with "committee" for s2 = -1 and t = steps / D.

    Raises
    ------
    ValueError
        If the mean of each input over the sites does not vary: S = 0.

    Examples
    --------
    >>> from rfsk import NLGP, localization_index
    >>> pair = [NLGP(40, correlation_length=xi, gain=0.1 * 2**0.5) for xi in (1.0, 3.0)]
    >>> round(localization_index(pair, random_state=0).index, 3)
    0.991
    """
    check_option(theory, "theory", ("rectified", "committee"))
    check_positive(n_samples, "n_samples", integer=True)
    pair = class_pair(task)
    arguments = theory, shape, n_samples, random_state
    found = _index_of(pair, *arguments, with_closure=True)
    if found.reason == _REVERSED:
        warn_likely_mistake(found.reason)
    sizes = _sample_sizes(pair)
    if found.reason or not sizes:
        return found
    if min(sizes) < 2 * _N_GROUPS:
        return replace(found, standard_error=math.nan)
    drawn = found.standard_error if hasattr(pair[1], "covariance") else 0.0
    if drawn:  # the same draws for all groups
        arguments = theory, shape, n_samples, 0
    indices = [
        _index_of((_without(pair[0], group), _without(pair[1], group)), *arguments).index
        for group in range(_N_GROUPS)
    ]
    with np.errstate(invalid="ignore"):  # an infinite index has no standard error
        jackknife = math.sqrt(_N_GROUPS - 1) * float(np.std(indices))
    return replace(found, standard_error=math.hypot(drawn, jackknife))


def _without(source: Any, group: int) -> Any:
    """Samples without one group of consecutive rows; a model as it is."""
    if hasattr(source, "covariance"):
        return source
    rows = np.asarray(source)
    return np.delete(rows, np.array_split(np.arange(len(rows)), _N_GROUPS)[group], axis=0)


def _index_of(
    pair: tuple[Any, Any],
    theory: str,
    shape: int | tuple[int, ...] | None,
    n_samples: int,
    random_state: Any,
    with_closure: bool = False,
) -> LocalizationIndex:
    """Index, with the standard error of draws from class 1 only."""
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
        raise ValueError(_NO_BRIGHTNESS)
    relative = np.zeros(len(total))
    relative[exists] = spectra[1, exists] / total[exists] / (spectra[1, 0] / total[0])
    sizes = _sample_sizes(pair)
    slack = 4.0 / math.sqrt(min(sizes)) if sizes else _NO_POWER  # four errors, or rounding
    if relative.max() > 1.0 + slack:
        is_reversed = relative[exists].min() >= 1.0 - slack
        return replace(undefined, reason=_REVERSED if is_reversed else _NOT_UNIFORM)
    errors, closure = np.zeros(len(total)), math.nan
    if theory == "rectified":
        if with_closure:
            a0 = float(np.sqrt(spectra[1, 0] / (len(total) * statistics[1].variance)))
            closure = Amplifier(statistics[1]).elasticity(a0) * float(relative[1:].max())
        scores = np.zeros(len(total))
        modes = 1 + np.flatnonzero(relative[1:] >= _CONTENDING * relative[1:].max())
        found = exact_elasticity(pair[1], statistics[1], modes, n_samples, random_state)
        scores[modes], errors[modes] = (each * relative[modes] for each in found)
        rates = 0.5 * total * (scores - 1.0)
    else:
        scores, rates = _committee(pair, spectra, sides)
    if np.isnan(scores).any():
        return replace(undefined, reason=_NOT_AT_REST)
    scores[~exists] = -math.inf
    # A mode and its opposite differ by rounding: the first one counts.
    first = 1 + int(np.argmax(scores[1:] >= (1.0 - 1e-9) * scores[1:].max()))
    mode = np.unravel_index(first, sides)
    signed = tuple(int(k) if 2 * k <= n else int(k) - n for k, n in zip(mode, sides, strict=True))
    found_at = float(scores[first]), signed, float(rates[first])
    return LocalizationIndex(*found_at, float(errors[first]), closure)


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
