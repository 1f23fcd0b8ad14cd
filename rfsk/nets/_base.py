"""Base class of the nets, a scikit-learn estimator that contains and trains a skorch net."""

import copy
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted
from skorch.helper import predefined_split
from torch import Tensor
from torch.func import functional_call

from .._core._random import draw_seed, generator_and_seed
from .._core._runs import noticing_interrupts, report_interrupt
from .._core._types import Array
from .._core._validation import check_image_shape, validate_inputs
from ..datasets import Discrimination
from ._batches import Samples, TaskBatches
from ._callbacks import check_callbacks
from ._engine import Engine, as_optimizer, resolve_device, threads_for
from ._estimator import ONLINE_EPOCHS, FieldEstimator
from ._evaluator import Evaluator
from ._modules import HiddenUnits, as_activation
from ._snapshots import FieldRecorder, Snapshots

_EVALUATIONS = 30
_AT_ONCE = 2**24  # largest number of activations in memory during prediction


class Training(NamedTuple):
    """Data and settings of one training."""

    data: Samples | TaskBatches
    n_epochs: int
    n_steps: int | None  # None for a block of data, without snapshots
    seed: int
    valid: Samples | None = None
    evaluator: Evaluator | None = None
    stop: Callable[[], bool] | None = None  # the training ends when this function returns True
    n_threads: int | None = None  # number of threads of the compiled step; by default that of torch


