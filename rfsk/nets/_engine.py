"""Skorch net inside an estimator, with its own loop over the steps of an epoch."""

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from skorch import NeuralNet
from skorch.callbacks import EpochScoring
from skorch.dataset import unpack_data
from skorch.utils import to_numpy
from torch import Tensor

from .._core._blas import torch_on_one_thread
from .._core._validation import check_option
from ._batches import Batches, SampleBatches, Samples, TaskBatches
from ._callbacks import listens_to_batches
from ._compiled_step import CompiledStep
from ._divergence import check_loss
from ._snapshots import Snapshots

# Number of floating-point operations per step below which one thread is used. With two threads,
# such a step takes at least three quarters of the time, and much longer if a core is busy.
_SMALL_STEP = 2e7


class Engine(NeuralNet):
    """Skorch net that is trained by compiled or autograd steps.

    If a callback must be called for each batch, skorch's own loop trains the net.
    """

    group_options_: dict[str, dict[str, float]]  # options of the optimizer, by parameter name
    n_steps_: int = 0
    interrupted_: bool = False  # whether the last training was interrupted, except by a callback
    snapshots_: Snapshots | None = None
    stop_: Callable[[], bool] | None = None  # if it returns True, the training is interrupted
    n_threads_: int = 1  # number of threads of the compiled step
    last_batch_: tuple[Any, Tensor] | None = None

    def _get_params_for_optimizer(self, prefix: str, named_parameters: Any) -> Any:
        """Put every parameter into its own group of the optimizer, with its name."""
        groups = [{"params": [value], "name": name} for name, value in named_parameters]
        _, options = super()._get_params_for_optimizer(prefix, [])
        return (groups,), options

    @property
    def _default_callbacks(self) -> list[Any]:
        """Default callbacks of skorch; the callback that prints a table requires `verbose`."""
        callbacks = super()._default_callbacks
        return callbacks if self.verbose else [c for c in callbacks if c[0] != "print_log"]

    def initialize_optimizer(self, *args: Any, **kwargs: Any) -> Any:
        super().initialize_optimizer(*args, **kwargs)
        if hasattr(self, "group_options_"):
            self.set_group_options(self.group_options_)
        return self

    def set_group_options(self, options: dict[str, dict[str, float]]) -> None:
        self.group_options_ = options
        for group in self.optimizer_.param_groups:
            group.update(options[group["name"]])

    def try_optimizer(self) -> None:
        """Take a step with a copy of the optimizer.

        An error is raised if the optimizer requires sparse gradients or a closure.
        """
        optimizer = copy.deepcopy(self.optimizer_)
        for group in optimizer.param_groups:
            group["params"][0].grad = torch.zeros_like(group["params"][0])
        optimizer.step()

    def get_dataset(self, X: Any, y: Any = None) -> Any:
        if isinstance(X, torch.utils.data.Dataset | TaskBatches):
            return X
        array = np.asarray(X["x"] if isinstance(X, dict) else X)
        data = torch.as_tensor(array, dtype=self.module_.weight.dtype).to(self.device)
        return Samples(data, None if y is None else self._index_of(y))

    def _index_of(self, y: Any) -> Tensor | None:
        return None

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        if isinstance(dataset, TaskBatches):
            return dataset
        if isinstance(dataset, Samples):
            return SampleBatches(dataset, self.batch_size, self.generator_ if training else None)
        return super().get_iterator(dataset, training=training)

    def get_loss(self, y_pred: Any, y_true: Any, X: Any = None, training: bool = False) -> Any:
        losses = self.criterion_(y_pred, y_true)
        if isinstance(X, dict):
            losses = losses * X["sample_weight"].to(losses.device)
        return losses.mean()

    def fit_loop(self, X: Any, y: Any = None, epochs: int | None = None, **kwargs: Any) -> Any:
        self.take_snapshot()
        return super().fit_loop(X, y, epochs, **kwargs)

    def run_single_epoch(
        self, iterator: Any, training: bool, prefix: str, step_fn: Any, **fit_params: Any
    ) -> None:
        if not training:  # skorch accepts None as the iterator of validation data
            super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
            return
        try:
            if isinstance(iterator, Batches) and not listens_to_batches(self.callbacks_):
                self._run_fast_epoch(iterator)
            else:
                super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
        except KeyboardInterrupt:
            self.interrupted_ = True
            raise
        finally:
            self.history.record("step", self.n_steps_)
        self.check_epoch()

    def check_epoch(self) -> None:
        """Raise DivergenceError if the last loss of the epoch or a weight is not finite."""
        losses = [row["train_loss"] for row in self.history[-1]["batches"] if "train_loss" in row]
        if not np.isfinite(to_numpy(self.module_.weight)).all():
            losses = [math.nan]
        check_loss(losses[-1:], self.n_steps_)

    def record_epoch(self, loss: float, n_samples: int, n_batches: int) -> None:
        self.history.new_batch()
        self.history.record_batch("train_loss", loss)
        self.history.record_batch("train_batch_size", n_samples)
        self.history.record("train_batch_count", n_batches)

    def _run_fast_epoch(self, batches: Batches) -> None:
        self._set_training(True)
        is_compiled = CompiledStep.fits(self)
        losses = self._compiled_steps(batches) if is_compiled else self._autograd_steps(batches)
        n_samples, first = 0, self.n_steps_
        total: Any = 0.0
        try:
            for loss, n in losses:
                total, n_samples = total + loss, n_samples + n
                if self.stop_ is not None and self.stop_():
                    raise KeyboardInterrupt
        finally:
            if n_samples:
                self.record_epoch(float(total) / n_samples, n_samples, self.n_steps_ - first)

    def _compiled_steps(self, batches: Batches) -> Iterator[tuple[float, int]]:
        """Take the steps up to each snapshot; yield the sum of losses and the number of samples."""
        n_threads = self.n_threads_
        if n_threads > 1 and isinstance(batches, TaskBatches):
            batches.draw_ahead()
            n_threads -= 1
        step = CompiledStep(self, batches.batch_size, n_threads)
        self.optimizer_._opt_called = True  # otherwise schedulers warn that no step was taken
        try:
            for chunk in batches.chunks():
                samples, first, n = step.samples_of(chunk), 0, len(chunk.ends) - 1
                while first < n:
                    last = min(n, first + step.most_steps)
                    if self.snapshots_ is not None:
                        last = min(last, first + self.snapshots_.steps_left(self.n_steps_))
                    loss = step.run(samples, chunk.ends[first : last + 1])
                    self.__dict__["n_steps_"] = self.n_steps_ + last - first
                    self.take_snapshot()
                    yield loss, int(chunk.ends[last] - chunk.ends[first])
                    first = last
            self.last_batch_ = chunk.batch(n - 1)
        finally:
            step.close()

    def _autograd_steps(self, batches: Batches) -> Iterator[tuple[Tensor, int]]:
        for batch in batches:
            with self.step_of(batch, batches.batch_size), torch.enable_grad():
                self.optimizer_.zero_grad()
                X, y = batch
                outputs = self.module_(**X) if isinstance(X, dict) else self.module_(X)
                loss = self.get_loss(outputs, y, X, training=True)
                loss.backward()
                self.optimizer_.step()
            yield loss.detach() * len(y), len(y)

    def train_step(self, batch: Any, **fit_params: Any) -> Any:
        with self.step_of(batch, self.batch_size), torch.enable_grad():
            return super().train_step(batch, **fit_params)

    @contextmanager
    def step_of(self, batch: Any, batch_size: int) -> Iterator[None]:
        """Context of an autograd step, with lower learning rates for batches below `batch_size`."""
        fraction = min(1.0, len(unpack_data(batch)[1]) / batch_size)
        groups = self.optimizer_.param_groups
        rates = [group["lr"] for group in groups]
        for group in groups if fraction < 1.0 else ():
            group["lr"] = fraction * group["lr"]
        try:
            yield
            self.constrain()
        finally:
            for group, rate in zip(groups, rates, strict=True):
                group["lr"] = rate
        attributes = self.__dict__  # skorch inspects every value that is set by setattr
        attributes["n_steps_"] = self.n_steps_ + 1
        attributes["last_batch_"] = batch
        self.take_snapshot()

    def constrain(self) -> None:
        """Take the proximal step of the L1 penalty, and apply the constraints of the module."""
        for group in self.optimizer_.param_groups:
            if group["name"] == "weight" and self.module_.weight.requires_grad and group["l1"]:
                self.module_.shrink_(group["lr"] * group["l1"], group["cut"])
        self.module_.constrain_()

    def check_end(self, first_epoch: int) -> None:
        """Raise DivergenceError if the loss of the last batch shows that the network diverged."""
        losses = [row["train_loss"] for row in self.history[first_epoch:] if "train_loss" in row]
        if self.last_batch_ is not None:
            X, y = self.last_batch_
            with torch.no_grad():
                losses.append(float(self.get_loss(self.infer(X), y, X)))
        if losses:
            check_loss(losses, self.n_steps_, at_end=True)

    def set_precision(self, dtype: torch.dtype) -> None:
        self.module_.to(dtype)
        for state in self.optimizer_.state.values():
            for name, value in state.items():
                if torch.is_tensor(value) and value.ndim:
                    state[name] = value.to(dtype)

    def set_mask(self, mask: np.ndarray | None) -> None:
        self.module_.mask = None
        if mask is not None:
            self.module_.mask = torch.tensor(mask, device=self.module_.weight.device)
            self.module_.constrain_()

    def take_snapshot(self) -> None:
        if self.snapshots_ is not None:
            self.snapshots_.take(self.n_steps_, self.module_)


