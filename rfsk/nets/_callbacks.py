"""Callbacks of skorch and of scikit-learn."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    InputShapeSetter,
    LRScheduler,
    PassthroughScoring,
    TensorBoard,
    WandbLogger,
)

try:  # scikit-learn 1.9
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Replaces the mixin where scikit-learn has no callbacks yet."""

    def with_callbacks(method: Callable) -> Callable:
        """Leave the method as it is."""
        return method


_BATCH_EVENTS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


def check_callbacks(callbacks: Any, *, has_validation: bool) -> None:
    """Raise unless these are callbacks of skorch that can work with the data there are."""
    entries: Any = [] if callbacks is None else callbacks
    if isinstance(entries, list | tuple):
        entries = [entry[1] if isinstance(entry, tuple) else entry for entry in entries]
    if not isinstance(entries, list | tuple) or not all(isinstance(e, Callback) for e in entries):
        raise ValueError(
            f"callbacks={callbacks!r}; expected a list of skorch callbacks, or of (name, callback)."
        )
    for callback in entries:
        name = type(callback).__name__
        if isinstance(callback, InputShapeSetter):
            raise ValueError(f"{name} cannot work here: the net takes its width from X. Remove it.")
        monitor = _monitored(callback)
        if not has_validation and monitor.startswith("valid"):
            raise ValueError(
                f"{name} needs {monitor}, but no data are kept for validation (skorch's "
                "train_split). Set validation_fraction and call fit, or let it use the training: "
                "monitor='train_loss', or on_train=True."
            )


def _monitored(callback: Callback) -> str:
    """Name of the score that a callback needs; empty if it needs none."""
    if isinstance(callback, EpochScoring | BatchScoring | PassthroughScoring):
        return "" if callback.on_train else f"validation data for {callback.name or 'its score'}"
    if isinstance(callback, WandbLogger) and callback.save_model:
        return "valid_loss_best"
    if isinstance(callback, EarlyStopping | Checkpoint):
        return callback.monitor if isinstance(callback.monitor, str) else ""
    if isinstance(callback, LRScheduler):
        monitor = getattr(callback, "monitor", "")
        is_used = "ReduceLROnPlateau" in str(callback.policy)
        return monitor if is_used and isinstance(monitor, str) else ""
    return ""


def listens_to_batches(callbacks: list[tuple[str, Callback]]) -> bool:
    """Whether one of these wants to be called for single training batches."""
    return any(_listens(callback) for _, callback in callbacks)


def _listens(callback: Callback) -> bool:
    if (
        isinstance(callback, EpochScoring)
        and type(callback).on_batch_end is EpochScoring.on_batch_end
    ):
        return bool(callback.on_train and callback.use_caching)
    if type(callback) is LRScheduler:
        return bool(callback.step_every == "batch")
    if type(callback) is TensorBoard:  # its hook is empty, for users to fill
        return False
    is_of_skorch = type(callback).__module__.startswith("skorch.")
    if is_of_skorch and hasattr(callback, "log_on_batch_end"):  # loggers
        return bool(callback.log_on_batch_end)
    return any(
        getattr(type(callback), event) is not getattr(Callback, event) for event in _BATCH_EVENTS
    )


class FitTasks(Callback):
    """Passes epochs on to scikit-learn's callbacks, as subtasks of a fit."""

    def __init__(self, estimator: Any, context: Any, data: dict[str, Any]) -> None:
        self.estimator, self.context, self.data = estimator, context, data

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Announce the epoch."""
        self.epoch_ = self.context.subcontext(task_name="epoch")
        self.epoch_.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Announce its end; a callback that asks for it ends the training."""
        stop = self.epoch_.call_on_fit_task_end(
            estimator=self.estimator,
            reconstruction_attributes=self._as_fitted,
            **self.data,
        )
        if stop:
            raise KeyboardInterrupt  # between epochs, skorch's way to stop early

    def _as_fitted(self) -> dict[str, Any]:
        self.estimator._export(None)
        # A copy of its own, module included: a callback may keep it.
        net = copy.copy(self.estimator.net_)
        net.history = copy.copy(net.history)
        return {"net_": net, "history_": net.history}


@contextmanager
def fit_tasks(estimator: Any, n_epochs: int, X: Any, y: Any) -> Iterator[list[Any]]:
    """Context of a fit for scikit-learn's callbacks, if some were set on the estimator."""
    if not getattr(estimator, "_skl_callbacks", None):
        yield []
        return
    data = {"X": X, "y": y}
    context = estimator._init_callback_context(max_subtasks=n_epochs)
    context.call_on_fit_task_begin(estimator=estimator, **data)
    yield [("fit_tasks", FitTasks(estimator, context, data))]
    context.call_on_fit_task_end(estimator=estimator, **data)
