"""What FCNet and ConvNet share: scikit-learn outside, a skorch net inside."""

import math
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch.func import functional_call

from .._core._random import as_generator, draw_seed
from .._core._validation import check_image_shape, check_option, check_positive
from ..datasets import Discrimination
from ._activations import ACTIVATIONS
from ._batches import TaskBatches, TensorBatches, resolve_device
from ._engine import Engine, FieldRecorder, ProgressBar
from ._modules import TwoLayerNet
from ._targets import Coding

Array = NDArray[np.float64]

_READOUTS = ("auto", "mean", "linear")
_LOSSES = ("auto", "squared", "cross_entropy")
_ONLINE_EPOCHS = 100  # entries of the history of an online fit
_FORWARD_NUMBERS = 2**24  # hidden activations held at a time in prediction
# Rate of a trained readout relative to that of the fields, in the mean-field scaling.
_READOUT_RATE = 0.2


class BaseNet(ClassNamePrefixFeaturesOutMixin, ClassifierMixin, TransformerMixin, BaseEstimator):
    """A two-layer net: subclasses choose the module and say what its fields are."""

    _module: ClassVar[type[TwoLayerNet]]
    _coding: Coding
    classes_: NDArray[Any]

    @abstractmethod
    def _module_params(self) -> dict[str, Any]:
        """Size of the module, from parameters already checked."""

    @abstractmethod
    def _n_units(self) -> int:
        """Number of hidden units that have a field of their own."""

    @abstractmethod
    def _set_fields(self, weight: Array) -> None:
        """Set the fitted attributes that describe the fields."""

    @abstractmethod
    def _fields_of(self, weight: Array) -> Array:
        """Receptive fields, (n_units, n_features), of raw weights."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> "BaseNet":
        """Train the net on labelled data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,)
            Labels of two or more classes.

        Returns
        -------
        self : BaseNet
            The fitted estimator. An interrupt (Ctrl-C) ends the training early and keeps the
            net trained so far, with a warning.

        Raises
        ------
        ValueError
            If a parameter or the data are not valid, before any training; or if the training
            diverges.
        """
        self._check_parameters()
        data, y = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        classes, index = np.unique(y, return_inverse=True)
        self._start(classes)
        n_steps = self.max_epochs * math.ceil(len(data) / self.batch_size)
        return self._train_on(data, index, self.max_epochs, n_steps)

    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None
    ) -> "BaseNet":
        """Pass once over a block of data, going on from the net trained so far.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), optional
            All labels that will ever come; needed in the first call if `y` has not all.

        Returns
        -------
        self : BaseNet
        """
        self._check_parameters()
        first = not hasattr(self, "net_")
        data, y = validate_data(self, X, y, dtype=[np.float64, np.float32], reset=first)
        check_classification_targets(y)
        if first:
            self._start(np.unique(y if classes is None else np.asarray(classes)))
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes={classes!r} differ from those of the first call.")
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has labels {unknown.tolist()} that are not among the classes "
                f"{self.classes_.tolist()}; pass all `classes` in the first call."
            )
        return self._train_on(data, np.searchsorted(self.classes_, y), 1, None)

    def fit_online(self, task: Discrimination, n_samples: int = 2_000_000) -> "BaseNet":
        """Train on fresh samples of a task, each seen once, drawn on the training device.

        Parameters
        ----------
        task : Discrimination
            Where the samples come from; its classes are the labels 0, 1, ...
        n_samples : int, default=2_000_000
            How many samples to draw: `n_samples` / `batch_size` steps.

        Returns
        -------
        self : BaseNet
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
        self._check_width(task.n_features)
        self.n_features_in_ = task.n_features
        if hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self._start(np.arange(task.n_classes))
        n_steps = math.ceil(n_samples / self.batch_size)
        epochs = min(_ONLINE_EPOCHS, n_steps)
        batches = TaskBatches(
            task,
            self._coding.target_of_class(),
            self.batch_size,
            n_samples,
            epochs,
            self._generator(),
        )
        return self._train(batches, epochs, n_steps)

    def decision_function(self, X: ArrayLike) -> Array:
        """Signed confidence: positive for ``classes_[1]``; one column a class if several.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Minus the output of the net for two classes, whose target is +1 for class 0.
        """
        outputs = self._forward(X, "outputs")
        return self._coding.decision(outputs)

    def predict_proba(self, X: ArrayLike) -> Array:
        """Class probabilities; with the squared loss from the conditional mean it estimates.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
        """
        outputs = self._forward(X, "outputs")
        return self._coding.probability(outputs)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Most likely class of each input.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        decision = self.decision_function(X)
        index = decision.argmax(axis=1) if decision.ndim == 2 else (decision > 0).astype(int)
        return self.classes_[index]

    def transform(self, X: ArrayLike) -> Array:
        """Hidden activations.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        hidden : ndarray of shape (n_samples, n_activations)
            One column a hidden unit; for ConvNet one a channel and site.
        """
        return self._forward(X, "hidden")

    @property
    def _n_features_out(self) -> int:
        return self.net_.module_.n_activations

    def _check_parameters(self) -> None:
        check_option(self.activation, "activation", ACTIVATIONS)
        check_option(self.readout, "readout", _READOUTS)
        check_option(self.loss, "loss", _LOSSES)
        for name in ("learning_rate", "init_scale"):
            check_positive(getattr(self, name), name)
        check_positive(self.weight_decay, "weight_decay", zero=True)
        for name in ("batch_size", "max_epochs"):
            check_positive(getattr(self, name), name, integer=True)
        if self.record is not None:
            check_positive(self.record, "record", integer=True)
        if self.bias_init != "auto":
            check_positive(self.bias_init, "bias_init", zero=True)
        self._device = resolve_device(self.device)

    def _check_width(self, n_features: int) -> None:
        self.shape_ = check_image_shape(self.image_shape, n_features, "image_shape")

    def _start(self, classes: NDArray[Any]) -> None:
        """Settle what follows from classes and width, and build a new net unless warm."""
        self._check_width(self.n_features_in_)
        if len(classes) < 2:
            raise ValueError(
                f"y has 1 class ({classes.tolist()[0]!r}); a net that tells classes apart needs "
                "at least 2."
            )
        is_warm = self.warm_start and hasattr(self, "net_")
        if is_warm and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"warm_start=True, but the classes {classes.tolist()} differ from those "
                f"of the fitted net, {self.classes_.tolist()}."
            )
        module_params = self._module_params()
        readout = self.readout
        if readout == "auto":
            readout = "mean" if len(classes) == 2 else "linear"
        if readout == "mean" and len(classes) > 2:
            raise ValueError(
                f"readout='mean' has one output for two classes, but y has {len(classes)}; use "
                "readout='linear'."
            )
        loss = self.loss
        if loss == "auto":
            loss = "squared" if readout == "mean" else "cross_entropy"
        rectified = readout == "mean" and self.activation == "relu"
        if rectified and loss == "cross_entropy":
            raise ValueError(
                "loss='cross_entropy' needs outputs of both signs, which the mean of rectified "
                "units has not; use loss='squared' or readout='linear'."
            )
        if is_warm:
            return
        self.classes_ = classes
        self._coding = Coding(len(classes), loss, rectified)
        self._rng = as_generator(self.random_state)
        self._build(module_params, readout)

    def _build(self, module_params: dict[str, Any], readout: str) -> None:
        n_units = self._n_units()
        rate = self.learning_rate * n_units
        groups = [
            ("weight", {"lr": rate, "weight_decay": self.weight_decay / n_units}),
            ("bias", {"lr": rate / self.n_features_in_}),
        ]
        if not self.train_bias:
            groups.pop()
        if readout == "linear":
            groups.append(("readout_*", {"lr": _READOUT_RATE * rate}))
        bias_init = self.bias_init
        if bias_init == "auto":
            bias_init = ACTIVATIONS[self.activation].default_bias
        self.net_ = Engine(
            self._module,
            self._coding.criterion(),
            optimizer=torch.optim.SGD,
            optimizer__param_groups=groups,
            lr=rate,
            callbacks=list(self.callbacks or []),
            device=self._device,
            **{f"module__{name}": value for name, value in module_params.items()},
            module__n_outputs=self._coding.n_outputs,
            module__activation=self.activation,
            module__readout=readout,
            module__init_scale=self.init_scale,
            module__bias_init=bias_init,
            module__train_bias=self.train_bias,
        )
        with self._seeded():
            self.net_.initialize()

    def _train_on(
        self, X: NDArray[Any], index: NDArray[np.intp], epochs: int, n_steps: int | None
    ) -> "BaseNet":
        inputs = torch.tensor(X, dtype=torch.float32, device=self._device)
        if not bool(torch.isfinite(inputs).all()):
            raise ValueError("X has values beyond single precision (3.4e38); scale it.")
        targets = self._coding.target_of_class()[torch.as_tensor(index)].to(self._device)
        batches = TensorBatches(inputs, targets, self.batch_size, self._generator())
        return self._train(batches, epochs, n_steps)

    def _train(self, batches: Any, epochs: int, n_steps: int | None) -> "BaseNet":
        """Run the loop; `n_steps` (None: do not record) spaces the snapshots."""
        net = self.net_
        if self.record is not None and n_steps is not None:
            net.n_steps = 0
            net.recorder = FieldRecorder(self.record, n_steps)
        bar = [("progress", ProgressBar(epochs, "epoch"))] if self.verbose else []
        net.callbacks_ = [*net.callbacks_, *bar]
        try:
            with self._seeded():
                net.partial_fit(batches, epochs=epochs)
        finally:
            net.callbacks_ = [entry for entry in net.callbacks_ if entry not in bar]
            recorder, net.recorder = net.recorder, None
            self._export(recorder)
        net.warn_if_interrupted()
        return self

    def _export(self, recorder: FieldRecorder | None) -> None:
        module = self.net_.module_
        weight = module.weight.detach().cpu().double().numpy()
        self._set_fields(weight)
        self.receptive_fields_ = self._fields_of(weight)
        self.biases_ = module.bias.detach().cpu().double().numpy().copy()
        self.history_ = self.net_.history
        self.loss_curve_ = np.array(
            [row["train_loss"] for row in self.history_ if "train_loss" in row]
        )
        self.n_steps_ = self.net_.n_steps
        if recorder is not None:
            self.snapshot_steps_ = np.array(recorder.steps)
            self.receptive_field_history_ = np.stack(
                [self._fields_of(snapshot.astype(np.float64)) for snapshot in recorder.weights]
            )

    def _forward(self, X: ArrayLike, what: str) -> Array:
        """Outputs or hidden activations, in double precision on the CPU."""
        check_is_fitted(self)
        data = validate_data(self, X, dtype=np.float64, reset=False)
        module = self.net_.module_
        state = {name: value.double().cpu() for name, value in module.state_dict().items()}
        call = _Hidden(module) if what == "hidden" else module
        if what == "hidden":
            state = {f"module.{name}": value for name, value in state.items()}
        rows = max(1, _FORWARD_NUMBERS // module.n_activations)
        with torch.no_grad():
            parts = [
                functional_call(call, state, (torch.tensor(data[start : start + rows]),))
                for start in range(0, len(data), rows)
            ]
        return torch.cat(parts).numpy()

    def _generator(self) -> torch.Generator:
        return torch.Generator(self._device).manual_seed(draw_seed(self._rng))

    @contextmanager
    def _seeded(self) -> Iterator[None]:
        """Seed torch for what draws from its global generator, and restore that after."""
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(draw_seed(self._rng))
            yield


class _Hidden(torch.nn.Module):
    def __init__(self, module: TwoLayerNet) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.module.hidden(x)
