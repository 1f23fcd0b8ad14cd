"""How well a net in training does on fresh inputs, and on their Gaussian clone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..datasets import Discrimination
from ._batches import TaskBatches

Array = NDArray[np.float64]

_BLOCK = 2**22  # hidden activations and inputs held at a time


@dataclass(frozen=True)
class EvaluationCurve:
    """Loss and accuracy along an online fit.

    Where the net still sees second-order statistics only, it does as well on Gaussian inputs of
    the same covariance; `gap` shows when it no longer does.

    Attributes
    ----------
    steps : ndarray of shape (n_evaluations,)
        Steps taken, spaced evenly in the logarithm from the start.
    loss, clone_loss : ndarray of shape (n_evaluations,)
        Mean loss on inputs of the task, and of its Gaussian clone.
    accuracy, clone_accuracy : ndarray of shape (n_evaluations,)
        Fraction of them that is classified correctly.

    Examples
    --------
    >>> from rfsk import FCNet
    >>> from rfsk.experiments import nlgp_task
    >>> task = nlgp_task(shape=20, correlation_length=2.0)
    >>> net = FCNet(4, batch_size=50, record=5, random_state=0).fit_online(task, 2000, n_eval=200)
    >>> net.evaluation_.steps
    array([ 0,  1,  3, 12, 40])
    >>> net.evaluation_.gap.shape
    (5,)
    """

    steps: NDArray[np.int64]
    loss: Array
    accuracy: Array
    clone_loss: Array
    clone_accuracy: Array

    @property
    def gap(self) -> Array:
        """Gaussian-equivalence gap: loss on the clone minus loss on the inputs."""
        return self.clone_loss - self.loss


class Evaluator:
    """Measures a net on samples drawn once, of a task and of its clone.

    They have a seed of their own, made of that of the training, so that evaluation does not change
    the training.
    """

    def __init__(
        self,
        tasks: list[Discrimination],
        n_samples: int,
        criterion: Any,
        seed: int,
        device: torch.device,
    ) -> None:
        self.samples = [
            next(iter(TaskBatches(task, n_samples, n_samples, 1, seed ^ 1, device)))
            for task in tasks
        ]
        self.criterion = criterion
        self.rows: list[list[float]] = []

    def measure(self, step: int, module: Any) -> None:
        """Measure the net as it is now."""
        row = [float(step)]
        size = max(1, _BLOCK // (module.n_widest + self.samples[0][0].shape[1]))
        with torch.no_grad():
            for X, index in self.samples:
                outputs = torch.cat([module(rows) for rows in X.split(size)])
                predicted = self.criterion.coding.predicted(outputs)
                loss = self.criterion(outputs, index).mean()
                row += [float(loss), float((predicted == index).double().mean())]
        self.rows.append(row)

    def curve(self) -> EvaluationCurve:
        """All measurements so far."""
        steps, *curves = np.array(self.rows).T
        return EvaluationCurve(steps.astype(np.int64), *curves)
