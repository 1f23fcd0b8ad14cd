"""Autoencoder, a net that learns to reconstruct its inputs."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from .._core._blocks import is_lazy, row_blocks
from .._core._random import draw_seed
from .._core._types import Array
from .._core._validation import check_array, check_features, check_positive, validate_inputs
from ..datasets import Discrimination, InputModel
from ._advice import advise_on_data
from ._base import NetEstimator, Training
from ._batches import Samples
from ._docs import with_shared_entries
from ._estimator import FLOATS
from ._modules import Autoencoding
from ._targets import ReconstructionLoss


@with_shared_entries
class Autoencoder(NetEstimator):
    r"""Net with one hidden layer, which encodes the inputs, and a linear decoder.

    The code a and the reconstruction x' of an input x of D features are

    .. math::
        a_k = \sigma(w_k \cdot x / \sqrt{D} + b_k), \qquad
        x' = c + \frac{1}{\sqrt{D}} \sum_k v_k a_k

    If the weights are tied, the decoder weights v equal the encoder weights w. Training minimizes
    the mean over inputs of

    .. math::
        \frac{1}{D} ( \lVert x - x' \rVert^2 + s \sum_k \lvert a_k \rvert )

    The parameter `sparsity` sets the weight s of the L1 penalty of the code. Without the L1
    penalty, the fields of linear units with tied weights span the leading principal components.
    With the L1 penalty, the net is a feed-forward sparse code (compare Olshausen and Field, Nature
    381, 607, 1996).

    Parameters
    ----------
    n_hidden : int, default=64
        K, the number of hidden units.
    activation : {"erf", "tanh", "relu", "linear"} or callable, default="relu"
        sigma, as in `FCNet`.
    tied : bool, default=True
        Whether the decoder is the transpose of the encoder.
    sparsity : float, default=0.0
        Weight s of the L1 penalty of the codes (hidden activations). If `sparsity` is positive, the
        rows of an untied decoder are limited to norm 1. Without the limit on the norm, the L1
        penalty could be made small by scaling the codes down and the decoder up.
    bias_init : float or "auto", default=0.0
        Initial biases, as in `FCNet`.
    @train_bias
    learning_rate : float, default=0.01
        Learning rate of every parameter.
    @batch_size
    max_epochs : int, default=50
        Number of passes over the data in `fit`.
    @init_scale
    weight_decay : float, default=0.0
        Weight decay of the encoder weights w, as defined by the optimizer.
    optimizer : {"adam", "sgd"} or torch optimizer class, default="adam"
        Optimizer of all parameters.
    @image_shape @record @callbacks @device @warm_start @verbose @random_state @options

    Attributes
    ----------
    receptive_fields_ : ndarray of shape (n_hidden, n_features)
        w / sqrt(D); ``X @ receptive_fields_.T + biases_`` is the input of the units.
    @biases_
    decoder_ : ndarray of shape (n_hidden, n_features)
        Decoder weights v / sqrt(D) for D features; each row is the contribution of one unit to the
        reconstruction.
    intercept_ : ndarray of shape (n_features,)
        c, the reconstruction from codes that are all zero.
    @net_ @history_ @loss_curve_ @n_steps_ @time_ @receptive_field_history_ @snapshot_steps_ @shape_
    @seed_ @n_features_in_

    Examples
    --------
    >>> from rfsk import Autoencoder, make_nlgp
    >>> X, _ = make_nlgp(1000, 40, correlation_length=(4.0, 8.0), random_state=0)
    >>> Autoencoder(16, max_epochs=20, random_state=0).fit(X).transform(X).shape
    (1000, 16)
    """

    _module = Autoencoding

    def __init__(
        self,
        n_hidden: int = 64,
        *,
        activation: str | Callable = "relu",
        tied: bool = True,
        sparsity: float = 0.0,
        bias_init: float | str = 0.0,
        train_bias: bool = True,
        learning_rate: float = 0.01,
        batch_size: int = 500,
        max_epochs: int = 50,
        init_scale: float = 0.1,
        weight_decay: float = 0.0,
        optimizer: str | type = "adam",
        image_shape: tuple[int, ...] | None = None,
        record: int | None = None,
        callbacks: list | None = None,
        device: str = "auto",
        warm_start: bool = False,
        verbose: int = 0,
        random_state: Any = None,
        **options: Any,
    ) -> None:
        self._store(locals())

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Train the net to reconstruct data, and return the net.

        Interrupts and errors have the same effects as in `FCNet.fit`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs, preferably of zero mean and about unit variance.
        y : ignored
        """
        return self._fit(partial(self._prepare_fit, X))

    def _prepare_fit(self, X: Any, y: Any = None, shared: dict[Any, Any] | None = None) -> Training:
        to_device = partial(self._inputs_on_device, shared=shared)
        training = self._prepare_block(X, self._is_warm(), to_device)
        n_steps = self.max_epochs * self._n_batches(len(training.data))
        return training._replace(n_epochs=self.max_epochs, n_steps=n_steps)

    def partial_fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Train the current net for one pass over a block of data, and return the net.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs. The blocks of a Dask array are loaded one at a time.
        y : ignored
        """
        if is_lazy(X):
            self._check_parameters()
            return self._fit_blocks(row_blocks(X))
        return self._fit(partial(self._prepare_block, X, self._is_trained(), self._to_device))

    def _prepare_block(self, X: ArrayLike, is_warm: bool, to_device: Any) -> Training:
        data = validate_inputs(self, X, dtype=FLOATS, reset=not is_warm)
        inputs = to_device(data)
        self._start(None, self.n_features_in_, is_warm)
        advise_on_data(self, data)
        return Training(Samples(inputs), 1, None, draw_seed(self._rng))

    def fit_online(self, source: InputModel | Discrimination, n_samples: int = 2_000_000) -> Self:
        """Train on fresh samples, each used once, and return the net.

        Interrupts and errors have the same effects as in `FCNet.fit`.

        Parameters
        ----------
        source : input model or Discrimination
            Source of the samples. All classes of a task are used, without their labels.
        n_samples : int, default=2_000_000
            Number of samples to draw, in `n_samples` / `batch_size` steps.
        """
        return self._fit(partial(self._prepare_online, source, n_samples))

    def _prepare_online(self, source: Any, n_samples: int) -> Training:
        # A single model is used twice, because a task needs two classes.
        task = source if isinstance(source, Discrimination) else Discrimination([source, source])
        check_positive(n_samples, "n_samples", integer=True)
        self._start_online(None, task.n_features)
        return self._online(task, n_samples, is_labelled=False)

    def inverse_transform(self, codes: ArrayLike) -> Array:
        """Reconstruct inputs from codes, (n_samples, n_features).

        Parameters
        ----------
        codes : array-like of shape (n_samples, n_hidden)
            Hidden activations.
        """
        check_is_fitted(self, "receptive_fields_")
        units = check_features(check_array(codes, "codes"), len(self.decoder_), "codes")
        return units @ self.decoder_ + self.intercept_

    def reconstruct(self, X: ArrayLike) -> Array:
        """Encode and reconstruct inputs, (n_samples, n_features).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        """
        return self.inverse_transform(self.transform(X))

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Fraction of the variance that the reconstruction explains; NaN for constant inputs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : ignored
        """
        residual = self.reconstruct(X)
        data = np.asarray(validate_inputs(self, X, dtype=np.float64, reset=False))
        residual -= data
        total = float(np.sum((data - data.mean(axis=0)) ** 2))
        return 1.0 - float(np.sum(residual**2)) / total if total > 0.0 else math.nan

    def _check_parameters(self, *, has_validation: bool = False) -> None:
        check_positive(self.n_hidden, "n_hidden", integer=True)
        check_positive(self.sparsity, "sparsity", zero=True)
        super()._check_parameters(has_validation=has_validation)

    def _start(self, classes: None, n_features: int, is_warm: bool) -> None:
        tied, loss = {"tied": bool(self.tied)}, {"criterion": ReconstructionLoss}
        self._start_net(n_features, is_warm, tied, {}, loss)
        self.net_.criterion_.sparsity = self.sparsity
        self.net_.module_.normalized = self.sparsity > 0.0

    def _module_params(self, shape: tuple[int, ...]) -> dict[str, Any]:
        return {"n_features": math.prod(shape), "n_hidden": self.n_hidden}

    def _set_fields(self, weight: Array) -> None:
        self.decoder_ = self._fields_of(weight if self.tied else self._array_of("decoder"))
        self.intercept_ = self._array_of("intercept")
