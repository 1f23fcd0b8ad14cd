"""sweep: a study over a grid of parameters and repeats, wherever joblib runs it."""

import copy
import functools
import hashlib
import inspect
import json
import os
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import ParameterGrid
from threadpoolctl import threadpool_limits

from .._core._interrupts import noticing_interrupts
from .._core._progress import tqdm
from .._core._random import as_generator, draw_seed, seed_of_key
from .._core._validation import check_positive
from .._core._versions import installed_versions
from ._store import Store, describe, sources

_OWN_COLUMNS = ("repeat", "seed", "duration", "error")


@dataclass(frozen=True, eq=False)
class Sweep:
    """Results of a sweep as tables.

    Attributes
    ----------
    parameters : list of str
        Names of the parameters in the grid.
    random_state : int
        Seed of the sweep, with which it can be run again.
    frame : pandas.DataFrame
        The table, indexed by point of the grid, repeat and entry of the study's arrays.

    Examples
    --------
    >>> from rfsk.experiments import sweep
    >>> def scaled(factor, random_state):
    ...     return {"value": 2.0 * factor}
    >>> found = sweep(scaled, {"factor": [1.0, 3.0]}, 2, random_state=0, n_jobs=1)
    >>> found.table()["value"].tolist(), found.mean()["value"].tolist(), len(found.failures())
    ([2.0, 2.0, 6.0, 6.0], [2.0, 6.0], 0)
    """

    parameters: list[str]
    random_state: int
    frame: pd.DataFrame = field(repr=False)

    def table(self) -> pd.DataFrame:
        """All results, one row per cell, or one per entry where the study returned arrays.

        Returns
        -------
        table : pandas.DataFrame
            Columns: the parameters of the grid, `repeat`, `seed` (the study's random_state), what
            the study returned, `duration` in seconds, and `error`: the traceback of a cell that
            failed, whose results are NaN.
        """
        return self.frame.reset_index(drop=True)

    def mean(self, *values: str) -> pd.DataFrame:
        """Means over repeats, one row per point of the grid (and entry of the study's arrays).

        Parameters
        ----------
        *values : str
            Names of results; all numbers by default.

        Returns
        -------
        table : pandas.DataFrame
            Columns: the parameters of the grid, and for each result its mean, its standard error
            ("_sem") and the number of repeats in which it is not NaN ("_n").
        """
        results = self.frame.drop(columns=[*self.parameters, *_OWN_COLUMNS])
        names = list(values) or list(results.select_dtypes(["number", "bool"]))
        groups = self.frame.groupby(level=["point", "entry"], sort=False)
        points = self.frame.loc[groups.cumcount() == 0, self.parameters].droplevel("repeat")
        columns = [
            groups[name].agg(how).rename(f"{name}{end}")
            for name in names
            for how, end in (("mean", ""), ("sem", "_sem"), ("count", "_n"))
        ]
        return pd.concat([points, *columns], axis=1, verify_integrity=True).reset_index(drop=True)

    def failures(self) -> pd.DataFrame:
        """Rows of the table whose cells failed, with the traceback in the column `error`."""
        table = self.table()
        return table[table["error"].notna()].reset_index(drop=True)


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
) -> Sweep:
    """Run a study at every point of a grid, several times each.

    joblib runs the cells: in processes of this machine, or wherever ``joblib.parallel_config``
    says, such as ``"dask"`` on a cluster. The numbers do not depend on that, because each cell
    computes on one thread and has its own seed, made of its point of the grid, its repeat and
    `random_state`. Fixed arguments do not change the seed.

    Parameters
    ----------
    study : callable
        ``study(**parameters, random_state=seed)`` returns a dict of numbers, strings, or
        one-dimensional arrays of equal length (one row of the table per entry). If it has a method
        ``check(**parameters)``, this is called for every point before any work.
    grid : dict of str to list, or list of such dicts
        Values of each parameter, as for scikit-learn's `ParameterGrid`.
    n_repeats : int, default=1
        Repeats of each point.
    fixed : dict, optional
        Arguments that are the same everywhere.
    paired : bool, default=False
        Whether all points have the same seed in the same repeat, for paired comparisons.
    store : path-like, optional
        Folder that keeps every cell as soon as it is finished, see Notes.
    n_jobs : int, default=-1
        Number of workers; -1 takes all cores, or all workers of a cluster, and None the number that
        ``joblib.parallel_config`` says.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the sweep; an int if there is a store.
    verbose : int, default=0
        Above 0 a progress bar is shown.

    Returns
    -------
    found : Sweep
        A cell that raises an error, or whose worker process dies, is a row with its traceback,
        and runs again in a later call. Ctrl-C ends the sweep with a warning, and the finished
        cells are kept.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid or the store holds another sweep, before any work.
    OSError
        If a finished cell cannot be written to the store, as on a full disk.

    Notes
    -----
    The manifest of a store holds the name of the study, the fixed arguments, `random_state`, the
    versions of Python, rfsk, NumPy, SciPy, scikit-learn and torch, and a digest of the source of
    all modules from which the study and its arguments come and of all that these import, except
    installed packages. If anything differs, the store is refused with a ValueError. Otherwise
    finished cells are taken from it: run the script of a killed sweep again to go on. Put the study
    into a module of its own, so that a change of the script that draws its results does not count.
    Files, environment variables and variables that a program sets while it runs are not compared:
    name what the study reads from them in `fixed`.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.experiments import sweep
    >>> def sample(size, random_state):
    ...     x = np.random.default_rng(random_state).standard_normal(size)
    ...     return {"mean": x.mean(), "spread": x.std() / size**0.5}
    >>> found = sweep(sample, {"size": [10, 1000]}, 5, n_jobs=1, random_state=0)
    >>> found.mean("spread")["spread"].round(2).tolist()
    [0.3, 0.03]
    """
    check_positive(n_repeats, "n_repeats", integer=True)
    fixed = dict(fixed or {})
    points = _points(study, grid, fixed)
    is_seed = isinstance(random_state, int | np.integer)
    rng = as_generator(random_state)
    entropy = int(random_state) if is_seed else draw_seed(rng)
    modules: set[str] = set()
    texts = [json.dumps(describe(point, modules), sort_keys=True) for point in points]
    if len(set(texts)) < len(texts):
        raise ValueError("grid has the same point more than once; remove one.")
    cells = []
    for i, (point, text) in enumerate(zip(points, texts, strict=True)):
        key = hashlib.sha256(text.encode()).hexdigest()[:32]
        for repeat in range(n_repeats):
            seed = seed_of_key(entropy, "" if paired else key, repeat)
            cells.append(_Cell(i, repeat, seed, point, f"{key}-{repeat}"))
    kept = None
    if store is not None:
        if not is_seed:
            raise ValueError(
                f"random_state={random_state!r} with a store; expected an int, so that a later "
                "call finds the cells of this one."
            )
        manifest = {
            "study": describe(study, modules),
            "fixed": describe(fixed, modules),
            "random_state": entropy,
            "paired": bool(paired),
            "versions": installed_versions(),
        }
        kept = Store(store, {**manifest, "sources": sources(modules)})
    stored = {cell.name: kept.read(cell.name) if kept else None for cell in cells}
    records = {name: record for name, record in stored.items() if record is not None}
    bar = tqdm(total=len(cells), initial=len(records), disable=not verbose, unit="cell")

    def keep(cell: _Cell, record: dict[str, Any]) -> None:
        if kept and "error" not in record:
            kept.write(cell.name, record)
        records[cell.name] = record
        bar.update()

    parts = [grid] if isinstance(grid, Mapping) else grid
    names = list(dict.fromkeys(name for part in parts for name in part))
    call = functools.partial(_run_cell, study, fixed, {*names, *_OWN_COLUMNS})
    try:
        with bar, _one_thread():
            _run(call, [cell for cell in cells if cell.name not in records], n_jobs, keep)
    except KeyboardInterrupt:
        message = f"The sweep was interrupted; {len(records)} of {len(cells)} cells are kept."
        warnings.warn(message, stacklevel=2)
    errors = [record["error"] for record in records.values() if "error" in record]
    if errors:
        warnings.warn(
            f"{len(errors)} of {len(cells)} cells failed, the first with "
            f"{errors[0].strip().splitlines()[-1]!r}; see failures().",
            stacklevel=2,
        )
    return Sweep(names, entropy, _frame(names, [c for c in cells if c.name in records], records))


