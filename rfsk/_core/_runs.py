"""Progress bars and interrupts of long runs, and versions of the installed libraries."""

import platform
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from .. import __version__

# Without ipywidgets, tqdm.auto would emit a warning in every notebook.
tqdm: Any = import_module("tqdm.auto" if find_spec("ipywidgets") else "tqdm").tqdm

_interrupts: list[int] = []  # signals received so far


def installed_versions() -> dict[str, str]:
    """Versions of Python, rfsk and the numerical libraries, by name."""
    names = ("numpy", "scipy", "scikit-learn", *(["torch"] if find_spec("torch") else []))
    versions = {name: version(name) for name in names}
    return {"python": platform.python_version(), "rfsk": __version__, **versions}


@contextmanager
def noticing_interrupts() -> Iterator[Callable[[], bool]]:
    """Context that yields a function that returns whether Ctrl-C was pressed during the context.

    Only the main thread receives the interrupt. In other threads, the function returns whether a
    `noticing_interrupts` context in the main thread has received one.
    """
    before = len(_interrupts)
    previous = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not callable(previous):
        yield lambda: len(_interrupts) > before
        return

    def note(number: int, frame: Any) -> Any:
        _interrupts.append(number)
        return previous(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: len(_interrupts) > before
    finally:
        signal.signal(signal.SIGINT, previous)


def report_interrupt(message: str, inside: str) -> None:
    """Warn of an interrupt; the warning shows the line that called the interrupted modules.

    The names of the interrupted modules begin with `inside`.

    If joblib, rfsk or scikit-learn called the interrupted training, raise KeyboardInterrupt, which
    ends the parameter search or study that contains the training.
    """
    stack = traceback.walk_stack(sys._getframe())
    names = [str(frame.f_globals.get("__name__")) for frame, _ in stack]
    level = next(i for i, name in enumerate(names[1:], 1) if not name.startswith(inside))
    warnings.warn(message, stacklevel=level + 1)
    if any(name.startswith(("joblib.", "rfsk.", "sklearn.")) for name in names[level:]):
        raise KeyboardInterrupt(message)
