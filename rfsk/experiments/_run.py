"""One call of sweep: cells are taken from the store or run, and kept as they come."""

import random
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import joblib

from .._core._progress import tqdm
from ._cells import RESERVED, Cell
from ._store import Store
from ._sweep_result import Sweep, shown
from ._workers import run_cells

_AT_ONCE = 16  # cells of a group, unless the study says otherwise
_ATTEMPTS = 3  # at a cell whose worker died


class Run:
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
            "arguments": shown(cell.arguments),
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
