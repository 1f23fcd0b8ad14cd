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
        return {name: np.array([row.get(name, np.nan) for row in rows]) for name in names}
    return pandas.DataFrame(rows)


def as_columns(table: Any) -> dict[str, NDArray[Any]]:
    """Columns of a DataFrame or dict, or of what has a `table()`, as arrays by name."""
    if callable(getattr(table, "table", None)):
        table = table.table()
    return {str(name): np.asarray(table[name]) for name in table}
