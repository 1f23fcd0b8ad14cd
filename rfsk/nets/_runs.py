"""Groups of nets that train in threads, and how they are stopped."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import torch

from ._committee import Outcome, train_together


class Run:
    """What the groups of one call have in common while they train in threads.

    Attributes
    ----------
    stop : threading.Event
        Asks all groups to end where they are.
    partial : dict
        Outcomes of the groups that ended early, by the number of the group.
    """

    # By a name, which can be sent to another process, where the run is not known.
    known: ClassVar[dict[str, "Run"]] = {}

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self.stop = threading.Event()
        self.partial: dict[int, list[Outcome]] = {}
        self.busy = threading.Condition()
        self.n_busy = 0
        self.known[self.name] = self

    def end(self) -> None:
        """Stop the groups that still train, and wait until they have."""
        self.stop.set()
        with self.busy:
            self.busy.wait_for(lambda: not self.n_busy)
        self.known.pop(self.name, None)

    @contextmanager
    def group(self) -> Iterator[None]:
        """Count a group as busy while it trains."""
        with self.busy:
            self.n_busy += 1
        try:
            yield
        finally:
            with self.busy:
                self.n_busy -= 1
                self.busy.notify_all()


def train_group(run_name: str, number: int, *arguments: Any) -> list[Outcome]:
    """Train a group of a run; see `train_together`."""
    run = Run.known.get(run_name)
    if run is None:  # in another process
        return train_together(*arguments)
    n_threads = torch.get_num_threads()
    in_thread = threading.current_thread() is not threading.main_thread()
    with run.group():
        try:
            if in_thread:  # the cores are taken by other groups
                torch.set_num_threads(1)
            outcomes = train_together(*arguments, stop=run.stop)
        finally:
            if in_thread:
                torch.set_num_threads(n_threads)
        if run.stop.is_set():
            run.partial[number] = outcomes
            if not in_thread:
                raise KeyboardInterrupt
    return outcomes
