"""localization_score: for searches that look for localized fields."""

from typing import Any

import numpy as np

from ._measures import ipr
from ._receptive_fields import receptive_fields


def localization_score(estimator: Any, X: Any = None, y: Any = None) -> float:
    """Mean inverse participation ratio of the receptive fields of a fitted estimator.

    Pass it as ``scoring=`` to a search or a cross-validation. A field of zeros counts as
    1 / n_features, the smallest value.

    Parameters
    ----------
    estimator : object
        Fitted; anything `receptive_fields` knows.
    X, y : ignored
        Present by the convention of scorers.

    Returns
    -------
    score : float

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from rfsk import FCNet, localization_score, make_nlgp
    >>> X, y = make_nlgp(600, 20, correlation_length=(1.0, 2.0), random_state=0)
    >>> net, grid = FCNet(4, max_epochs=3, random_state=0), {"learning_rate": [0.1, 5.0]}
    >>> search = GridSearchCV(net, grid, scoring=localization_score, cv=2).fit(X, y)
    >>> sorted(search.best_params_)
    ['learning_rate']
    """
    fields = receptive_fields(estimator)
    return float(np.mean(np.nan_to_num(ipr(fields), nan=1.0 / fields.shape[1])))
