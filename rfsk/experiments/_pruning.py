"""Iterative magnitude pruning, which finds the weights that a net needs."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone

from .._core._validation import check_positive
from ..nets import FCNet


def iterative_magnitude_pruning(
    net: FCNet, X: ArrayLike, y: ArrayLike, *, n_rounds: int = 5, fraction: float = 0.3
) -> list[FCNet]:
    """Train a net repeatedly, each time without the smallest weights of the previous round.

    Every round starts from the same initial weights, as in the lottery-ticket procedure (Frankle
    and Carbin, 2019). On natural inputs the remaining weights are local (Pellegrini and Biroli,
    2022; Redman et al., 2024). Compare masks with others of equal size: few weights have a large
    IPR wherever they are.

    Parameters
    ----------
    net : FCNet
        Net to train; it is cloned. Its `random_state` must be an int, and its mask is the initial
        mask. Only the first hidden layer is pruned.
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
        Inputs and labels.
    n_rounds : int, default=5
        Number of pruning rounds.
    fraction : float, default=0.3
        Fraction of the remaining weights to remove per round, between 0 and 1.

    Returns
    -------
    nets : list of FCNet
        The fitted dense net and one net per round, with `mask` the remaining weights. After an
        interrupt (Ctrl-C), the finished nets are the attribute `nets` of the KeyboardInterrupt.

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
        raise TypeError(f"Got a {type(net).__name__}; expected an FCNet.")
    check_positive(n_rounds, "n_rounds", integer=True)
    check_positive(fraction, "fraction")
    if fraction >= 1.0:
        raise ValueError(f"fraction={fraction!r}; expected a number between 0 and 1.")
    if not isinstance(net.random_state, int | np.integer):
        raise ValueError(
            f"random_state={net.random_state!r}; expected an int, so that every round starts from "
            "the same weights."
        )
    mask: Any = net.mask
    nets: list[FCNet] = []
    for _ in range(n_rounds + 1):
        try:
            fitted = clone(net).set_params(mask=mask, warm_start=False).fit(X, y)
        except KeyboardInterrupt as interrupt:
            interrupt.nets = nets  # type: ignore[attr-defined]
            interrupt.add_note(f"The {len(nets)} finished nets are `nets` of this exception.")
            raise
        nets.append(fitted)
        size = np.abs(fitted.receptive_fields_)
        left = np.ones(size.shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
        order = np.argsort(np.where(left, size, np.inf), axis=None)
        mask = left.copy()
        mask.flat[order[: round(fraction * left.sum())]] = False
    return nets
