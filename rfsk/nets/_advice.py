"""Warnings before training about data on which the fields of a net cannot localize."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core._mistakes import note_axis_order, note_classes, note_scale, warn_likely_mistake
from ..datasets import Discrimination
from ._coding import FIXED_READOUTS

_ROWS = 2000  # number of rows that are checked
_CERTAIN = 5.0  # number of standard errors above which a difference is reported
_ODD = ("erf", "tanh", "linear")


def advise_on_data(net: Any, X: NDArray[Any], index: NDArray[np.intp] | None = None) -> None:
    """Warn about likely mistakes in the data; for a trained net, check only the scale of `X`."""
    step = max(1, len(X) // _ROWS)
    rows = np.asarray(X[::step], dtype=np.float64)
    note_scale(rows)
    if net.net_.n_steps_:
        return
    note_axis_order(rows, net.shape_, "image_shape")
    if index is not None:
        note_classes(rows, index[::step], net.class_weight is not None)
        _advise_on_classes(net, rows, index[::step])


def advise_on_task(net: Any, task: Discrimination) -> None:
    """Warn about likely mistakes in the combination of a net and a task."""
    if not net.net_.n_steps_ and (_has_no_biases(net) or net.net_.criterion_.nonnegative):
        _advise_on_classes(net, *task.sample(_ROWS, random_state=0))


def _has_no_biases(net: Any) -> bool:
    """Whether the outputs are odd functions of the inputs and remain odd during training."""
    return (
        net.activation in _ODD
        and net.bias_init == 0
        and not net.train_bias
        and getattr(net, "readout", "linear") in ("auto", *FIXED_READOUTS)
    )


def _advise_on_classes(net: Any, rows: NDArray[np.float64], index: NDArray[np.intp]) -> None:
    """Warn about mistakes that can be detected from the means and correlations of two classes."""
    nonnegative, no_biases = net.net_.criterion_.nonnegative, _has_no_biases(net)
    is_pair = len(net.classes_) == 2 and np.bincount(index, minlength=2).min() > 1
    if not is_pair or not (nonnegative or no_biases):
        return
    first, second = rows[index == 0], rows[index == 1]
    variance = first.var(axis=0) / len(first) + second.var(axis=0) / len(second)
    difference = np.abs(first.mean(axis=0) - second.mean(axis=0))
    if np.any(difference > _CERTAIN * np.sqrt(variance)):
        return  # a linear classifier distinguishes the classes
    if no_biases:
        warn_likely_mistake(
            f"A net with odd activation ({net.activation!r}) without biases (bias_init=0, "
            "train_bias=False) has an odd output, but the classes appear to have P(x) = P(-x), "
            "which requires an even output. The net learns nothing, and its accuracy stays at 0.5. "
            "Use the default bias_init='auto'."
        )
    if nonnegative:  # the target is 1 for class 1 and 0 for class 0
        uniform = [np.var(part.sum(axis=1)) for part in (first, second)]
        error = np.sqrt(2.0 / len(first) + 2.0 / len(second))
        if np.log(uniform[0] / uniform[1]) > _CERTAIN * error:
            name = getattr(net.activation, "__name__", net.activation)
            warn_likely_mistake(
                f"Class 1 has the shorter correlation length. With the activation {name}, the "
                "targets are 1 for class 1 and 0 for class 0, and fields localize only if class 1 "
                "has the longer correlation length. Exchange the labels, y = 1 - y, or the models "
                "of the task."
            )
