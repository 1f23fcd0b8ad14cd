"""What FCNet and ConvNet share in training: scikit-learn outside, a skorch net inside."""

import math
from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from .._core._random import as_generator, draw_seed
from .._core._validation import check_image_shape, check_option, check_positive
from ..datasets import Discrimination
from ._activations import as_activation
from ._batches import TaskBatches, TensorBatches
from ._device import resolve_device
from ._engine import (
    DivergenceError,
    Engine,
    FieldRecorder,
    LogSchedule,
    ProgressBar,
    check_callbacks,
)
from ._evaluation import Evaluator
from ._modules import FIXED_READOUTS, TwoLayerNet
from ._prediction import PredictionMixin
from ._rates import as_optimizer, learning_rates
from ._targets import choose_coding

Array = NDArray[np.float64]

_FLOATS = [np.float64, np.float32]
_READOUTS = ("auto", *FIXED_READOUTS, "linear")
_LOSSES = ("auto", "squared", "cross_entropy")
_EVALUATIONS = 30
_ONLINE_EPOCHS = 100  # entries of the history of an online fit


class BaseNet(PredictionMixin, BaseEstimator):
    """A two-layer net: subclasses choose the module and say what its fields are."""

    _module: ClassVar[type[TwoLayerNet]]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = self.readout not in FIXED_READOUTS
        return tags

    @abstractmethod
    def _module_params(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """Size of the module on this lattice, from parameters already checked."""

    def _mask_of(self, n_features: int) -> NDArray[Any] | None:
        """Which weights there are, checked; None for all."""
        return None

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
        is_warm = self.warm_start and self._is_trained()
        data, y = validate_data(self, X, y, dtype=_FLOATS, reset=not is_warm)
        check_classification_targets(y)
        classes, index = np.unique(y, return_inverse=True)
        inputs = self._to_device(data)
        self._start(classes, self.n_features_in_, is_warm)
        n_steps = self.max_epochs * math.ceil(len(data) / self.batch_size)
        return self._train_on(inputs, index, self.max_epochs, n_steps)

    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None
    ) -> "BaseNet":
        """Pass once over a block of data, going on from the net trained so far.

        Takes no snapshots, whatever `record`.

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
        is_warm = self._is_trained()
        data, y = validate_data(self, X, y, dtype=_FLOATS, reset=not is_warm)
        check_classification_targets(y)
        if classes is not None:
            classes = np.unique(classes)
        if is_warm:
            if classes is not None and not np.array_equal(classes, self.classes_):
                raise ValueError(
                    f"classes={classes.tolist()} differ from those of the first call, "
                    f"{self.classes_.tolist()}."
                )
            classes = self.classes_
        elif classes is None:
            classes = np.unique(y)
        unknown = np.setdiff1d(y, classes)
        if len(unknown):
            raise ValueError(
                f"y has labels {unknown.tolist()} that are not among the classes "
                f"{classes.tolist()}; pass all `classes` in the first call."
            )
        inputs = self._to_device(data)
        self._start(classes, self.n_features_in_, is_warm)
        return self._train_on(inputs, np.searchsorted(classes, y), 1, None)

    def fit_online(
        self, task: Discrimination, n_samples: int = 2_000_000, *, n_eval: int = 0
    ) -> "BaseNet":
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
        check_positive(n_eval, "n_eval", integer=True, zero=True)
        laws = [task, task.gaussian_clone()] if n_eval else []
        is_warm = self.warm_start and self._is_trained()
        self._start(np.arange(task.n_classes), task.n_features, is_warm)
        self.n_features_in_ = task.n_features
        if hasattr(self, "feature_names_in_") and not is_warm:
            del self.feature_names_in_
        n_steps = math.ceil(n_samples / self.batch_size)
        epochs = min(_ONLINE_EPOCHS, n_steps)
        targets = self._coding.target_of_class()
        batches = TaskBatches(task, targets, self.batch_size, n_samples, epochs, self._generator())
        evaluator = None
        if n_eval:
            criterion = self.net_.criterion_
            evaluator = Evaluator(laws, n_eval, self._coding, criterion, batches.generator)
        return self._train(batches, epochs, n_steps, evaluator)

    def _check_parameters(self) -> None:
        as_activation(self.activation)
        check_option(self.readout, "readout", _READOUTS)
        check_option(self.loss, "loss", _LOSSES)
        for name in ("learning_rate", "init_scale"):
            check_positive(getattr(self, name), name)
        for name in ("weight_decay", "l1", "l1_cut"):
            check_positive(getattr(self, name), name, zero=True)
        as_optimizer(self.optimizer)
        for name in ("batch_size", "max_epochs"):
            check_positive(getattr(self, name), name, integer=True)
        if self.record is not None:
            check_positive(self.record, "record", integer=True)
            if self.record < 2:
                raise ValueError("record=1; expected at least 2 snapshots, the start and the end.")
        if self.bias_init != "auto":
            check_positive(self.bias_init, "bias_init", zero=True)
        check_callbacks(self.callbacks)
        self._device = resolve_device(self.device)

    def _is_trained(self) -> bool:
        return hasattr(self, "receptive_fields_")

    def _adopt(
        self,
        classes: NDArray[Any],
        n_features: int,
        feature_names: NDArray[Any] | None,
        state: dict[str, torch.Tensor],
    ) -> None:
        """Become fitted with the weights of another net."""
        self._check_parameters()
        self.n_features_in_ = n_features
        if feature_names is not None:
            self.feature_names_in_: NDArray[Any] = feature_names
        self._start(classes, n_features, is_warm=False)
        self.net_.module_.load_state_dict(state)
        self._export(None)

    def _to_device(self, data: NDArray[Any]) -> torch.Tensor:
        data = np.ascontiguousarray(data)
        inputs = torch.tensor(data, dtype=torch.float32, device=self._device)
        if not bool(torch.isfinite(inputs).all()):
            raise ValueError("X has values beyond single precision (3.4e38); scale it.")
        return inputs

    def _start(self, classes: NDArray[Any], n_features: int, is_warm: bool) -> None:
        """Settle what follows from classes and width; build a new net, or check the old one."""
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
        shape = check_image_shape(self.image_shape, n_features, "image_shape")
        readout = self.readout
        if readout == "auto":
            readout = "mean" if len(classes) == 2 else "linear"
        mask = self._mask_of(n_features)
        coding = choose_coding(len(classes), readout, self.loss, self.activation)
        architecture = {
            **self._module_params(shape),
            "n_outputs": coding.n_outputs,
            "activation": self.activation,
            "readout": readout,
            "train_bias": self.train_bias,
        }
        fixed = {**architecture, "loss": coding.loss, "device": str(self._device)}
        if is_warm:
            self._check_same(fixed)
        else:
            self.shape_, self.classes_, self._coding = shape, classes, coding
            self._rng = as_generator(self.random_state)
            self._build(architecture)
            self._built = fixed
        self._set_rates(n_features)
        self.net_.set_mask(mask)

    def _check_same(self, asked: dict[str, Any]) -> None:
        changed = [name for name, value in asked.items() if value != self._built[name]]
        if changed:
            name = changed[0]
            raise ValueError(
                f"The fitted net has {name}={self._built[name]!r}, which training on cannot "
                f"change to {asked[name]!r}; fit a new net (warm_start=False)."
            )

    def _build(self, architecture: dict[str, Any]) -> None:
        groups = [("weight", {"name": "weight"})]
        if self.train_bias:
            groups.append(("bias", {"name": "bias"}))
        if architecture["readout"] == "linear":
            groups += [(name, {"name": name}) for name in ("readout_weight", "readout_bias")]
        bias_init = self.bias_init
        if bias_init == "auto":
            bias_init = as_activation(self.activation).default_bias
        self.net_ = Engine(
            self._module,
            self._coding.criterion(),
            optimizer=as_optimizer(self.optimizer),
            optimizer__param_groups=groups,
            callbacks=list(self.callbacks or []),
            device=self._device,
            **{f"module__{name}": value for name, value in architecture.items()},
            module__init_scale=self.init_scale,
            module__bias_init=bias_init,
            module__seed=draw_seed(self._rng),
        )
        self.net_.initialize()

    def _set_rates(self, n_features: int) -> None:
        """Give the optimizer the rates of the parameters as they are now."""
        rates = learning_rates(
            self.optimizer,
            self.learning_rate,
            self.weight_decay,
            # 1 / (s^2 K) with s the readout's scale: outputs learn as fast at any width and s.
            self._n_units() / self.net_.module_.amplification**2,
            n_features,
        )
        self.net_.shrinkage = None
        if self.l1 > 0.0:
            self.net_.shrinkage = (self.learning_rate * self.l1, self.l1_cut * self.l1)
        for group in self.net_.optimizer_.param_groups:
            group.update(rates[group["name"]])

    def _train_on(
        self, inputs: torch.Tensor, index: NDArray[np.intp], epochs: int, n_steps: int | None
    ) -> "BaseNet":
        targets = self._coding.target_of_class()[torch.as_tensor(index)].to(self._device)
        batches = TensorBatches(inputs, targets, self.batch_size, self._generator())
        return self._train(batches, epochs, n_steps)

    def _train(
        self, batches: Any, epochs: int, n_steps: int | None, evaluator: Evaluator | None = None
    ) -> "BaseNet":
        """Run the loop; `n_steps` (None: do not record) spaces the snapshots."""
        net, recorder = self.net_, None
        if n_steps is not None:
            recorder = None if self.record is None else FieldRecorder()
            net.visitors = tuple(v for v in (recorder, evaluator) if v is not None)
            if net.visitors:
                net.schedule = LogSchedule(self.record or _EVALUATIONS, net.n_steps, n_steps)
        callbacks = net.callbacks_
        bar = ProgressBar(epochs)
        if self.verbose:
            net.callbacks_ = [*callbacks, ("progress", bar)]
        try:
            net.partial_fit(batches, epochs=epochs)
        except DivergenceError:
            self._forget()
            raise
        finally:
            bar.close()
            net.callbacks_ = callbacks
            net.schedule, net.visitors = None, ()
            if hasattr(self, "net_"):
                self._export(recorder)
                if evaluator is not None:
                    self.evaluation_ = evaluator.curve()
        net.warn_if_interrupted()
        return self

    def _forget(self) -> None:
        """Leave no trace of a net that diverged."""
        for name in [name for name in vars(self) if name.endswith("_") and name[0] != "_"]:
            delattr(self, name)

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
        for name in ("snapshot_steps_", "receptive_field_history_", "evaluation_"):
            self.__dict__.pop(name, None)
        if recorder is not None and recorder.steps:
            self.snapshot_steps_ = np.array(recorder.steps)
            self.receptive_field_history_ = np.stack(
                [self._fields_of(snapshot.astype(np.float64)) for snapshot in recorder.weights]
            )

    def _generator(self) -> torch.Generator:
        return torch.Generator(self._device).manual_seed(draw_seed(self._rng))
