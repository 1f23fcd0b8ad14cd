"""Tiling and summary of populations of receptive fields."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import KDTree

from .._core._types import Array
from .._core._validation import check_array, check_fields_on, check_image_shape
from ._groups import GROUPS, NOT_TESTABLE, TESTABLE, GroupSplit, group_split
from ._measures import center_of, ipr_of, scaled_images, width_of

_N_DRAWS = 999  # draws of uniform positions
_LEVEL = 0.025  # level of each of the two tests of positions
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Tiling:
    """Coverage of a lattice by a population of fields.

    Attributes
    ----------
    n_units : int
        Number of fields that are not zero.
    arrangement : {"regular", "random", "clustered"} or None
        Arrangement of the centres: "regular" if `p_regular` is at most 0.025, "clustered" if
        `p_clustered` is at most 0.025, and "random" otherwise. The arrangement is None if fewer
        than two fields have a centre.
    p_regular, p_clustered : float
        p-values of one-sided tests for regular and for clustered centres, from 999 draws of
        independent uniform centres. The tests for regular and for clustered centres use the mean
        distance from a site to the nearest centre, which is small for regular centres and large for
        clustered centres. On a ring, the mean distance from a site to the nearest centre is the sum
        of the squared gaps between adjacent centres (Greenwood, Journal of the Royal Statistical
        Society 109, 85, 1946) divided by four times the number of sites.
    coverage, random_coverage : float
        Fraction of the sites at which at least one field exceeds half of its own peak, and the
        expected value of this fraction for the same fields at independent uniform positions.

    Examples
    --------
    >>> from rfsk.analysis import tiling
    >>> tiling([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]).coverage
    0.5
    """

    n_units: int
    arrangement: str | None
    p_regular: float
    p_clustered: float
    coverage: float
    random_coverage: float


def tiling(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Tiling:
    """Measure how receptive fields cover their lattice, and test how their centres are arranged.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields, for example the localized ones of a net. Fields of zeros are ignored.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    tiling : Tiling
        The coverage is NaN if all fields are zero, and the p-values are NaN if fewer than two
        fields have a centre.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import tiling
    >>> tiling(np.eye(100)[::5]).arrangement, tiling(np.eye(100)[[10] * 9 + [60] * 9]).arrangement
    ('regular', 'clustered')
    """
    return tiling_of(*check_fields_on(fields, shape))


def tiling_of(weights: Array, sides: tuple[int, ...]) -> Tiling:
    """Tiling of checked fields."""
    weights = weights[np.any(weights != 0.0, axis=1)]
    if not len(weights):
        return Tiling(0, None, *[math.nan] * 4)
    peak = np.take_along_axis(weights, np.abs(weights).argmax(axis=1)[:, None], axis=1)
    footprint = weights / peak >= 0.5  # where a field exceeds half of its peak, with the same sign
    centers = center_of(scaled_images(weights, sides))
    regular, clustered = _p_values_of_places(centers[np.isfinite(centers).all(axis=1)], sides)
    found = "regular" if regular <= _LEVEL else "clustered" if clustered <= _LEVEL else "random"
    return Tiling(
        n_units=len(weights),
        arrangement=None if math.isnan(regular) else found,
        p_regular=regular,
        p_clustered=clustered,
        coverage=float(footprint.any(axis=0).mean()),
        random_coverage=float(1.0 - np.prod(1.0 - footprint.mean(axis=1))),
    )


def _p_values_of_places(centers: Array, sides: tuple[int, ...]) -> tuple[float, float]:
    """p-values of the tests for regular and for clustered centres, see `Tiling`."""
    n_centers, rng = len(centers), np.random.default_rng(0)
    axes = [axis for axis, side in enumerate(sides) if side > 1]
    if n_centers < 2 or not axes:
        return math.nan, math.nan
    lengths = np.array(sides, dtype=np.float64)[axes]
    sites = np.indices(sides)[axes].reshape(len(axes), -1).T

    def distance(places: Array) -> float:
        return float(KDTree(places % lengths, boxsize=lengths).query(sites)[0].mean())

    draws = rng.random((_N_DRAWS, n_centers, len(axes)))
    null, found = np.array([distance(lengths * draw) for draw in draws]), distance(centers[:, axes])
    n_below = int((null <= found * (1.0 + _ROUNDING)).sum())
    n_above = int((null >= found * (1.0 - _ROUNDING)).sum())
    return (1 + n_below) / (1 + _N_DRAWS), (1 + n_above) / (1 + _N_DRAWS)


@dataclass(frozen=True)
class PopulationSummary:
    """Groups, measures and tiling of a population of fields.

    The string representation of a summary is a table.

    Attributes
    ----------
    split : GroupSplit
        Groups of the units.
    median_ipr, median_width : dict of str to float
        Median IPR and median width (in sites) of each group; NaN for a group without units.
    tiling : Tiling
        Tiling of the lattice by the fields of the localized units.

    Examples
    --------
    >>> from rfsk.analysis import population_summary
    >>> population_summary([[1.0] + [0.0] * 99], random_state=0).median_width["localized"]
    1.0
    """

    split: GroupSplit
    median_ipr: dict[str, float]
    median_width: dict[str, float]
    tiling: Tiling

    def __str__(self) -> str:
        head = f"{'':<12}{'fraction':>9}  {'95 % interval':<14}"
        lines = [f"{head}{'median IPR':>11}{'median width':>14}"]
        reason = self.split.not_testable
        for name in GROUPS[GROUPS.index(NOT_TESTABLE) :] if reason else TESTABLE:
            low, high = self.split.interval[name]
            lines.append(
                f"{name:<12}{self.split.fraction[name]:>9.2f}  {f'{low:.2f} to {high:.2f}':<14}"
                f"{self.median_ipr[name]:>11.4f}{self.median_width[name]:>14.1f}"
            )
        if reason:
            lines.append(f"not testable: {reason}")
        if self.tiling.n_units:
            lines.append(
                f"localized fields cover {self.tiling.coverage:.2f} of the sites "
                f"({self.tiling.random_coverage:.2f} expected at random positions)"
            )
        if self.tiling.arrangement:
            p_values = f"{self.tiling.p_regular:.3f}, p clustered {self.tiling.p_clustered:.3f}"
            lines.append(f"their centres are {self.tiling.arrangement} (p regular {p_values})")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Convert to a dictionary suitable for JSON, with None in place of NaN."""
        return {
            "groups": self.split.groups.tolist(),
            "p_values": _without_nan(self.split.p_values.tolist()),
            "fraction": self.split.fraction,
            "interval": {name: list(ends) for name, ends in self.split.interval.items()},
            "median_ipr": _without_nan(self.median_ipr),
            "median_width": _without_nan(self.median_width),
            "tiling": _without_nan(asdict(self.tiling)),
        }


