"""sweep: run a study over a grid of parameters, with repeats, in parallel."""

import copy
import functools
import hashlib
import inspect
import os
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.model_selection import ParameterGrid
from threadpoolctl import threadpool_limits

from .._core._blas import blas_on_one_thread, torch_on_one_thread
from .._core._random import as_generator, draw_seed, seed_of_key
from .._core._runs import noticing_interrupts, report_interrupt, tqdm
from .._core._validation import check_n_jobs, check_positive
from ._store import Store, as_json

_OWN_COLUMNS = ("repeat", "seed", "duration", "error")
_MOST_DEATHS = 3  # a sweep ends after this number of consecutive failures of the pool


def sweep(
    study: Callable[..., Mapping[str, Any]],
    grid: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]],
    n_repeats: int = 1,
    *,
    fixed: Mapping[str, Any] | None = None,
    paired: bool = False,
    store: str | os.PathLike[str] | None = None,
    n_jobs: int | None = -1,
    random_state: Any = None,
    verbose: int = 0,
) -> pd.DataFrame:
    """Run a study at every point of a grid, with repeats.

    A cell is one repeat at one point of the grid. Cells run in parallel in processes on this
    machine, or as set by ``joblib.parallel_config``, for example with ``"dask"`` on a cluster. The
    results do not depend on the backend, because each cell runs on one thread, and the seed of a
    cell depends only on its point, its repeat and `random_state`.

    Parameters
    ----------
    study : callable
        Function ``study(**parameters, random_state=seed)`` that returns a dict of numbers, strings
        or one-dimensional arrays of equal length. If the study returns arrays, the table has one
        row per array entry.
    grid : dict of str to list, or list of such dicts
        Values of each parameter, as for scikit-learn's `ParameterGrid`.
    n_repeats : int, default=1
        Number of repeats at each point of the grid.
    fixed : dict, optional
        Arguments that are the same for all cells.
    paired : bool, default=False
        Whether all points have the same seed within a repeat, for paired comparisons.
    store : path-like, optional
        Folder in which finished cells are stored, as described in the Notes.
    n_jobs : int, default=-1
        Number of workers. -1 stands for all processors, and None for the default of
        ``joblib.parallel_config``.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the sweep. `random_state` must be an int if `store` is given.
    verbose : int, default=0
        If positive, a progress bar is shown.

    Returns
    -------
    found : pandas.DataFrame
        One row per cell or, if the study returns arrays, one row per cell and array entry. The
        columns are the parameters, `repeat`, `seed`, the results, `duration` in seconds, and
        `error`. For a failed cell, `error` is the traceback, and the results are NaN; a later call
        runs the failed cell again. The entry ``attrs["parameters"]`` of the table lists the names
        of the parameters. After Ctrl-C, `sweep` warns and returns the finished cells.

    Notes
    -----
    To continue an interrupted sweep with a store, run the same script again. An error is raised if
    the study, its fixed arguments, `random_state`, `paired`, the version of a numerical library, or
    the source of a module that the study uses has changed (except installed packages). `sweep`
    does not detect changes of files and environment variables that the study reads. Pass their
    contents by `fixed` instead.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.experiments import sweep
    >>> def sample(size, random_state):
    ...     x = np.random.default_rng(random_state).standard_normal(size)
    ...     return {"mean": x.mean(), "spread": x.std() / size**0.5}
    >>> found = sweep(sample, {"size": [10, 1000]}, 5, n_jobs=1, random_state=0)
    >>> found.groupby("size")["spread"].mean().round(2).tolist()
    [0.3, 0.03]
    """
    check_positive(n_repeats, "n_repeats", integer=True)
    check_n_jobs(n_jobs)
    fixed = dict(fixed or {})
    points = _points(study, grid, fixed)
    rng, is_seed = as_generator(random_state), isinstance(random_state, int | np.integer)
    entropy = int(random_state) if is_seed else draw_seed(rng)
    modules: set[str] = set()
    texts = [as_json(point, modules) for point in points]
    if len(set(texts)) < len(texts):
        raise ValueError("`grid` must not contain a point more than once. Remove the duplicates.")
    keys = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
    cells = [(i, repeat) for i in range(len(points)) for repeat in range(n_repeats)]
    seeds = {(i, k): seed_of_key(entropy, "" if paired else keys[i], k) for i, k in cells}
    records: dict[tuple[int, int], dict[str, Any]] = {}
    kept = None
    if store is not None:
        if not is_seed:
            raise ValueError(
                f"`random_state` must be an int if `store` is given, got {random_state!r}. A later "
                "call needs the same seed to find the stored cells."
            )
        values = {"study": study, "fixed": fixed, "random_state": entropy, "paired": bool(paired)}
        kept = Store(store, {name: as_json(values[name], modules) for name in values}, modules)
        stored = {(i, k): kept.read(f"{keys[i]}-{k}") for i, k in cells}
        records = {cell: record for cell, record in stored.items() if record is not None}
    parts = [grid] if isinstance(grid, Mapping) else grid
    names = list(dict.fromkeys(name for part in parts for name in part))
    call = functools.partial(_run_cell, study, fixed, {*names, *_OWN_COLUMNS})
    bar = tqdm(
        total=len(cells), initial=len(records), disable=not verbose, desc="sweep", unit="cell"
    )
    # max_nbytes=None copies large arguments instead of mapping them as read-only memory.
    options = {"pre_dispatch": "1.5*n_jobs", "batch_size": 1, "max_nbytes": None}

    def run_waiting() -> Generator[Any]:
        waiting = [c for c in cells if c not in records]
        # Use a new pool, because a pool that lost a worker can return results of former calls.
        pool = joblib.Parallel(n_jobs, return_as="generator_unordered", **options)
        return pool(joblib.delayed(call)(c, points[c[0]], seeds[c]) for c in waiting)

    try:
        with bar, noticing_interrupts(), closing(_finished(run_waiting)) as finished:
            for (i, k), record in finished:
                if kept and "error" not in record:
                    kept.write(f"{keys[i]}-{k}", record)
                records[i, k] = record
                bar.update()
    except KeyboardInterrupt:
        message = f"The sweep was interrupted: {len(records)} of {len(cells)} cells are kept."
        report_interrupt(message, "rfsk.experiments.")
    errors = [record["error"] for record in records.values() if "error" in record]
    if errors:
        warnings.warn(
            f"{len(errors)} of {len(cells)} cells failed, the first with "
            f"{errors[0].strip().splitlines()[-1]!r}. See the column 'error'.",
            stacklevel=2,
        )
    rows = []
    columns = dict.fromkeys([*names, "repeat", "seed"])
    for i, k in sorted(records):
        record = {"rows": [{}], "error": None, **records[i, k]}
        own = {name: _label(value) for name, value in points[i].items()}
        own |= {"repeat": k, "seed": seeds[i, k]}
        results = record.pop("rows")
        columns |= dict.fromkeys(results[0])
        rows += [{**own, **record, **row} for row in results]
    found = pd.DataFrame(rows, columns=[*columns, "duration", "error"])
    found.attrs["parameters"] = names
    return found


