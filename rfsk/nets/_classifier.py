"""Base class of nets that classify, trained on data, on blocks of data or on fresh samples."""

from functools import partial
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import column_or_1d
from torch import Tensor

from .._core._blocks import is_lazy, row_blocks
from .._core._mistakes import note_few_rows, note_one_class
from .._core._random import draw_seed
from .._core._validation import check_positive, plain
from ..datasets import Discrimination, as_task
from ._advice import advise_on_data, advise_on_task
from ._base import NetEstimator, Training
from ._batches import Samples
from ._engine import ClassifierEngine
from ._estimator import FieldClassifier
from ._evaluator import Evaluator
from ._targets import CodedLoss, choose_loss


class NetClassifier(FieldClassifier, NetEstimator):
    """Base class of the classifiers that skorch trains."""

    _engine = ClassifierEngine
    _scales_rates = True

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the net on labelled data, and return the net.

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

    def _samples(
        self, inputs: Tensor, index: NDArray[np.intp], sample_weight: Any = None
    ) -> Samples:
        values = self._weight_of_rows(index, sample_weight)
        weight = None if values is None else torch.as_tensor(values).to(inputs)
        return Samples(inputs, torch.as_tensor(index).to(inputs.device), weight)

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train the current net for one pass over a block of data, and return the net.

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
            Source of the samples. If data (X, y) are given, rows are drawn with replacement, in
            equal numbers per class.
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
        training = self._online(task, n_samples, weight_of_class=self._weight_in_task(task))
        if not n_eval:
            return training
        evaluator = Evaluator(tasks, n_eval, self.net_.criterion_, training.seed, self._device)
        return training._replace(evaluator=evaluator)

    def _start(self, classes: NDArray[Any], n_features: int, is_warm: bool) -> None:
        self._check_classes(classes)
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
