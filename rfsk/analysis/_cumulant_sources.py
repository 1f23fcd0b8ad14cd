"""cumulant: the cumulant of samples, of an input model or of a dense tensor."""

from typing import Any

import numpy as np

from ._cumulant import Cumulant, DenseCumulant
from ._sample_cumulant import SampleCumulant, is_in_blocks
from ._trispectrum import TranslationInvariantCumulant


def cumulant(source: Any, order: int = 4) -> Cumulant:
    """Cumulant of samples, of an input model, or of a dense tensor, as a contraction operator.

    The result is a `SampleCumulant`, a `TranslationInvariantCumulant` or a `DenseCumulant`, which
    may be constructed directly as well.

    Parameters
    ----------
    source : array-like, model, blocks or Cumulant
        Samples (n_samples, n_features) of one distribution, or blocks of them (pooled classes of
        different covariance have a cumulant even if they are Gaussian); an input model, whose
        exact cumulant is taken (orders 2 and 4, periodic, up to 256 sites); the symmetric tensor
        itself, of three or four axes (a matrix is taken for samples; wrap it in DenseCumulant). A
        Cumulant is returned as it is.
    order : int, default=4
        2, 3 or 4.

    Returns
    -------
    kappa : Cumulant

    Raises
    ------
    ValueError
        If the source is none of these, of another order, or not valid.
    TypeError
        If blocks can be read only once, or the source is an estimator.
    NotImplementedError
        If the model has no closed form.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.analysis import cumulant
    >>> X = np.random.default_rng(0).choice([-1.0, 1.0], size=(10_000, 3))
    >>> kappa = cumulant(X)  # independent signs: kappa_iiii = -2, else 0
    >>> kappa.contract(np.eye(3)).round(1).diagonal()
    array([-2., -2., -2.])
    """
    if hasattr(source, "get_params"):
        raise TypeError(
            f"source is a {type(source).__name__}; expected samples of one class or an input "
            "model: pass the rows that it was fitted to, such as X[y == 1]."
        )
    if isinstance(source, tuple) and [np.ndim(part) for part in source] == [2, 1]:
        raise ValueError(
            "source is a pair (X, y); a cumulant is that of one class: pass its rows, such as "
            "X[y == 1]."
        )
    kappa: Cumulant
    if isinstance(source, Cumulant):
        kappa = source
    elif hasattr(source, "sample") and hasattr(source, "covariance"):
        if order == 2:
            return DenseCumulant(source.covariance())
        if order == 3:
            raise NotImplementedError(
                "No third cumulant of a model is known in closed form; estimate it: "
                "cumulant(model.sample(n), 3)."
            )
        kappa = TranslationInvariantCumulant.from_model(source)
    elif is_in_blocks(source) or np.ndim(source) == 2:
        kappa = SampleCumulant(source, order)
    else:
        kappa = DenseCumulant(source)
    if kappa.order != order:
        raise ValueError(f"The cumulant is of order {kappa.order}; expected order={order}.")
    return kappa
