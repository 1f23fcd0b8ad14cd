"""The two groups of units, and how they match references."""

import numpy as np
from numpy.typing import NDArray

from .._core._trained_nets import starts_positive
from ..analysis import chance_match, group_split, ipr, match_matrix
from ..nets import FCNet

Array = NDArray[np.float64]

GROUPS = ("b > 0", "b < 0")
_N_NULL = 199
_N_CHANCE = 99


def groups(fields: Array) -> dict[str, Array]:
    """Fields of the units whose bias started positive, and of the others."""
    positive = starts_positive(fields)
    return dict(zip(GROUPS, (fields[positive], fields[~positive]), strict=True))


def fields_of(net: FCNet) -> dict[str, Array]:
    """Fields of both groups of a net."""
    return groups(net.receptive_fields_)


def mean_iprs(net: FCNet) -> dict[str, float]:
    """Mean IPR of both groups of a net."""
    return {name: float(ipr(fields).mean()) for name, fields in fields_of(net).items()}


def share_localized(fields: Array, shape: tuple[int, ...], seed: int) -> float:
    """Share of fields that localize, as `group_split` tells."""
    return group_split(fields, shape, n_null=_N_NULL, random_state=seed).share["localized"]


def best_match(fields: Array, references: Array, shape: tuple[int, ...] | None = None) -> Array:
    """Match of each field with the reference that it matches best."""
    return match_matrix(fields, references, shape).max(axis=1)


def above_chance(
    fields: Array, references: Array, shape: tuple[int, ...] | None, seed: int
) -> float:
    """Median match less that by chance."""
    level = chance_level(fields, references, shape, seed)
    return float(np.median(best_match(fields, references, shape)) - level)


def chance_level(
    fields: Array, references: Array, shape: tuple[int, ...] | None, seed: int
) -> float:
    """Median match that 95 % of populations with random phases do not exceed."""
    chance = chance_match(fields, references, shape, n_null=_N_CHANCE, random_state=seed)
    return float(chance[int(0.95 * (_N_CHANCE + 1)) - 1])
