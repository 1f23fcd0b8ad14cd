"""Tidy tables: one row an observation, one column a variable."""

from typing import Any

import numpy as np


def as_table(rows: list[dict[str, Any]]) -> Any:
    """A pandas DataFrame where pandas is installed, else a dict of columns.

    Parameters
    ----------
    rows : list of dict
        Equal keys, in the order of the columns.
    """
    try:
        import pandas
    except ImportError:
        names = list(rows[0]) if rows else []
        return {name: np.array([row[name] for row in rows]) for name in names}
    return pandas.DataFrame(rows)
