"""Which units of a population localize, oscillate, are neither, or are dead."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .._core._lattice import site_differences
from .._core._random import as_generator
from .._core._validation import check_fields_on
from ._localization import LocalizationAnalyzer
from ._measures import scaled_images

Array = NDArray[np.float64]

GROUPS = ("localized", "oscillating", "other", "dead")
_CONFIDENCE = 0.95
_LARGEST_TERM = 1e6  # of an alternating sum that is still summed
_ROUNDING = 1e-12  # share of the power below which a mode is rounding


@dataclass(frozen=True)
class GroupSplit:
    """Units of a population by what their fields are.

    Attributes
    ----------
    groups : ndarray of str of shape (n_units,)
        "localized": the IPR exceeds that of surrogates with random phases. "oscillating": it does
        not, and one Fourier mode carries more power than in white noise. "other": neither.
        "dead": a field of zeros. Waves of the highest frequency count as "other", and those of a
        quarter of the sampling frequency, whose IPR depends on their phase, may be either.
    p_values : ndarray of shape (n_units,)
        Of localization, corrected for the number of units that are not dead: calling all units
        below alpha localized makes at most a share alpha of the calls wrong on average (Y.
        Benjamini and Y. Hochberg, J. R. Stat. Soc. B 57, 289, 1995). NaN for dead units.
    share : dict of str to float
        Share of all units, by group.
    interval : dict of str to (float, float)
        Wilson's 95 % interval of the share in nets like this one, units taken as independent.

    Examples
    --------
    >>> import numpy as np
    >>> sites = np.arange(100)
    >>> bumps = [np.exp(-(((sites - c + 50) % 100 - 50.0) ** 2) / 50) for c in range(0, 100, 10)]
    >>> wave = np.cos(0.2 * np.pi * sites)
    >>> from rfsk.analysis import group_split
    >>> split = group_split([*bumps[:2], wave, 0.0 * wave], random_state=0)
    >>> split.groups.tolist()
    ['localized', 'localized', 'oscillating', 'dead']
    >>> split.share["localized"]
    0.5
    """

    groups: NDArray[np.str_]
    p_values: Array
    share: dict[str, float]
    interval: dict[str, tuple[float, float]]


def group_split(
    fields: ArrayLike,
    shape: int | tuple[int, ...] | None = None,
    *,
    alpha: float = 0.05,
    n_null: int = 999,
    random_state: Any = None,
) -> GroupSplit:
    """Tell localized units from oscillating and dead ones.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    alpha : float, default=0.05
        Share of the localized units that may be wrong, and level of the test for an oscillation.
    n_null : int, default=999
        Number of surrogates of each field; those few that exceed all of theirs get more, where the
        correction needs them.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the surrogates.

    Returns
    -------
    split : GroupSplit

    Raises
    ------
    ValueError
        If the fields or the shape are not valid, or a parameter is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import group_split
    >>> sites = np.arange(100)
    >>> bump, wave = np.exp(-((sites - 30.0) ** 2) / 50), np.cos(0.2 * np.pi * sites)
    >>> group_split([bump, wave, np.zeros(100)], random_state=0).groups.tolist()
    ['localized', 'oscillating', 'dead']
    """
    weights, sides = check_fields_on(fields, shape)
    p_values = _resolved_p_values(weights, sides, alpha, n_null, as_generator(random_state))
    alive = np.isfinite(p_values)
    if alive.any():
        p_values[alive] = stats.false_discovery_control(p_values[alive])
    groups = np.full(len(weights), "dead", dtype="<U11")
    groups[alive] = "other"
    groups[alive & (peak_mode_p_value(weights, sides) <= alpha)] = "oscillating"
    groups[alive & (p_values <= alpha)] = "localized"
    count = {name: int((groups == name).sum()) for name in GROUPS}
    return GroupSplit(
        groups,
        p_values,
        share={name: number / len(groups) for name, number in count.items()},
        interval={name: share_interval(number, len(groups)) for name, number in count.items()},
    )


def _resolved_p_values(
    weights: Array, sides: tuple[int, ...], alpha: float, n_null: int, rng: np.random.Generator
) -> Array:
    """p-value of each field, from as many surrogates as the correction for their number needs.

    The smallest p-value is 1 / (n_null + 1). Where so few fields have it that even they would not
    pass the correction, they are held against more surrogates.
    """
    p_values = np.full(len(weights), np.nan)
    at_floor = np.ones(len(weights), dtype=bool)
    while True:
        analyzer = LocalizationAnalyzer(sides, alpha=alpha, n_null=n_null, random_state=rng)
        analyzer.set_output(transform="default").fit(weights)
        # The last columns are the p-value and the call at the level of a single unit.
        p_values[at_floor] = analyzer.transform(weights[at_floor])[:, -2]
        n_alive, floor = int(np.isfinite(p_values).sum()), 1.0 / (n_null + 1)
        at_floor = p_values <= floor
        n_at_floor = int(at_floor.sum())
        if n_at_floor == 0 or floor <= alpha * n_at_floor / n_alive:
            return p_values
        n_null = max(2 * n_null, math.ceil(n_alive / (alpha * n_at_floor)))


def share_interval(n: int, n_all: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share n / n_all."""
    interval = stats.binomtest(n, n_all).proportion_ci(_CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def peak_mode_p_value(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Array:
    """p-value of the largest share of power in one Fourier mode, for white Gaussian noise.

    Fisher's exact test: of m modes, the largest share exceeds g with probability
    sum_j (-1)^(j-1) binom(m, j) (1 - j g)^(m-1) over 1 <= j < 1/g (R. A. Fisher, Proc. R. Soc.
    Lond. A 125, 54, 1929). A mode is a wave vector and its opposite; constants and waves of the
    highest frequency, which have no second phase, are left out.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    p_value : ndarray of shape (n_units,)
        NaN for a field without such a mode, as one of zeros.
    """
    images, sides = scaled_images(fields, shape)
    images = np.nan_to_num(images)
    power = np.abs(np.fft.fftn(images, axes=range(1, images.ndim))).reshape(len(images), -1) ** 2
    opposite = site_differences(sides)[0]
    modes = power[:, np.arange(len(opposite)) < opposite]
    total = modes.sum(axis=1)
    has_modes = total > _ROUNDING * power.sum(axis=1)
    p_value = np.full(len(images), np.nan)
    for unit in np.flatnonzero(has_modes):
        p_value[unit] = _fisher_p_value(float(modes[unit].max() / total[unit]), modes.shape[1])
    return p_value


def _fisher_p_value(share: float, m: int) -> float:
    """Probability that the largest of m shares of exponential variables exceeds this one."""
    if m == 1 or share >= 1.0:
        return 1.0 if m == 1 else 0.0
    j = np.arange(1, min(m, math.ceil(1.0 / share) - 1) + 1)
    log_terms = (
        math.lgamma(m + 1)
        - np.array([math.lgamma(i + 1) + math.lgamma(m - i + 1) for i in j])
        + (m - 1) * np.log1p(-j * share)
    )
    # The sum alternates: where its terms outgrow what digits can tell, the answer is near one.
    if log_terms.max() > math.log(_LARGEST_TERM):
        return 1.0
    terms = np.exp(log_terms)
    return float(np.clip(np.sum(np.where(j % 2, terms, -terms)), 0.0, 1.0))
