"""Localization index: prediction of whether fields localize, from statistics of the inputs."""

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

_NO_POWER = 1e-12  # power, relative to the largest, that counts as zero
_N_GROUPS = 10  # groups of rows of samples for the jackknife
_CONTENDING = 0.95  # smallest ratio of spectra, relative to the largest, of modes to consider

_NO_BRIGHTNESS = (
    "The mean of an input over the sites must vary. Here, it is the same for all inputs, as after "
    "subtraction of this mean. The localization index is then not defined, because a uniform field "
    "has no response. Pass inputs whose brightness was not removed."
)
_REVERSED = (
    "Class 0 must have the shorter correlation length, but has the longer one. The localization "
    "index is then not defined. Pass the classes in the other order."
)
_NOT_UNIFORM = (
    "The ratio of the spectra of class 1 and class 0 is not largest at zero frequency, so that "
    "small fields do not become uniform first."
)
_NOT_AT_REST = "The cubic flow has no uniform fixed point."


@dataclass(frozen=True)
class LocalizationIndex:
    """Stability of the uniform field, which fields approach first if the initial weights are small.

    Attributes
    ----------
    index : float
        Localization index. If the index exceeds 1, the uniform field is unstable and fields
        localize. NaN if the index is not defined.
    mode : tuple of int
        Wave vector, in cycles around the lattice, of the least stable Fourier mode.
    growth_rate : float
        Growth rate of a small deviation from the uniform field along the least stable Fourier mode,
        per unit of time of the flow.
    standard_error : float
        Standard error of the index. For models, the standard error is that of the random draws; for
        samples, the standard error is a jackknife estimate (NaN if a class has fewer than 20 rows).
        The standard error is 0 for elliptical models, and for all models with theory="committee".
    closure : float
        Index according to `RectifiedFlow`, which assumes that pixels depend weakly on one another.
        For models, `closure` has no sampling error. If the index exceeds 1, `closure` - 1 is
        smaller than the exact value, `index` - 1, by a factor of 1.3 to 3 for most models. With
        theory="committee", `closure` is NaN.
    reason : str
        Reason why the index is not defined; an empty string if the index is defined.

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
        """Whether the localization index exceeds 1."""
        return self.index > 1.0


def localization_index(
    task: Any,
    *,
    theory: str = "rectified",
    shape: int | tuple[int, ...] | None = None,
    n_samples: int = 20_000,
    random_state: Any = None,
) -> LocalizationIndex:
    r"""Compute the localization index, which exceeds 1 if fields localize.

    Fields with small initial weights first approach the uniform field. If the index exceeds 1, the
    uniform field is unstable, and the fields localize. For inputs with P(x) = P(-x), the index is
    the largest value, over all nonzero wave vectors k, of a ratio that depends on `theory`. Below,
    s_c(k) is the spectrum of class c.

    theory="rectified" is for one ReLU neuron with target 0 for class 0 and target 1 for class 1:

    .. math::

        \frac{2 D\, p_S(0)\, E[\, \lvert x_k \rvert^2 / D \mid S = 0]\; (s_0(0) + s_1(0))}
        {E \lvert S \rvert\; (s_0(k) + s_1(k))}.

    Here S is the sum of an input x of class 1 over the D sites, p_S the density of S, and x_k the
    Fourier mode k of x. For the gradient flow of one ReLU neuron, the criterion that the index
    exceeds 1 is exact. For models that are smooth increasing functions of a Gaussian field, the
    density p_S is computed from draws without smoothing, and an index near 1 has a standard error
    of 3e-4. For other models and for samples with n rows, the density p_S is smoothed over n^(-1/9)
    standard deviations of S; with n = 20,000, the index has a standard error of 0.02 and a bias
    below 0.003. The density p_S is also smoothed if the sum S of the sites is discrete, as for
    spins. For discrete sums S, every Fourier mode of the weights w grows initially, and the index
    shows whether the mode continues to grow once the change of w.x that the mode causes exceeds the
    spacing of the values of w.x for uniform weights w.

    theory="committee" is for small fields of erf or tanh units with a positive bias (`CubicFlow`):

    .. math::

        \frac{d_k T_0}{3\, d_0 T_k}, \qquad T_k = \sum_{jlm} T_{0jlm}\, e^{2 \pi i k j / D}.

    Here d_k is half the difference of the spectra of the classes at k, and T is half the difference
    of the fourth moments of the classes. For Gaussian classes, the index never exceeds 1.

    Parameters
    ----------
    task : Discrimination, data (X, y), or pair of stationary models or of arrays of samples
        Class 0, which must have the shorter correlation length, and class 1. Data must have the
        labels 0 and 1.
    theory : {"rectified", "committee"}, default="rectified"
        Theory to use: that of one ReLU neuron, or that of a committee machine.
    shape : int or tuple of int, optional
        Lattice of the sites if samples are passed. The default is a ring.
    n_samples : int, default=20_000
        Number of draws from a model of class 1, with theory="rectified".
    random_state : int, Generator, RandomState or None, default=None
        Seed of the draws.

    Returns
    -------
    found : LocalizationIndex
        The growth rate is per unit of t = learning rate x steps, or of t = learning rate x steps /
        D with theory="committee". The growth rate for "committee" is that of units whose activation
        function has the second derivative s_2 = -1 at the bias.

    Raises
    ------
    ValueError
        If S is zero for all inputs, because a uniform field then has no response.

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
    if drawn:  # use the same draws for all groups
        arguments = theory, shape, n_samples, 0
    indices = [
        _index_of((_without(pair[0], group), _without(pair[1], group)), *arguments).index
        for group in range(_N_GROUPS)
    ]
    with np.errstate(invalid="ignore"):  # the standard error of infinite indices is NaN
        jackknife = math.sqrt(_N_GROUPS - 1) * float(np.std(indices))
    return replace(found, standard_error=math.hypot(drawn, jackknife))


