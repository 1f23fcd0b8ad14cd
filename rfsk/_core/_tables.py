"""Tidy tables: one row an observation, one column a variable."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_table(rows: list[dict[str, Any]]) -> Any:
    """A pandas DataFrame where pandas is installed, else a dict of columns.

    Parameters
    ----------
    rows : list of dict
        Columns come in the order in which their names first appear; what a row lacks is NaN.
    """
    try:
        import pandas
    except ImportError:
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: _column([row.get(name) for row in rows]) for name in names}
    return pandas.DataFrame(rows)


def _column(values: list[Any]) -> NDArray[Any]:
    """An array, with NaN for None among numbers."""
    if any(value is None for value in values):
        if all(value is None or isinstance(value, int | float) for value in values):
            return np.array([np.nan if value is None else value for value in values])
        return np.array(values, dtype=object)
    return np.array(values)


def as_columns(table: Any) -> dict[str, NDArray[Any]]:
    """Columns of a DataFrame or dict, or of what has a `table()`, as arrays by name."""
    if callable(getattr(table, "table", None)):
        table = table.table()
    return {str(name): np.asarray(table[name]) for name in table}
