"""Cells of a sweep: parameters over a grid, repeats, and what identifies each."""

import dataclasses
import functools
import hashlib
import inspect
import itertools
import json
import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pickle import PicklingError
from typing import Any

import joblib
import numpy as np

from .._core._random import seed_of_key

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
        Digest of the study, the arguments, the seed and the version of the package.
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
    points = []
    for part in [grid] if isinstance(grid, Mapping) else grid:
        if not isinstance(part, Mapping):
            raise TypeError(
                f"grid holds a {type(part).__name__}; expected a dict of parameter names to lists "
                "of values, or a list of such dicts."
            )
        for name, values in part.items():
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
    for point, seen in zip(points, digests, strict=True):
        if digests.count(seen) > 1:
            raise ValueError(f"grid has the point {point!r} more than once; remove one.")
    return points


def make_cells(
    study: Callable[..., Any],
    points: list[dict[str, Any]],
    fixed: Mapping[str, Any],
    n_seeds: int,
    entropy: int,
    version: str,
) -> list[Cell]:
    """Give every point its seeds, which depend on nothing but its own arguments and `entropy`."""
    fixed = {name: _plain(value) for name, value in fixed.items()}
    of_study = fingerprint(study)
    cells = []
    for point in points:
        arguments = {**fixed, **point}
        of_arguments = digest(arguments)
        for repeat in range(n_seeds):
            seed = seed_of_key(entropy, of_arguments, repeat)
            key = digest([of_study, of_arguments, entropy, repeat, version])
            cells.append(Cell(point, arguments, repeat, seed, key))
    return cells


def digest(value: Any) -> str:
    """Digest of a value, the same in every process; equal numbers have equal ones."""
    text = json.dumps(_canonical(value), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def fingerprint(study: Any) -> str:
    """Digest of what a study does, as far as its own code tells: a study that was edited is new."""
    if isinstance(study, functools.partial):
        return digest([fingerprint(study.func), list(study.args), dict(study.keywords)])
    if not hasattr(study, "__qualname__"):  # an object that can be called: its state counts too
        return digest([_code_of(type(study)), study])
    return digest(study)


def name_of(study: Any) -> str:
    """How to call a study in a table or a message."""
    if isinstance(study, functools.partial):
        return name_of(study.func)
    return str(getattr(study, "__qualname__", type(study).__qualname__))


def _code_of(source: Any) -> str:
    try:
        return inspect.getsource(source)
    except (OSError, TypeError):  # typed into a prompt, or not written in Python
        code = getattr(source, "__code__", None)
        return "" if code is None else repr((code.co_code, code.co_consts, code.co_names))


def _plain(value: Any) -> Any:
    """NumPy's scalars as Python's, which print as numbers."""
    return value.item() if isinstance(value, np.generic) else value


def _canonical(value: Any) -> Any:
    """A value as JSON, objects by the digest of their state."""
    value = _plain(value)
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, numbers.Integral):
        return float(value) if abs(int(value)) < 2**53 else str(value)
    if isinstance(value, float):
        return value
    if isinstance(value, list | tuple):
        return [_canonical(entry) for entry in value]
    if isinstance(value, Mapping):
        return {"mapping": sorted([str(name), _canonical(v)] for name, v in value.items())}
    if isinstance(value, type) or inspect.isroutine(value):
        bound = [getattr(value, name, None) for name in ("__defaults__", "__kwdefaults__")]
        if inspect.isfunction(value):
            bound.append(dict(inspect.getclosurevars(value).nonlocals))
        name = [getattr(value, "__module__", ""), value.__qualname__]
        return ["code", *name, _code_of(value), _canonical(bound)]
    state: Any = None
    if dataclasses.is_dataclass(value):  # what is cached on it does not count
        state = {f.name: _canonical(getattr(value, f.name)) for f in dataclasses.fields(value)}
    elif hasattr(value, "get_params"):  # nor does what an estimator has learnt
        state = _canonical(value.get_params(deep=False))
    else:
        try:
            state = joblib.hash(value)
        except PicklingError:  # of a class within a function
            state = _canonical(vars(value))
    return ["object", type(value).__module__, type(value).__qualname__, state]
