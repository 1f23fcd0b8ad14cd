"""Parts of the estimators that do not depend on the library that trains them."""

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from .._core._foreign_names import suggestion
from .._core._mistakes import Activations
from .._core._types import Array
from .._core._validation import (
    check_layer,
    check_numbers,
    check_option,
    check_positive,
    validate_inputs,
)
from ..datasets import Discrimination
from ._coding import FIXED_READOUTS, READOUTS
from ._snapshots import FieldRecorder

# Prefixes of the skorch parameters that an estimator passes on.
_PASSED_ON = ("optimizer__", "callbacks__")
# Parameters of skorch that an estimator sets itself, and its own parameters for them.
_OWN_OPTIONS = {
    "optimizer__lr": "learning_rate",
    "optimizer__weight_decay": "weight_decay",
    "optimizer__param_groups": "learning_rate and readout_rate",
}
ONLINE_EPOCHS = 100  # number of entries in the history of an online fit
FLOATS = [np.float64, np.float32]
_LOSSES = ("auto", "squared", "cross_entropy")


class FieldEstimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Estimator with receptive fields; `net_` has its module, loss and number of steps."""

    net_: Any
    _options: Mapping[str, Any] = MappingProxyType({})  # parameters of skorch

    def _store(self, arguments: dict[str, Any]) -> None:
        """Store the arguments of the constructor without any checks, as scikit-learn requires."""
        options = arguments.pop("options")
        self.__dict__.update({k: v for k, v in arguments.items() if k not in ("self", "__class__")})
        if options:
            self._options = options

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters of this estimator, including those of skorch."""
        return {**super().get_params(deep), **self._options}

    def set_params(self, **params: Any) -> Any:
        """Set parameters of this estimator, such as ``optimizer__momentum``."""
        options = {name: params.pop(name) for name in list(params) if name.startswith(_PASSED_ON)}
        super().set_params(**params)
        if options:
            self._options = {**self._options, **options}
        return self

    @abstractmethod
    def _module_params(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """Parameters that set the sizes of the module, for inputs on a lattice of this shape."""

    @abstractmethod
    def _outputs(self, X: ArrayLike, **options: Any) -> Array:
        """Outputs of the fitted module, in double precision."""

    def _mask_of(self, n_features: int) -> NDArray[Any] | None:
        return None

    def _fields_of(self, weight: Array) -> Array:
        """Receptive fields, (n_units, n_features), from the weights of the module."""
        return weight / math.sqrt(weight.shape[1])

    def _set_fields(self, weight: Array) -> None:
        """Set the fitted attributes that are specific to a subclass."""

    def transform(self, X: ArrayLike) -> Array:
        """Hidden activations (the codes of an autoencoder), (n_samples, n_activations).

        The columns are the units of the last hidden layer. For a `ConvNet`, the columns are the
        channels or, without pooling, all pairs of a channel and a site.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        """
        return self._outputs(X, return_hidden=True).view(Activations)

    @property
    def _n_features_out(self) -> int:
        return int(self.net_.module_.n_activations)

    def _check_parameters(self, *, has_validation: bool = False) -> None:
        for name in self._options:
            if name in _OWN_OPTIONS:
                raise TypeError(f"{name!r} must not be passed. Set {_OWN_OPTIONS[name]} instead.")
            if not name.startswith(_PASSED_ON):
                raise TypeError(
                    f"{type(self).__name__} has no parameter {name!r}."
                    f"{suggestion(name, self._get_param_names())} Parameters that are passed to "
                    "skorch must begin with 'optimizer__' or 'callbacks__'."
                )
        for name in ("learning_rate", "init_scale"):
            check_positive(getattr(self, name), name)
        check_positive(self.weight_decay, "weight_decay", zero=True)
        for name in ("batch_size", "max_epochs"):
            check_positive(getattr(self, name), name, integer=True)
        if self.record is not None:
            check_positive(self.record, "record", integer=True)
            if self.record < 2:
                raise ValueError(
                    "`record` must be at least 2, for the initial and the final fields, got 1."
                )
        if self.bias_init != "auto":
            check_positive(self.bias_init, "bias_init", zero=True)

    @contextmanager
    def _restored_after_errors(self) -> Iterator[None]:
        """Context after which the estimator has its former attributes if an error was raised."""
        before = dict(vars(self))
        try:
            yield
        except BaseException:
            self.__dict__ = before
            raise

    def _n_batches(self, n_samples: int) -> int:
        return math.ceil(n_samples / self.batch_size)

    def _set_results(
        self, weight: Array, biases: Array, losses: list[float], recorder: FieldRecorder | None
    ) -> None:
        self._set_fields(weight)
        self.receptive_fields_ = self._fields_of(weight)
        self.biases_ = biases
        self.loss_curve_ = np.array(losses, dtype=np.float64)
        self.n_steps_ = self.net_.n_steps_
        self.time_ = self.n_steps_ / self.n_features_in_
        for name in ("snapshot_steps_", "receptive_field_history_", "evaluation_"):
            self.__dict__.pop(name, None)
        if recorder:
            self.snapshot_steps_ = np.array([step for step, _ in recorder])
            self.receptive_field_history_ = np.stack([self._fields_of(w) for _, w in recorder])


class FieldClassifier(ClassifierMixin, FieldEstimator):
    """Classifier whose readout of the hidden units is fixed or trained."""

    classes_: NDArray[Any]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = self.readout not in FIXED_READOUTS
        # With a fixed readout, units saturate on inputs far from unit variance, such as those in
        # scikit-learn's check of class weights.
        tags.classifier_tags.poor_score = self.readout != "linear"
        return tags

    def decision_function(self, X: ArrayLike) -> Array:
        """Decision values of the inputs.

        The shape is (n_samples,) for two classes, with positive values for ``classes_[1]``, and
        (n_samples, n_classes) for more classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        """
        outputs = self._outputs(X)
        return np.asarray(self.net_.criterion_.decision(outputs))

    def predict_proba(self, X: ArrayLike) -> Array:
        """Class probabilities, (n_samples, n_classes).

        With the squared loss, the probabilities are derived from the output of the net, which
        estimates the conditional mean of the target.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        """
        outputs = self._outputs(X)
        return np.asarray(self.net_.criterion_.probability(outputs))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Most likely class of each input, (n_samples,).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        """
        outputs = self._outputs(X)
        return self.classes_[self.net_.criterion_.predicted(outputs)]

    def hidden_activations(self, X: ArrayLike, layer: int = -1) -> Array:
        """Activations of a hidden layer, (n_samples, n_activations).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        layer : int, default=-1
            Index of the hidden layer, from 0. Negative indices count from the last layer.
        """
        check_is_fitted(self, "receptive_fields_")
        number = check_layer(layer, self.net_.module_.n_layers)
        return self._outputs(X, return_hidden=True, layer=number).view(Activations)

    def _check_parameters(self, *, has_validation: bool = False) -> None:
        check_option(self.readout, "readout", READOUTS)
        check_option(self.loss, "loss", _LOSSES)
        check_positive(self.readout_rate, "readout_rate")
        check_positive(self.validation_fraction, "validation_fraction", zero=True)
        if self.validation_fraction >= 1.0:
            raise ValueError(
                "`validation_fraction` must be from 0 to 1, with 1 excluded, got "
                f"{self.validation_fraction!r}."
            )
        is_known = self.class_weight is None or isinstance(self.class_weight, dict)
        if not is_known and self.class_weight != "balanced":
            raise ValueError(
                "`class_weight` must be None, 'balanced' or a dict of weights by label, got "
                f"{self.class_weight!r}."
            )
        super()._check_parameters(has_validation=has_validation and self.validation_fraction > 0.0)

    def _checked(self, X: Any, y: Any, sample_weight: Any, is_warm: bool) -> tuple[Any, Any, Any]:
        """Return checked inputs, labels and sample weights.

        The weights must be non-negative and not all zero.
        """
        data, y = validate_inputs(self, X, y, dtype=FLOATS, reset=not is_warm)
        check_classification_targets(y)
        if sample_weight is not None:
            check_numbers(sample_weight, "sample_weight")
            options: Any = {"dtype": np.float64, "ensure_non_negative": True}
            sample_weight = _check_sample_weight(sample_weight, data, **options)
            if not np.any(sample_weight):  # accepted by scikit-learn before 1.9
                raise ValueError("Sample weights must contain at least one non-zero number.")
        return data, np.asarray(y), sample_weight

    def _weight_of_rows(self, index: NDArray[np.intp], sample_weight: Any) -> Array | None:
        """Product of sample and class weights, with mean one, or None if no weights are given."""
        weight = sample_weight
        if self.class_weight is not None:
            of_class = self._weight_of_class(self.classes_[index])
            weight = of_class[index] * (1.0 if weight is None else weight)
        return None if weight is None else np.asarray(weight / np.mean(weight))

    def _weight_of_class(self, y: NDArray[Any]) -> Array:
        """Weight of each class, given labels `y` of all classes."""
        weight = self.class_weight
        weights: Any = compute_class_weight(weight, classes=self.classes_, y=y)
        if np.any(weights < 0.0) or not np.any(weights):
            raise ValueError(
                "`class_weight` must have non-negative weights that are not all zero, got "
                f"{weight!r}."
            )
        return np.asarray(weights)

    def _weight_in_task(self, task: Discrimination) -> NDArray[np.float32] | None:
        """Weight of each class of a task, with mean one, or None if `class_weight` is None."""
        if self.class_weight is None:
            return None
        fractions = np.asarray(task.priors or [1.0 / task.n_classes] * task.n_classes)
        weight = 1.0 / fractions
        if isinstance(self.class_weight, dict):
            weight = self._weight_of_class(self.classes_)
        return (weight / (weight @ fractions)).astype(np.float32)

    def _check_classes(self, classes: NDArray[Any]) -> None:
        if len(classes) < 2:
            raise ValueError(
                f"`y` must contain at least 2 classes, got 1 class ({classes.tolist()[0]!r})."
            )