def population_summary(
    fields: ArrayLike,
    shape: int | tuple[int, ...] | None = None,
    *,
    null: Any = "phase",
    alpha: float = 0.05,
    n_null: int = 999,
    inputs: Any = None,
    random_state: Any = None,
) -> PopulationSummary:
    """Summarise the groups of a population of fields, and the tiling by the localized fields.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    null : "phase", array-like of shape (n_null, n_features) or fitted net, default="phase"
        Null fields, as in `group_split`: surrogates with random phases, or given fields, such as
        the fields of a net trained on the control (Gaussian inputs with the same mean and
        covariance).
    alpha : float, default=0.05
        Largest expected fraction of false positives among the localized units; see `group_split`.
    n_null : int, default=999
        Number of surrogates per field.
    inputs : array-like of shape (n_samples, n_features), or input model, optional
        Inputs from which the fields were learned; `why_not_testable` tests whether their sites are
        equivalent.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the surrogates.

    Returns
    -------
    summary : PopulationSummary

    Examples
    --------
    >>> from rfsk.analysis import population_summary
    >>> population_summary([[1.0] + [0.0] * 99], random_state=0).median_width["localized"]
    1.0
    """
    import pandas as pd

    options: dict[str, Any] = {"null": null, "inputs": inputs, "random_state": random_state}
    split = group_split(fields, shape, alpha=alpha, n_null=n_null, **options)
    weights = check_array(fields, "fields", ensure_all_finite=False)
    weights = np.where(split.groups[:, None] == "dead", 0.0, weights)
    sides = check_image_shape(shape, weights.shape[1])
    images = scaled_images(weights, sides)

    def medians(values: Array) -> dict[str, float]:
        by_group = pd.Series(values).groupby(split.groups).median()
        return {str(name): float(median) for name, median in by_group.reindex(GROUPS).items()}

    return PopulationSummary(
        split,
        median_ipr=medians(ipr_of(images)),
        median_width=medians(width_of(images)),
        tiling=tiling_of(weights[split.groups == "localized"], sides),
    )


def _without_nan(values: Any) -> Any:
    """Replace NaN, which JSON does not have, by None."""
    if isinstance(values, dict):
        return {name: _without_nan(value) for name, value in values.items()}
    if isinstance(values, list):
        return [_without_nan(value) for value in values]
    return None if isinstance(values, float) and math.isnan(values) else values
