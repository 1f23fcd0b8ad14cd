"""What happens in one run, as it happens: inputs, fields of two nets in training, the theory."""

import base64
import queue
import threading
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skorch.callbacks import Callback

from ..analysis import field_center, ipr
from ..datasets import Discrimination
from ..nets import FCNet
from ..nets._snapshots import snapshot_steps
from ..theory import localization_index, predict_fields
from ._parameters import N_SITES, Parameters

Array = NDArray[np.float64]
Event = dict[str, Any]

N_UNITS = 20
_HALF = N_UNITS // 2  # units whose bias starts positive come first
_N_FRAMES = 120
_N_EVAL = 2000
_N_INPUTS = 2


def live_net(parameters: Parameters) -> FCNet:
    """Make the net that is trained on the inputs, and its twin on their clone.

    Parameters
    ----------
    parameters : Parameters

    Returns
    -------
    net : FCNet
        To be fitted by ``fit_online(task, batch_size * steps)``.
    """
    return FCNet(
        N_UNITS,
        learning_rate=5.0,
        batch_size=200,
        weight_decay=0.0,
        record=_N_FRAMES,
        device="cpu",
        random_state=parameters.seed,
    )


def events(parameters: Parameters, stop: threading.Event) -> Generator[Event, None, None]:
    """Tell what happens in a run, each event as soon as it has happened.

    The two nets are trained in threads of their own, which end when `stop` is set or the iterator
    is closed; the theory comes after them.

    Parameters
    ----------
    parameters : Parameters
    stop : threading.Event
        Ends the run when set.

    Yields
    ------
    event : dict
        Ready for JSON. "inputs" first, then "frame" of the nets "nlgp" and "clone", "theory" of
        both, and "done", "stopped" or "failed" last.
    """
    task = parameters.task()
    laws = {"nlgp": task, "clone": task.gaussian_clone()}
    yield _inputs(laws, parameters)
    told: queue.SimpleQueue[Event] = queue.SimpleQueue()
    trainings = [
        threading.Thread(target=_train, args=(name, law, parameters, told, stop), daemon=True)
        for name, law in laws.items()
    ]
    starts: dict[str, Array] = {}
    for training in trainings:
        training.start()
    try:
        n_ended = 0
        while n_ended < len(trainings):
            event = told.get()
            if event["event"] == "ended":
                n_ended += 1
                continue
            yield event
            if event["event"] == "failed":
                return
            if event["step"] == 0:
                starts[event["net"]] = decoded(event["fields"])
        for name, law in laws.items():
            if not stop.is_set():
                yield _prediction(name, law, starts[name], parameters)
        yield {"event": "stopped" if stop.is_set() else "done"}
    finally:
        stop.set()
        for training in trainings:
            training.join()


def decoded(text: str) -> Array:
    """Fields of an event, (n_units, n_features), from their text."""
    values = np.frombuffer(base64.b64decode(text), dtype="<f4")
    return values.astype(np.float64).reshape(N_UNITS, N_SITES)


def _inputs(laws: dict[str, Discrimination], parameters: Parameters) -> Event:
    """Describe the inputs: some of each law and class, and what their statistics say."""
    samples = {
        name: [
            model.sample(_N_INPUTS, random_state=parameters.seed).round(4).tolist()
            for model in law.models
        ]
        for name, law in laws.items()
    }
    index = localization_index(laws["nlgp"])
    nlgp: Any = laws["nlgp"].models[0]
    return {
        "event": "inputs",
        "samples": samples,
        "kurtosis": nlgp.excess_kurtosis(),
        "index": index.index if np.isfinite(index.index) else None,
        "n_frames": len(snapshot_steps(_N_FRAMES, parameters.steps)),
        "learning_rate": live_net(parameters).learning_rate,
    }


class _Stopped(Exception):  # noqa: N818  # no error, a way out of a training
    """Nobody looks any more."""


class _Watcher(Callback):
    """Tells of the fields of a net in training at the steps at which the net records them."""

    def __init__(self, name: str, told: "queue.SimpleQueue[Event]", stop: threading.Event) -> None:
        self.name, self.told, self.stop = name, told, stop

    def on_train_begin(self, net: Any, *args: Any, **kwargs: Any) -> None:
        """Look at the net after those that record and evaluate it."""
        *_, self.evaluator = net.snapshots_.observers
        net.snapshots_.observers.append(self)

    def measure(self, step: int, module: Any) -> None:
        """Tell of the fields as they are now."""
        if self.stop.is_set():
            raise _Stopped
        weight = module.weight.detach().cpu().double().numpy()
        fields = weight / np.sqrt(weight.shape[1])
        centers = np.nan_to_num(field_center(fields)[:, 0])
        order = np.lexsort((centers, np.arange(N_UNITS) >= _HALF))
        _, _, accuracy, *_ = self.evaluator.rows[-1]
        self.told.put(
            {
                "event": "frame",
                "net": self.name,
                "step": step,
                "fields": base64.b64encode(fields.astype("<f4").tobytes()).decode(),
                "order": order.tolist(),
                "ipr": _group_ipr(fields).tolist(),
                "accuracy": accuracy,
            }
        )


def _train(
    name: str,
    law: Discrimination,
    parameters: Parameters,
    told: "queue.SimpleQueue[Event]",
    stop: threading.Event,
) -> None:
    """Train a net on a law and tell of its fields."""
    net = live_net(parameters).set_params(callbacks=[_Watcher(name, told, stop)])
    try:
        net.fit_online(law, net.batch_size * parameters.steps, n_eval=_N_EVAL)
    except _Stopped:
        pass
    except ValueError as error:
        told.put({"event": "failed", "message": str(error)})
    finally:
        told.put({"event": "ended"})


def _prediction(name: str, law: Discrimination, start: Array, parameters: Parameters) -> Event:
    """Tell what the theory makes of the start of a net."""
    event: Event = {"event": "theory", "net": name}
    end = live_net(parameters).learning_rate * parameters.steps / N_SITES
    try:
        flow = predict_fields(law, n_units=N_UNITS, start=start, end=end).flow
    except FloatingPointError as error:
        return {**event, "problem": str(error)}
    return {
        **event,
        "times": (flow.times * N_SITES).round(2).tolist(),
        "ipr": np.array([_group_ipr(fields) for fields in flow.history]).T.round(5).tolist(),
    }


def _group_ipr(fields: Array) -> Array:
    """Mean IPR of the units of b > 0 and of those of b < 0."""
    return np.asarray(ipr(fields).reshape(2, _HALF).mean(axis=1))