class _Cell(NamedTuple):
    """One repeat of one point of the grid, and its name in a store."""

    point: int
    repeat: int
    seed: int
    parameters: dict[str, Any]
    name: str


def _points(study: Callable[..., Any], grid: Any, fixed: dict[str, Any]) -> list[dict[str, Any]]:
    """Points of the grid; raise unless the study can be called at each of them."""
    points = [
        {name: v.item() if isinstance(v, np.generic) else v for name, v in point.items()}
        for point in ParameterGrid(grid)
    ]
    if not points:
        raise ValueError("grid is empty; expected at least one point.")
    for point in points:
        if point.keys() & _OWN_COLUMNS:
            raise ValueError(
                f"grid has a parameter {(point.keys() & _OWN_COLUMNS).pop()!r}, which is a column "
                "of every sweep; rename it."
            )
        try:
            inspect.signature(study).bind(**fixed, **point, random_state=0)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"study={study!r} cannot be called with the fixed arguments {sorted(fixed)}, the "
                f"parameters {sorted(point)} and a random_state: {error}."
            ) from error
        if hasattr(study, "check"):
            study.check(**fixed, **point)
    return points


def _run(
    call: Callable[[_Cell], tuple[str, dict[str, Any]]],
    cells: list[_Cell],
    n_jobs: int | None,
    keep: Callable[[_Cell, dict[str, Any]], None],
) -> None:
    """Run cells; those under way when a worker dies run again one by one, to find which did it."""
    running: dict[str, _Cell] = {}
    waiting = iter(cells)

    def jobs() -> Iterator[Any]:
        for cell in waiting:
            running[cell.name] = cell
            yield joblib.delayed(call)(cell)

    pool = joblib.Parallel(
        n_jobs,
        return_as="generator_unordered",
        pre_dispatch="1.5*n_jobs",
        batch_size=1,
        max_nbytes=None,  # large arguments are copied, not mapped from a file without write access
    )
    try:
        with closing(pool(jobs())) as records:
            for name, record in records:
                keep(running.pop(name), record)
    except Exception as error:
        if type(error).__name__ not in ("TerminatedWorkerError", "KilledWorker"):  # loky, Dask
            raise
        if len(cells) == 1:
            keep(cells[0], {"error": f"The worker died: {error!r}", "duration": np.nan})
            return
        for cell in list(running.values()):
            _run(call, [cell], 2, keep)
        _run(call, list(waiting), n_jobs, keep)


