"""Tiling and summary of populations of receptive fields."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._types import Array
from .._core._validation import check_fields_on, check_image_shape, check_matrix
from ._groups import GROUPS, NOT_TESTABLE, TESTABLE, GroupSplit, group_split
from ._measures import center_of, ipr_of, scaled_images, width_of


@dataclass(frozen=True)
class Tiling:
    """Coverage of a lattice by a population of fields.

    Attributes
    ----------
    n_units : int
        Number of fields that are not zero.
    resultant_length : float
        Largest length over axes of the mean of exp(2 pi i center / side), 0 for evenly spread
        centres and 1 for equal ones.
    rayleigh_p : float
        p-value of Rayleigh's test that centres are uniform, corrected for the number of axes.
    coverage, random_coverage : float
        Fraction of the sites at which some field reaches half of its peak, and its expectation for
        independent uniform places of the same fields.

    Examples
    --------
    >>> from rfsk.analysis import tiling
    >>> tiling([[1.0, 0.0, 0.0, 0.0]])
    Tiling(n_units=1, resultant_length=1.0, rayleigh_p=1.0, coverage=0.25, random_coverage=0.25)
    """

    n_units: int
    resultant_length: float
    rayleigh_p: float
    coverage: float
    random_coverage: float


def rayleigh_p_value(resultant_length: float, n: int) -> float:
    """p-value of Rayleigh's test for n angles (J. H. Zar, Biostatistical Analysis, eq. 27.4)."""
    if n == 1:
        return 1.0  # the approximation does not hold for a single angle
    resultant = n * resultant_length
    exponent = math.sqrt(1.0 + 4.0 * n + 4.0 * (n**2 - resultant**2)) - (1.0 + 2.0 * n)
    return min(1.0, math.exp(exponent))


def tiling(fields: ArrayLike, shape: int | tuple[int, ...] | None = None) -> Tiling:
    """Measure how evenly a population of receptive fields covers its lattice.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
        Receptive fields, for instance the localized group of a net. Fields of zeros are left out.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.

    Returns
    -------
    tiling : Tiling
        All numbers are NaN if no field is left, and those of centres if no field has a centre.

    Examples
    --------
    >>> from rfsk.analysis import tiling
    >>> tiling([[2.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]).coverage
    0.75
    """
    return tiling_of(*check_fields_on(fields, shape))


def tiling_of(weights: Array, sides: tuple[int, ...]) -> Tiling:
    """Tiling of fields that are validated already."""
    weights = weights[np.any(weights != 0.0, axis=1)]
    if not len(weights):
        return Tiling(0, *[math.nan] * 4)
    peak = np.take_along_axis(weights, np.abs(weights).argmax(axis=1)[:, None], axis=1)
    footprint = weights / peak >= 0.5  # within half of the peak, and of its sign
    centers = center_of(scaled_images(weights, sides))
    lengths, p_values = [], []
    for position, side in zip(centers.T, sides, strict=True):
        angles = 2.0 * np.pi * position[np.isfinite(position)] / side
        if side > 1 and len(angles):
            lengths.append(float(abs(np.exp(1j * angles).mean())))
            p_values.append(rayleigh_p_value(lengths[-1], len(angles)))
    return Tiling(
        n_units=len(weights),
        resultant_length=max(lengths, default=math.nan),
        rayleigh_p=min(1.0, len(lengths) * min(p_values)) if lengths else math.nan,
        coverage=float(footprint.any(axis=0).mean()),
        random_coverage=float(1.0 - np.prod(1.0 - footprint.mean(axis=1))),
    )


@dataclass(frozen=True)
class PopulationSummary:
    """Groups, measures and tiling of a population of fields, which `print` shows as a table.

    Attributes
    ----------
    split : GroupSplit
        Groups of the units.
    median_ipr, median_width : dict of str to float
        Medians by group, widths in sites; NaN for a group without units.
    tiling : Tiling
        Tiling of the lattice by the localized units.

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
        head = f"{'':<12}{'share':>7}  {'95 % interval':<14}{'median IPR':>11}{'median width':>14}"
        lines, reason = [head], self.split.not_testable
        for name in GROUPS[GROUPS.index(NOT_TESTABLE) :] if reason else TESTABLE:
            low, high = self.split.interval[name]
            lines.append(
                f"{name:<12}{self.split.share[name]:>7.2f}  {f'{low:.2f} to {high:.2f}':<14}"
                f"{self.median_ipr[name]:>11.4f}{self.median_width[name]:>14.1f}"
            )
        if reason:
            lines.append(f"not testable: {reason}")
        if self.tiling.n_units:
            lines.append(
                f"localized fields cover {self.tiling.coverage:.2f} of the sites, "
                f"{self.tiling.random_coverage:.2f} if their places were random"
            )
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers as a dictionary for JSON, with None in place of NaN."""
        return {
            "groups": self.split.groups.tolist(),
            "p_values": _without_nan(self.split.p_values.tolist()),
            "share": self.split.share,
            "interval": {name: list(ends) for name, ends in self.split.interval.items()},
            "median_ipr": _without_nan(self.median_ipr),
            "median_width": _without_nan(self.median_width),
            "tiling": _without_nan(asdict(self.tiling)),
        }


def population_summary(
    fields: ArrayLike,
    shape: int | tuple[int, ...] | None = None,
    *,
    alpha: float = 0.05,
    n_null: int = 999,
    inputs: Any = None,
    random_state: Any = None,
) -> PopulationSummary:
    """Summarise the groups of a population of fields, and the tiling of the localized ones.

    Parameters
    ----------
    fields : array-like of shape (n_units, n_features)
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    alpha : float, default=0.05
        Largest expected fraction of errors among the localized units; see `group_split`.
    n_null : int, default=999
        Number of surrogates per field.
    inputs : array-like of shape (n_samples, n_features), or input model, optional
        Inputs that the fields were trained on; see `why_not_testable`.
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

    options: dict[str, Any] = {"inputs": inputs, "random_state": random_state}
    split = group_split(fields, shape, alpha=alpha, n_null=n_null, **options)
    weights = check_matrix(fields, "fields", ensure_all_finite=False)
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
    """Replace NaN, which JSON lacks, by None."""
    if isinstance(values, dict):
        return {name: _without_nan(value) for name, value in values.items()}
    if isinstance(values, list):
        return [_without_nan(value) for value in values]
    return None if isinstance(values, float) and math.isnan(values) else values
