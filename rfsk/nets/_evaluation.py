"""How well a net in training does on fresh inputs, and on their Gaussian clone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..datasets import Discrimination
from ..datasets._streams import BatchSampler
from ._targets import Coding

Array = NDArray[np.float64]

_BLOCK = 2**22  # hidden activations and inputs held at a time


@dataclass(frozen=True)
class EvaluationCurve:
    """Loss and accuracy along an online fit.

    Where the net still sees second-order statistics only, it does as well on Gaussian inputs of
    the same covariance; `gap` tells when it no longer does.

    Attributes
    ----------
    steps : ndarray of shape (n_evaluations,)
        Steps taken, spaced evenly in the logarithm from the start.
    loss, clone_loss : ndarray of shape (n_evaluations,)
        Mean loss on inputs of the task, and of its Gaussian clone.
    accuracy, clone_accuracy : ndarray of shape (n_evaluations,)
        Share of them told right.

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

    Their seed comes from that of the generator of the training, which is left alone, so that
    evaluation does not change the training.
    """

    def __init__(
        self,
        tasks: list[Discrimination],
        n_samples: int,
        coding: Coding,
        criterion: torch.nn.Module,
        beside: torch.Generator,
    ) -> None:
        seed = beside.initial_seed() ^ 1
        generator = torch.Generator(beside.device).manual_seed(seed)
        rng = np.random.default_rng(seed)
        self.samples = []
        for task in tasks:
            (X,), counts = BatchSampler(task, generator, rng).draw(1, n_samples)
            index = torch.from_numpy(np.repeat(np.arange(task.n_classes), counts[0]))
            targets = coding.target_of_class()[index].to(X.device)
            self.samples.append((X, targets, index.to(X.device)))
        self.coding, self.criterion = coding, criterion
        self.rows: list[list[float]] = []

    def visit(self, step: int, module: Any) -> None:
        """Measure the net as it is now."""
        row = [float(step)]
        size = max(1, _BLOCK // (module.n_widest + self.samples[0][0].shape[1]))
        with torch.no_grad():
            for X, targets, index in self.samples:
                outputs = torch.cat([module(rows) for rows in X.split(size)])
                accuracy = (self.coding.told(outputs) == index).double().mean()
                row += [float(self.criterion(outputs, targets)), float(accuracy)]
        self.rows.append(row)

    def curve(self) -> EvaluationCurve:
        """All measurements so far."""
        steps, *curves = np.array(self.rows).T
        return EvaluationCurve(steps.astype(np.int64), *curves)
