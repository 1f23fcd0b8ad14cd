"""Means over the seeds of a sweep."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from .._core._averages import mean_and_error


def mean_over_seeds(rows: list[dict[str, Any]], values: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Average rows of equal "point" and "row"; see `Sweep.mean`.

    Parameters
    ----------
    rows : list of dict
        "point", "row" (numbers), "parameters" and "result" (dicts).
    values : sequence of str
        Names of results; all that hold numbers by default.
    """
    known = list(dict.fromkeys(name for row in rows for name in row["result"]))
    unknown = [name for name in values if name not in known]
    if unknown:
        raise ValueError(f"There is no result {unknown[0]!r}; expected one of {known}.")
    names = list(values) or [
        name for name in known if all(_is_number(row["result"].get(name)) for row in rows)
    ]
    gappy = {n for n in names if any(_is_missing(row["result"].get(n)) for row in rows)}
    alike: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        alike[row["point"], row["row"]].append(row)
    means = []
    for seeds in alike.values():
        mean: dict[str, Any] = {**seeds[0]["parameters"], "n": len(seeds)}
        for name in names:
            numbers = [float(_or_nan(row["result"].get(name))) for row in seeds]
            mean[name], mean[f"{name}_sem"], n_found = mean_and_error(numbers)
            if name in gappy:
                mean[f"{name}_n"] = n_found
        means.append(mean)
    return means


def _or_nan(value: Any) -> Any:
    return math.nan if value is None else value


def _is_missing(value: Any) -> bool:
    return value is None or value != value


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, int | float)