def _points(study: Callable[..., Any], grid: Any, fixed: dict[str, Any]) -> list[dict[str, Any]]:
    """Points of the grid, checked to be valid arguments of the study."""
    points = [
        {name: v.item() if isinstance(v, np.generic) else v for name, v in point.items()}
        for point in ParameterGrid(grid)
    ]
    if not points:
        raise ValueError("`grid` must have at least one point, got none.")
    for point in points:
        if point.keys() & _OWN_COLUMNS:
            raise ValueError(
                f"`grid` must not have a parameter {(point.keys() & _OWN_COLUMNS).pop()!r}: every "
                "sweep has a column of this name. Rename it."
            )
        try:
            inspect.signature(study).bind(**fixed, **point, random_state=0)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"`study` must accept the fixed arguments {sorted(fixed)}, the parameters "
                f"{sorted(point)} and random_state, got {study!r}: {error}."
            ) from error
    return points


def _finished(run_waiting: Callable[[], Generator[Any]]) -> Generator[Any]:
    """Yield results of finished cells; after the death of a worker, run the unfinished cells."""
    n_deaths = 0  # since the last result
    while True:
        try:
            with closing(run_waiting()) as finished:
                for result in finished:
                    n_deaths = 0
                    yield result
            return
        except BrokenProcessPool:  # Dask itself repeats lost cells
            n_deaths += 1
            if n_deaths == _MOST_DEATHS:
                raise


def _run_cell(
    study: Any, fixed: dict[str, Any], taken: set[str], cell: Any, point: Any, seed: int
) -> tuple[Any, dict[str, Any]]:
    """Call the study with copies of the arguments, so that cells are independent."""
    record: dict[str, Any] = {}
    start = time.perf_counter()
    with _one_thread(), noticing_interrupts() as was_interrupted:
        try:
            arguments = copy.deepcopy({**fixed, **point})
            record["rows"] = _as_rows(study(**arguments, random_state=seed), taken)
        except (Exception, SystemExit):
            record["error"] = traceback.format_exc()
    if was_interrupted():  # a fit may have ended its training without an error
        raise KeyboardInterrupt
    return cell, {**record, "duration": time.perf_counter() - start}


def _as_rows(answer: Mapping[str, Any], taken: set[str]) -> list[dict[str, Any]]:
    """Convert the result of a study to rows, one per entry of its arrays."""
    arrays = {str(name): np.asarray(value) for name, value in answer.items()}
    for name, array in arrays.items():
        if name in taken:
            raise ValueError(f"The study must not return {name!r}, which is a column. Rename it.")
        if array.ndim > 1 or array.dtype.kind not in "biufU":
            raise TypeError(
                "The study must return numbers, strings or one-dimensional arrays, got "
                f"{name!r} with shape {array.shape} and dtype {array.dtype}."
            )
    n_entries = max((len(array) for array in arrays.values() if array.ndim), default=1)
    columns = {name: np.broadcast_to(array, n_entries).tolist() for name, array in arrays.items()}
    return [{name: column[k] for name, column in columns.items()} for k in range(n_entries)]


def _label(value: Any) -> Any:
    """Label of a parameter value: a number or string itself, or the name or text of an object."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return getattr(value, "__qualname__", str(value))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Context that uses one thread, so that rounding does not depend on the number of cores."""
    # The number of OpenMP threads is a setting of each Python thread; those of torch and BLAS are
    # settings of the process.
    with torch_on_one_thread(), blas_on_one_thread(), threadpool_limits(1, "openmp"):
        yield
