"""Measurements of a network between steps of its training."""

from typing import Any

import numpy as np


class Snapshots:
    """Steps at which observers measure a network, evenly spaced in the logarithm.

    The start and the end are among them; there are fewer than `n_snapshots` where steps would
    coincide. Observers have a method ``measure(step, module)``.
    """

    def __init__(
        self, observers: list[Any], n_snapshots: int, first_step: int, n_steps: int
    ) -> None:
        self.observers, self.last_step = observers, -1
        self.pending = [first_step + step for step in snapshot_steps(n_snapshots, n_steps)]

    def steps_left(self, step: int) -> int:
        """Number of steps up to the next snapshot, many if none is to come."""
        return self.pending[0] - step if self.pending else 2**62

    def take(self, step: int, module: Any) -> None:
        """Measure the network if this is a step to measure it at."""
        if self.steps_left(step) == 0:
            self.pending.pop(0)
            self.measure(step, module)

    def measure(self, step: int, module: Any) -> None:
        """Measure the network, once at each step."""
        for observer in self.observers if step != self.last_step else ():
            observer.measure(step, module)
        self.last_step = step


def snapshot_steps(n_snapshots: int, n_steps: int) -> list[int]:
    """Steps from 0 to `n_steps`, evenly spaced in the logarithm."""
    spaced = np.geomspace(n_steps, 1, n_snapshots - 1).round().astype(int)
    return [0, *np.unique(spaced).tolist()]


class FieldRecorder:
    """Keeps copies of the weights."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.weights: list[np.ndarray] = []

    def measure(self, step: int, module: Any) -> None:
        """Keep the weights as they are now."""
        self.steps.append(step)
        self.weights.append(module.weight.detach().cpu().numpy().copy())
