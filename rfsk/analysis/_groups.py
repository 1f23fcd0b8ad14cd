"""Classification of units by their fields: localized, oscillating, other, unchanged or dead."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .._core._lattice import site_differences
from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import check_fields_on, check_option, check_positive
from ._measures import scaled_images
from ._nulls import compact_p_values, ipr_p_values, null_ipr, random_phases, warn_not_testable

NOT_TESTABLE = "not testable"
TESTABLE = ("localized", "oscillating", "other", "unchanged", "dead")
GROUPS = (*TESTABLE[:3], NOT_TESTABLE, *TESTABLE[3:])
_ROUNDING = 1e-12  # fraction of the power below which modes are rounding errors
_MOST_DRAWS = 2000  # largest number of draws of noise for the test of Fourier modes
_UNCHANGED = 0.05  # fraction of the norm of large fields below which a field is unchanged


@dataclass(frozen=True)
class GroupSplit:
    """Result of `group_split`: the group of each unit, and the fraction of units per group.

    Attributes
    ----------
    groups : ndarray of str of shape (n_units,)
        "localized": the IPR of the field is significantly larger than the IPR of the null fields,
        and the field is compact, as defined in `LocalizationAnalyzer`. "oscillating": the field is
        not localized, and one of its Fourier modes has significantly more power than expected for
        Gaussian noise whose spectrum does not increase with the frequency. "other": the field is
        neither localized nor oscillating; sinusoids of the lowest or the highest frequency also
        belong to this group. "not testable": no field can be tested; the attribute
        `not_testable` gives the reason. "unchanged": the norm of the field is less than a twentieth
        of the 90th percentile of the norms of all fields. "dead": the field is zero, or has NaN or
        infinite entries.
    p_values : ndarray of shape (n_units,)
        For each unit, the larger of the p-values of its IPR and of its concentration, corrected for
        multiple testing (Benjamini and Hochberg, Journal of the Royal Statistical Society B 57,
        289, 1995). The p-value is NaN for units that were not tested.
    fraction : dict of str to float
        Fraction of the units in each group.
    interval : dict of str to (float, float)
        Wilson's 95 % confidence interval of each fraction, which is valid for independent units.
    not_testable : str or None
        Reason why fields that are neither unchanged nor dead cannot be tested, or None if they can
        be tested.

    Examples
    --------
    >>> from rfsk.analysis import group_split
    >>> group_split([[1.0] + [0.0] * 49, [0.0] * 50], random_state=0).fraction["localized"]
    0.5
    """

    groups: NDArray[np.str_]
    p_values: Array
    fraction: dict[str, float]
    interval: dict[str, tuple[float, float]]
    not_testable: str | None = None


def group_split(
    fields: ArrayLike,
    shape: int | tuple[int, ...] | None = None,
    *,
    null: Any = "phase",
    alpha: float = 0.05,
    n_null: int = 999,
    inputs: Any = None,
    random_state: Any = None,
) -> GroupSplit:
    """Classify units by their fields as localized, oscillating, other, unchanged or dead.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    null : "phase", array-like of shape (n_null, n_features) or fitted net, default="phase"
        Null fields, with whose IPR the IPR of each field is compared. "phase" stands for surrogates
        of the field with the same power spectrum and random phases. With n null fields, the
        smallest p-value before the correction for multiple testing is 1 / (n + 1).
    alpha : float, default=0.05
        Largest expected fraction of false positives among the localized units, and among the
        oscillating units.
    n_null : int, default=999
        Number of surrogates per field. If the correction for multiple testing requires smaller
        p-values than `n_null` surrogates can give, more surrogates are drawn for the fields with
        the smallest p-values.
    inputs : array-like of shape (n_samples, n_features), or input model, optional
        Inputs from which the fields were learned; `why_not_testable` tests whether their sites are
        equivalent.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the surrogates.

    Returns
    -------
    split : GroupSplit

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import group_split
    >>> sites = np.arange(100)
    >>> bump, mode = np.exp(-((sites - 30.0) ** 2) / 50), np.cos(0.2 * np.pi * sites)
    >>> group_split([bump, mode, np.zeros(100)], random_state=0).groups.tolist()
    ['localized', 'oscillating', 'dead']
    """
    weights, sides = check_fields_on(fields, shape, with_diverged=True)
    check_positive(n_null, "n_null", integer=True)
    if is_phase := isinstance(null, str):
        check_option(null, "null", ("phase",))
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"`alpha` must be between 0 and 1, got {alpha!r}.")
    rng = as_generator(random_state)
    norms = np.linalg.norm(weights / (np.abs(weights).max() or 1.0), axis=1)
    has_grown = (norms > 0.0) & (norms >= _UNCHANGED * np.percentile(norms, 90))
    groups = np.where(norms > 0.0, "unchanged", "dead").astype("<U12")
    p_values = np.full(len(weights), np.nan)
    reason = warn_not_testable(weights[has_grown], sides, inputs) if is_phase else None
    groups[has_grown] = "other" if reason is None else NOT_TESTABLE
    if has_grown.any() and reason is None:
        grown = scaled_images(weights[has_grown], sides)
        raw = _resolved_p_values(grown, null, alpha, n_null, rng)
        p_values[has_grown] = stats.false_discovery_control(raw)
        n_draws = max(n_null, min(_MOST_DRAWS, math.ceil(len(grown) / alpha)))
        peaks = stats.false_discovery_control(peak_mode_p_values(grown, n_draws, rng))
        groups[np.flatnonzero(has_grown)[peaks <= alpha]] = "oscillating"
    groups[p_values <= alpha] = "localized"
    tests = {name: stats.binomtest(int((groups == name).sum()), len(groups)) for name in GROUPS}
    ends = {name: test.proportion_ci(0.95, method="wilson") for name, test in tests.items()}
    return GroupSplit(
        groups,
        p_values,
        fraction={name: float(test.statistic) for name, test in tests.items()},
        interval={name: (float(low), float(high)) for name, (low, high) in ends.items()},
        not_testable=reason,
    )


def _resolved_p_values(
    images: Array, null: Any, alpha: float, n_null: int, rng: np.random.Generator
) -> Array:
    """p-value for the localization of each field; the smallest may require more surrogates."""
    given = None if isinstance(null, str) else null_ipr(null, images[0].size)
    p_values = np.full(len(images), np.nan)
    is_open = np.ones(len(images), dtype=bool)
    while True:
        against = random_phases(images.shape[1:], n_null, rng) if given is None else given
        rows = images[is_open]
        p_values[is_open] = np.maximum(ipr_p_values(rows, against), compact_p_values(rows, n_null))
        n_alive, smallest = int(np.isfinite(p_values).sum()), 1.0 / (n_null + 1)
        is_open = p_values <= smallest
        n_open = int(is_open.sum())
        if given is not None or n_open == 0 or smallest <= alpha * n_open / n_alive:
            return p_values
        n_null = max(2 * n_null, math.ceil(n_alive / (alpha * n_open)))


def peak_mode_p_values(images: Array, n_draws: int, rng: np.random.Generator) -> Array:
    """p-value of the most prominent Fourier mode of each field.

    In noise whose spectrum does not increase with the frequency, the last of the m Fourier modes of
    lowest frequency has more than a fraction g of the total power of these m modes with a
    probability of at most (1 - g)^(m - 1). The test statistic of a field is the smallest (1 - g)^(m
    - 1) over all m, where g is the power of mode m of the field divided by the total power of modes
    1 to m. The p-value of the field is computed from the distribution of the test statistic for
    white noise.
    """
    sides = images.shape[1:]
    power = np.abs(np.fft.fftn(np.nan_to_num(images), axes=range(1, images.ndim))) ** 2
    power = power.reshape(len(images), -1)
    opposite = site_differences(sides)[0]
    is_mode = np.arange(len(opposite)) < opposite
    frequencies = np.meshgrid(*map(np.fft.fftfreq, sides), indexing="ij")
    squares = np.sum(np.square(frequencies), axis=0).ravel()[is_mode].round(12)
    order = np.argsort(squares, kind="stable")
    modes, squares = power[:, is_mode][:, order], squares[order]
    last = np.searchsorted(squares, squares, side="right") - 1  # the last mode of equal frequency
    null = np.sort(_least_bound(rng.exponential(size=(n_draws, len(last))), last))
    n_beyond = np.searchsorted(null, _least_bound(modes, last), side="right")
    is_rounding = modes.sum(axis=1) <= _ROUNDING * power.sum(axis=1)
    return np.where(is_rounding, 1.0, (1.0 + n_beyond) / (1.0 + n_draws))


def _least_bound(modes: Array, last: NDArray[np.intp]) -> Array:
    """Logarithm of the test statistic of each row, as defined in `peak_mode_p_values`."""
    total = np.cumsum(modes, axis=1)[:, last]
    fraction = np.divide(modes, total, out=np.zeros_like(modes), where=total > 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        bound = np.where(last > 0, last * np.log1p(-np.minimum(fraction, 1.0)), 0.0)
    return np.asarray(bound.min(axis=1, initial=0.0))