def _run_cell(
    study: Callable[..., Any], fixed: dict[str, Any], taken: set[str], cell: _Cell
) -> tuple[str, dict[str, Any]]:
    """Call the study with its own copies of the arguments, as if it had its own process."""
    record: dict[str, Any] = {}
    start = time.perf_counter()
    with _one_thread(), noticing_interrupts() as was_interrupted:
        try:
            arguments = copy.deepcopy({**fixed, **cell.parameters})
            record["result"] = _as_result(study(**arguments, random_state=cell.seed), taken)
        except (Exception, SystemExit):
            record["error"] = traceback.format_exc()
    if was_interrupted():  # even if a fit inside took it as the end of training
        raise KeyboardInterrupt
    return cell.name, {**record, "duration": time.perf_counter() - start}


def _as_result(answer: Mapping[str, Any], taken: set[str]) -> dict[str, list[Any]]:
    """Turn what a study returned into lists of equal length of numbers and strings."""
    arrays = {str(name): np.asarray(value) for name, value in answer.items()}
    for name, array in arrays.items():
        if name in taken:
            raise ValueError(f"The study returned {name!r}, which is a column already; rename it.")
        if array.ndim > 1 or array.dtype.kind not in "biufU":
            raise TypeError(
                f"The study returned {name!r} with shape {array.shape} and dtype {array.dtype}; "
                "expected a number, a string or a one-dimensional array."
            )
    n_entries = max((len(array) for array in arrays.values() if array.ndim), default=1)
    return {name: np.broadcast_to(array, n_entries).tolist() for name, array in arrays.items()}


def _frame(names: list[str], cells: list[_Cell], records: Mapping[str, Any]) -> pd.DataFrame:
    """One row per cell and entry of its arrays."""
    rows, index = [], []
    results: dict[str, None] = {}
    for cell in cells:
        record = records[cell.name]
        result = record.get("result", {})
        results |= dict.fromkeys(result)
        row = {name: _label(value) for name, value in cell.parameters.items()}
        row |= {"repeat": cell.repeat, "seed": cell.seed, "duration": record["duration"]}
        for k in range(max(map(len, result.values()), default=1)):
            entries = {name: values[k] for name, values in result.items()}
            rows.append({**row, **entries, "error": record.get("error")})
            index.append((cell.point, cell.repeat, k))
    levels = pd.DataFrame(index, columns=["point", "repeat", "entry"])
    columns = [*names, "repeat", "seed", *results, "duration", "error"]
    return pd.DataFrame(rows, pd.MultiIndex.from_frame(levels), columns)


def _label(value: Any) -> Any:
    """Numbers and strings as they are, functions and classes by name, other objects as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return getattr(value, "__qualname__", str(value))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one thread, so that rounding does not depend on the number of cores.

    The process that sweeps enters this as well: cells in its threads then restore one thread.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)