class ClassifierEngine(ClassifierMixin, Engine):
    """Engine of a classifier, whose labels are the numbers of the classes, as in skorch."""

    @property
    def classes_(self) -> np.ndarray:
        return np.arange(self.criterion_.n_classes)

    @property
    def _default_callbacks(self) -> list[Any]:
        accuracy = EpochScoring("accuracy", name="valid_acc", lower_is_better=False)
        return [("valid_acc", accuracy), *super()._default_callbacks]

    def _index_of(self, y: Any) -> Tensor:
        index = to_numpy(y) if isinstance(y, Tensor) else np.asarray(y)
        if not np.isin(index, self.classes_).all():
            raise ValueError(
                "`y` must contain the numbers of the classes, because net_ numbers the classes "
                f"from 0 to {len(self.classes_) - 1}, got {np.unique(index)[:5].tolist()}. To use "
                "your own labels, call the methods of the estimator."
            )
        return torch.as_tensor(index.astype(np.int64)).to(self.device)

    def predict_proba(self, X: Any) -> np.ndarray:
        return self.criterion_.probability(self.forward(X).double().numpy())

    def predict(self, X: Any) -> np.ndarray:
        return to_numpy(self.criterion_.predicted(self.forward(X)))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        self._index_of(y)
        return float(super().score(X, y, sample_weight))


_OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


def as_optimizer(optimizer: Any) -> type[torch.optim.Optimizer]:
    """Convert a name or a class to an optimizer class; raise ValueError if invalid."""
    if isinstance(optimizer, type) and issubclass(optimizer, torch.optim.Optimizer):
        return optimizer
    check_option(optimizer, "optimizer", _OPTIMIZERS)
    return _OPTIMIZERS[optimizer]


def resolve_device(device: Any) -> torch.device:
    """Convert a device name to a torch device; raise ValueError if it is not available."""
    if isinstance(device, str) and device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
        torch.zeros(1, device=resolved).item()  # raises an error on the device "meta"
    except (RuntimeError, TypeError, AssertionError, ImportError) as error:
        reason = str(error).splitlines()[0]
        if reason.startswith("Expected one of"):  # a list of twenty kinds of devices
            reason = "torch has no device of this name"
        raise ValueError(
            f"device={device!r} is not available ({reason}). Pass 'auto', 'cpu' or a torch device "
            "of this machine."
        ) from error
    return resolved


def threads_for(module: Any, batch_size: int) -> AbstractContextManager[None]:
    """Context in which small steps on a CPU use one thread and do not wait for busy cores."""
    sites = max(1, module.n_widest // module.n_units)
    work = 6 * batch_size * sites * sum(p.numel() for p in module.parameters())
    is_small = module.weight.device.type == "cpu" and work <= _SMALL_STEP
    return torch_on_one_thread() if is_small else nullcontext()
