"""Events of one run: inputs, fields of two nets during training, and theory."""

import base64
import queue
import threading
from collections.abc import Generator
from typing import Any

import numpy as np
from skorch.callbacks import Callback

from .._core._types import Array
from ..analysis import field_center, ipr
from ..datasets import Discrimination
from ..nets import FCNet
from ..theory import localization_index, predict_fields
from ._parameters import N_SITES, Parameters

Event = dict[str, Any]

N_UNITS = 20
_HALF = N_UNITS // 2  # units whose initial bias is positive come first
_LEARNING_RATE, _BATCH_SIZE = 5.0, 200
_N_FRAMES = 120
_N_EVAL = 2000
_N_INPUTS = 2


def events(parameters: Parameters, stop: threading.Event) -> Generator[Event, None, None]:
    """Yield the events of a run, ready for JSON, as soon as they occur.

    "inputs" comes first, then "frame" events of the nets "nlgp" and "clone" and "theory" of both,
    and finally "done", "stopped" or "failed". Training stops if `stop` is set or the iterator is
    closed.
    """
    task = parameters.task()
    tasks = {"nlgp": task, "clone": task.gaussian_clone()}
    yield _inputs(tasks, parameters)
    news: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
    watchers = {name: _Watcher(name, news, stop) for name in tasks}
    trainings = [
        threading.Thread(target=_train, args=(tasks[name], parameters, watcher), daemon=True)
        for name, watcher in watchers.items()
    ]
    for training in trainings:
        training.start()
    try:
        for _ in trainings:
            for event in iter(news.get, None):
                yield event
                if event["event"] == "failed":
                    return
        for name, watcher in watchers.items():
            if not stop.is_set():
                yield _prediction(name, tasks[name], watcher.initial, parameters)
        yield {"event": "stopped" if stop.is_set() else "done"}
    finally:
        stop.set()
        for training in trainings:
            training.join()


def _inputs(tasks: dict[str, Discrimination], parameters: Parameters) -> Event:
    """Samples of each task and class, and statistics of the inputs."""

    def samples_of(model: Any) -> Any:
        return model.sample(_N_INPUTS, random_state=parameters.seed).round(4).tolist()

    index = localization_index(tasks["nlgp"], random_state=0).index
    nlgp: Any = tasks["nlgp"].models[0]
    return {
        "event": "inputs",
        "samples": {name: list(map(samples_of, task.models)) for name, task in tasks.items()},
        "kurtosis": nlgp.excess_kurtosis(),
        "index": index if np.isfinite(index) else None,
        "learning_rate": _LEARNING_RATE,
    }


class _Stopped(Exception):  # noqa: N818  # not an error: it ends a training
    """The run was stopped."""


class _Watcher(Callback):
    """Callback that sends the fields of a net at the steps at which the net records them."""

    def __init__(
        self, name: str, news: "queue.SimpleQueue[Event | None]", stop: threading.Event
    ) -> None:
        self.name, self.news, self.stop = name, news, stop

    def on_train_begin(self, net: Any, *args: Any, **kwargs: Any) -> None:
        """Observe the net after the observers that record and evaluate it."""
        *_, self.evaluator = net.snapshots_.observers
        self.n_frames = len(net.snapshots_.pending)
        net.snapshots_.observers.append(self)

    def measure(self, step: int, module: Any) -> None:
        """Send the current fields."""
        if self.stop.is_set():
            raise _Stopped
        weight = module.weight.detach().cpu().double().numpy()
        fields = weight / np.sqrt(weight.shape[1])
        if step == 0:
            self.initial = fields
        centers = np.nan_to_num(field_center(fields)[:, 0])
        order = np.lexsort((centers, np.arange(N_UNITS) >= _HALF))
        _, _, accuracy, *_ = self.evaluator.rows[-1]
        self.news.put(
            {
                "event": "frame",
                "net": self.name,
                "step": step,
                "n_frames": self.n_frames,
                "fields": base64.b64encode(fields.astype("<f4").tobytes()).decode(),
                "order": order.tolist(),
                "ipr": _group_ipr(fields).tolist(),
                "accuracy": accuracy,
            }
        )


def _train(task: Discrimination, parameters: Parameters, watcher: _Watcher) -> None:
    """Train a net on a task; None follows its last event."""
    net = FCNet(
        N_UNITS,
        learning_rate=_LEARNING_RATE,
        batch_size=_BATCH_SIZE,
        weight_decay=0.0,
        record=_N_FRAMES,
        callbacks=[watcher],
        device="cpu",
        random_state=parameters.seed,
    )
    try:
        net.fit_online(task, _BATCH_SIZE * parameters.steps, n_eval=_N_EVAL)
    except _Stopped:
        pass
    except ValueError as error:
        watcher.news.put({"event": "failed", "message": str(error)})
    finally:
        watcher.news.put(None)


def _prediction(name: str, task: Discrimination, initial: Array, parameters: Parameters) -> Event:
    """Theoretical prediction from the initial fields of a net."""
    event: Event = {"event": "theory", "net": name}
    end = _LEARNING_RATE * parameters.steps / N_SITES
    try:
        flow = predict_fields(task, n_units=N_UNITS, start=initial, end=end).flow
    except FloatingPointError as error:
        return {**event, "problem": str(error)}
    return {
        **event,
        "times": (flow.times * N_SITES).round(2).tolist(),
        "ipr": np.array([_group_ipr(fields) for fields in flow.history]).T.round(5).tolist(),
    }


def _group_ipr(fields: Array) -> Array:
    """Mean IPR of the units with b > 0 and of those with b < 0."""
    return np.asarray(ipr(fields).reshape(2, _HALF).mean(axis=1))
