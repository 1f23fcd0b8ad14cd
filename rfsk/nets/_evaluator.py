"""Loss and accuracy of a network on fixed samples during training."""

from typing import Any

import numpy as np
import torch

from ..datasets import Discrimination
from ._batches import TaskBatches
from ._snapshots import EvaluationCurve

_BLOCK = 2**22  # number of hidden activations and inputs in memory at once


class Evaluator:
    """Observer that evaluates a net on fixed samples of a task and of its control."""

    def __init__(
        self, tasks: list[Discrimination], n: int, criterion: Any, seed: int, device: torch.device
    ) -> None:
        batches = [TaskBatches(task, n, n, 1, seed ^ 1, device) for task in tasks]
        self.samples = [next(iter(of_task)) for of_task in batches]
        self.criterion = criterion
        self.rows: list[list[float]] = []

    def measure(self, step: int, module: Any) -> None:
        self.rows.append([step])
        size = max(1, _BLOCK // (module.n_widest + self.samples[0][0].shape[1]))
        with torch.no_grad():
            for X, index in self.samples:
                outputs = torch.cat([module(rows) for rows in X.split(size)])
                is_right = self.criterion.predicted(outputs) == index
                losses = self.criterion(outputs, index)
                self.rows[-1] += [float(losses.mean()), float(is_right.double().mean())]

    def curve(self) -> EvaluationCurve:
        steps, *curves = np.array(self.rows).T
        return EvaluationCurve(steps.astype(np.int64), *curves)
