"""Base class of nets that classify, trained on data, on blocks of data or on fresh samples."""

from functools import partial
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted
from torch import Tensor

from .._core._blocks import is_lazy, row_blocks
from .._core._mistakes import Activations, note_few_rows, note_one_class
from .._core._random import draw_seed
from .._core._types import Array
from .._core._validation import (
    check_layer,
    check_numbers,
    check_option,
    check_positive,
    plain,
    validate_inputs,
)
from ..datasets import Discrimination, as_task
from ._advice import advise_on_data, advise_on_task
from ._base import FLOATS, NetEstimator, Training
from ._batches import Samples
from ._engine import ClassifierEngine
from ._modules import FIXED_READOUTS
from ._snapshots import Evaluator
from ._targets import CodedLoss, choose_loss

_READOUTS = ("auto", *FIXED_READOUTS, "linear")
_LOSSES = ("auto", "squared", "cross_entropy")


class NetClassifier(ClassifierMixin, NetEstimator):
    """Base class of nets that have a readout of the hidden units and are trained on labels."""

    _engine = ClassifierEngine
    _scales_rates = True
    classes_: NDArray[Any]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = self.readout not in FIXED_READOUTS
        # With a fixed readout, units saturate on inputs far from unit variance, such as those in
        # scikit-learn's check of class weights.
        tags.classifier_tags.poor_score = self.readout != "linear"
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the net on labelled data and return it.

        An interrupt (Ctrl-C) stops the training with a warning, and the net keeps its current
        weights. If the training is part of a search, a sweep or a study, an interrupt also ends the
        search, sweep or study.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Inputs, and labels of two or more classes.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the samples in the loss. Only ratios of weights matter; a sample of weight
            zero is not used.

        Raises
        ------
        ValueError
            If the data are invalid or the training diverges. After any error, including errors
            raised by callbacks, the net is the same as before the call.
        """
        prepare = partial(self._prepare_fit, X, y, sample_weight)
        return self._fit(prepare, has_validation=True)

    def _prepare_fit(
        self, X: Any, y: Any, sample_weight: Any = None, shared: dict[Any, Any] | None = None
    ) -> Training:
        """Check the data and build the net; `shared` caches inputs on the device for all nets."""
        is_warm = self._is_warm()
        data, y, sample_weight = self._checked(X, y, sample_weight, is_warm)
        inputs = self._inputs_on_device(data, shared)
        if sample_weight is not None:
            kept = sample_weight > 0.0
            data, y, sample_weight = data[kept], y[kept], sample_weight[kept]
            inputs = inputs[torch.as_tensor(kept)]
        classes, index = np.unique(y, return_inverse=True)
        self._start(classes, self.n_features_in_, is_warm)
        note_few_rows(data)
        advise_on_data(self, data, index)
        samples, valid = self._samples(inputs, index, sample_weight), None
        if self.validation_fraction:
            rows, others = train_test_split(
                np.arange(len(samples)),
                test_size=self.validation_fraction,
                stratify=index if np.bincount(index).min() > 1 else None,
                random_state=int(self._rng.integers(2**32)),
            )
            samples, valid = samples.subset(rows), samples.subset(others)
        n_steps = self.max_epochs * self._n_batches(len(samples))
        seed = draw_seed(self._rng)
        return Training(samples, self.max_epochs, n_steps, seed, valid)

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

    def _samples(
        self, inputs: Tensor, index: NDArray[np.intp], sample_weight: Any = None
    ) -> Samples:
        weight = sample_weight
        if self.class_weight is not None:
            of_class = self._weight_of_class(self.classes_[index])
            weight = of_class[index] * (1.0 if weight is None else weight)
        if weight is not None:
            weight = torch.as_tensor(weight / np.mean(weight)).to(inputs)
        return Samples(inputs, torch.as_tensor(index).to(inputs.device), weight)

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

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train the current net for one pass over a block of data and return it.

        No snapshots are recorded, and no data are kept for validation.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Inputs and labels. The blocks of Dask arrays are loaded one at a time.
        classes : array-like of shape (n_classes,), optional
            Labels of all blocks; required in the first call if `y` does not contain all labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the samples in the loss. Only ratios of weights within the block matter.
        """
        if not (is_lazy(X) or is_lazy(y)):
            return self._fit(partial(self._prepare_block, X, y, classes, sample_weight))
        self._check_parameters()
        if classes is None and not self._is_trained():
            raise ValueError(
                "`classes` must not be None in the first call with a lazy array, whose labels are "
                "not known before they are read. Pass all labels."
            )
        if sample_weight is not None:
            raise ValueError(
                "`sample_weight` must be None for a lazy array; call partial_fit for each block."
            )
        return self._fit_blocks(row_blocks(X, y), classes)

    def _prepare_block(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Training:
        is_warm = self._is_trained()
        data, y, sample_weight = self._checked(X, y, sample_weight, is_warm)
        classes = self._all_classes(y, classes, is_warm)
        inputs = self._to_device(data)
        self._start(classes, self.n_features_in_, is_warm)
        if self.class_weight == "balanced":
            raise ValueError(
                "`class_weight` must not be 'balanced' in partial_fit, because the frequencies of "
                "the classes are not known. Set it to a dict of weights by label."
            )
        index = np.searchsorted(classes, y)
        advise_on_data(self, data, index)
        note_one_class(y)
        samples = self._samples(inputs, index, sample_weight)
        return Training(samples, 1, None, draw_seed(self._rng))

    def _all_classes(self, y: ArrayLike, classes: ArrayLike | None, is_warm: bool) -> NDArray[Any]:
        """Classes of all blocks, checked against the labels of this block and earlier calls."""
        named = np.unique(
            y if classes is None else column_or_1d(plain(classes, "classes", numeric=False))
        )
        if is_warm:
            if classes is not None and not np.array_equal(named, self.classes_):
                raise ValueError(
                    f"`classes` must be those of the first call, {self.classes_.tolist()}, got "
                    f"{named.tolist()}."
                )
            named = self.classes_
        unknown = np.setdiff1d(y, named)
        if len(unknown):
            raise ValueError(
                f"`y` has the labels {unknown.tolist()}, which are not among the classes "
                f"{named.tolist()}. Pass all `classes` in the first call."
            )
        return named

    def fit_online(
        self, task: Discrimination | tuple[Any, Any], n_samples: int = 2_000_000, *, n_eval: int = 0
    ) -> Self:
        """Train on fresh samples of a task, each used once, and return the net.

        Interrupts and errors have the same effects as in `fit`.

        Parameters
        ----------
        task : Discrimination, or data (X, y) with labels 0, 1, ...
            Source of the samples. Rows of data are drawn with replacement, in equal numbers per
            class.
        n_samples : int, default=2_000_000
            Number of samples to draw, in `n_samples` / `batch_size` steps.
        n_eval : int, default=0
            If positive, loss and accuracy are measured on `n_eval` samples of the task and of its
            control (Gaussian inputs with the same means and covariances), and stored in
            `evaluation_`. The number of measurements is `record`, or 30 if `record` is None. The
            measurements are evenly spaced in the logarithm of the step.
        """
        return self._fit(partial(self._prepare_online, task, n_samples, n_eval))

    def _prepare_online(self, task: Any, n_samples: int, n_eval: int = 0) -> Training:
        task = as_task(task)
        check_positive(n_samples, "n_samples", integer=True)
        check_positive(n_eval, "n_eval", integer=True, zero=True)
        tasks = [task, task.gaussian_clone()] if n_eval else []
        self._start_online(np.arange(task.n_classes), task.n_features)
        advise_on_task(self, task)
        weight = None
        if self.class_weight is not None:
            fractions = np.asarray(task.priors or [1.0 / task.n_classes] * task.n_classes)
            weight = 1.0 / fractions
            if isinstance(self.class_weight, dict):
                weight = self._weight_of_class(self.classes_)
            weight = (weight / (weight @ fractions)).astype(np.float32)
        training = self._online(task, n_samples, weight_of_class=weight)
        if not n_eval:
            return training
        evaluator = Evaluator(tasks, n_eval, self.net_.criterion_, training.seed, self._device)
        return training._replace(evaluator=evaluator)

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
            Index of the layer, from 0. Negative indices count from the last layer.
        """
        check_is_fitted(self, "receptive_fields_")
        number = check_layer(layer, self.net_.module_.n_layers)
        return self._outputs(X, return_hidden=True, layer=number).view(Activations)

    def _check_parameters(self, *, has_validation: bool = False) -> None:
        check_option(self.readout, "readout", _READOUTS)
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

    def _start(self, classes: NDArray[Any], n_features: int, is_warm: bool) -> None:
        if len(classes) < 2:
            raise ValueError(
                f"`y` must contain at least 2 classes, got 1 class ({classes.tolist()[0]!r})."
            )
        if is_warm and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"With warm_start=True, the classes must be those of the fitted net, "
                f"{self.classes_.tolist()}, got {classes.tolist()}."
            )
        readout = self.readout
        if readout == "auto":
            readout = "mean" if len(classes) == 2 else "linear"
        n_classes = len(classes)
        loss, nonnegative = choose_loss(n_classes, readout, self.loss, self.activation)
        coding = {"n_classes": n_classes, "loss": loss, "nonnegative": nonnegative}
        self._start_net(
            n_features,
            is_warm,
            {"n_outputs": 1 if n_classes == 2 else n_classes, "readout": readout},
            {"loss": loss},
            {"criterion": CodedLoss} | {f"criterion__{k}": value for k, value in coding.items()},
        )
        if not is_warm:
            self.classes_ = classes
