"""Checks and measures of trained nets."""

from typing import Any

import numpy as np


def check_trained(net: Any) -> None:
    """Raise if a net has diverged."""
    if not hasattr(net, "receptive_fields_"):
        raise ValueError("A net diverged; lower its `learning_rate`.")


def starts_positive(units: np.ndarray) -> np.ndarray:
    """Mask of the units that have a positive initial bias: the first half."""
    return np.asarray(np.arange(len(units)) < (len(units) + 1) // 2)


def mean_of_known(values: Any) -> float:
    """Mean of the finite numbers; NaN if there are none."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else float("nan")
