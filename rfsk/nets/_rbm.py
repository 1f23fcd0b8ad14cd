"""Restricted Boltzmann machine, a generative model with receptive fields."""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import special
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from .._core._random import as_generator
from .._core._types import Array
from .._core._validation import check_option, check_positive, validate_inputs


class _Units(NamedTuple):
    """Distribution of a type of unit: value s, input I, density proportional to rho(s) exp(s I)."""

    log_normalizer: Any
    mean: Any
    sample: Any
    center: Any  # inverse function of the mean


def _relu_mean(inputs: Array) -> Array:
    density = np.exp(-0.5 * inputs**2 - special.log_ndtr(inputs)) / np.sqrt(2.0 * np.pi)
    return np.maximum(inputs + density, 0.0)


_UNITS = {
    "gaussian": _Units(
        lambda x: 0.5 * x**2,
        lambda x: x,
        lambda x, rng: x + rng.standard_normal(x.shape),
        lambda m: m,
    ),
    "spin": _Units(
        lambda x: np.logaddexp(x, -x) - np.log(2.0),
        np.tanh,
        lambda x, rng: np.where(rng.random(x.shape) < special.expit(2.0 * x), 1.0, -1.0),
        lambda m: np.arctanh(np.clip(m, -0.99, 0.99)),
    ),
    "binary": _Units(
        lambda x: np.logaddexp(x, 0.0),
        special.expit,
        lambda x, rng: np.where(rng.random(x.shape) < special.expit(x), 1.0, 0.0),
        None,
    ),
    "relu": _Units(
        lambda x: 0.5 * x**2 + special.log_ndtr(x),
        _relu_mean,
        lambda x, rng: (
            x - special.ndtri_exp(special.log_ndtr(x) - rng.standard_exponential(x.shape))
        ),
        None,
    ),
}


