"""Nets that tell classes apart: fit on data, on blocks of them, or on fresh samples."""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets

from .._core._blocks import is_lazy, row_blocks
from .._core._validation import check_option, check_positive, validate_inputs
from ..datasets import Discrimination
from ._advice import advise_on_data, advise_on_task
from ._base import FLOATS, ONLINE_EPOCHS, NetEstimator
from ._batches import TaskBatches
from ._evaluation import Evaluator
from ._modules import FIXED_READOUTS
from ._prediction import PredictionMixin
from ._rates import SCALINGS, rate_factors
from ._targets import choose_coding

_READOUTS = ("auto", *FIXED_READOUTS, "linear")
_LOSSES = ("auto", "squared", "cross_entropy")


class NetClassifier(PredictionMixin, NetEstimator):
    """A net with a readout of its hidden units, trained on labels."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = self.readout not in FIXED_READOUTS
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike) -> "NetClassifier":
        """Train the net on labelled data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,)
            Labels of two or more classes.

        Returns
        -------
        self : NetClassifier
            The fitted estimator. An interrupt (Ctrl-C) ends the training early and keeps the
            net trained so far, with a warning.

        Raises
        ------
        ValueError
            If a parameter or the data are not valid, before any training; or if the training
            diverges.
        """
        self._check_parameters()
        rate_factors(self.schedule, self.max_epochs)
        is_warm = self._is_warm()
        with self._untouched_on_error():
            data, y = validate_inputs(self, X, y, dtype=FLOATS, reset=not is_warm)
            check_classification_targets(y)
            classes, index = np.unique(y, return_inverse=True)
            inputs = self._to_device(data)
            self._start(classes, self.n_features_in_, is_warm)
            advise_on_data(self, data, index)
        batches = self._batches_of(inputs, index)
        n_steps = self.max_epochs * self._n_batches(len(data))
        return self._complete(batches, self.max_epochs, n_steps, data=(data, y))

    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None
    ) -> "NetClassifier":
        """Pass once over a block of data, going on from the net trained so far.

        Takes no snapshots, whatever `record`, and neither lowers its rates by `schedule` nor
        stops by `patience`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs. A Dask array is passed over block by block, one in memory at a time.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), optional
            All labels that will ever come; needed in the first call if `y` has not all.

        Returns
        -------
        self : NetClassifier
        """
        self._check_parameters()
        if is_lazy(X) or is_lazy(y):
            if classes is None and not self._is_trained():
                raise ValueError(
                    "classes=None; the labels of a lazy array are not known before they are "
                    "read: pass all `classes` in the first call."
                )
            for X_block, y_block in row_blocks(X, y):
                self.partial_fit(X_block, y_block, classes)
                if self.net_.interrupted:
                    break
            return self
        is_warm = self._is_trained()
        with self._untouched_on_error():
            data, y = validate_inputs(self, X, y, dtype=FLOATS, reset=not is_warm)
            check_classification_targets(y)
            classes = self._all_classes(y, classes, is_warm)
            inputs = self._to_device(data)
            self._start(classes, self.n_features_in_, is_warm)
            index = np.searchsorted(classes, y)
            advise_on_data(self, data, index)
        batches = self._batches_of(inputs, index)
        return self._complete(batches, 1, None, data=(data, y))

    def _all_classes(self, y: ArrayLike, classes: ArrayLike | None, is_warm: bool) -> NDArray[Any]:
        """Classes of all blocks, checked against those of this one and of the blocks before."""
        named = np.unique(y if classes is None else classes)
        if is_warm:
            if classes is not None and not np.array_equal(named, self.classes_):
                raise ValueError(
                    f"classes={named.tolist()} differ from those of the first call, "
                    f"{self.classes_.tolist()}."
                )
            named = self.classes_
        unknown = np.setdiff1d(y, named)
        if len(unknown):
            raise ValueError(
                f"y has labels {unknown.tolist()} that are not among the classes "
                f"{named.tolist()}; pass all `classes` in the first call."
            )
        return named

    def fit_online(
        self, task: Discrimination, n_samples: int = 2_000_000, *, n_eval: int = 0
    ) -> "NetClassifier":
        """Train on fresh samples of a task, each seen once, drawn on the training device.

        Parameters
        ----------
        task : Discrimination
            Where the samples come from; its classes are the labels 0, 1, ...
        n_samples : int, default=2_000_000
            How many samples to draw: `n_samples` / `batch_size` steps.
        n_eval : int, default=0
            Number of samples, drawn once, of the task and of its Gaussian clone, on which the net
            is evaluated at steps spaced evenly in the logarithm (`record` of them, or 30); see
            `evaluation_`. Does not change the training.

        Returns
        -------
        self : NetClassifier
            The fitted estimator. An interrupt keeps the net trained so far, with a warning.

        Raises
        ------
        ValueError
            If a parameter is not valid, or the training diverges.
        TypeError
            If `task` is not a Discrimination.
        """
        self._check_parameters()
        if not isinstance(task, Discrimination):
            raise TypeError(f"task is a {type(task).__name__}; expected a Discrimination.")
        check_positive(n_samples, "n_samples", integer=True)
        check_positive(n_eval, "n_eval", integer=True, zero=True)
        n_steps = self._n_batches(n_samples)
        epochs = min(ONLINE_EPOCHS, n_steps)
        rate_factors(self.schedule, epochs)
        laws = [task, task.gaussian_clone()] if n_eval else []
        with self._untouched_on_error():
            self._start_online(np.arange(task.n_classes), task.n_features)
            advise_on_task(self, task)
        targets = self._coding.target_of_class()
        batches = TaskBatches(task, targets, self.batch_size, n_samples, epochs, self._generator())
        evaluator = None
        if n_eval:
            criterion = self.net_.criterion_
            evaluator = Evaluator(laws, n_eval, self._coding, criterion, batches.generator)
        return self._complete(batches, epochs, n_steps, evaluator)

    def _check_parameters(self) -> None:
        check_option(self.readout, "readout", _READOUTS)
        check_option(self.loss, "loss", _LOSSES)
        check_option(self.scaling, "scaling", SCALINGS)
        check_positive(self.readout_rate, "readout_rate")
        for name in ("l1", "l1_cut"):
            check_positive(getattr(self, name), name, zero=True)
        super()._check_parameters()

    def _start(self, classes: NDArray[Any], n_features: int, is_warm: bool) -> None:
        """Settle what follows from the classes, and have a net for them."""
        if len(classes) < 2:
            raise ValueError(
                f"y has 1 class ({classes.tolist()[0]!r}); a net that tells classes apart needs "
                "at least 2."
            )
        if is_warm and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"warm_start=True, but the classes {classes.tolist()} differ from those "
                f"of the fitted net, {self.classes_.tolist()}."
            )
        readout = self.readout
        if readout == "auto":
            readout = "mean" if len(classes) == 2 else "linear"
        coding = choose_coding(len(classes), readout, self.loss, self.activation)
        self._start_net(
            n_features,
            is_warm,
            coding.criterion(),
            {"n_outputs": coding.n_outputs, "readout": readout},
            {"loss": coding.loss},
        )
        if not is_warm:
            self.classes_, self._coding = classes, coding

    def _scaling_params(self) -> dict[str, Any]:
        return {"scaling": self.scaling, "readout_rate": self.readout_rate}

    def _set_rates(self) -> None:
        super()._set_rates()
        self.net_.shrinkage = None
        if self.l1 > 0.0:
            self.net_.shrinkage = (self.learning_rate * self.l1, self.l1_cut * self.l1)

    def _targets_of(self, index: NDArray[np.intp] | None) -> torch.Tensor:
        return self._coding.target_of_class()[torch.as_tensor(index)].to(self._device)

    def _watched(self, outputs: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
        told, index = self._coding.told(outputs), self._coding.index_of(targets)
        return {"accuracy": float((told == index).float().mean())}
