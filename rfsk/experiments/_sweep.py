"""sweep: a study over a grid of parameters and seeds, wherever joblib runs it."""

import inspect
import os
import random
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, TypedDict

import joblib
import numpy as np
from tqdm.auto import tqdm

from .. import __version__
from .._core._random import as_generator, draw_seed
from .._core._tables import as_table
from .._core._validation import check_positive
from ._cells import RESERVED, Cell, Grid, expand, make_cells, name_of
from ._digests import digest
from ._store import Store
from ._summary import mean_over_seeds
from ._workers import run_cells

_AT_ONCE = 16  # cells of a group, unless the study says otherwise
_ATTEMPTS = 3  # at a cell whose worker died


class SweepOptions(TypedDict, total=False):
    """What every sweep takes; see `sweep`."""

    store: str | os.PathLike[str] | None
    n_jobs: int | None
    random_state: Any
    verbose: int


@dataclass(frozen=True)
class Sweep:
    """What a sweep found.

    Attributes
    ----------
    study : str
        Name of the study.
    fixed : dict
        Arguments that all cells have in common.
    n_seeds : int
        Repeats of each point of the grid.
    random_state : int
        Seed of the whole; with it the sweep can be run again.
    cells : list of Cell
        In the order of the grid, the seeds of a point one after another.
    records : dict of str to dict
        By the key of the cell: its "result", or its "error" and "traceback"; the "seconds" it
        took and the "versions" of the libraries. Cells that were not reached have none.
    """

    study: str
    fixed: dict[str, Any]
    n_seeds: int
    random_state: int
    cells: list[Cell] = field(repr=False)
    records: dict[str, dict[str, Any]] = field(repr=False)

    @property
    def n_finished(self) -> int:
        """Number of cells that have a result."""
        return sum("result" in record for record in self.records.values())

    def table(self) -> Any:
        """All results, one row a cell, or several where the study returned arrays.

        Returns
        -------
        table : pandas.DataFrame, or dict of ndarray where pandas is not installed
            Columns: the parameters of the grid, `repeat`, `seed` (the study's random_state),
            `version` (of rfsk), and what the study returned. Cells without a result have no
            row.
        """
        return as_table(list(self._rows()))

    def mean(self, *values: str) -> Any:
        """Means over seeds, one row a point of the grid (and a row of its arrays).

        Parameters
        ----------
        *values : str
            Names of results; all numbers by default.

        Returns
        -------
        table : pandas.DataFrame, or dict of ndarray where pandas is not installed
            Columns: the parameters of the grid, `n` (seeds), and for each result its mean under its
            own name and the standard error of it with "_sem" added (NaN for one seed). Seeds in
            which a result is NaN do not count in its mean; how many do is told with "_n" added.

        Raises
        ------
        ValueError
            If there is no such result.
        """
        return as_table(mean_over_seeds(list(self._rows(by_point=True)), values))

    def failures(self) -> Any:
        """Cells that failed: parameters, `repeat`, `seed`, `error` and `traceback`."""
        failed = []
        for cell in self.cells:
            record = self.records.get(cell.key, {})
            if "error" in record:
                named = {"repeat": cell.repeat, "seed": cell.seed}
                why = {"error": record["error"], "traceback": record["traceback"]}
                failed.append({**_shown(cell.parameters), **named, **why})
        return as_table(failed)

    def _rows(self, by_point: bool = False) -> Iterator[dict[str, Any]]:
        names = dict.fromkeys(name for cell in self.cells for name in cell.parameters)
        for i, cell in enumerate(self.cells):
            record = self.records.get(cell.key, {})
            if "result" not in record:
                continue
            result = record["result"]
            lengths = [len(value) for value in result.values() if isinstance(value, list)]
            head = {**names, **_shown(cell.parameters)}
            if by_point:
                head = {"point": i // self.n_seeds, "parameters": head}
            else:
                named = {"repeat": cell.repeat, "seed": cell.seed}
                head = {**head, **named, "version": record["versions"]["rfsk"]}
            for k in range(lengths[0] if lengths else 1):
                row = {n: v[k] if isinstance(v, list) else v for n, v in result.items()}
                yield {**head, "row": k, "result": row} if by_point else {**head, **row}


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
    versions = _versions()
    cells = make_cells(study, points, fixed, n_seeds, entropy, versions["rfsk"], store is not None)
    found = Sweep(name_of(study), fixed, n_seeds, entropy, cells, {})
    _Run(study, found, None if store is None else Store(store), n_jobs, versions, verbose).run()
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


class _Run:
    """One call of `sweep`: what is still to do, and where it is kept."""

    def __init__(
        self,
        study: Callable[..., Any],
        found: Sweep,
        store: Store | None,
        n_jobs: int | None,
        versions: dict[str, str],
        verbose: int,
    ) -> None:
        self.study, self.found, self.store, self.n_jobs = study, found, store, n_jobs
        self.versions = versions
        self.bar = tqdm(total=len(found.cells), disable=not verbose, unit="cell", smoothing=0.05)
        self.deaths: dict[str, int] = defaultdict(int)  # of workers at a cell
        self.running: dict[int, list[Cell]] = {}

    def run(self) -> None:
        """Do everything that is not in the store."""
        missing = [cell for cell in self.found.cells if not self._recall(cell)]
        self.bar.initial = self.bar.n
        try:
            while missing:
                suspects = [cell for cell in missing if self.deaths[cell.key]]
                others = [cell for cell in missing if not self.deaths[cell.key]]
                try:
                    if others:
                        self._run_groups(self._groups(others))
                    else:  # one by one, so that a death tells whose it is
                        self._run_groups([suspects[:1]])
                except Exception as error:
                    if not (_is_death(error) and self.running):
                        raise
                    self._note_deaths(error)
                missing = [cell for cell in missing if cell.key not in self.found.records]
        except KeyboardInterrupt:
            n, total = self.found.n_finished, len(self.found.cells)
            warnings.warn(
                f"The sweep was interrupted; {n} of {total} cells are kept.", stacklevel=3
            )
        finally:
            self.bar.close()
            if self.store is not None:
                self.store.write_again()
        failed = [r for r in self.found.records.values() if "error" in r]
        if failed:
            warnings.warn(
                f"{len(failed)} of {len(self.found.cells)} cells failed, the first with "
                f"{failed[0]['error']!r}; see failures().",
                stacklevel=3,
            )

    def _recall(self, cell: Cell) -> bool:
        """Take a cell from the store, if it is there."""
        record = None if self.store is None else self.store.read(cell.key)
        if record is None or "result" not in record:
            return False
        self._keep(cell, record)
        return True

    def _keep(self, cell: Cell, record: dict[str, Any]) -> None:
        self.found.records[cell.key] = record
        self.bar.update()

    def _groups(self, cells: list[Cell]) -> list[list[Cell]]:
        """Cells that run together, in a random order, so that sweeps of one store share them."""
        group_of = getattr(self.study, "group", lambda arguments: None)
        at_once_of = getattr(self.study, "at_once", lambda arguments: _AT_ONCE)
        n_workers = joblib.effective_n_jobs(self.n_jobs)
        alike: dict[Any, list[Cell]] = defaultdict(list)
        groups = []
        for cell in cells:
            key = group_of(cell.arguments)
            if key is None:
                groups.append([cell])
            else:
                alike[key].append(cell)
        for members in alike.values():
            most = at_once_of(members[0].arguments)
            size = max(1, min(most, -(-len(members) // n_workers)))
            groups += [members[i : i + size] for i in range(0, len(members), size)]
        random.Random().shuffle(groups)  # affects no number
        return groups

    def _run_groups(self, groups: list[list[Cell]]) -> None:
        self.running.clear()
        pool = joblib.Parallel(
            n_jobs=self.n_jobs,
            return_as="generator_unordered",
            pre_dispatch="1.5*n_jobs",
            max_nbytes=None,  # large arguments as copies, not as read-only maps of a file
            batch_size=1,
        )
        with closing(pool(self._jobs(groups))) as answers:
            for number, outcomes in answers:
                for cell, outcome in zip(self.running.pop(number), outcomes, strict=True):
                    self._finish(cell, outcome)

    def _finish(self, cell: Cell, outcome: dict[str, Any]) -> None:
        """Keep what came of a cell, in the store as well."""
        taken = [
            name for name in outcome.get("result", {}) if name in {*cell.parameters, *RESERVED}
        ]
        if taken:
            error = f"ValueError: The study returned {taken[0]!r}, which is a column of its own."
            outcome = {"error": error, "traceback": error, "seconds": outcome["seconds"]}
        if "error" in outcome and self._recall(cell):  # another sweep was luckier
            return
        record = {
            "key": cell.key,
            "study": self.found.study,
            "arguments": _shown(cell.arguments),
            "repeat": cell.repeat,
            "seed": cell.seed,
            "versions": self.versions,
            **outcome,
        }
        if self.store is not None:
            self.store.write(record)
        self._keep(cell, record)

    def _jobs(self, groups: list[list[Cell]]) -> Iterator[Any]:
        """Calls for the pool; what another sweep has finished meanwhile is left out."""
        for number, group in enumerate(groups):
            cells = [cell for cell in group if not self._recall(cell)]
            if cells:
                self.running[number] = cells
                calls = [{**cell.arguments, "random_state": cell.seed} for cell in cells]
                yield joblib.delayed(_numbered)(number, self.study, calls)

    def _note_deaths(self, error: Exception) -> None:
        """Count the death of a worker against the cells that were under way."""
        for cell in (cell for cells in self.running.values() for cell in cells):
            self.deaths[cell.key] += 1
            if self.deaths[cell.key] == _ATTEMPTS:
                why = f"The worker died {_ATTEMPTS} times; is there memory enough? {error}"
                self._finish(cell, {"error": why, "traceback": why, "seconds": 0.0})


def _numbered(number: int, study: Any, calls: list[dict[str, Any]]) -> tuple[int, list[dict]]:
    return number, run_cells(study, calls)


def _is_death(error: Exception) -> bool:
    """Whether an error says that a worker is gone, not that something is wrong with a call."""
    return type(error).__name__ in ("TerminatedWorkerError", "KilledWorker")  # loky's, Dask's


def _shown(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as a table has them: numbers and strings as they are, objects by name."""
    return {name: _label(value) for name, value in parameters.items()}


def _label(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    name = str(getattr(value, "__qualname__", None) or value)
    return f"{name} {digest(value)[:6]}" if "<lambda>" in name else name


def _versions() -> dict[str, str]:
    names = ("numpy", "scipy", "scikit-learn", "torch")
    return {"rfsk": __version__, **{name: version(name) for name in names}}
