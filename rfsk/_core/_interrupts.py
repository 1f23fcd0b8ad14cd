"""Interrupts by the user, as opposed to a KeyboardInterrupt that a callback raises."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def noticing_interrupts() -> Iterator[Callable[[], bool]]:
    """Context that yields a function, which returns whether the user has pressed Ctrl-C."""
    seen: list[int] = []
    previous = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not callable(previous):
        yield lambda: bool(seen)
        return

    def note(number: int, frame: Any) -> Any:
        seen.append(number)
        return previous(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(seen)
    finally:
        signal.signal(signal.SIGINT, previous)
