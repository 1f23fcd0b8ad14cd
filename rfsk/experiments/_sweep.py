"""sweep: a study over a grid of parameters and seeds, wherever joblib runs it."""

import inspect
import os
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, TypedDict

import numpy as np

from .. import __version__
from .._core._random import as_generator, draw_seed
from .._core._validation import check_positive
from ._cells import Grid, expand, make_cells, name_of
from ._run import Run
from ._store import Store
from ._sweep_result import Sweep


class SweepOptions(TypedDict, total=False):
    """What every sweep takes; see `sweep`."""

    store: str | os.PathLike[str] | None
    n_jobs: int | None
    random_state: Any
    verbose: int


def sweep(
    study: Callable[..., Mapping[str, Any]],
    grid: Grid,
    n_seeds: int = 1,
    *,
    fixed: Mapping[str, Any] | None = None,
    store: str | os.PathLike[str] | None = None,
    n_jobs: int | None = -1,
    random_state: Any = None,
    verbose: int = 0,
) -> Sweep:
    """Run a study at every point of a grid, with several seeds each.

    Cells run in parallel, as joblib has it: in processes of this machine, or wherever
    ``joblib.parallel_config`` says, such as ``"dask"`` on a cluster. The numbers do not depend on
    that, nor on the order or number of workers: each cell has a seed of its own, made of its
    parameters and `random_state`, and computes on one thread.

    Parameters
    ----------
    study : callable
        ``study(**parameters, random_state=seed)`` returns a dict of numbers, strings, or
        one-dimensional arrays of one length (a row of the table for each entry). Of a study such as
        `FieldStudy`, which can, cells of equal shape are run together.
    grid : dict of str to list, or list of such dicts
        Values of each parameter, all of which are combined; of several grids one after another.
    n_seeds : int, default=1
        Repeats of each point.
    fixed : dict, optional
        Arguments that are the same everywhere.
    store : path-like, optional
        Folder in which every finished cell is kept as soon as it is there. A later call with the
        same study, arguments, `random_state` and version of rfsk takes it from there, as does
        another sweep at the same time. Whether the study is the same is told by its code and by
        the variables, functions and classes that it uses, but for those of installed packages.
    n_jobs : int, default=-1
        Number of workers; -1 takes all cores, or all workers of a cluster, and None the number that
        ``joblib.parallel_config`` says.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the whole; an int if there is a store, or nothing would be found in it again.
    verbose : int, default=0
        Above 0 a bar shows progress and the time left.

    Returns
    -------
    found : Sweep
        A cell that raised an error is among its ``failures()``, with a warning, and is tried again
        by a later call; so is, after three attempts, one whose worker process died. An
        interrupt (Ctrl-C) ends the sweep early and keeps the finished cells, with a warning.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid, before any work.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.experiments import sweep
    >>> def standard_error(n_samples, random_state):
    ...     x = np.random.default_rng(random_state).standard_normal(n_samples)
    ...     return {"mean": x.mean(), "error": x.std() / n_samples**0.5}
    >>> found = sweep(standard_error, {"n_samples": [10, 1000]}, 5, n_jobs=1, random_state=0)
    >>> found.mean("error")["error"].round(2).tolist()
    [0.28, 0.03]
    """
    if not callable(study):
        raise TypeError(f"study is a {type(study).__name__}; expected a function.")
    check_positive(n_seeds, "n_seeds", integer=True)
    if fixed is not None and not isinstance(fixed, Mapping):
        raise TypeError(f"fixed is a {type(fixed).__name__}; expected a dict of arguments.")
    if n_jobs is not None and not isinstance(n_jobs, int | np.integer):
        raise TypeError(f"n_jobs={n_jobs!r}; expected an integer or None.")
    points, fixed = expand(grid), dict(fixed or {})
    for arguments in points:
        _check_arguments(study, arguments, fixed)
    is_named = isinstance(random_state, int | np.integer)
    if store is not None and not is_named:
        raise ValueError(
            f"random_state={random_state!r} with a store; expected an int, so that a later call "
            "finds the cells of this one."
        )
    rng = as_generator(random_state)
    entropy = int(random_state) if is_named else draw_seed(rng)
    versions = installed_versions()
    cells = make_cells(study, points, fixed, n_seeds, entropy, versions["rfsk"], store is not None)
    found = Sweep(name_of(study), fixed, n_seeds, entropy, cells, {})
    Run(study, found, None if store is None else Store(store), n_jobs, versions, verbose).run()
    return found


def _check_arguments(study: Callable[..., Any], point: dict[str, Any], fixed: Any) -> None:
    """Raise unless the study can be called at this point, with a seed."""
    for name in point:
        if name in fixed:
            raise ValueError(f"{name!r} is both in the grid and in fixed; remove one.")
    if "random_state" in {**point, **fixed}:
        raise ValueError(
            "random_state is an argument of the sweep, which makes a seed of each cell."
        )
    arguments = {**fixed, **point}
    try:
        signature = inspect.signature(study)
    except ValueError as error:
        raise TypeError(f"{name_of(study)} tells no signature; wrap it in a function.") from error
    try:
        signature.bind(**arguments, random_state=0)
    except TypeError as error:
        raise TypeError(
            f"{name_of(study)} cannot be called with {sorted(arguments)} and random_state: {error}."
        ) from error
    check = getattr(study, "check", None)
    if check is not None:
        check(arguments)


def installed_versions() -> dict[str, str]:
    names = ("numpy", "scipy", "scikit-learn", "torch")
    return {"rfsk": __version__, **{name: version(name) for name in names}}
