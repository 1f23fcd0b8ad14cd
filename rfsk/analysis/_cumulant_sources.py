"""cumulant: one function for all that cumulants are made of."""

from typing import Any

import numpy as np
import scipy.sparse

from .._core._blocks import is_lazy
from ._cumulant import Cumulant, DenseCumulant, check_order
from ._empirical_cumulant import BlockCumulant, SampleCumulant
from ._trispectrum import TranslationInvariantCumulant


def cumulant(source: Any, order: int = 4) -> Cumulant:
    """Cumulant of samples, of a law, or of a dense tensor, as a contraction operator.

    Parameters
    ----------
    source : array-like, model, blocks or Cumulant
        Samples (n_samples, n_features) of one law (pooling classes of different covariance adds a
        term that is not zero even for Gaussians); an input model, whose exact cumulant is taken
        (orders 2 and 4, periodic, up to 256 sites); a list of arrays of samples, a Dask array, or
        an object that yields such arrays each time it is iterated; the symmetric tensor itself,
        of three or four equal axes (a matrix is taken for samples; wrap it in DenseCumulant). A
        Cumulant is returned as it is.
    order : int, default=4
        2, 3 or 4.

    Returns
    -------
    kappa : Cumulant

    Raises
    ------
    ValueError
        If the source is none of these or of another order, holds NaN or infinity, has fewer than
        two samples, or the tensor is not symmetric.
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
    >>> zero = kappa - cumulant([X[:4000], X[4000:]])  # the same in blocks
    >>> bool(np.abs(zero.contract(np.eye(3))).max() < 1e-12)
    True
    """
    check_order(order)
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
    if isinstance(source, Cumulant):
        if source.order != order:
            raise ValueError(f"The cumulant is of order {source.order}; expected order={order}.")
        return source
    if hasattr(source, "sample") and hasattr(source, "covariance"):
        return _of_model(source, order)
    if is_in_blocks(source):
        return BlockCumulant(source, order)
    if np.ndim(source) == 2:
        return SampleCumulant(source, order)
    dense = DenseCumulant(source)
    if dense.order != order:
        raise ValueError(f"The tensor has {dense.order} axes; expected order={order}.")
    return dense


def is_in_blocks(source: Any) -> bool:
    """Whether samples come in blocks: a list of arrays, a Dask array, or something iterable."""
    if isinstance(source, list | tuple):
        return len(source) > 0 and hasattr(source[0], "__array__") and np.ndim(source[0]) == 2
    return is_lazy(source) or not (hasattr(source, "__array__") or scipy.sparse.issparse(source))


def _of_model(model: Any, order: int) -> Cumulant:
    """Exact cumulant of an input model."""
    if order == 2:
        return DenseCumulant(model.covariance())
    is_periodic = getattr(model, "boundary", None) == "periodic"
    if order == 3 or not is_periodic or not hasattr(model, "fourth_cumulant_slice"):
        raise NotImplementedError(
            f"Of {type(model).__name__} no cumulant of order {order} is known in closed form; "
            "estimate it: cumulant(model.sample(n))."
        )
    return TranslationInvariantCumulant(model.fourth_cumulant_slice(), model.shape)
