"""localization_score: a scorer for localized receptive fields."""

from typing import Any

import numpy as np

from ._measures import ipr
from ._receptive_fields import receptive_fields


def localization_score(estimator: Any, X: Any = None, y: Any = None) -> float:
    """Mean inverse participation ratio of the receptive fields of a fitted estimator.

    Pass it as ``scoring=`` to a search. A field of zeros counts as 1 / n_features.

    Parameters
    ----------
    estimator : object
        Fitted estimator, or anything that `receptive_fields` accepts.
    X, y : ignored

    Returns
    -------
    score : float

    Examples
    --------
    >>> from rfsk import localization_score
    >>> localization_score([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    0.75
    """
    fields = receptive_fields(estimator)
    return float(np.mean(np.nan_to_num(ipr(fields), nan=1.0 / fields.shape[1])))
