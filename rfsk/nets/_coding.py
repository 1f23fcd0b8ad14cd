"""Names of the readouts, and conversion of outputs to decisions and class probabilities."""

from typing import Any

import numpy as np
import scipy.special

from .._core._types import Array

# Exponents p: a fixed readout of K units is K^p times the mean of the units.
FIXED_READOUTS = {"mean": 0.0, "sqrt": 0.5, "sum": 1.0}
READOUTS = ("auto", *FIXED_READOUTS, "linear")


class Coding:
    """Decisions and class probabilities from the outputs of a net.

    For two classes, a net has one output, whose target is +1 for class 0 and -1 for class 1. If the
    output cannot be negative (`nonnegative`), the target is 0 for class 0 and 1 for class 1.
    """

    n_classes: int
    loss: str
    nonnegative: bool

    def targets_of_two(self) -> list[float]:
        return [0.0, 1.0] if self.nonnegative else [1.0, -1.0]

    def decision(self, outputs: Any) -> Any:
        if self.n_classes > 2:
            return outputs
        return outputs - 0.5 if self.nonnegative else -outputs

    def predicted(self, outputs: Any) -> Any:
        decision = self.decision(outputs)
        return decision.argmax(1) if self.n_classes > 2 else (decision > 0.0) * 1

    def probability(self, outputs: Array) -> Array:
        """Class probabilities, (n_samples, n_classes).

        With the squared loss, the outputs of a net estimate the mean target given the input.
        """
        is_likelihood = self.loss == "cross_entropy"
        if self.n_classes > 2:
            if is_likelihood:
                return np.asarray(scipy.special.softmax(outputs, axis=1))
            positive = np.clip(1.0 + outputs, 1e-12, 2.0)
            return np.asarray(positive / positive.sum(axis=1, keepdims=True))
        decision = self.decision(outputs)
        if is_likelihood:
            second = scipy.special.expit(decision)
        else:
            second = np.clip(0.5 + decision * (1.0 if self.nonnegative else 0.5), 0.0, 1.0)
        return np.column_stack([1.0 - second, second])
