"""What all nets share in training: scikit-learn outside, a skorch net inside."""

import math
import sys
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from skorch.callbacks import LRScheduler

from .._core._progress import tqdm
from .._core._random import draw_seed, generator_and_seed
from .._core._validation import check_image_shape, check_positive
from ..analysis import ipr
from ._activations import as_activation
from ._batches import TaskBatches, TensorBatches
from ._callbacks import (
    CallbackSupportMixin,
    ProgressBar,
    check_callbacks,
    fit_tasks,
    stop_on_plateau,
    with_callbacks,
)
from ._device import resolve_device, threads_for
from ._engine import DivergenceError, Engine, FieldRecorder, LogSchedule
from ._evaluation import Evaluator
from ._modules import HiddenUnits
from ._rates import as_optimizer, learning_rates, rate_factors

Array = NDArray[np.float64]

FLOATS = [np.float64, np.float32]
_EVALUATIONS = 30
ONLINE_EPOCHS = 100  # entries of the history of an online fit


class NetEstimator(CallbackSupportMixin, BaseEstimator):
    """A net with receptive fields.

    Subclasses choose the module, what it is trained on, and say what its fields are.
    """

    _module: ClassVar[type[HiddenUnits]]
    net_: Engine

    @abstractmethod
    def _module_params(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """Size of the module on this lattice, from parameters already checked."""

    def _mask_of(self, n_features: int) -> NDArray[Any] | None:
        """Which weights there are, checked; None for all."""
        return None

    @abstractmethod
    def _start(self, classes: Any, n_features: int, is_warm: bool) -> None:
        """Settle what follows from classes and width, and have a net for them."""

    @abstractmethod
    def _set_fields(self, weight: Array) -> None:
        """Set the fitted attributes that describe the fields."""

    @abstractmethod
    def _fields_of(self, weight: Array) -> Array:
        """Receptive fields, (n_units, n_features), of raw weights."""

    @abstractmethod
    def _targets_of(self, index: NDArray[np.intp] | None) -> torch.Tensor | None:
        """What the outputs are trained towards, for rows of these classes; None: the inputs."""

    def _watched(self, outputs: Any, targets: torch.Tensor) -> dict[str, float]:
        """Numbers to show as the net trains, from its last batch."""
        return {}

    def _check_parameters(self) -> None:
        as_activation(self.activation)
        for name in ("learning_rate", "init_scale"):
            check_positive(getattr(self, name), name)
        check_positive(self.weight_decay, "weight_decay", zero=True)
        as_optimizer(self.optimizer)
        rate_factors(self.schedule, 1)
        for name in ("batch_size", "max_epochs"):
            check_positive(getattr(self, name), name, integer=True)
        if self.patience is not None:
            check_positive(self.patience, "patience", integer=True)
        if self.record is not None:
            check_positive(self.record, "record", integer=True)
            if self.record < 2:
                raise ValueError("record=1; expected at least 2 snapshots, the start and the end.")
        if self.bias_init != "auto":
            check_positive(self.bias_init, "bias_init", zero=True)
        listeners = check_callbacks(self.callbacks)
        has_scheduler = any(isinstance(listener, LRScheduler) for listener in listeners)
        if self.schedule != "constant" and has_scheduler:
            raise ValueError(
                f"schedule={self.schedule!r} and a scheduler among the callbacks both set the "
                "rates; use one of them."
            )
        self._device = resolve_device(self.device)

    def _is_trained(self) -> bool:
        return hasattr(self, "receptive_fields_")

    def _is_warm(self) -> bool:
        return bool(self.warm_start) and self._is_trained()

    def _to_device(self, data: NDArray[Any]) -> torch.Tensor:
        data = np.ascontiguousarray(data)
        inputs = torch.tensor(data, dtype=torch.float32, device=self._device)
        if not bool(torch.isfinite(inputs).all()):
            raise ValueError("X has values beyond single precision (3.4e38); scale it.")
        return inputs

    def _start_net(
        self,
        n_features: int,
        is_warm: bool,
        criterion: type[torch.nn.Module],
        architecture: dict[str, Any],
        settled: dict[str, Any],
    ) -> None:
        """Build a new net, or check that the old one is what is asked for; set its rates."""
        shape = check_image_shape(self.image_shape, n_features, "image_shape")
        mask = self._mask_of(n_features)
        architecture = {
            **self._module_params(shape),
            **architecture,
            "activation": self.activation,
            "train_bias": self.train_bias,
        }
        fixed = {
            **architecture,
            **settled,
            "device": str(self._device),
            "optimizer": self.optimizer,
            "image_shape": shape,
        }
        callbacks = list(self.callbacks or [])
        if is_warm:
            self._check_same(fixed)
            if callbacks != self.net_.callbacks:
                self.net_.callbacks = callbacks
                self.net_.initialize_callbacks()
        else:
            self.shape_ = shape
            self._rng, self.seed_ = generator_and_seed(self.random_state)
            self._build(architecture, criterion, callbacks)
            self._built = fixed
        self._set_rates()
        self.net_.set_mask(mask)

    def _start_online(self, classes: NDArray[Any] | None, n_features: int) -> None:
        """Be ready to train on what has no names of features."""
        is_warm = self._is_warm()
        self._start(classes, n_features, is_warm)
        self.n_features_in_ = n_features
        if hasattr(self, "feature_names_in_") and not is_warm:
            del self.feature_names_in_

    @contextmanager
    def _untouched_on_error(self) -> Iterator[None]:
        """Leave the estimator as it was if its preparation for a training fails."""
        before = dict(vars(self))
        try:
            yield
        except BaseException:
            self.__dict__ = before
            raise

    def _check_same(self, asked: dict[str, Any]) -> None:
        changed = [name for name, value in asked.items() if value != self._built[name]]
        if changed:
            name = changed[0]
            raise ValueError(
                f"The fitted net has {name}={self._built[name]!r}, which training on cannot "
                f"change to {asked[name]!r}; fit a new net (warm_start=False)."
            )

    def _build(
        self,
        architecture: dict[str, Any],
        criterion: type[torch.nn.Module],
        callbacks: list[Any],
    ) -> None:
        bias_init = self.bias_init
        if bias_init == "auto":
            bias_init = as_activation(self.activation).default_bias
        self.net_ = Engine(
            self._module,
            criterion,
            optimizer=as_optimizer(self.optimizer),
            callbacks=callbacks,
            device=self._device,
            **{f"module__{name}": value for name, value in architecture.items()},
            module__init_scale=self.init_scale,
            module__bias_init=bias_init,
            module__seed=draw_seed(self._rng),
        )
        self.net_.initialize()

    def _set_rates(self) -> None:
        """Give the optimizer the rates of the parameters as they are now."""
        rates = learning_rates(
            self.net_.module_,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            **self._scaling_params(),
        )
        for group in self.net_.optimizer_.param_groups:
            group.update(rates[group["name"]])

    def _scaling_params(self) -> dict[str, Any]:
        """How rates depend on the sizes of the net."""
        return {"scaling": "plain", "readout_rate": 1.0}

    def _batches_of(self, inputs: torch.Tensor, index: NDArray[np.intp] | None) -> TensorBatches:
        return TensorBatches(inputs, self._targets_of(index), self.batch_size, self._generator())

    def _n_batches(self, n_samples: int) -> int:
        return math.ceil(n_samples / self.batch_size)

    def _complete(self, *arguments: Any, **options: Any) -> Any:
        """Train what `fit` or its siblings prepared; their caller hears of an interrupt."""
        self._train(*arguments, **options)
        self.net_.warn_if_interrupted()
        return self

    @with_callbacks
    def _train(
        self,
        batches: TensorBatches | TaskBatches,
        epochs: int,
        n_steps: int | None,
        evaluator: Evaluator | None = None,
        data: tuple[Any, Any] = (None, None),
    ) -> Any:
        """Run the loop; `n_steps` (None: a block of more to come) spaces the snapshots."""
        net, recorder = self.net_, None
        listeners = net.callbacks_
        bar = ProgressBar(epochs, self._measure)
        if n_steps is not None:
            recorder = None if self.record is None else FieldRecorder()
            net.visitors = tuple(v for v in (recorder, evaluator) if v is not None)
            if net.visitors:
                net.schedule = LogSchedule(self.record or _EVALUATIONS, net.n_steps, n_steps)
            if self.schedule != "constant":
                net.rate_factors = rate_factors(self.schedule, epochs)
        try:
            with fit_tasks(self, epochs, *data) as own:
                if self.verbose:
                    own.append(bar)
                    self._tell_seed()
                last = []
                if self.patience is not None and n_steps is not None:
                    last.append(stop_on_plateau(self.patience))
                # One that ends the training keeps those after it from hearing of the epoch's end.
                named = [[(type(call).__name__, call) for call in calls] for calls in (own, last)]
                net.callbacks_ = [*named[0], *listeners, *named[1]]
                with threads_for(net.module_, self.batch_size):
                    net.partial_fit(batches, epochs=epochs)
            if n_steps is not None and not net.interrupted:
                net.check_end()
        except DivergenceError:
            self._forget()
            raise
        finally:
            bar.close()
            net.callbacks_ = listeners
            if hasattr(self, "net_"):
                net.close_visits()
                self._export(recorder)
                if evaluator is not None:
                    self.evaluation_ = evaluator.curve()
            net.release_training()
        return self

    def _tell_seed(self) -> None:
        """Say how to train this net again, where nobody chose a seed."""
        if self.random_state is None and self.net_.n_steps == 0:
            tqdm.write(
                f"random_state=None: seed {self.seed_} was drawn, and is kept as seed_. "
                f"random_state={self.seed_} trains the same net on the same data.",
                file=sys.stderr,
            )

    def _measure(self, net: Engine) -> dict[str, float]:
        """What the progress bar shows beside the loss."""
        with np.errstate(invalid="ignore"):
            fields = net.module_.weight.detach().flatten(1).cpu().double().numpy()
            numbers = {"ipr": float(np.mean(ipr(fields)))}
        if net.last_batch is not None:
            inputs, targets = net.last_batch
            with torch.no_grad():
                numbers.update(self._watched(net.module_(inputs), targets))
        return numbers

    def _adopt(
        self,
        classes: NDArray[Any] | None,
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
        self.time_ = self.n_steps_ / self.n_features_in_
        for name in ("snapshot_steps_", "receptive_field_history_", "evaluation_"):
            self.__dict__.pop(name, None)
        if recorder is not None and recorder.steps:
            self.snapshot_steps_ = np.array(recorder.steps)
            self.receptive_field_history_ = np.stack(
                [self._fields_of(snapshot.astype(np.float64)) for snapshot in recorder.weights]
            )

    def _generator(self) -> torch.Generator:
        return torch.Generator(self._device).manual_seed(draw_seed(self._rng))
