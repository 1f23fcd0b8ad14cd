"""Sweep: what a sweep found, as tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ._cells import Cell
from ._digests import digest
from ._summary import mean_over_seeds


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

    Examples
    --------
    >>> from rfsk.experiments import sweep
    >>> def scaled(factor, random_state):
    ...     return {"value": 2.0 * factor}
    >>> found = sweep(scaled, {"factor": [1.0, 3.0]}, 2, random_state=0, n_jobs=1)
    >>> found.n_finished, list(found.mean()["value"]), len(found.failures())
    (4, [2.0, 6.0], 0)
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
        table : pandas.DataFrame
            Columns: the parameters of the grid, `repeat`, `seed` (the study's random_state),
            `version` (of rfsk), and what the study returned. Cells without a result have no
            row.
        """
        import pandas as pd

        return pd.DataFrame(list(self._rows()))

    def mean(self, *values: str) -> Any:
        """Means over seeds, one row a point of the grid (and a row of its arrays).

        Parameters
        ----------
        *values : str
            Names of results; all numbers by default.

        Returns
        -------
        table : pandas.DataFrame
            Columns: the parameters of the grid, `n` (seeds), and for each result its mean under its
            own name and the standard error of it with "_sem" added (NaN for one seed). Seeds in
            which a result is NaN do not count in its mean; how many do is told with "_n" added.

        Raises
        ------
        ValueError
            If there is no such result.
        """
        import pandas as pd

        return pd.DataFrame(mean_over_seeds(list(self._rows(by_point=True)), values))

    def failures(self) -> Any:
        """Cells that failed: parameters, `repeat`, `seed`, `error` and `traceback`."""
        failed = []
        for cell in self.cells:
            record = self.records.get(cell.key, {})
            if "error" in record:
                named = {"repeat": cell.repeat, "seed": cell.seed}
                why = {"error": record["error"], "traceback": record["traceback"]}
                failed.append({**shown(cell.parameters), **named, **why})
        import pandas as pd

        return pd.DataFrame(failed)

    def _rows(self, by_point: bool = False) -> Iterator[dict[str, Any]]:
        names = dict.fromkeys(name for cell in self.cells for name in cell.parameters)
        for i, cell in enumerate(self.cells):
            record = self.records.get(cell.key, {})
            if "result" not in record:
                continue
            result = record["result"]
            lengths = [len(value) for value in result.values() if isinstance(value, list)]
            head = {**names, **shown(cell.parameters)}
            if by_point:
                head = {"point": i // self.n_seeds, "parameters": head}
            else:
                named = {"repeat": cell.repeat, "seed": cell.seed}
                head = {**head, **named, "version": record["versions"]["rfsk"]}
            for k in range(lengths[0] if lengths else 1):
                row = {n: v[k] if isinstance(v, list) else v for n, v in result.items()}
                yield {**head, "row": k, "result": row} if by_point else {**head, **row}


def shown(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as a table has them: numbers and strings as they are, objects by name."""
    return {name: _label(value) for name, value in parameters.items()}


def _label(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    name = str(getattr(value, "__qualname__", None) or value)
    return f"{name} {digest(value)[:6]}" if "<lambda>" in name else name
