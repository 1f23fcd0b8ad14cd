"""The training loop: skorch's, with the parts that slow small nets down replaced."""

import math
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet

from ._batches import TaskBatches, TensorBatches
from ._callbacks import listens_to_batches
from ._single_step import SingleSampleStep

# Times the loss of the first epoch, or one, at which a net has left all sense behind.
_EXPLODED = 100.0


class DivergenceError(ValueError):
    """The loss has exploded."""


def check_loss(losses: list[float], n_steps: int, *, at_end: bool = False) -> None:
    """Raise DivergenceError if the loss is not finite, or, at the end, has exploded.

    On the way it may: a step that is too large can throw a net to where steps are not.
    """
    limit = _EXPLODED * max(losses[0], 1.0) if at_end else math.inf
    if not losses[-1] < limit:
        raise DivergenceError(
            f"The training loss is {losses[-1]} after {n_steps} steps: the net diverged. "
            "Lower learning_rate, or scale the inputs to unit variance."
        )


class LogSchedule:
    """Steps spaced evenly in the logarithm, the start and the end among them.

    Parameters
    ----------
    n_visits : int
        At least 2; fewer are made where steps would coincide.
    first_step, n_steps : int
        Steps taken before, and to come.
    """

    def __init__(self, n_visits: int, first_step: int, n_steps: int) -> None:
        spaced = np.geomspace(n_steps, 1, n_visits - 1).round().astype(int)
        self.first_step, self.last_visit = first_step, -1
        self.pending = [0, *np.unique(spaced).tolist()]

    def is_due(self, step: int) -> bool:
        """Whether this step is the next one to visit; then it is ticked off."""
        due = bool(self.pending) and step - self.first_step == self.pending[0]
        if due:
            self.pending.pop(0)
            self.last_visit = step
        return due