class NetEstimator(FieldEstimator):
    """Base class of nets that skorch trains; subclasses define the module and the loss."""

    _module: ClassVar[type[HiddenUnits]]
    _engine: ClassVar[type[Engine]] = Engine
    _scales_rates: ClassVar[bool] = False  # whether the learning rates of "sgd" scale with K and D
    net_: Engine
    _built: dict[str, Any]  # parameters that cannot change after the net is built

    @abstractmethod
    def _start(self, classes: Any, n_features: int, is_warm: bool) -> None:
        """Build the net for given classes and features, or check that a trained net suits them."""

    def _outputs(self, X: ArrayLike, **options: Any) -> Array:
        """Outputs of the fitted module, in double precision on the CPU."""
        check_is_fitted(self, "receptive_fields_")
        data = np.ascontiguousarray(validate_inputs(self, X, dtype=np.float64, reset=False))
        module = self.net_.module_
        state = {name: value.double().cpu() for name, value in module.state_dict().items()}
        rows = max(1, _AT_ONCE // module.n_widest)
        with torch.no_grad():
            parts = [
                functional_call(module, state, (torch.tensor(data[first : first + rows]),), options)
                for first in range(0, len(data), rows)
            ]
        return torch.cat(parts).numpy()

    def _check_parameters(self, *, has_validation: bool = False) -> None:
        super()._check_parameters()
        as_activation(self.activation)
        as_optimizer(self.optimizer)
        check_callbacks(self.callbacks, has_validation=has_validation)
        self._device = resolve_device(self.device)

    def _is_trained(self) -> bool:
        return hasattr(self, "receptive_fields_")

    def _is_warm(self) -> bool:
        return bool(self.warm_start) and self._is_trained()

    def _to_device(self, data: NDArray[Any], dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.tensor(np.ascontiguousarray(data), dtype=dtype, device=self._device)

    def _start_net(
        self, n_features: int, is_warm: bool, architecture: Any, settled: Any, criterion: Any
    ) -> None:
        """Build a net or check that the trained net suits the parameters; set learning rates."""
        shape = check_image_shape(self.image_shape, n_features, "image_shape")
        mask = self._mask_of(n_features)
        architecture = self._module_params(shape) | architecture
        architecture |= {"activation": self.activation, "train_bias": self.train_bias}
        fixed = {**architecture, **settled, **self._options, "device": str(self._device)}
        fixed |= {"optimizer": self.optimizer, "image_shape": shape}
        callbacks = list(self.callbacks or [])
        if is_warm:
            for name, value in fixed.items():
                if value != (before := self._built.get(name)):
                    raise ValueError(
                        f"The fitted net has {name}={before!r}, and further training cannot change "
                        f"it to {value!r}. Fit a new net with warm_start=False."
                    )
            if callbacks != self.net_.callbacks or self.verbose != self.net_.verbose:
                self.net_.callbacks, self.net_.verbose = callbacks, self.verbose
                self.net_.initialize_callbacks()
        else:
            self.shape_ = shape
            self._rng, self.seed_ = generator_and_seed(self.random_state)
            self._build(architecture, criterion, callbacks)
            self._built = fixed
        self.net_.batch_size = int(self.batch_size)  # torch takes no NumPy integers
        self.net_.set_group_options(self._group_options())
        self.net_.set_mask(mask)

    def _start_online(self, classes: NDArray[Any] | None, n_features: int) -> None:
        is_warm = self._is_warm()
        self._start(classes, n_features, is_warm)
        self.n_features_in_ = n_features
        if hasattr(self, "feature_names_in_") and not is_warm:
            del self.feature_names_in_

    def _build(
        self, architecture: dict[str, Any], criterion: dict[str, Any], callbacks: list[Any]
    ) -> None:
        bias_init = self.bias_init
        if bias_init == "auto":
            bias_init = as_activation(self.activation).default_bias
        self.net_ = self._engine(
            self._module,
            optimizer=as_optimizer(self.optimizer),
            callbacks=callbacks,
            device=self._device,
            train_split=None,
            max_epochs=self.max_epochs,
            verbose=self.verbose,
            **criterion,
            **self._options,
            **{f"module__{name}": value for name, value in architecture.items()},
            module__init_scale=self.init_scale,
            module__bias_init=bias_init,
            module__seed=draw_seed(self._rng),
        )
        try:
            self.net_.initialize()
            if not isinstance(self.optimizer, str):
                self.net_.try_optimizer()
        except (RuntimeError, TypeError, ValueError) as error:  # may lack the optimizer
            options = {"optimizer": self.optimizer, **self._options}
            raise ValueError(f"The net cannot be built with {options}: {error}.") from error
        known = {name for name, _ in self.net_.callbacks_}
        for name in self._options:
            if name.startswith("callbacks__") and name.split("__")[1] not in known:
                raise ValueError(f"`{name}` must name one of the callbacks {sorted(known)}.")

    def _group_options(self) -> dict[str, dict[str, float]]:
        """Options of the optimizer for each parameter, scaled as described for `FCNet`."""
        module, options = self.net_.module_, {}
        layers = module.layers()
        scaled = self._scales_rates and isinstance(self.optimizer, str) and self.optimizer == "sgd"
        l1, l1_cut = getattr(self, "l1", 0.0), getattr(self, "l1_cut", 0.0)
        for name, _ in module.named_parameters():
            n_units, fan_in = layers.get(name, (1, 1))
            factor = n_units / module.readout_scale**2 if scaled else 1.0
            rate = self.learning_rate * factor
            if "bias" in name and scaled:
                rate /= fan_in
            if name.startswith("readout"):
                rate = self.readout_rate * self.learning_rate
                rate *= module.n_units_read if scaled and name == "readout_weight" else 1.0
            options[name] = {"lr": rate}
            if name == "weight":  # both are later multiplied by the learning rate
                decay, penalty = self.weight_decay / factor, l1 / factor
                options[name].update(weight_decay=decay, l1=penalty, cut=l1_cut * l1)
        return options

    def _fit(self, prepare: Callable[[], Training], *, has_validation: bool = False) -> Any:
        """Prepare and run a training; restore the estimator if the training raises an error."""
        self._check_parameters(has_validation=has_validation)
        with self._restored_after_errors():
            self._train(prepare())
        if self.net_.interrupted_:
            report_interrupt(
                f"Training was interrupted after {self.net_.n_steps_} steps. The net keeps its "
                "current weights.",
                "rfsk.nets.",
            )
        return self

    def _fit_blocks(self, blocks: Iterator[tuple[Any, ...]], *arguments: Any) -> Any:
        for block in blocks:
            self.partial_fit(*block, *arguments)
            if self.net_.interrupted_:
                break
        return self

    def _inputs_on_device(self, data: NDArray[Any], shared: dict[Any, Any] | None) -> Any:
        """Inputs on the device, shared by the nets of an ensemble.

        The inputs are in double precision if they form a single batch.
        """
        dtype = torch.float64 if len(data) <= self.batch_size else torch.float32
        shared = {} if shared is None else shared
        if (self._device, dtype) not in shared:
            shared[self._device, dtype] = self._to_device(data, dtype)
        return shared[self._device, dtype]

    def _online(self, task: Discrimination, n_samples: int, **options: Any) -> Training:
        n_steps = self._n_batches(n_samples)
        epochs, seed = min(ONLINE_EPOCHS, n_steps), draw_seed(self._rng)
        sizes = self.batch_size, n_samples, epochs
        batches = TaskBatches(task, *sizes, seed, self._device, **options)
        return Training(batches, epochs, n_steps, seed)

    def _train(self, training: Training) -> None:
        with (
            self._prepared(training),
            threads_for(self.net_.module_, self.batch_size),
            noticing_interrupts() as was_interrupted,
        ):
            self.net_.stop_ = training.stop or was_interrupted
            self.net_.partial_fit(training.data, epochs=training.n_epochs)
            self.net_.interrupted_ |= was_interrupted()

    @contextmanager
    def _prepared(self, training: Training) -> Iterator[None]:
        """Context of a training, which restores weights and history after an error."""
        net, recorder = self.net_, None
        own = copy.deepcopy([part.state_dict() for part in (net.module_, net.optimizer_)])
        n_epochs, n_steps = len(net.history), net.n_steps_
        if training.n_steps is not None:
            recorder = None if self.record is None else FieldRecorder()
            observers: list[Any] = [o for o in (recorder, training.evaluator) if o is not None]
            if observers:
                n_snapshots = self.record or _EVALUATIONS
                net.snapshots_ = Snapshots(observers, n_snapshots, net.n_steps_, training.n_steps)
        net.train_split = None if training.valid is None else predefined_split(training.valid)
        net.generator_ = torch.Generator(self._device).manual_seed(training.seed)
        net.interrupted_, net.stop_, net.last_batch_ = False, training.stop, None
        net.n_threads_ = training.n_threads or torch.get_num_threads()
        if self.verbose and self.random_state is None and net.n_steps_ == 0:
            print(
                f"random_state=None: the seed {self.seed_} was drawn and stored as seed_. Pass "
                f"random_state={self.seed_} to train the same net on the same data.",
                file=sys.stderr,
            )
        data = training.data
        is_double = isinstance(data, Samples) and data.inputs.dtype is torch.float64
        net.set_precision(torch.float64 if is_double else torch.float32)
        try:
            yield
            if not net.interrupted_:
                net.check_end(n_epochs)
            net.set_precision(torch.float32)
            if net.snapshots_ is not None:
                net.snapshots_.measure(net.n_steps_, net.module_)
            self._export(recorder)
            if training.evaluator is not None:
                self.evaluation_ = training.evaluator.curve()
        except BaseException:
            net.set_precision(torch.float32)
            for part, state in zip((net.module_, net.optimizer_), own, strict=True):
                part.load_state_dict(state)
            del net.history[n_epochs:]
            net.n_steps_ = n_steps
            raise
        finally:
            if isinstance(data, TaskBatches):
                data.close()
            net.snapshots_ = net.stop_ = net.last_batch_ = net.train_split = None

    def _adopt(self, classes: Any, n_features: int, names: Any, state: dict[str, Any]) -> None:
        """Make this estimator fitted, without training, by copying the weights of another net."""
        self._check_parameters(has_validation=True)
        self.n_features_in_ = n_features
        if names is not None:
            self.feature_names_in_: NDArray[Any] = names
        self._start(classes, n_features, is_warm=False)
        self.net_.module_.load_state_dict(state)
        self._export(None)

    def _array_of(self, name: str) -> Array:
        parameter: Tensor = getattr(self.net_.module_, name)
        return parameter.detach().cpu().double().numpy()

    def _export(self, recorder: FieldRecorder | None) -> None:
        self.history_ = self.net_.history
        losses = [row["train_loss"] for row in self.history_ if "train_loss" in row]
        self._set_results(self._array_of("weight"), self._array_of("bias"), losses, recorder)
