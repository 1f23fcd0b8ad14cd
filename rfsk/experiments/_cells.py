"""Cells of a sweep: parameters over a grid, repeats, and what identifies each."""

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core._random import seed_of_key
from ._digests import digest, fingerprint

RESERVED = ("repeat", "seed", "version", "n")  # columns of tables

Grid = Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Iterable[Any]]]


@dataclass(frozen=True)
class Cell:
    """One point of a grid, with one seed.

    Attributes
    ----------
    parameters : dict
        Of the grid.
    arguments : dict
        All that the study is called with but `random_state`: those and the fixed ones.
    repeat : int
        Number of the seed, from 0.
    seed : int
        The study's `random_state`.
    key : str
        Digest of the study (if cells are stored), the arguments, the seed and the version.
    """

    parameters: dict[str, Any]
    arguments: dict[str, Any]
    repeat: int
    seed: int
    key: str


def expand(grid: Grid) -> list[dict[str, Any]]:
    """Points of a grid, the last parameter running fastest; of several grids, one after another.

    Raises
    ------
    TypeError
        If `grid` is not a mapping, or a sequence of them, of names to lists of values.
    ValueError
        If a parameter has no values, or a point comes twice.
    """
    if not isinstance(grid, Mapping | list | tuple):
        raise TypeError(
            f"grid is a {type(grid).__name__}; expected a dict of parameter names to lists of "
            "values, or a list of such dicts."
        )
    points = []
    for part in [grid] if isinstance(grid, Mapping) else grid:
        if not isinstance(part, Mapping):
            raise TypeError(
                f"grid holds a {type(part).__name__}; expected a dict of parameter names to lists "
                "of values, or a list of such dicts."
            )
        for name, values in part.items():
            if name in RESERVED:
                raise ValueError(
                    f"grid has a parameter {name!r}, which is a column of the sweep's own tables; "
                    "rename it."
                )
            if isinstance(values, str) or not isinstance(values, Iterable):
                raise TypeError(
                    f"grid[{name!r}]={values!r}; expected a list of values, such as [{values!r}]."
                )
        lists = [[_plain(value) for value in values] for values in part.values()]
        for name, values in zip(part, lists, strict=True):
            if not values:
                raise ValueError(f"grid[{name!r}] is empty; expected at least one value.")
        points += [dict(zip(part, point, strict=True)) for point in itertools.product(*lists)]
    if not points:
        raise ValueError("grid is empty; expected at least one point.")
    digests = [digest(point) for point in points]
    times = Counter(digests)
    for point, seen in zip(points, digests, strict=True):
        if times[seen] > 1:
            raise ValueError(f"grid has the point {point!r} more than once; remove one.")
    return points


def make_cells(
    study: Callable[..., Any],
    points: list[dict[str, Any]],
    fixed: Mapping[str, Any],
    n_seeds: int,
    entropy: int,
    version: str,
    is_stored: bool,
) -> list[Cell]:
    """Give every point its seeds, which depend on nothing but its own arguments and `entropy`."""
    fixed = {name: _plain(value) for name, value in fixed.items()}
    of_study = fingerprint(study) if is_stored else ""
    cells = []
    for point in points:
        arguments = {**fixed, **point}
        of_arguments = digest(arguments)
        for repeat in range(n_seeds):
            seed = seed_of_key(entropy, of_arguments, repeat)
            key = digest([of_study, of_arguments, entropy, repeat, version])
            cells.append(Cell(point, arguments, repeat, seed, key))
    return cells


def name_of(study: Any) -> str:
    """How to call a study in a table or a message."""
    if isinstance(study, functools.partial):
        return name_of(study.func)
    return str(getattr(study, "__qualname__", type(study).__qualname__))


def _plain(value: Any) -> Any:
    """NumPy's scalars as Python's, which print as numbers."""
    return value.item() if isinstance(value, np.generic) else value