class FieldRecorder:
    """Keeps copies of the weights."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.weights: list[np.ndarray] = []

    def visit(self, step: int, module: Any) -> None:
        """Keep the weights as they are now."""
        self.steps.append(step)
        self.weights.append(module.weight.detach().cpu().numpy().copy())


class Engine(NeuralNet):
    """A skorch net whose epoch is one lean loop over tensors already on the device.

    Plain skorch fetches samples one by one, writes a history entry a batch and notifies
    callbacks four times a step. Here batches come ready, history has one entry an epoch, and
    steps are announced only if a callback listens to them; with such a callback the loop is
    skorch's own.
    """

    schedule: LogSchedule | None = None
    visitors: tuple[Any, ...] = ()  # called at the steps of the schedule
    shrinkage: tuple[float, float] | None = None
    rate_factors: list[float] | None = None  # of each epoch to come
    n_steps: int = 0
    interrupted: bool = False
    last_batch: tuple[torch.Tensor, Any] | None = None

    def _get_params_for_optimizer(self, prefix: str, named_parameters: Any) -> Any:
        """Give every parameter a group of its own, with its name."""
        groups = [{"params": [value], "name": name} for name, value in named_parameters]
        _, options = super()._get_params_for_optimizer(prefix, [])
        return (groups,), options

    @property
    def _default_callbacks(self) -> list:
        return []

    def get_split_datasets(self, X: Any, y: Any = None, **fit_params: Any) -> tuple[Any, None]:
        """All batches are for training."""
        return X, None

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        """Our own data sets are their own iterators."""
        if isinstance(dataset, TensorBatches | TaskBatches):
            return dataset
        return super().get_iterator(dataset, training=training)

    def fit_loop(self, X: Any, y: Any = None, epochs: int | None = None, **kwargs: Any) -> Any:
        """Train for some epochs."""
        self.interrupted = False
        self.epochs_run = 0
        self.epochs_before = len(self.history)
        self.base_rates = [group["lr"] for group in self.optimizer_.param_groups]
        self.base_shrinkage = self.shrinkage
        self._visit()
        return super().fit_loop(X, y, epochs, **kwargs)

    def run_single_epoch(
        self, iterator: Any, training: bool, prefix: str, step_fn: Any, **fit_params: Any
    ) -> None:
        """Take one step a batch; an interrupted epoch counts for what it did."""
        if iterator is None:
            return
        self._scale_rates()
        try:
            if listens_to_batches(self.callbacks_):
                self._announced_epoch(iterator, training, prefix, step_fn)
            else:
                self._lean_epoch(iterator)
        except KeyboardInterrupt:  # here a person's; between epochs, skorch's way to stop early
            self.interrupted = True
            raise

    def _scale_rates(self) -> None:
        """Set the rates of the epoch that begins."""
        if self.rate_factors is not None:
            factor = self.rate_factors[self.epochs_run]
            for group, rate in zip(self.optimizer_.param_groups, self.base_rates, strict=True):
                group["lr"] = factor * rate
            if self.base_shrinkage is not None:
                threshold, cut = self.base_shrinkage
                self.shrinkage = factor * threshold, cut
        self.epochs_run += 1

    def _lean_epoch(self, iterator: Any) -> None:
        step = self._step(iterator.batch_size)
        self.module_.train()
        total = torch.zeros((), device=self.module_.weight.device)
        of_singles = 0.0
        attributes = self.__dict__  # skorch looks through every value that is set the usual way
        attributes["n_steps"] = self.n_steps
        n_samples = 0
        try:
            for inputs, targets in iterator:
                loss = step(inputs, targets)
                self._constrain()
                attributes["n_steps"] += 1
                if isinstance(loss, float):
                    of_singles += loss
                    n_samples += 1
                else:
                    total.add_(loss, alpha=len(inputs))
                    n_samples += len(inputs)
                self._visit()
        finally:
            if n_samples:
                attributes["last_batch"] = inputs, targets
                self._close_epoch((of_singles + float(total)) / n_samples)

    def _step(
        self, batch_size: int
    ) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor | float]:
        """Choose what takes the step of a batch: a formula where there is one."""
        module, criterion, optimizer = self.module_, self.criterion_, self.optimizer_
        rates = {group["name"]: group for group in optimizer.param_groups}
        is_plain = type(optimizer) is torch.optim.SGD and not rates["weight"]["momentum"]
        is_squared = isinstance(criterion, torch.nn.MSELoss)
        if is_plain and is_squared and module.has_written_out_step:
            options = {
                "weight_rate": rates["weight"]["lr"],
                "weight_decay": rates["weight"]["weight_decay"],
                "bias_rate": rates.get("bias", {"lr": 0.0})["lr"],
            }
            if SingleSampleStep.fits(module, batch_size):
                return SingleSampleStep(module, **options)
            return partial(module.squared_loss_step, **options)

        def autograd_step(inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            optimizer.zero_grad()
            loss = criterion(module(inputs), targets)
            loss.backward()
            optimizer.step()
            return loss.detach()

        return autograd_step

    def _announced_epoch(self, iterator: Any, training: bool, prefix: str, step_fn: Any) -> None:
        def counted_step(batch: Any, **fit_params: Any) -> Any:
            result = step_fn(batch, **fit_params)
            self.last_batch = tuple(batch)
            self._constrain()
            self.n_steps += 1
            self._visit()
            return result

        try:
            super().run_single_epoch(iterator, training, prefix, counted_step)
        finally:
            batches = [row for row in self.history[-1]["batches"] if f"{prefix}_batch_size" in row]
            if batches:
                sizes = [row[f"{prefix}_batch_size"] for row in batches]
                losses = [row[f"{prefix}_loss"] for row in batches]
                self._close_epoch(float(np.average(losses, weights=sizes)))

    def _close_epoch(self, loss: float) -> None:
        self.history.record("train_loss", loss)
        self.history.record("step", self.n_steps)
        check_loss([loss], self.n_steps)

    def check_end(self) -> None:
        """Raise DivergenceError if a training that is over left the net exploded.

        Losses are those before each step; the last step is judged by its batch.
        """
        losses = list(self.history[self.epochs_before :, "train_loss"])
        if self.last_batch is not None:
            inputs, targets = self.last_batch
            with torch.no_grad():
                losses.append(float(self.criterion_(self.module_(inputs), targets)))
        check_loss(losses, self.n_steps, at_end=True)

    def set_mask(self, mask: np.ndarray | None) -> None:
        """Keep weights outside a mask at zero from now on."""
        self.module_.mask = None
        if mask is not None:
            self.module_.mask = torch.tensor(mask, device=self.module_.weight.device)
            self._constrain()

    def _constrain(self) -> None:
        """Proximal step of the L1 penalty, the mask, and what the module itself demands."""
        self.module_.constrain_()
        if self.shrinkage is not None:
            self.module_.shrink_(*self.shrinkage)
        if self.module_.mask is not None:
            with torch.no_grad():
                self.module_.weight.mul_(self.module_.mask)

    def _visit(self) -> None:
        if self.schedule is not None and self.schedule.is_due(self.n_steps):
            for visitor in self.visitors:
                visitor.visit(self.n_steps, self.module_)

    def close_visits(self) -> None:
        """Visit the net where the training ended, if it ended before its time."""
        if self.schedule is not None and self.schedule.last_visit != self.n_steps:
            for visitor in self.visitors:
                visitor.visit(self.n_steps, self.module_)

    def release_training(self) -> None:
        """Let go of what served one training."""
        self.schedule, self.visitors = None, ()
        self.rate_factors = self.last_batch = None

    def warn_if_interrupted(self) -> None:
        """Tell the user that the fit ended early but was kept."""
        if self.interrupted:
            warnings.warn(
                f"Training was interrupted after {self.n_steps} steps; the net trained so far "
                "is kept.",
                stacklevel=4,
            )
