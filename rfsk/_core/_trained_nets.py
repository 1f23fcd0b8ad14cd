"""Checks and summaries of trained nets."""

from typing import Any

import numpy as np


def check_trained(net: Any) -> None:
    """Raise ValueError if the training of a net has diverged."""
    if not hasattr(net, "receptive_fields_"):
        raise ValueError("The training of a net diverged; lower its `learning_rate`.")


def starts_positive(units: np.ndarray) -> np.ndarray:
    """Mask of the units with a positive initial bias, which are the first half of the units."""
    return np.asarray(np.arange(len(units)) < (len(units) + 1) // 2)


def mean_of_known(values: Any) -> float:
    """Mean of the finite values, or NaN if there are none."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else float("nan")
