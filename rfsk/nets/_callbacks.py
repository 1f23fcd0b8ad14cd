"""Who listens to a training: skorch's callbacks, scikit-learn's, and a progress bar."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from skorch.callbacks import Callback, EarlyStopping
from skorch.utils import noop

from .._core._progress import tqdm

try:  # scikit-learn 1.9
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks yet."""

    def with_callbacks(method: Callable) -> Callable:
        """Leave the method as it is."""
        return method


__all__ = [
    "CallbackSupportMixin",
    "FitTasks",
    "ProgressBar",
    "check_callbacks",
    "fit_tasks",
    "listens_to_batches",
    "stop_on_plateau",
    "with_callbacks",
]

_BATCH_EVENTS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


def check_callbacks(callbacks: Any) -> list[Callback]:
    """Return these callbacks without their names; raise unless they are skorch's."""
    entries = [] if callbacks is None else callbacks
    if isinstance(entries, list | tuple):
        entries = [entry[1] if isinstance(entry, tuple) else entry for entry in entries]
        if all(isinstance(entry, Callback) for entry in entries):
            return entries
    raise ValueError(
        f"callbacks={callbacks!r}; expected a list of skorch callbacks, or of (name, callback)."
    )


def listens_to_batches(callbacks: list[tuple[str, Callback]]) -> bool:
    """Whether one of these wants to hear of single batches."""
    return any(
        getattr(type(callback), event, None) is not getattr(Callback, event)
        for _, callback in callbacks
        for event in _BATCH_EVENTS
    )


def stop_on_plateau(patience: int) -> Callback:
    """End the training once the loss has not fallen by a part in 10^4 for this many epochs."""
    return EarlyStopping(monitor="train_loss", patience=patience, threshold=1e-4, sink=noop)


class ProgressBar(Callback):
    """A tqdm bar over epochs, with the training loss and what else is to be watched.

    Parameters
    ----------
    n_epochs : int
    measure : callable
        Takes the net and gives numbers by name.
    """

    def __init__(self, n_epochs: int, measure: Callable[[Any], dict[str, float]]) -> None:
        self.n_epochs, self.measure = n_epochs, measure

    def on_train_begin(self, net: Any, *args: Any, **kwargs: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(total=self.n_epochs, unit="epoch", desc="training", leave=False)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Advance by one."""
        numbers = {"loss": net.history[-1, "train_loss"], **self.measure(net)}
        shown = {name: f"{value:.4f}" for name, value in numbers.items()}
        self.bar_.set_postfix(shown, refresh=False)
        self.bar_.update()

    def close(self) -> None:
        """Close the bar, however the training ended."""
        if hasattr(self, "bar_"):
            self.bar_.close()
            del self.bar_


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
def fit_tasks(estimator: Any, n_epochs: int, X: Any, y: Any) -> Iterator[list[Callback]]:
    """Context of a fit for scikit-learn's callbacks, if some were set on the estimator."""
    if not getattr(estimator, "_skl_callbacks", None):
        yield []
        return
    data = {"X": X, "y": y}
    context = estimator._init_callback_context(max_subtasks=n_epochs)
    context.call_on_fit_task_begin(estimator=estimator, **data)
    yield [FitTasks(estimator, context, data)]
    context.call_on_fit_task_end(estimator=estimator, **data)
