"""Running cells: in this process, in others or on a cluster, one thread each."""

import copy
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

_SCALARS = (bool, int, float, str, type(None))


def run_cells(study: Callable[..., Any], calls: Sequence[Mapping[str, Any]]) -> list[dict]:
    """Call a study for some cells, together if it can; say what came of each.

    Parameters
    ----------
    study : callable
    calls : sequence of dict
        Arguments, `random_state` among them.

    Returns
    -------
    outcomes : list of dict
        Of each call "result", or "error" and "traceback"; and "seconds", a group's shared evenly.
    """
    together = getattr(study, "run_many", None)
    started = time.perf_counter()
    with _OneThread(), _heeded_interrupts():
        if together is None or len(calls) == 1:
            answers: Sequence[Any] = [_guarded(study, own) for own in map(_copied, calls)]
        else:
            answers = _guarded(lambda: together([_copied(call) for call in calls]), {})
            if isinstance(answers, Exception):  # not of one cell: let each speak for itself
                answers = [_guarded(study, own) for own in map(_copied, calls)]
    seconds = (time.perf_counter() - started) / len(calls)
    return [{**_outcome(answer), "seconds": seconds} for answer in answers]


def _copied(call: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of its own for each cell, as if it ran in a process of its own."""
    own = {}
    for name, value in call.items():
        try:
            own[name] = copy.deepcopy(value)
        except Exception:  # what cannot be copied, such as a lock, is shared
            own[name] = value
    return own


def _guarded(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """What a function returns or raises."""
    try:
        return function(**arguments)
    except Exception as error:
        return error
    except SystemExit as error:
        return RuntimeError(f"The study called sys.exit({error.code!r}).")


def _outcome(answer: Any) -> dict[str, Any]:
    try:
        if isinstance(answer, Exception):
            raise answer
        return {"result": as_result(answer)}
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        return {"error": f"{type(error).__name__}: {error}", "traceback": text}


def as_result(answer: Any) -> dict[str, Any]:
    """Turn what a study returned into numbers and lists of them, ready for JSON.

    Raises
    ------
    TypeError
        If it is not a mapping of names to scalars or one-dimensional arrays.
    ValueError
        If its arrays differ in length.
    """
    if not isinstance(answer, Mapping):
        raise TypeError(
            f"The study returned a {type(answer).__name__}; expected a dict of names to numbers, "
            "or to one-dimensional arrays of them."
        )
    result = {str(name): _as_entry(str(name), value) for name, value in answer.items()}
    lengths = {name: len(v) for name, v in result.items() if isinstance(v, list)}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"The study returned arrays of lengths {lengths}; expected equal ones.")
    return result


def _as_entry(name: str, value: Any) -> Any:
    value = _without_arrays(value)
    if isinstance(value, list | tuple):
        value = [_without_arrays(entry) for entry in value]
    entries = value if isinstance(value, list) else [value]
    if not all(isinstance(entry, _SCALARS) for entry in entries):
        kinds = sorted({type(entry).__name__ for entry in entries})
        raise TypeError(
            f"The study returned {name!r} with {', '.join(kinds)} in it; expected a number, a "
            "string or a one-dimensional array."
        )
    return value


def _without_arrays(value: Any) -> Any:
    """Numbers or lists of them in place of arrays, tensors and series."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
    return np.asarray(value).tolist() if hasattr(value, "__array__") else value


class _OneThread:
    """Compute on one thread: numbers do not depend on how many there are, nor wait for others.

    Cells in threads of one process enter together; the last one to leave restores what was.
    """

    lock = threading.Lock()
    n_inside = 0
    before = 1
    limits: Any = None

    def __enter__(self) -> None:
        kind = type(self)
        with self.lock:
            if not kind.n_inside:
                kind.before, kind.limits = torch.get_num_threads(), threadpool_limits(1)
            kind.n_inside += 1
            torch.set_num_threads(1)

    def __exit__(self, *error: Any) -> None:
        kind = type(self)
        with self.lock:
            kind.n_inside -= 1
            if not kind.n_inside:
                kind.limits.restore_original_limits()
                torch.set_num_threads(kind.before)


@contextmanager
def _heeded_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end even if a fit inside took it as a sign to end early."""
    came: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or not callable(before):  # threads get no signals, and they may be ignored
        yield
        return

    def note(number: int, frame: Any) -> None:
        came.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt
