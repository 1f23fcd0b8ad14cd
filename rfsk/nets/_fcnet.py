"""FCNet, a fully-connected net with receptive fields."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._types import Array
from .._core._validation import check_positive
from ._backend import FullyConnected, NetClassifier
from ._docs import with_shared_entries


@with_shared_entries
class FCNet(NetClassifier):
    r"""Fully-connected net, by default with two layers, that learns receptive fields.

    The output of a net with K hidden units for an input x of D features is

    .. math:: \phi(x) = \frac{1}{K} \sum_{k=1}^K \sigma(w_k \cdot x / \sqrt{D} + b_k)

    Stochastic gradient descent minimizes the squared difference between the output phi(x) and the
    target, which is +1 for class 0 and -1 for class 1. For K units, D features and the mean loss
    of a batch, a step changes the weights w by -learning_rate K dLoss/dw and the biases b by
    -learning_rate (K/D) dLoss/db, so that runs with different numbers of units or batch sizes are
    comparable. If the classes are translation-invariant and non-Gaussian, receptive fields become
    localized and tile the lattice. On the control (Gaussian inputs with the same mean and
    covariance), receptive fields oscillate (Ingrosso and Goldt, PNAS 119, e2201854119, 2022).

    Skorch trains the net. Where torch is not installed, NumPy trains nets with one hidden layer,
    two classes and a fixed readout, and draws other random numbers than torch. Without torch, nets
    with more layers or classes or a trained readout, and other options that need torch, raise an
    ImportError.

    Parameters
    ----------
    n_hidden : int or tuple of int, default=64
        Number K of hidden units, or the sizes of several hidden layers. Layers after the first have
        standard normal initial weights and zero initial biases. In the learning rates of a layer, K
        is the number of its units and D is the number of its inputs. The attribute
        `receptive_fields_` and the parameter `mask` refer to the first layer. In the formulas of
        `readout`, K is the size of the last hidden layer.
    activation : {"erf", "tanh", "relu", "linear"} or callable, default="erf"
        Activation function sigma; "erf" is erf(h / sqrt 2), and a callable is a torch function such
        as softplus. If sigma has no negative values and the readout is fixed, the targets are 0 for
        class 0 and 1 for class 1.
    readout : {"auto", "mean", "sqrt", "sum", "linear"}, default="auto"
        "mean", "sqrt" and "sum" are fixed readouts for two classes: the output is s times the sum
        of the activations, with s = 1/K, 1/sqrt K and 1, respectively. The learning rate of w is
        learning_rate / (s^2 K), so that outputs learn equally fast and fields change less for
        larger s ("lazy" training). "linear" is (1/K) V sigma + c, where V (initially standard
        normal) has the rate readout_rate learning_rate K, and c (initially zero) has the rate
        readout_rate learning_rate. "auto" is "mean" for two classes and "linear" for more.
    @bias_init
        With the default targets, fields of units with positive bias localize and those of units
        with negative bias oscillate. A net with an odd activation and without biases (0 and
        ``train_bias=False``) learns nothing from inputs with P(x) = P(-x).
    @train_bias @loss @class_weight
    learning_rate : float, default=5.0
        Learning rate of the fields, before the scaling with the numbers of units and features. If
        learning_rate / batch_size is small, the fields depend only on the product of learning_rate
        and the number of steps.
    readout_rate : float, default=0.2
        Learning rate of the linear readout relative to that of the fields. With the squared loss,
        fields can localize if the readout learns slowly, as with readout_rate=0.02 and
        learning_rate=1.
    weight_decay : float, default=2e-4
        Weight decay: each step shrinks w by the fraction learning_rate x weight_decay, which
        suppresses the noise that fields learn from a finite data set.
    l1 : float, default=0.0
        L1 penalty: each step moves every weight of the fields towards zero by at most
        learning_rate x l1 (a proximal step), which makes fields sparse.
    l1_cut : float, default=0.0
        Parameter beta of the beta-lasso, which learns local connectivity (Neyshabur, NeurIPS 2020):
        each step sets weights of absolute value below l1_cut x l1 to zero.
    @batch_size
    max_epochs : int, default=100
        Number of passes over the data in `fit`.
    @init_scale @optimizer @validation_fraction @image_shape
    mask : array-like of bool, (n_hidden, n_features), optional
        Mask that is True where a weight exists. All other weights remain zero.
    @record @callbacks @device @warm_start @verbose @random_state @options

    Attributes
    ----------
    receptive_fields_ : ndarray of shape (n_hidden, n_features)
        w / sqrt(D); ``X @ receptive_fields_.T + biases_`` is the input of the units.
    @biases_ @classes_ @net_ @history_ @loss_curve_ @n_steps_ @time_ @receptive_field_history_
    @snapshot_steps_ @evaluation_ @shape_ @seed_ @n_features_in_

    Examples
    --------
    >>> from rfsk import FCNet, make_nlgp
    >>> X, y = make_nlgp(2000, 40, correlation_length=(2.0, 4.0), random_state=0)
    >>> FCNet(n_hidden=8, max_epochs=2, random_state=0).fit(X, y).receptive_fields_.shape
    (8, 40)
    """

    _module = FullyConnected

    def __init__(
        self,
        n_hidden: int | tuple[int, ...] = 64,
        *,
        activation: str | Callable = "erf",
        readout: str = "auto",
        bias_init: float | str = "auto",
        train_bias: bool = True,
        loss: str = "auto",
        class_weight: str | dict | None = None,
        learning_rate: float = 5.0,
        readout_rate: float = 0.2,
        weight_decay: float = 2e-4,
        l1: float = 0.0,
        l1_cut: float = 0.0,
        batch_size: int = 500,
        max_epochs: int = 100,
        init_scale: float = 0.1,
        optimizer: str | type = "sgd",
        validation_fraction: float = 0.0,
        image_shape: tuple[int, ...] | None = None,
        mask: ArrayLike | None = None,
        record: int | None = None,
        callbacks: list | None = None,
        device: str = "auto",
        warm_start: bool = False,
        verbose: int = 0,
        random_state: Any = None,
        **options: Any,
    ) -> None:
        self._store(locals())

    def _layer_sizes(self) -> tuple[int, ...]:
        n_hidden = self.n_hidden
        return tuple(n_hidden) if isinstance(n_hidden, tuple | list) else (n_hidden,)

    def _check_parameters(self, *, has_validation: bool = False) -> None:
        if not self._layer_sizes():
            raise ValueError("`n_hidden` must have at least one hidden layer, got ().")
        for size in self._layer_sizes():
            check_positive(size, "n_hidden", integer=True)
        for name in ("l1", "l1_cut"):
            check_positive(getattr(self, name), name, zero=True)
        super()._check_parameters(has_validation=has_validation)

    def _mask_of(self, n_features: int) -> Array | None:
        if self.mask is None:
            return None
        mask = np.ascontiguousarray(self.mask)
        n_units = self._layer_sizes()[0]
        if mask.shape != (n_units, n_features) or mask.dtype.kind != "b":
            raise ValueError(
                f"`mask` must be booleans of shape ({n_units}, {n_features}), one row per unit, "
                f"got shape {mask.shape} and dtype {mask.dtype}."
            )
        return mask

    def _module_params(self, shape: tuple[int, ...]) -> dict[str, Any]:
        return {"n_features": math.prod(shape), "n_hidden": self._layer_sizes()}
