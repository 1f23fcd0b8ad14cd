"""Snapshots of a network during training, and the course of its loss and accuracy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core._types import Array


class Snapshots:
    """Steps at which observers measure a network.

    Every observer has a method ``measure(step, module)``.
    """

    def __init__(
        self, observers: list[Any], n_snapshots: int, first_step: int, n_steps: int
    ) -> None:
        self.observers, self.last_step = observers, -1
        # Steps are evenly spaced in the logarithm; steps that coincide are taken once.
        spaced = np.geomspace(n_steps, 1, n_snapshots - 1).round().astype(int)
        self.pending = [first_step, *(first_step + np.unique(spaced)).tolist()]

    def steps_left(self, step: int) -> int:
        """Number of steps up to the next snapshot, or a large number if there is none."""
        return self.pending[0] - step if self.pending else 2**62

    def take(self, step: int, module: Any) -> None:
        if self.steps_left(step) == 0:
            self.pending.pop(0)
            self.measure(step, module)

    def measure(self, step: int, module: Any) -> None:
        """Measure the network, at most once per step."""
        for observer in self.observers if step != self.last_step else ():
            observer.measure(step, module)
        self.last_step = step


class FieldRecorder(list[tuple[int, Array]]):
    """Observer that stores steps and copies of the weights."""

    def measure(self, step: int, module: Any) -> None:
        self.append((step, module.weight.detach().cpu().double().numpy().copy()))


@dataclass(frozen=True)
class EvaluationCurve:
    """Loss and accuracy during an online fit, on the inputs and on their control.

    The control is the same task with Gaussian inputs, whose classes have the means and covariances
    of the original classes. As long as a net uses only first- and second-order statistics, its
    losses on the inputs and on the control are equal. A nonzero `gap` shows that the net uses
    statistics of higher order.

    Attributes
    ----------
    steps : ndarray of shape (n_evaluations,)
        Training steps of the evaluations, evenly spaced on a logarithmic scale.
    loss, control_loss : ndarray of shape (n_evaluations,)
        Mean loss on the inputs, and mean loss on the control.
    accuracy, control_accuracy : ndarray of shape (n_evaluations,)
        Fractions of the inputs and of the control inputs that are classified correctly.

    Examples
    --------
    >>> from rfsk import FCNet
    >>> from rfsk.experiments import nlgp_task
    >>> task = nlgp_task(shape=20, correlation_length=2.0)
    >>> net = FCNet(4, batch_size=50, record=5, random_state=0).fit_online(task, 2000, n_eval=200)
    >>> net.evaluation_.steps, net.evaluation_.gap.shape
    (array([ 0,  1,  3, 12, 40]), (5,))
    """

    steps: NDArray[np.int64]
    loss: Array
    accuracy: Array
    control_loss: Array
    control_accuracy: Array

    @property
    def gap(self) -> Array:
        """Gaussian-equivalence gap, the loss on the control minus the loss on the inputs."""
        return self.control_loss - self.loss
