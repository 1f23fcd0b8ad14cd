"""Checks of skorch callbacks, and the test whether they need skorch's loop over batches."""

from typing import Any

from skorch import callbacks as skorch_callbacks
from skorch.callbacks import Callback, EpochScoring, LRScheduler

_BATCH_EVENTS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


def check_callbacks(callbacks: Any, *, has_validation: bool) -> None:
    """Raise ValueError unless all callbacks are from skorch and can use the available data."""
    entries: Any = [] if callbacks is None else callbacks
    if isinstance(entries, list | tuple):
        entries = [entry[1] if isinstance(entry, tuple) else entry for entry in entries]
    if not isinstance(entries, list | tuple) or not all(isinstance(e, Callback) for e in entries):
        raise ValueError(
            "`callbacks` must be a list of skorch callbacks or of pairs (name, callback), got "
            f"{callbacks!r}."
        )
    for callback in entries:
        name = type(callback).__name__
        if isinstance(callback, skorch_callbacks.InputShapeSetter):
            raise ValueError(
                f"`callbacks` must not contain {name}, because the net takes its number of "
                "features from X. Remove this callback."
            )
        monitor = _monitored(callback)
        if not has_validation and monitor.startswith("valid"):
            raise ValueError(
                f"{name} needs {monitor}, but no data are kept for validation. (The train_split of "
                "skorch is not used.) Set validation_fraction and call fit, or pass "
                "monitor='train_loss' or on_train=True to the callback."
            )


def _monitored(callback: Any) -> str:
    """Name of the score that a callback needs, or an empty string if it needs none."""
    scoring = skorch_callbacks.BatchScoring | skorch_callbacks.PassthroughScoring
    if isinstance(callback, EpochScoring | scoring):
        return "" if callback.on_train else f"validation data for {callback.name or 'its score'}"
    if isinstance(callback, skorch_callbacks.WandbLogger) and callback.save_model:
        return "valid_loss_best"
    if isinstance(callback, LRScheduler) and "ReduceLROnPlateau" not in str(callback.policy):
        return ""
    monitor = getattr(callback, "monitor", "")
    return monitor if isinstance(monitor, str) else ""


def listens_to_batches(callbacks: list[tuple[str, Callback]]) -> bool:
    """Whether a callback must be called for each training batch."""
    return any(_listens(callback) for _, callback in callbacks)


def _listens(callback: Any) -> bool:
    if type(callback) is EpochScoring:
        return bool(callback.on_train and callback.use_caching)
    if type(callback) is LRScheduler:
        return bool(callback.step_every == "batch")
    if type(callback).__module__.startswith("skorch.") and hasattr(callback, "log_on_batch_end"):
        return bool(callback.log_on_batch_end)
    # The batch hook of TensorBoard does nothing.
    return type(callback) is not skorch_callbacks.TensorBoard and any(
        getattr(type(callback), event) is not getattr(Callback, event) for event in _BATCH_EVENTS
    )
