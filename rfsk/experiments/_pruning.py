"""Iterative magnitude pruning of nets."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone

from .._core._validation import check_positive
from ..nets import FCNet


def iterative_magnitude_pruning(
    net: FCNet, X: ArrayLike, y: ArrayLike, *, n_rounds: int = 5, fraction: float = 0.3
) -> list[FCNet]:
    """Train a net repeatedly, and remove the smallest weights after each round.

    All rounds start with the same initial weights, as in the lottery-ticket procedure (Frankle and
    Carbin, 2019). On natural inputs, the weights of a unit that survive the pruning form a local
    field (Pellegrini and Biroli, 2022; Redman et al., 2024). When you measure locality, compare
    only masks with the same number of weights, because the IPR of a field with few weights is large
    for any positions of the weights.

    Parameters
    ----------
    net : FCNet
        Net to train. The net itself remains unfitted; copies of it are trained. The `random_state`
        of the net must be an int, and the `mask` of the net, if any, is the initial mask. Only the
        first hidden layer is pruned.
    X : array-like of shape (n_samples, n_features)
        Inputs.
    y : array-like of shape (n_samples,)
        Labels.
    n_rounds : int, default=5
        Number of pruning rounds.
    fraction : float, default=0.3
        Fraction, between 0 and 1, of the remaining weights that each round removes.

    Returns
    -------
    nets : list of FCNet
        Fitted dense net, and one fitted net per round. The `mask` of each net marks the remaining
        weights. After an interrupt (Ctrl-C), the finished nets are in the attribute `nets` of the
        KeyboardInterrupt.

    Examples
    --------
    >>> from rfsk import FCNet, make_nlgp
    >>> from rfsk.experiments import iterative_magnitude_pruning
    >>> X, y = make_nlgp(500, 20, correlation_length=(1.0, 2.0), random_state=0)
    >>> net = FCNet(4, max_epochs=2, random_state=0)
    >>> nets = iterative_magnitude_pruning(net, X, y, n_rounds=2, fraction=0.5)
    >>> [int((pruned.receptive_fields_ != 0).sum()) for pruned in nets]
    [80, 40, 20]
    """
    if not isinstance(net, FCNet):
        raise TypeError(f"`net` must be an FCNet, got a {type(net).__name__}.")
    check_positive(n_rounds, "n_rounds", integer=True)
    check_positive(fraction, "fraction")
    if fraction >= 1.0:
        raise ValueError(f"`fraction` must be between 0 and 1, got {fraction!r}.")
    if not isinstance(net.random_state, int | np.integer):
        raise ValueError(
            f"`random_state` of the net must be an int, got {net.random_state!r}. All rounds must "
            "start with the same weights."
        )
    mask: Any = net.mask
    nets: list[FCNet] = []
    for _ in range(n_rounds + 1):
        try:
            fitted = clone(net).set_params(mask=mask, warm_start=False).fit(X, y)
        except KeyboardInterrupt as interrupt:
            interrupt.nets = nets  # type: ignore[attr-defined]
            interrupt.add_note(f"The {len(nets)} finished nets are in `nets` of this exception.")
            raise
        nets.append(fitted)
        size = np.abs(fitted.receptive_fields_)
        left = np.ones(size.shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
        order = np.argsort(np.where(left, size, np.inf), axis=None)
        mask = left.copy()
        mask.flat[order[: round(fraction * left.sum())]] = False
    return nets