def _without(source: Any, group: int) -> Any:
    """Samples without one group of consecutive rows; models are returned unchanged."""
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
    """Localization index, with the standard error that is due to the random draws from class 1."""
    statistics = [field_statistics(source, shape) for source in pair]
    sides = statistics[0].shape
    if statistics[1].shape != sides:
        raise ValueError(
            f"Classes must have the same shape, got {sides} and {statistics[1].shape}."
        )
    spectra = np.stack([each.spectrum for each in statistics])
    total = spectra.sum(axis=0)
    if len(total) < 2:
        raise ValueError("The lattice must have at least two sites, got one.")
    # Modes without power are left out, because their ratios are rounding errors.
    exists = total > _NO_POWER * total.max()
    undefined = LocalizationIndex(math.nan, (0,) * len(sides), math.nan, math.nan)
    if not exists[0]:
        raise ValueError(_NO_BRIGHTNESS)
    relative = np.zeros(len(total))
    relative[exists] = spectra[1, exists] / total[exists] / (spectra[1, 0] / total[0])
    sizes = _sample_sizes(pair)
    slack = 4.0 / math.sqrt(min(sizes)) if sizes else _NO_POWER  # four standard errors, or rounding
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
    # A mode and its opposite differ only by rounding errors: use the first one.
    first = 1 + int(np.argmax(scores[1:] >= (1.0 - 1e-9) * scores[1:].max()))
    mode = np.unravel_index(first, sides)
    signed = tuple(int(k) if 2 * k <= n else int(k) - n for k, n in zip(mode, sides, strict=True))
    found_at = float(scores[first]), signed, float(rates[first])
    return LocalizationIndex(*found_at, float(errors[first]), closure)


def _sample_sizes(pair: tuple[Any, Any]) -> list[int]:
    """Number of samples of each class that is an array of samples and not an input model."""
    return [len(source) for source in pair if not hasattr(source, "covariance")]


def _committee(
    pair: tuple[Any, Any], spectra: Array, sides: tuple[int, ...]
) -> tuple[Array, Array]:
    """Ratio whose maximum is the index, and growth rate, of each Fourier mode in the cubic flow."""
    difference = 0.5 * (spectra[0] - spectra[1])
    first, second = (
        _zero_momentum_spectrum(source, spectrum, sides)
        for source, spectrum in zip(pair, spectra, strict=True)
    )
    fourth = 0.5 * (first - second)
    if difference[0] * fourth[0] <= 0.0:  # there is no uniform fixed point
        fourth = np.full(len(difference), np.nan)
    bound = 3.0 * difference[0] * fourth / fourth[0]
    # A mode grows if its difference of spectra is below its bound; usually, both are negative.
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
    # Entry (i, j) is the site i + j, which is i - (-j).
    sites = site_differences(sides)
    along = np.take_along_axis(along, sites[: len(along), sites[0]], axis=1).mean(axis=0)
    return np.asarray(gaussian + np.fft.fftn(along.reshape(sides)).real.ravel())