class RBM(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""Restricted Boltzmann machine with continuous or binary inputs.

    The joint distribution of the inputs x and the hidden units h is

    .. math::
        p(x, h) \propto \rho_v(x) \rho_h(h)
        \exp ( c \cdot x + \sum_k h_k (w_k \cdot x + b_k) )

    The density rho_v is a product of one factor for each visible unit, and rho_h of one factor for
    each hidden unit. The factor depends on the value s and the type of the unit: exp(-s^2/2) for
    "gaussian" units, exp(-s^2/2) on s >= 0 for "relu" units, uniform on s = +-1 for "spin" units,
    and uniform on s = 0, 1 for "binary" units. Training maximizes the likelihood by persistent
    contrastive divergence (Tieleman, ICML 2008) with one Markov chain per sample of a batch. On
    translation-invariant inputs, fields can become localized (Harsh, Tubiana, Cocco and Monasson,
    Journal of Physics A 53, 174002, 2020).

    Parameters
    ----------
    n_hidden : int, default=64
        Number of hidden units.
    visible : {"gaussian", "spin"}, default="gaussian"
        Type of the inputs. "gaussian" inputs are real numbers, to which the model assigns noise of
        unit variance, and "spin" inputs are +1 and -1. For inputs 0 and 1, use scikit-learn's
        `BernoulliRBM`.
    hidden : {"spin", "binary", "relu", "gaussian"}, default="spin"
        Type of the hidden units. With visible="gaussian" and hidden="gaussian", the model is
        probabilistic PCA. With visible="gaussian", the training of "relu" and "gaussian" hidden
        units can diverge. If the training diverges, reduce `learning_rate`.
    train_bias : bool, default=True
        Whether the biases of the hidden and visible units are trained. If False, the biases are
        zero, which is suitable for inputs of zero mean.
    learning_rate : float, default=0.01
        Learning rate of all parameters.
    batch_size : int, default=100
        Number of samples per training step, which is also the number of Markov chains.
    max_epochs : int, default=50
        Number of passes over the data in `fit`.
    n_sweeps : int, default=1
        Number of updates of the Markov chains per step.
    init_scale : float, default=0.1
        Standard deviation of the initial weights, multiplied by the square root of the number of
        features.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the weights, batches and chains.

    Attributes
    ----------
    receptive_fields_ : ndarray of shape (n_hidden, n_features)
        Weights w, one row per hidden unit.
    biases_ : ndarray of shape (n_hidden,)
        Biases b of the hidden units.
    intercept_ : ndarray of shape (n_features,)
        Biases c of the visible units.
    chains_ : ndarray of shape (batch_size, n_features)
        Values of the visible units of the Markov chains. Each row is a sample of the model.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> from rfsk import Ising
    >>> from rfsk.nets import RBM
    >>> spins = Ising.from_correlation_length(20, 2.0).sample(1000, random_state=0)
    >>> RBM(8, visible="spin", max_epochs=5, random_state=0).fit(spins).transform(spins).shape
    (1000, 8)
    """

    receptive_fields_: Array

    def __init__(
        self,
        n_hidden: int = 64,
        *,
        visible: str = "gaussian",
        hidden: str = "spin",
        train_bias: bool = True,
        learning_rate: float = 0.01,
        batch_size: int = 100,
        max_epochs: int = 50,
        n_sweeps: int = 1,
        init_scale: float = 0.1,
        random_state: Any = None,
    ) -> None:
        self.n_hidden = n_hidden
        self.visible = visible
        self.hidden = hidden
        self.train_bias = train_bias
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.n_sweeps = n_sweeps
        self.init_scale = init_scale
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Train the model from new initial weights and return it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs, preferably of zero mean.
        y : ignored
        """
        check_positive(self.max_epochs, "max_epochs", integer=True)
        data = self._start(X)
        for _ in range(self.max_epochs):
            self._epoch(data)
        return self

    def partial_fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Continue training for one pass over a block of inputs and return the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : ignored
        """
        is_new = not hasattr(self, "receptive_fields_")
        self._epoch(self._start(X) if is_new else self._inputs(X, reset=False))
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Conditional mean of the hidden units given the inputs, (n_samples, n_hidden).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        return np.asarray(_UNITS[self.hidden].mean(self._drive(self._inputs(X, reset=False))))

    def free_energy(self, X: ArrayLike) -> Array:
        """Negative logarithm of the density of the inputs, up to a constant, (n_samples,).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        data = self._inputs(X, reset=False)
        prior = 0.5 * (data**2).sum(axis=1) if self.visible == "gaussian" else 0.0
        hidden = _UNITS[self.hidden].log_normalizer(self._drive(data)).sum(axis=1)
        return np.asarray(prior - data @ self.intercept_ - hidden)

    def _inputs(self, X: ArrayLike, *, reset: bool) -> Array:
        data: Array = validate_inputs(self, X, dtype=np.float64, reset=reset)
        if self.visible == "spin" and not np.all(np.abs(data) == 1.0):
            raise ValueError("`X` must contain only +1 and -1 with visible='spin'.")
        return data

    def _start(self, X: ArrayLike) -> Array:
        check_option(self.visible, "visible", ("gaussian", "spin"))
        check_option(self.hidden, "hidden", _UNITS)
        for name in ("n_hidden", "batch_size", "n_sweeps"):
            check_positive(getattr(self, name), name, integer=True)
        for name in ("learning_rate", "init_scale"):
            check_positive(getattr(self, name), name)
        data, units = self._inputs(X, reset=True), _UNITS[self.visible]
        self._rng = as_generator(self.random_state)
        shape = (self.n_hidden, self.n_features_in_)
        self.receptive_fields_ = self._rng.normal(0.0, self.init_scale / shape[1] ** 0.5, shape)
        self.biases_, self.intercept_ = np.zeros(shape[0]), np.zeros(shape[1])
        if self.train_bias:
            self.intercept_ = np.asarray(units.center(data.mean(axis=0)))
        inputs = np.tile(self.intercept_, (self.batch_size, 1))
        self.chains_ = np.asarray(units.sample(inputs, self._rng))
        return data

    def _drive(self, data: Array) -> Array:
        return np.asarray(data @ self.receptive_fields_.T + self.biases_)

    def _epoch(self, data: Array) -> None:
        rng, visible, hidden = self._rng, _UNITS[self.visible], _UNITS[self.hidden]
        shuffled = rng.permutation(data)
        for batch in gen_batches(len(shuffled), self.batch_size):
            for _ in range(self.n_sweeps):
                units = hidden.sample(self._drive(self.chains_), rng)
                drive = units @ self.receptive_fields_ + self.intercept_
                self.chains_ = visible.sample(drive, rng)
            inputs, rate = shuffled[batch], self.learning_rate
            seen, dreamt = (hidden.mean(self._drive(x)) for x in (inputs, self.chains_))
            correlation = seen.T @ inputs / len(inputs) - dreamt.T @ self.chains_ / len(dreamt)
            self.receptive_fields_ += rate * correlation
            if self.train_bias:
                self.biases_ += rate * (seen.mean(axis=0) - dreamt.mean(axis=0))
                self.intercept_ += rate * (inputs.mean(axis=0) - self.chains_.mean(axis=0))
            if not np.isfinite(self.chains_.sum() + self.receptive_fields_.sum()):
                raise ValueError(
                    f"Training diverged: learning_rate={self.learning_rate!r} is too large for "
                    "these inputs. Use a smaller learning rate, or standardize the inputs."
                )

    @property
    def _n_features_out(self) -> int:
        return len(self.receptive_fields_)
